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

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
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
    line(scope, "W::sync();");
}

/// The input of a map that at most widens or narrows its elements; null where
/// it does more.
static Value inputOfCast(tile::MapOp map) {
  Block &body = map.getBody().front();
  Value yielded = cast<tile::YieldOp>(body.getTerminator()).getValue();
  Operation *op = yielded.getDefiningOp();
  if (op && isa<arith::ExtFOp, arith::TruncFOp>(op))
    yielded = op->getOperand(0);
  bool isCast = map.getInputs().size() == 1 && map.getMap(0).size() == 2 &&
                yielded == body.getArgument(0);
  return isCast ? map.getInputs()[0] : Value();
}

/// The memory that the tile is a copy of, possibly with its axes exchanged, and
/// by way of wider elements.
std::optional<KernelText::Access> KernelText::copiedBy(Value tile) {
  bool isExchanged = false;
  SmallVector<Type> between;
  Type type = typeOf(tile).getElementType();
  while (auto map = tile.getDefiningOp<tile::MapOp>()) {
    tile = inputOfCast(map);
    if (!tile)
      return std::nullopt;
    isExchanged ^= map.getMap(0)[0] == 1;
    between.push_back(typeOf(tile).getElementType());
  }
  auto load = tile.getDefiningOp<tile::LoadOp>();
  bool isSame = llvm::all_of(between, [&](Type other) {
    return other == type ||
           other.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth();
  });
  if (!load || !isSame || load.getType().getElementType() != type ||
      load.getType().getRank() != 2 ||
      dimOrder(load.getView().getDefiningOp<tile::ViewOp>()).empty())
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

int64_t KernelText::swizzledColumns(int64_t columns, int64_t elementBytes) {
  int64_t fewest = 32 / elementBytes, panel = 128 / elementBytes;
  if (columns >= panel)
    return llvm::alignTo(columns, panel);
  return std::max<int64_t>(fewest, llvm::bit_ceil<uint64_t>(columns));
}

/// For the matrix unit: as memory has it, rows of contracted elements or of
/// others. All but halves must lie together along what is contracted.
KernelText::Side KernelText::sideOfUnit(tile::MmaOp mma, bool isLeft) {
  tile::NarrowOperand operand =
      tile::unitOperand(isLeft ? mma.getLhs() : mma.getRhs());
  bool liesDeep = unitBytes != 2;
  Value value = operand.tile;
  SmallVector<int64_t> sums = mma.getType().getShape();
  constexpr int64_t kSide = 16;
  int64_t depth = swizzledColumns(typeOf(mma.getRhs()).getExtent(0), unitBytes);
  int64_t others = isLeft ? llvm::alignTo(sums[0], kSide * warpRows)
                          : llvm::alignTo(sums[1], kSide * warpColumns);
  Side side;
  side.tile = value;
  side.isLeft = isLeft;
  side.copied = copiedBy(value);
  // A tile's own rows are a left side's others, a right side's contracted ones.
  side.isTransposed =
      side.copied && side.copied->rowDim == fastDim(side.copied->view);
  if (liesDeep && side.isTransposed == isLeft)
    side.copied = std::nullopt;
  if (liesDeep)
    side.isTransposed = !isLeft;
  bool rowsAreDeep = isLeft == side.isTransposed;
  side.rows = rowsAreDeep ? depth : others;
  side.columns = swizzledColumns(rowsAreDeep ? others : depth, unitBytes);
  side.bytes = unitBytes * side.rows * side.columns;
  std::string element = scalarType(typeOf(value).getElementType());
  side.type =
      formatv("SwizzledTile<{0}, {1}, {2}>",
              operand.isUnsigned ? "u8" : element, side.rows, side.columns);
  return side;
}

KernelText::Side KernelText::sideOf(tile::MmaOp mma, bool isLeft) {
  Side side = usesUnit ? sideOfUnit(mma, isLeft) : sideOfSums(mma, isLeft);
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
    line(scope, "W::sync();");
  }
  line(scope, formatv(side.isTransposed ? "put(transposed({0}), {1});"
                                        : "put({0}, {1});",
                      memory, tile));
  line(scope, "publish<W>();");
  return memory;
}

/// What a product reads its side from.
std::string KernelText::sideText(tile::MmaOp mma, bool isLeft) {
  Side side = sideOf(mma, isLeft);
  Value value = side.tile;
  tile::TileType type = typeOf(value);
  if (unitBytes == 2 && usesUnit && isLeft && !side.copied &&
      warpColumns == 1 && hasProduct(type.getExtent(0), type.getExtent(1)))
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
    line(scope, "finishCopies<W>();");
  } else if (memory.empty()) {
    memory = textOfPut(side);
  }
  scope.nameOf(value, key) = memory;
  return side.isTransposed ? "transposed(" + memory + ")" : memory;
}

/// The loop's argument whose variable may be overwritten with what the map
/// makes of it: nothing else reads it, and the map reads no other. Null: there
/// is none.
BlockArgument KernelText::overwrittenBy(Value value) {
  auto map = value.getDefiningOp<tile::MapOp>();
  if (!map || !value.hasOneUse())
    return nullptr;
  SmallVector<BlockArgument> read;
  for (Value input : map.getInputs())
    if (auto argument = dyn_cast<BlockArgument>(input))
      read.push_back(argument);
  if (read.size() != 1 || !read[0].hasOneUse() ||
      read[0].getOwner() != map->getBlock() || !variables.contains(read[0]))
    return nullptr;
  std::string spread = variables[read[0]].spread.key();
  return spread == naturalSpread(value).key() ? read[0] : nullptr;
}

/// Whether the sums are what the argument is in the loop's next turn.
static bool isCarriedOnAs(tile::MmaOp sums, BlockArgument argument) {
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  return loop &&
         loop.getTiedLoopYieldedValue(argument)->get() == sums.getResult();
}

/// The variable that the product adds to: a loop's, which nothing else reads.
std::string KernelText::sumsOf(tile::MmaOp mma) {
  auto argument = dyn_cast<BlockArgument>(mma.getAccumulator());
  if (argument && argument.hasOneUse() && variables.contains(argument) &&
      argument.getOwner() == mma->getBlock())
    return variables[argument].name;
  Value before = mma.getAccumulator();
  Spread spread = naturalSpread(mma);
  Scope &scope = scopeOf(mma);
  if (BlockArgument carried = overwrittenBy(before);
      carried && isCarriedOnAs(mma, carried)) {
    std::string sums = variables[carried].name;
    line(scope, sums + " = " + textOf(before, spread) + ";");
    return sums;
  }
  std::string text = tileObject(before, spread), sums = newName("sum");
  line(scope, formatv("auto {0} = {1};", sums, text));
  return sums;
}

std::string KernelText::textOfProduct(tile::MmaOp mma) {
  std::string left = sideText(mma, true), right = sideText(mma, false);
  std::string sums = sumsOf(mma);
  line(scopeOf(mma), formatv("{0}({1}, {2}, {3}{4});",
                             usesUnit ? "multiplyByUnit" : "multiply", sums,
                             left, right, ring ? ", ring.group" : ""));
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

/// The values that the loop carries on. Those that others read of the last turn
/// are overwritten when all are computed.
void KernelText::printTurn(scf::ForOp loop) {
  Scope &scope = *scopes.back();
  SmallVector<std::string> next;
  for (auto [argument, yielded] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues())) {
    const auto [name, spread] = variables[argument];
    bool isInPlace = overwrittenBy(yielded) == argument;
    if (isInPlace)
      line(scope, name + " = " + textOf(yielded, spread) + ";");
    next.push_back(isInPlace ? name : tileObject(yielded, spread));
  }
  for (auto [argument, text] : llvm::zip_equal(loop.getRegionIterArgs(), next))
    if (text != variables[argument].name)
      line(scope, variables[argument].name + " = " + text + ";");
}

/// Gives the sides their stages, in the scope that the loop stands in.
KernelText::Turns KernelText::openTurns(scf::ForOp loop, ArrayRef<Side> sides) {
  std::string name = newName("at");
  numbers[loop.getInductionVar()] = name;
  for (const Side &side : sides) {
    int64_t stage = llvm::alignTo(side.bytes, 1024);
    std::string memory = newName("s");
    line(*scopes.back(), formatv("const Stages<{0}> {1}({2});", side.type,
                                 memory, allocate(stage * numStages)));
    staged[side.tile] = memory + "[stage]";
  }
  return {name, formatv("Range{{{0}, {1}, {2}}", number(loop.getLowerBound()),
                        number(loop.getUpperBound()), number(loop.getStep()))};
}

std::string KernelText::usesText(scf::ForOp loop) {
  open(loop.getBody());
  printTurn(loop);
  return close();
}

void KernelText::printPipeline(scf::ForOp loop, ArrayRef<Side> sides) {
  Scope &outer = *scopes.back();
  Turns turns = openTurns(loop, sides);
  Scope &copies = open(loop.getBody());
  for (const Side &side : sides)
    line(copies, copyText(side, staged[side.tile]));
  std::string copyHalf = close();
  std::string useHalf = usesText(loop);
  std::string head = "[&](i64 " + turns.at + ", int stage) {";
  printReuse(outer);
  line(outer,
       formatv("pipeline<W, {0}>({1}, {2}", numStages, turns.range, head));
  outer.text += copyHalf;
  line(outer, "}, " + head);
  outer.text += useHalf;
  line(outer, "});");
  for (const Side &side : sides)
    staged.erase(side.tile);
}

/// The terms that a map adds up, as the inputs of which each is a product; none
/// where it does anything else.
static SmallVector<SmallVector<Value>> termsOf(tile::MapOp map) {
  Block &body = map.getBody().front();
  Operation *sum = &body.front();
  bool isAll =
      isa<math::FmaOp, arith::AddFOp>(sum) &&
      sum->getNextNode() == body.getTerminator() &&
      llvm::all_of(sum->getOperands(), [&](Value operand) {
        auto argument = dyn_cast<BlockArgument>(operand);
        return argument && argument.getOwner() == &body && operand.hasOneUse();
      });
  if (!isAll)
    return {};
  auto inputs = llvm::map_to_vector(sum->getOperands(), [&](Value operand) {
    return map.getInputs()[cast<BlockArgument>(operand).getArgNumber()];
  });
  Value last = inputs.pop_back_val();
  return {inputs, {last}};
}

/// The sum along rows or columns that the loop adds, in each turn, to what it
/// carries, or multiples of both, or null: threads may carry what they have of
/// it, and add that up behind the loop.
tile::ReduceOp KernelText::partsOf(scf::ForOp loop, unsigned number) {
  BlockArgument carried = loop.getRegionIterArg(number);
  auto map = loop.getYieldedValues()[number].getDefiningOp<tile::MapOp>();
  if (!map || !carried.hasOneUse() || !map->hasOneUse() ||
      map.getType().getRank() != 1)
    return nullptr;
  SmallVector<SmallVector<Value>> terms = termsOf(map);
  auto isIn = [&](const SmallVector<Value> &term) {
    return llvm::is_contained(term, carried);
  };
  const auto *of = llvm::find_if(terms, isIn);
  if (of == terms.end())
    return nullptr;
  for (Value added : terms[of == terms.begin()])
    if (auto parts = added.getDefiningOp<tile::ReduceOp>();
        parts && parts->hasOneUse() && parts->getBlock() == loop.getBody() &&
        parts.getKind() == tile::Combine::Sum &&
        typeOf(parts.getInput()).getRank() == 2)
      return parts;
  return nullptr;
}

void KernelText::printLoop(scf::ForOp loop) {
  Scope &scope = scopeOf(loop.getResult(0));
  SmallVector<std::string> parts;
  for (auto [argument, init, result] : llvm::zip_equal(
           loop.getRegionIterArgs(), loop.getInitArgs(), loop.getResults())) {
    Spread spread = naturalSpread(argument);
    std::string name = newName("carried"), text = tileObject(init, spread);
    if (tile::ReduceOp sum = partsOf(loop, argument.getArgNumber() - 1)) {
      partSums.insert(sum);
      text = formatv("partsOf<Sum>({0})", text);
      int64_t numWarps =
          numWarpsAlong(typeOf(sum.getInput()), sum.getAxis() == 1);
      parts.push_back(
          formatv("{0} = combineParts<Sum>({0}, {1});", name,
                  memoryOfReduction(typeOf(argument).getExtent(0), numWarps)));
    }
    line(scope, formatv("{0} {1} = {2};",
                        spread.part == Part::Scalar
                            ? scalarType(typeOf(init).getElementType())
                            : "auto",
                        name, text));
    variables[argument] = variables[result] = {name, spread};
  }
  printTurns(loop);
  for (const std::string &part : parts)
    line(scope, part);
}

void KernelText::printTurns(scf::ForOp loop) {
  Scope &scope = scopeOf(loop.getResult(0));
  if (ring && ring->loop == loop)
    return printConsumer(loop);
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
