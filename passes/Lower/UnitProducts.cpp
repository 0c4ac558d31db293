//===- UnitProducts.cpp - products by a unit of 16 x 16 sums --------------===//
//
// AMX keeps 16 x 16 sums in a tile register and adds to them 16 rows times 16
// columns of 16 bf16 pairs, or of 16 times four bytes, in one instruction. Two
// by two such tiles share their operands; the sums go to scratch memory, from
// which what follows the product is computed, a vector at a time as everywhere.
//
// The emulation computes what the instruction does, in the same order: within
// one step the products of even and of odd elements are summed apart. Sums of
// integers are exact in any order.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Rows and columns of a tile, and words of a step.
static constexpr int64_t kSide = 16;
/// Bytes of a full row of a tile register.
static constexpr int64_t kRowBytes = 64;

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Elements of the contracted axis in one step.
static int64_t depthOfStep(tile::MmaOp mma) {
  return kSide * tile::dotLength(mma);
}

/// Bytes of an element of an operand.
static int64_t elementBytes(tile::MmaOp mma) {
  return kRowBytes / depthOfStep(mma);
}

/// The left side as the unit reads it.
static Value narrowLeft(tile::MmaOp mma) {
  return tile::narrowOperand(tile::withoutRoundTrip(mma.getLhs())).tile;
}

/// The load of packed words, of one panel, that the right side is, or null.
static tile::LoadOp packedWords(tile::MmaOp mma) {
  auto load =
      tile::narrowOperand(mma.getRhs()).tile.getDefiningOp<tile::LoadOp>();
  auto layout =
      load ? load.getView().getType().getLayout() : tile::LayoutAttr();
  bool isOfWords = layout && layout.getDigitList().size() == 4;
  bool isOnePanel = isOfWords && layout.getDigitList()[2].extent ==
                                     load.getType().getExtent(1);
  return isOnePanel ? load : nullptr;
}

bool TileLowering::usesTileUnit(tile::MmaOp mma) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  bool isStaged = !packedWords(mma);
  if (!unit || !unit->isOfTiles || unit->numParts != 1 ||
      !tile::computes(*unit, mma) || (isStaged && !canStageWords(mma)))
    return false;
  tile::TileType lhs = tileTypeOf(mma.getLhs()), result = mma.getType();
  std::optional<Bound> kBound = boundOf(mma.getLhs(), 1);
  return lhs.getExtent(1) % depthOfStep(mma) == 0 &&
         result.getExtent(0) % kSide == 0 && result.getExtent(1) % kSide == 0 &&
         (!kBound || isInside(*kBound, lhs.getExtent(1)) ||
          (isStaged && !isReadInPlace(narrowLeft(mma))));
}

//===----------------------------------------------------------------------===//
// The unit's operations
//===----------------------------------------------------------------------===//

Value TileLowering::advance(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, loc(), pointer.getType(), b.getI8Type(),
                             pointer, ValueRange{toI64(bytes)});
}

TileLowering::UnitMemory TileLowering::shifted(const UnitMemory &memory,
                                               Value row, Value byte) {
  Value start = arith::MulIOp::create(b, loc(), row, memory.rowBytes);
  return {advance(memory.pointer, arith::AddIOp::create(b, loc(), start, byte)),
          memory.rowBytes};
}

Value TileLowering::callUnit(StringRef name, Type result, ValueRange operands) {
  auto i16 = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc(), b.getI16IntegerAttr(value));
  };
  SmallVector<Value> all{i16(kSide), i16(kRowBytes)};
  if (name.starts_with("td")) // rows, bytes of a row of sums, of the left side
    all.push_back(i16(kRowBytes));
  llvm::append_range(all, operands);
  std::string full = ("llvm.x86." + name + ".internal").str();
  if (result)
    return LLVM::CallIntrinsicOp::create(b, loc(), result,
                                         b.getStringAttr(full), all)
        .getResult(0);
  LLVM::CallIntrinsicOp::create(b, loc(), b.getStringAttr(full), all);
  return Value();
}

Value TileLowering::unitLoad(const UnitMemory &memory) {
  if (machine.emulatesUnits)
    return memory.pointer;
  return callUnit("tileloadd64", LLVM::LLVMX86AMXType::get(b.getContext()),
                  {memory.pointer, toI64(memory.rowBytes)});
}

Value TileLowering::unitZero() {
  return callUnit("tilezero", LLVM::LLVMX86AMXType::get(b.getContext()), {});
}

/// sums + x * y, by arithmetic on the memory of all three.
void TileLowering::emulateUnit(Type sumType, int64_t length,
                               const UnitMemory &sums, const UnitMemory &x,
                               const UnitMemory &y) {
  auto lanes = VectorType::get(kSide, sumType);
  auto words = VectorType::get(kSide, b.getI32Type());
  auto rowOf = [&](const UnitMemory &memory, Value row) {
    return advance(memory.pointer,
                   arith::MulIOp::create(b, loc(), row, memory.rowBytes));
  };
  Value zero = constantIndex(0), one = constantIndex(1),
        side = constantIndex(kSide);
  auto rows = scf::ForOp::create(b, loc(), zero, side, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rows.getBody());
  Value row = rows.getInductionVar();
  Value none = arith::ConstantOp::create(b, loc(), b.getZeroAttr(lanes));
  SmallVector<Value> noSums(length, none);
  auto columns = scf::ForOp::create(b, loc(), zero, side, one, noSums);
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(columns.getBody());
    Value column = columns.getInductionVar();
    Value at = advance(rowOf(x, row), arith::MulIOp::create(b, loc(), column,
                                                            constantIndex(4)));
    Value word = LLVM::LoadOp::create(b, loc(), b.getI32Type(), at, 1);
    Value left = vector::BroadcastOp::create(b, loc(), words, word);
    Value right = LLVM::LoadOp::create(b, loc(), words, rowOf(y, column), 1);
    SmallVector<Value> next;
    for (int64_t part = 0; part < length; ++part)
      next.push_back(multiplyAdd(b, loc(), widenPart(left, part, length, true),
                                 widenPart(right, part, length, false),
                                 columns.getRegionIterArgs()[part]));
    scf::YieldOp::create(b, loc(), next);
  }
  auto add = [&](Value left, Value right) -> Value {
    if (isa<FloatType>(lanes.getElementType()))
      return arith::AddFOp::create(b, loc(), left, right);
    return arith::AddIOp::create(b, loc(), left, right);
  };
  Value step = columns.getResult(0);
  for (Value part : columns.getResults().drop_front())
    step = add(step, part);
  Value address = rowOf(sums, row);
  Value before = LLVM::LoadOp::create(b, loc(), lanes, address, 4);
  LLVM::StoreOp::create(b, loc(), add(before, step), address, 4);
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

/// Copies the tile; what is behind its end is zero, or nobody's.
void TileLowering::copyRows(Value tile, const Scratch &to) {
  SmallVector<std::optional<Bound>> ends = endsOfGrid(tile);
  ends[1] = std::nullopt;
  forEachVector(tileTypeOf(tile).getShape(), ends, 1, [&](const Place &at) {
    writeScratch(evaluate(tile, at), to, at);
  });
}

/// Copies as many rows as a tile register has; what is behind an end is zero.
void TileLowering::copyTileOfRows(Value tile, Value firstRow,
                                  const Scratch &to) {
  SmallVector<std::optional<Bound>> none(2);
  int64_t depth = tileTypeOf(tile).getExtent(1);
  forEachVector({kSide, depth}, none, 1, [&](const Place &target) {
    Place from = target;
    from.coords[0] =
        b.createOrFold<arith::AddIOp>(loc(), firstRow, target.coords[0]);
    writeScratch(evaluate(tile, from), to, target);
  });
}

/// The left side's rows, contiguous along the contracted axis: where they lie,
/// or, when they are computed, in scratch memory, with zeros behind the end.
TileLowering::UnitMemory TileLowering::leftSide(tile::MmaOp mma) {
  Value lhs = narrowLeft(mma);
  int64_t bytes = elementBytes(mma);
  if (auto found = scratch.find(lhs);
      found != scratch.end() && found->second.strides[1] == 1)
    return {found->second.pointer,
            constantIndex(bytes * found->second.strides[0])};
  if (!isReadInPlace(lhs)) {
    Scratch copy = allocate(tileTypeOf(lhs), /*lane=*/1);
    copyRows(lhs, copy);
    return {copy.pointer, constantIndex(bytes * copy.strides[0])};
  }
  auto load = lhs.getDefiningOp<tile::LoadOp>();
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> offsets;
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  SmallVector<Value> coords(offsets.size());
  Value first = linearOffset(memory, offsets, coords);
  Value start =
      advance(memory.pointer,
              arith::MulIOp::create(b, loc(), first, constantIndex(bytes)));
  Value rowBytes = arith::MulIOp::create(
      b, loc(), memory.strides[load.getAxes()[0]], constantIndex(bytes));
  return {start, rowBytes};
}

/// Whether the tile's rows lie in memory as the unit wants them.
bool TileLowering::isReadInPlace(Value tile) {
  auto load = tile.getDefiningOp<tile::LoadOp>();
  return load && !scratch.contains(tile) &&
         !load.getView().getType().getLayout() && contiguousAxis(tile) == 1u;
}

/// The right side: rows of words, packed ones as long as a panel is wide.
TileLowering::UnitMemory TileLowering::rightSide(tile::MmaOp mma) {
  tile::LoadOp load = packedWords(mma);
  if (!load)
    return stageWords(mma);
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> offsets, coords{constantIndex(0), constantIndex(0)};
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  Value first = packedOffset(load, memory, offsets, coords);
  Value start = advance(
      memory.pointer,
      arith::MulIOp::create(b, loc(), first, constantIndex(elementBytes(mma))));
  int64_t width = memory.layout.getDigitList()[2].extent;
  return {start, constantIndex(4 * width)};
}

/// Adds to the sums of two by two tiles, or what is left of them, the products
/// over the whole contracted axis.
void TileLowering::multiplyTiles(tile::MmaOp mma, const UnitSums &to,
                                 const UnitMemory &left,
                                 const UnitMemory &right, int64_t rows,
                                 int64_t columns) {
  int64_t numSteps = tileTypeOf(mma.getLhs()).getExtent(1) / depthOfStep(mma);
  StringRef product = tile::dotLength(mma) == 2 ? "tdpbf16ps" : "tdpbusd";
  SmallVector<UnitMemory> targets;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      targets.push_back(shifted(to.memory, constantIndex(r * kSide),
                                constantIndex(c * kRowBytes)));
  bool isReal = !machine.emulatesUnits;
  SmallVector<Value> sums;
  if (isReal)
    for (const UnitMemory &target : targets)
      sums.push_back(to.isZero ? unitZero() : unitLoad(target));
  auto loop =
      scf::ForOp::create(b, loc(), constantIndex(0), constantIndex(numSteps),
                         constantIndex(1), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    Value leftByte =
        arith::MulIOp::create(b, loc(), step, constantIndex(kRowBytes));
    Value rightRow =
        arith::MulIOp::create(b, loc(), step, constantIndex(kSide));
    SmallVector<UnitMemory> lefts, rights;
    for (int64_t r = 0; r < rows; ++r)
      lefts.push_back(shifted(left, constantIndex(r * kSide), leftByte));
    for (int64_t c = 0; c < columns; ++c)
      rights.push_back(shifted(right, rightRow, constantIndex(c * kRowBytes)));
    SmallVector<Value> x, y, next;
    if (isReal) {
      for (const UnitMemory &memory : lefts)
        x.push_back(unitLoad(memory));
      for (const UnitMemory &memory : rights)
        y.push_back(unitLoad(memory));
    }
    for (auto [n, target] : llvm::enumerate(targets)) {
      int64_t r = n / columns, c = n % columns;
      if (isReal)
        next.push_back(callUnit(product, sums[n].getType(),
                                {loop.getRegionIterArgs()[n], x[r], y[c]}));
      else
        emulateUnit(mma.getType().getElementType(), tile::dotLength(mma),
                    target, lefts[r], rights[c]);
    }
    if (isReal)
      scf::YieldOp::create(b, loc(), next);
  }
  for (auto [target, sum] : llvm::zip(targets, loop.getResults()))
    callUnit("tilestored64", Type(),
             {target.pointer, toI64(target.rowBytes), sum});
}

/// All columns of `rows` tiles of rows, from `row` of the sums and from the
/// first row of `left` on.
void TileLowering::multiplyRows(const UnitSums &to, Value row,
                                const UnitMemory &left, const UnitMemory &right,
                                int64_t rows, tile::MmaOp mma) {
  int64_t columnTiles = mma.getType().getExtent(1) / kSide;
  for (int64_t c = 0; c < columnTiles; c += 2) {
    UnitSums sums = {shifted(to.memory, row, constantIndex(c * kRowBytes)),
                     to.isZero};
    multiplyTiles(
        mma, sums, left,
        shifted(right, constantIndex(0), constantIndex(c * kRowBytes)), rows,
        std::min<int64_t>(2, columnTiles - c));
  }
}

/// The tile that `sum` is made of place by place, and nothing else is.
static Value sourceOfSum(Value sum) {
  auto map = sum.getDefiningOp<tile::MapOp>();
  if (!map || !sum.hasOneUse())
    return sum;
  for (auto [n, input] : llvm::enumerate(map.getInputs()))
    if (isa<BlockArgument>(input) &&
        llvm::equal(map.getMap(n),
                    llvm::seq<unsigned>(0, map.getType().getRank())))
      return input;
  return sum;
}

/// Where the sums are kept: where the loop around carries them, when it has no
/// other use for them, or in memory of their own.
TileLowering::Scratch TileLowering::placeOfSums(tile::MmaOp mma) {
  Value before = sourceOfSum(mma.getAccumulator()), after = mma.getResult();
  auto carried = dyn_cast<BlockArgument>(before);
  if (carried && before.hasOneUse() && after.hasOneUse() &&
      scratch.contains(before) && scratch[before].strides.back() == 1)
    if (auto loop = dyn_cast<scf::ForOp>(carried.getOwner()->getParentOp()))
      if (loop.getTiedLoopYieldedValue(carried)->get() == after)
        return scratch[before];
  return allocate(mma.getType(), /*lane=*/1);
}

static bool isZeroFill(Value tile) {
  auto fill = tile.getDefiningOp<tile::FillOp>();
  return fill && (matchPattern(fill.getValue(), m_AnyZeroFloat()) ||
                  matchPattern(fill.getValue(), m_Zero()));
}

void TileLowering::lowerUnitProduct(tile::MmaOp mma) {
  Scratch to = placeOfSums(mma);
  bool isInPlace = scratch.contains(mma.getAccumulator()) &&
                   scratch[mma.getAccumulator()].pointer == to.pointer;
  // The emulation adds to memory.
  bool isZero = isZeroFill(mma.getAccumulator()) && !machine.emulatesUnits;
  if (!isInPlace && !isZero)
    copyRows(mma.getAccumulator(), to);
  UnitSums sums{{to.pointer, constantIndex(4 * to.strides[0])}, isZero};
  multiplyAllRows(sums, mma);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(mma.getResult(), axis);
  scratch[mma.getResult()] = to;
}

/// How many rows are multiplied: those that are there, or, where others may be
/// read too, whole tiles of them.
Value TileLowering::numRowsOf(tile::MmaOp mma) {
  int64_t numRows = mma.getType().getExtent(0);
  Value lhs = narrowLeft(mma);
  if (isReadInPlace(lhs))
    return limitOf(boundOf(lhs, 0), numRows);
  std::optional<Bound> end = endsOfGrid(mma.getLhs())[0];
  if (!end)
    return constantIndex(numRows);
  Value side = constantIndex(kSide);
  Value tiles =
      b.createOrFold<arith::CeilDivUIOp>(loc(), limitOf(end, numRows), side);
  return b.createOrFold<arith::MulIOp>(loc(), tiles, side);
}

/// Two tiles of rows at a time, then one, then a copy of what is left of one.
void TileLowering::multiplyAllRows(const UnitSums &sums, tile::MmaOp mma) {
  Value lhs = narrowLeft(mma);
  UnitMemory left = leftSide(mma), right = rightSide(mma);
  Value limit = numRowsOf(mma);
  auto multiply = [&](Value row, int64_t tiles) {
    multiplyRows(sums, row, shifted(left, row, constantIndex(0)), right, tiles,
                 mma);
  };
  auto roundDown = [&](int64_t unit) {
    Value size = constantIndex(unit);
    return b.createOrFold<arith::MulIOp>(
        loc(), b.createOrFold<arith::DivUIOp>(loc(), limit, size), size);
  };
  auto onlyIf = [&](Value from, Value to, function_ref<void()> body) {
    Value isThere = b.createOrFold<arith::CmpIOp>(
        loc(), arith::CmpIPredicate::ult, from, to);
    if (matchPattern(isThere, m_Zero()))
      return;
    OpBuilder::InsertionGuard guard(b);
    auto branch = scf::IfOp::create(b, loc(), isThere, /*withElse=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
    body();
  };
  Value pairs = roundDown(2 * kSide), tiles = roundDown(kSide);
  {
    OpBuilder::InsertionGuard guard(b);
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0), pairs,
                                   constantIndex(2 * kSide));
    b.setInsertionPointToStart(loop.getBody());
    multiply(loop.getInductionVar(), 2);
  }
  onlyIf(pairs, tiles, [&] { multiply(pairs, 1); });
  if (!isReadInPlace(lhs))
    return;
  onlyIf(tiles, limit, [&] {
    tile::TileType whole = tileTypeOf(lhs);
    auto type = tile::TileType::get(
        b.getContext(), {b.getI64IntegerAttr(kSide), whole.getExtents()[1]},
        whole.getElementType());
    Scratch copy = allocate(type, /*lane=*/1);
    copyTileOfRows(lhs, tiles, copy);
    Value rowBytes = constantIndex(elementBytes(mma) * copy.strides[0]);
    multiplyRows(sums, tiles, {copy.pointer, rowBytes}, right, 1, mma);
  });
}

} // namespace tenon
