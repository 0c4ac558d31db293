//===- KernelProducts.cpp - products of tiles, and the loops around them --===//
//
// Both factors of a product stand in shared memory, or, where the matrix unit
// left the one side as it wants it, in registers. A loop whose factors are
// copies of memory becomes a pipeline: one half of its turn copies, the other
// computes, some turns later.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "compiler/Emit/Cuda/ScalarText.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

static tile::TileType typeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

int64_t KernelText::allocate(int64_t bytes) {
  constexpr int64_t kAlignment = 1024; // of swizzled tiles
  int64_t place = sharedBytes;
  sharedBytes += llvm::alignTo(bytes, kAlignment);
  return place;
}

/// In a loop others may still read what the turn before wrote.
void KernelText::printReuse(Scope &scope) {
  if (scope.block != &entry())
    line(scope, "__syncthreads();");
}

/// Whether the matrix unit computes the kernel's products: all are of floats of
/// 16 bits.
bool KernelText::usesUnit() {
  auto isNarrow = [](Value side, Type type) {
    return typeOf(side).getElementType() == type &&
           type.getIntOrFloatBitWidth() == 16 && isa<FloatType>(type);
  };
  return !kernel
              .walk([&](tile::MmaOp mma) {
                Type type = typeOf(mma.getLhs()).getElementType();
                bool isOfUnit = mma.getType().getElementType().isF32() &&
                                isNarrow(mma.getLhs(), type) &&
                                isNarrow(mma.getRhs(), type);
                return isOfUnit ? WalkResult::advance()
                                : WalkResult::interrupt();
              })
              .wasInterrupted();
}

/// The memory that the tile is a copy of, possibly with its axes exchanged.
std::optional<KernelText::Access> KernelText::copiedBy(Value tile) {
  bool isExchanged = false;
  if (auto map = tile.getDefiningOp<tile::MapOp>()) {
    auto yield = cast<tile::YieldOp>(map.getBody().front().getTerminator());
    if (map.getInputs().size() != 1 ||
        yield.getValue() != map.getBody().getArgument(0) ||
        map.getMap(0).size() != 2)
      return std::nullopt;
    isExchanged = map.getMap(0)[0] == 1;
    tile = map.getInputs()[0];
  }
  auto load = tile.getDefiningOp<tile::LoadOp>();
  if (!load || load.getType().getRank() != 2 ||
      load.getView().getType().getLayout())
    return std::nullopt;
  Access access = accessOf(load.getView(), load.getOffsets(), load.getAxes(),
                           load.getType(), {Part::Whole, ""});
  return isExchanged ? exchanged(access) : access;
}

//===----------------------------------------------------------------------===//
// Factors in shared memory
//===----------------------------------------------------------------------===//

/// For multiply-adds: contracted elements are rows.
KernelText::Side KernelText::sideOfSums(tile::MmaOp mma, bool isLeft) {
  Value value = isLeft ? mma.getLhs() : mma.getRhs();
  SmallVector<int64_t> sums = mma.getType().getShape();
  constexpr int64_t kRows = 16, kColumns = 32; // of a warp's square
  Side side;
  side.tile = value;
  side.isLeft = isLeft;
  side.isTransposed = isLeft;
  side.rows = typeOf(mma.getRhs()).getExtent(0);
  side.columns = isLeft ? llvm::alignTo(sums[0], kRows * warpRows)
                        : llvm::alignTo(sums[1], kColumns * warpColumns);
  Type element = mma.getType().getElementType();
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
  constexpr int64_t kPadBytes = 16;
  side.bytes = side.rows * (side.columns * elementBytes + kPadBytes);
  side.type = formatv("PlainTile<{0}, {1}, {2}>", scalarType(element),
                      side.rows, side.columns);
  if (typeOf(value).getElementType() == element)
    side.copied = copiedBy(value);
  return side;
}

/// Columns of a swizzled tile that has so many at least.
static int64_t swizzledColumns(int64_t columns) {
  constexpr int64_t kFewest = 16, kPanel = 64;
  if (columns >= kPanel)
    return llvm::alignTo(columns, kPanel);
  return std::max<int64_t>(kFewest, llvm::bit_ceil<uint64_t>(columns));
}

/// For the matrix unit: as memory has it, rows of contracted elements or of
/// others.
KernelText::Side KernelText::sideOfUnit(tile::MmaOp mma, bool isLeft) {
  Value value = isLeft ? mma.getLhs() : mma.getRhs();
  SmallVector<int64_t> sums = mma.getType().getShape();
  constexpr int64_t kSide = 16;
  int64_t depth = swizzledColumns(typeOf(mma.getRhs()).getExtent(0));
  int64_t others = isLeft ? llvm::alignTo(sums[0], kSide * warpRows)
                          : llvm::alignTo(sums[1], kSide * warpColumns);
  Side side;
  side.tile = value;
  side.isLeft = isLeft;
  side.copied = copiedBy(value);
  // A tile's own rows are a left side's others, a right side's contracted ones.
  side.isTransposed =
      side.copied &&
      side.copied->rowDim ==
          static_cast<int64_t>(side.copied->view.getSizes().size()) - 1;
  bool rowsAreDeep = isLeft == side.isTransposed;
  side.rows = rowsAreDeep ? depth : others;
  side.columns = swizzledColumns(rowsAreDeep ? others : depth);
  side.bytes = 2 * side.rows * side.columns;
  side.type = formatv("SwizzledTile<{0}, {1}, {2}>",
                      scalarType(typeOf(value).getElementType()), side.rows,
                      side.columns);
  return side;
}

KernelText::Side KernelText::sideOf(tile::MmaOp mma, bool isLeft) {
  Side side = usesUnit() ? sideOfUnit(mma, isLeft) : sideOfSums(mma, isLeft);
  if (side.copied) {
    if (side.isTransposed)
      side.copied = exchanged(*side.copied);
    side.copied->padsRows = side.rows > side.copied->rows;
    side.copied->padsColumns = side.columns > side.copied->columns;
  }
  return side;
}

std::string KernelText::copyText(const Side &side, StringRef memory) {
  return formatv("copy<W, {0}>({1}, {2});", neighboursOf(*side.copied), memory,
                 windowText(*side.copied));
}

/// Writes a side that is computed, for all threads to read.
std::string KernelText::textOfPut(const Side &side) {
  tile::TileType type = typeOf(side.tile);
  std::string tile = tileObject(
      side.tile, {Part::Whole, layoutOf(type.getExtent(0), type.getExtent(1))});
  Scope &scope = scopeOf(side.tile);
  std::string memory = newName("s");
  line(scope,
       formatv("const {0} {1}({2});", side.type, memory, allocate(side.bytes)));
  printReuse(scope);
  bool isPadded =
      side.rows * side.columns > type.getExtent(0) * type.getExtent(1);
  if (isPadded) {
    line(scope, formatv("clear<W>({0});", memory));
    line(scope, "__syncthreads();");
  }
  line(scope, formatv(side.isTransposed ? "put(transposed({0}), {1});"
                                        : "put({0}, {1});",
                      memory, tile));
  line(scope, "__syncthreads();");
  return memory;
}

/// What a product reads its side from.
std::string KernelText::sideText(tile::MmaOp mma, bool isLeft) {
  Value value = isLeft ? mma.getLhs() : mma.getRhs();
  Side side = sideOf(mma, isLeft);
  tile::TileType type = typeOf(value);
  if (usesUnit() && isLeft && !side.copied && warpColumns == 1 &&
      hasProduct(type.getExtent(0), type.getExtent(1)))
    return formatv("pairsOf({0})", tileObject(value, naturalSpread(value)));
  std::string memory = staged.lookup(value);
  Scope &scope = scopeOf(value);
  StringRef key = isLeft ? "left" : "right";
  if (memory.empty())
    memory = scope.nameOf(value, key);
  if (memory.empty() && side.copied) {
    memory = newName("s");
    line(scope, formatv("const {0} {1}({2});", side.type, memory,
                        allocate(side.bytes)));
    printReuse(scope);
    line(scope, copyText(side, memory));
    line(scope, "commitCopies();");
    line(scope, "awaitCopies<0>();");
    line(scope, "__syncthreads();");
  } else if (memory.empty()) {
    memory = textOfPut(side);
  }
  scope.nameOf(value, key) = memory;
  return side.isTransposed ? "transposed(" + memory + ")" : memory;
}

std::string KernelText::textOfProduct(tile::MmaOp mma) {
  Spread spread = naturalSpread(mma);
  std::string left = sideText(mma, true), right = sideText(mma, false);
  std::string sums = newName(kOwnName);
  Scope &scope = scopeOf(mma);
  line(scope, formatv("auto {0} = {1};", sums,
                      tileObject(mma.getAccumulator(), spread)));
  line(scope,
       formatv("{0}({1}, {2}, {3});",
               usesUnit() ? "multiplyByUnit" : "multiply", sums, left, right));
  return sums;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The sides of products in the loop's turn that are copies of what it walks.
SmallVector<KernelText::Side> KernelText::sidesCopiedIn(scf::ForOp loop) {
  SmallVector<Side> sides;
  for (auto mma : loop.getBody()->getOps<tile::MmaOp>())
    for (bool isLeft : {true, false}) {
      Side side = sideOf(mma, isLeft);
      if (side.copied && side.tile.getParentBlock() == loop.getBody() &&
          llvm::none_of(sides, [&](const Side &other) {
            return other.tile == side.tile;
          }))
        sides.push_back(side);
    }
  return sides;
}

/// The values that the loop carries on, computed before any is overwritten.
void KernelText::printTurn(scf::ForOp loop) {
  SmallVector<std::string> next;
  for (auto [argument, yielded] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues()))
    next.push_back(tileObject(yielded, variables[argument].spread));
  for (auto [argument, text] : llvm::zip_equal(loop.getRegionIterArgs(), next))
    if (text != variables[argument].name)
      line(*scopes.back(), variables[argument].name + " = " + text + ";");
}

void KernelText::printPipeline(scf::ForOp loop, ArrayRef<Side> sides) {
  Scope &outer = *scopes.back();
  std::string turn = newName("at"), lower = number(loop.getLowerBound()),
              step = number(loop.getStep());
  bool isFromZero = lower == "0";
  std::string count =
      formatv("ceilDiv({0}{1}, {2})", number(loop.getUpperBound()),
              isFromZero ? "" : " - " + lower, step);
  numbers[loop.getInductionVar()] = turn;
  std::string begin = formatv("const i64 {0} = {1}turn * {2};", turn,
                              isFromZero ? "" : lower + " + ", step);
  SmallVector<std::string> memories;
  for (const Side &side : sides) {
    int64_t stage = llvm::alignTo(side.bytes, 1024);
    std::string name = newName("s");
    memories.push_back(formatv("const {0} {1}({2} + stage * {3});", side.type,
                               name, allocate(stage * numStages), stage));
    staged[side.tile] = name;
  }
  Scope &copies = open(loop.getBody());
  line(copies, begin);
  for (auto [side, memory] : llvm::zip_equal(sides, memories)) {
    line(copies, memory);
    line(copies, copyText(side, staged[side.tile]));
  }
  std::string copyHalf = close();
  Scope &uses = open(loop.getBody());
  line(uses, begin);
  for (const std::string &memory : memories)
    line(uses, memory);
  printTurn(loop);
  std::string useHalf = close();
  printReuse(outer);
  line(outer, formatv("pipeline<{0}>({1}, [&](i64 turn, int stage) {{",
                      numStages, count));
  outer.text += copyHalf;
  line(outer, "}, [&](i64 turn, int stage) {");
  outer.text += useHalf;
  line(outer, "});");
  for (const Side &side : sides)
    staged.erase(side.tile);
}

void KernelText::printLoop(scf::ForOp loop) {
  Scope &scope = scopeOf(loop.getResult(0));
  for (auto [argument, init, result] : llvm::zip_equal(
           loop.getRegionIterArgs(), loop.getInitArgs(), loop.getResults())) {
    Spread spread = naturalSpread(argument);
    std::string name = newName("carried");
    auto type = cast<tile::TileType>(init.getType());
    line(scope,
         formatv("{0} {1} = {2};", typeText(type.getElementType(), spread),
                 name, tileObject(init, spread)));
    variables[argument] = variables[result] = {name, spread};
  }
  SmallVector<Side> sides = sidesCopiedIn(loop);
  if (!sides.empty())
    return printPipeline(loop, sides);
  std::string turn = newName("at");
  numbers[loop.getInductionVar()] = turn;
  std::string head =
      formatv("for (i64 {0} = {1}; {0} < {2}; {0} += {3}) {{", turn,
              number(loop.getLowerBound()), number(loop.getUpperBound()),
              number(loop.getStep()));
  open(loop.getBody());
  printTurn(loop);
  std::string body = close();
  line(scope, head);
  scope.text += body;
  line(scope, "}");
}

} // namespace tenon::cuda
