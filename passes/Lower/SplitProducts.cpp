//===- SplitProducts.cpp - f32 products by a unit of bf16 -----------------===//
//
// An f32 is the sum of three bf16. Of the nine products of the parts of two
// numbers the three smallest are below 2^-24 of the whole; the other six are
// summed in f32 by the unit, as exactly as f32 multiply-adds would.
//
// The block is computed in turns over the contracted axis. While the unit
// multiplies what one turn has split, the vector units split what the next one
// needs: a step of the unit takes 384 cycles and 40 instructions, and eight
// lines of parts between them cost little. (Behind the step they cost a third
// more of the whole: they then fill the queues in which its own instructions
// wait. Measured on Sapphire Rapids.) Few steps, as attention has, are one
// turn: all of it is split, then multiplied.
//
// The unit knows no subnormal numbers, and an infinity has no parts. A block
// with numbers so small that a part or a product of parts would be lost, or
// with infinities or NaN, is computed by multiply-adds; so is one of few rows,
// where the split would not pay.
//
// Source: Henry, Tang, Heinecke 2019, Leveraging the bfloat16 Artificial
// Intelligence Datatype For Higher-Precision Computations.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SplitOperands.h"

#include "dialects/Tile/Products.h"

using namespace mlir;

namespace tenon {

/// Rows and columns of the four tiles of sums of a step.
static constexpr int64_t kBlockSide = 2 * kTileSide;

/// The products of parts that are computed. From one to the next only one side
/// changes; in this order LLVM finds a register for each tile without copying
/// one, which it does not where the smallest come first.
static constexpr std::pair<int64_t, int64_t> kTerms[] = {
    {1, 1}, {1, 0}, {2, 0}, {0, 0}, {0, 1}, {0, 2}};

bool TileLowering::usesSplitUnit(tile::MmaOp mma) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || unit->numParts != kParts || !tile::computes(*unit, mma) ||
      machine.vectorBytes != kLineBytes || laneAxisOf(mma.getResult()) != 1)
    return false;
  tile::TileType lhs = cast<tile::TileType>(mma.getLhs().getType());
  tile::TileType result = mma.getType();
  return lhs.getExtent(1) % kStepElements == 0 &&
         result.getExtent(0) % kBlockSide == 0 &&
         result.getExtent(1) % kBlockSide == 0;
}

/// One product of a kernel, computed in parts.
class SplitProduct {
public:
  /// Writes code for a row, and the columns of two tiles from `column` on.
  using RowFn = function_ref<void(Value row, Value column)>;

  /// `isZero`: the sums are zero before the only turn, whatever the memory
  /// says.
  SplitProduct(TileLowering &lowering, tile::MmaOp mma,
               const TileLowering::Scratch &sums, bool isZero)
      : tiles(lowering), b(lowering.b), mma(mma), sums(sums), isZero(isZero),
        operands(lowering, mma) {}

  /// Splits all, and adds all but the last turn's products to the sums; the
  /// result is whether that was exact.
  Value multiplyMost();
  /// Adds what is left, and finishes rows that are complete, if asked to.
  void multiplyLast(RowFn finish);
  void finishAll(RowFn finish);

private:
  using UnitMemory = TileLowering::UnitMemory;
  using Turn = SplitOperands::Turn;
  using Ranges = SplitOperands::Ranges;
  /// Two by two tiles of sums, and what they are made of in the first step of a
  /// turn.
  struct Tiles {
    SmallVector<UnitMemory> sums, left, right;
  };
  /// Where a step is: in the block its tiles' row and column, of so many in the
  /// turn's order, and the number of the step in the turn.
  struct Step {
    Value row, column, inTiles, number;
  };
  /// Writes code between the terms of a step.
  using BesideFn =
      function_ref<Ranges(int64_t slice, const Step &step, const Ranges &)>;

  Value countAt(Value step);
  int64_t numTurns();
  Turn lastTurn();
  Ranges multiplyTurn(const Turn &turn, const Ranges &before, BesideFn beside);
  Tiles tilesAt(Value row, Value column, const Turn &turn);
  Ranges multiplyTiles(Value row, Value column, const Turn &turn,
                       const Ranges &before, BesideFn beside);
  SmallVector<Value> multiplyStep(const Tiles &at, ValueRange before,
                                  function_ref<void(int64_t)> afterTerm);
  void finishTiles(Value row, Value column, Value from, Value to, Value isThere,
                   RowFn finish);
  void finishBefore(int64_t slice, const Step &step, int64_t count,
                    RowFn finish);

  Location loc() { return tiles.loc(); }
  Value index(int64_t value) { return tiles.constantIndex(value); }
  template <typename Op> Value make(Value x, Value y) {
    return b.createOrFold<Op>(loc(), x, y);
  }
  Value add(Value x, Value y) { return make<arith::AddIOp>(x, y); }
  Value mul(Value x, Value y) { return make<arith::MulIOp>(x, y); }
  Value isEqual(Value x, Value y) {
    return arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::eq, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc(), condition, x, y);
  }
  bool isReal() const { return !tiles.machine.emulatesUnits; }
  /// Of two tiles.
  Value numRows() {
    return make<arith::CeilDivUIOp>(operands.rows(), index(kBlockSide));
  }
  Value numColumns() {
    return make<arith::CeilDivUIOp>(operands.columns(), index(kBlockSide));
  }

  TileLowering &tiles;
  OpBuilder &b;
  tile::MmaOp mma;
  TileLowering::Scratch sums;
  bool isZero;
  SplitOperands operands;
};

/// Adds to two by two tiles of sums the six products of a step.
SmallVector<Value>
SplitProduct::multiplyStep(const Tiles &at, ValueRange before,
                           function_ref<void(int64_t)> afterTerm) {
  auto partOf = [&](const UnitMemory &memory, int64_t part) -> UnitMemory {
    return {tiles.advance(memory.pointer, index(part * kTileBytes)),
            memory.rowBytes};
  };
  SmallVector<Value> next = llvm::to_vector_of<Value>(before);
  SmallVector<Value> x(2), y(2);
  auto load = [&](ArrayRef<UnitMemory> from, int64_t part,
                  SmallVectorImpl<Value> &to) {
    for (int64_t n = 0; n < 2; ++n)
      to[n] = tiles.unitLoad(partOf(from[n], part));
  };
  int64_t leftPart = -1, rightPart = -1;
  for (auto [term, parts] : llvm::enumerate(kTerms)) {
    auto [p, q] = parts;
    if (isReal() && p != leftPart)
      load(at.left, p, x);
    if (isReal() && q != rightPart)
      load(at.right, q, y);
    leftPart = p;
    rightPart = q;
    for (int64_t n = 0; n < 4; ++n) {
      int64_t r = n / 2, c = n % 2;
      if (isReal())
        next[n] = tiles.callUnit("tdpbf16ps", next[n].getType(),
                                 {next[n], x[r], y[c]});
      else
        tiles.emulateUnit(b.getF32Type(), 2, at.sums[n], partOf(at.left[r], p),
                          partOf(at.right[c], q));
    }
    afterTerm(term);
  }
  return next;
}

SplitProduct::Tiles SplitProduct::tilesAt(Value row, Value column,
                                          const Turn &turn) {
  UnitMemory all = {sums.pointer, index(4 * sums.strides[0])};
  Value line = index(kLineBytes);
  Tiles at;
  for (int64_t n = 0; n < 2; ++n) {
    Value r = add(row, index(n * kTileSide));
    Value c = add(column, index(n * kTileSide));
    at.left.push_back({operands.leftTile(turn, r), line});
    at.right.push_back({operands.rightTile(turn, c), line});
    for (int64_t m = 0; m < 2; ++m)
      at.sums.push_back(tiles.shifted(
          all, r, mul(add(column, index(m * kTileSide)), index(4))));
  }
  return at;
}

/// Two by two tiles of sums over the steps of a turn.
SplitProduct::Ranges SplitProduct::multiplyTiles(Value row, Value column,
                                                 const Turn &turn,
                                                 const Ranges &before,
                                                 BesideFn beside) {
  Value side = index(kBlockSide);
  Tiles at = tilesAt(mul(row, side), mul(column, side), turn);
  Value numBefore = mul(add(mul(column, numRows()), row), turn.count);
  SmallVector<Value> start = before.values();
  if (isReal())
    for (const UnitMemory &memory : at.sums)
      start.push_back(isZero ? tiles.unitZero() : tiles.unitLoad(memory));
  auto loop =
      scf::ForOp::create(b, loc(), index(0), turn.count, index(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value inTiles = loop.getInductionVar();
    Step step = {row, column, inTiles, add(numBefore, inTiles)};
    ValueRange carried = loop.getRegionIterArgs();
    Ranges ranges = Ranges::of(carried.take_front(Ranges::kValues));
    Value byte = mul(inTiles, index(kParts * kTileBytes));
    auto advanced = [&](const UnitMemory &memory) -> UnitMemory {
      return {tiles.advance(memory.pointer, byte), memory.rowBytes};
    };
    Tiles atStep = {at.sums, llvm::map_to_vector<2>(at.left, advanced),
                    llvm::map_to_vector<2>(at.right, advanced)};
    SmallVector<Value> products = multiplyStep(
        atStep, carried.drop_front(Ranges::kValues), [&](int64_t term) {
          if (term < SplitOperands::kSlices)
            ranges = beside(term, step, ranges);
        });
    SmallVector<Value> after = ranges.values();
    after.append(products);
    scf::YieldOp::create(b, loc(), after);
  }
  for (auto [memory, sum] :
       llvm::zip(at.sums, loop.getResults().drop_front(Ranges::kValues)))
    tiles.callUnit("tilestored64", Type(),
                   {memory.pointer, tiles.toI64(memory.rowBytes), sum});
  return Ranges::of(loop.getResults().take_front(Ranges::kValues));
}

/// All rows and columns of the block; two tiles of columns meet all rows.
SplitProduct::Ranges SplitProduct::multiplyTurn(const Turn &turn,
                                                const Ranges &before,
                                                BesideFn beside) {
  auto ofColumn = [&](Value column, const Ranges &ranges) {
    return operands.loopOver(
        index(0), numRows(), ranges, [&](Value row, const Ranges &inner) {
          return multiplyTiles(row, column, turn, inner, beside);
        });
  };
  return operands.loopOver(index(0), numColumns(), before, ofColumn);
}

/// Steps of the turn that begins with this one. What the first turn needs is
/// split while nothing is multiplied, so it is one step; those after it end
/// such that the last one is whole.
Value SplitProduct::countAt(Value step) {
  int64_t missing = (kTurnSteps - operands.steps() % kTurnSteps) % kTurnSteps;
  Value inTurn =
      make<arith::RemUIOp>(add(step, index(missing)), index(kTurnSteps));
  Value rest = make<arith::SubIOp>(index(kTurnSteps), inTurn);
  return select(isEqual(step, index(0)), index(1), rest);
}

int64_t SplitProduct::numTurns() {
  return 1 + llvm::divideCeil(operands.steps() - 1, kTurnSteps);
}

SplitProduct::Turn SplitProduct::lastTurn() {
  if (isOneTurn(mma))
    return operands.onlyTurn();
  int64_t count = std::min(operands.steps() - 1, kTurnSteps);
  return {index(operands.steps() - count), index(count),
          index((numTurns() - 1) % 2)};
}

Value SplitProduct::multiplyMost() {
  if (isOneTurn(mma))
    return operands.isExact(
        operands.splitAll(operands.onlyTurn(), operands.emptyRanges()));
  Turn first = {index(0), index(1), index(0)};
  SmallVector<Value> start =
      operands.splitAll(first, operands.emptyRanges()).values();
  start.append({first.first, first.count});
  auto turns = scf::ForOp::create(b, loc(), index(0), index(numTurns() - 1),
                                  index(1), start);
  auto rangesOf = [](ValueRange values) {
    return Ranges::of(values.take_front(Ranges::kValues));
  };
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(turns.getBody());
    ValueRange carried = turns.getRegionIterArgs();
    auto placeOf = [&](Value number) {
      return make<arith::RemUIOp>(number, index(2));
    };
    Value number = turns.getInductionVar();
    Turn turn = {carried[Ranges::kValues], carried[Ranges::kValues + 1],
                 placeOf(number)};
    Value begin = add(turn.first, turn.count);
    Turn next = {begin, countAt(begin), placeOf(add(number, index(1)))};
    SplitOperands::Share share =
        operands.shareOf(next, mul(mul(numRows(), numColumns()), turn.count));
    auto split = [&](int64_t slice, const Step &step, const Ranges &ranges) {
      return operands.splitSlice(slice, step.number, share, ranges);
    };
    SmallVector<Value> after =
        multiplyTurn(turn, rangesOf(carried), split).values();
    after.append({next.first, next.count});
    scf::YieldOp::create(b, loc(), after);
  }
  return operands.isExact(rangesOf(turns.getResults()));
}

/// Rows `from` to `to` of two by two tiles whose sums are complete.
void SplitProduct::finishTiles(Value row, Value column, Value from, Value to,
                               Value isThere, RowFn finish) {
  Value side = index(kBlockSide), first = mul(row, side);
  Value end = make<arith::MinUIOp>(add(first, to), operands.rows());
  auto loop = scf::ForOp::create(b, loc(), add(first, from),
                                 select(isThere, end, first), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  finish(loop.getInductionVar(), mul(column, side));
}

void SplitProduct::finishAll(RowFn finish) {
  OpBuilder::InsertionGuard guard(b);
  auto columns = scf::ForOp::create(b, loc(), index(0), numColumns(), index(1));
  b.setInsertionPointToStart(columns.getBody());
  auto rows = scf::ForOp::create(b, loc(), index(0), operands.rows(), index(1));
  b.setInsertionPointToStart(rows.getBody());
  finish(rows.getInductionVar(),
         mul(columns.getInductionVar(), index(kBlockSide)));
}

/// A slice of the tiles that were multiplied before those of the step.
void SplitProduct::finishBefore(int64_t slice, const Step &step, int64_t count,
                                RowFn finish) {
  Value zero = index(0), one = index(1);
  Value isTop = isEqual(step.row, zero);
  Value above = make<arith::SubIOp>(select(isTop, numRows(), step.row), one);
  Value column = make<arith::SubIOp>(step.column, select(isTop, one, zero));
  Value isThere = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ne,
                                        add(step.row, step.column), zero);
  int64_t numSlices = count * SplitOperands::kSlices;
  int64_t rows = llvm::divideCeil(kBlockSide, numSlices);
  Value number =
      add(mul(step.inTiles, index(SplitOperands::kSlices)), index(slice));
  Value from = mul(number, index(rows));
  Value to = make<arith::MinUIOp>(add(from, index(rows)), index(kBlockSide));
  finishTiles(above, column, from, to, isThere, finish);
}

void SplitProduct::multiplyLast(RowFn finish) {
  Turn last = lastTurn();
  int64_t count = *getConstantIntValue(last.count);
  auto beside = [&](int64_t slice, const Step &step, const Ranges &ranges) {
    if (finish)
      finishBefore(slice, step, count, finish);
    return ranges;
  };
  multiplyTurn(last, operands.emptyRanges(), beside);
  if (!finish)
    return;
  Value one = index(1);
  Value isThere = arith::ConstantOp::create(b, loc(), b.getBoolAttr(true));
  finishTiles(make<arith::SubIOp>(numRows(), one),
              make<arith::SubIOp>(numColumns(), one), index(0),
              index(kBlockSide), isThere, finish);
}

/// Leaves the product in `to`: by the unit where that pays and is exact. Rows
/// are finished as they are complete, if asked for.
void TileLowering::lowerSplit(tile::MmaOp mma, const Scratch &to,
                              SumsBefore before,
                              function_ref<void(Value, Value)> finish) {
  OpBuilder::InsertionGuard guard(b);
  SplitProduct product(*this, mma, to, before == SumsBefore::Zero);
  Value numRows = limitOf(boundOf(mma.getLhs(), 0), mma.getType().getExtent(0));
  Value isMany =
      b.createOrFold<arith::CmpIOp>(loc(), arith::CmpIPredicate::ugt, numRows,
                                    constantIndex(tile::kMostUnsplitRows));
  auto most = scf::IfOp::create(b, loc(), b.getI1Type(), isMany,
                                /*withElseRegion=*/true);
  b.setInsertionPointToStart(most.thenBlock());
  if (before == SumsBefore::Elsewhere)
    startSums(mma, to);
  Value isExact = product.multiplyMost();
  scf::YieldOp::create(b, loc(), isExact);
  b.setInsertionPointToStart(most.elseBlock());
  Value no = arith::ConstantOp::create(b, loc(), b.getBoolAttr(false));
  scf::YieldOp::create(b, loc(), no);
  b.setInsertionPointAfter(most);

  auto last = scf::IfOp::create(b, loc(), most.getResult(0),
                                /*withElseRegion=*/true);
  b.setInsertionPointToStart(last.thenBlock());
  product.multiplyLast(finish);
  b.setInsertionPointToStart(last.elseBlock());
  if (before == SumsBefore::Zero)
    startSums(mma, to);
  if (before == SumsBefore::Elsewhere)
    keepVectorProduct(mma, to);
  else
    addInChunks(mma, to);
  if (finish)
    product.finishAll(finish);
}

/// Of one turn it is known whether it is exact before anything is multiplied,
/// so sums may be where they are carried.
void TileLowering::keepSplitProduct(tile::MmaOp mma) {
  if (isOneTurn(mma)) {
    Scratch to = placeOfSums(mma);
    bool isZero = prepareSums(mma, to);
    lowerSplit(mma, to, isZero ? SumsBefore::Zero : SumsBefore::InPlace,
               nullptr);
    scratch[mma.getResult()] = to;
    return;
  }
  Scratch to = allocate(mma.getType(), /*lane=*/1);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(mma.getResult(), axis);
  lowerSplit(mma, to, SumsBefore::Elsewhere, nullptr);
  scratch[mma.getResult()] = to;
}

bool TileLowering::splitsLeftOnce(tile::MmaOp mma) {
  return usesSplitUnit(mma) && isOneTurn(mma);
}

TileLowering::SplitSide TileLowering::splitLeftSide(tile::MmaOp mma) {
  return SplitOperands(*this, mma, SplitOperands::Sides::Left).splitLeft();
}

void TileLowering::lowerSplitProduct(tile::MmaOp mma, Value end,
                                     const Bound &rowBound, SinkFn sink) {
  Scratch to = allocate(mma.getType(), /*lane=*/1);
  auto finish = [&](Value row, Value column) {
    scratch[mma.getResult()] = to;
    finishRow(end, row, column, kBlockSide / kTileSide, rowBound, sink);
    scratch.erase(mma.getResult());
  };
  lowerSplit(mma, to, SumsBefore::Elsewhere, finish);
}

} // namespace tenon
