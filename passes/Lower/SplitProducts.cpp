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
// wait. Measured on Sapphire Rapids.)
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

/// So few rows are not worth the split. Measured on Sapphire Rapids.
static constexpr int64_t kFewRows = 48;
/// Rows and columns of the four tiles of sums of a step.
static constexpr int64_t kBlockSide = 2 * kTileSide;

/// The products of parts that are computed. From one to the next only one side
/// changes, and of no two that follow each other do both sides stay long: the
/// tiles then fit their eight registers without copies.
static constexpr std::pair<int64_t, int64_t> kTerms[] = {
    {1, 1}, {1, 0}, {2, 0}, {0, 0}, {0, 1}, {0, 2}};

bool TileLowering::usesSplitUnit(tile::MmaOp mma) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || unit->numParts != kParts || !tile::computes(*unit, mma) ||
      machine.vectorBytes != kLineBytes || laneAxisOf(mma.getResult()) != 1)
    return false;
  tile::TileType lhs = cast<tile::TileType>(mma.getLhs().getType());
  tile::TileType result = mma.getType();
  std::optional<Bound> depth = boundOf(mma.getLhs(), 1);
  return lhs.getExtent(1) % kStepElements == 0 &&
         result.getExtent(0) % kBlockSide == 0 &&
         result.getExtent(1) % kBlockSide == 0 &&
         (!depth || isInside(*depth, lhs.getExtent(1)));
}

/// One product of a kernel, computed in parts.
class SplitProduct {
public:
  SplitProduct(TileLowering &lowering, tile::MmaOp mma,
               const TileLowering::Scratch &sums)
      : tiles(lowering), b(lowering.b), sums(sums), operands(lowering, mma) {}

  /// Adds the product to the sums; the result is whether that was exact.
  Value multiply();

private:
  using UnitMemory = TileLowering::UnitMemory;
  using Turn = SplitOperands::Turn;
  using Share = SplitOperands::Share;
  using Ranges = SplitOperands::Ranges;
  /// Two by two tiles of sums, and what they are made of in the first step of a
  /// turn.
  struct Tiles {
    SmallVector<UnitMemory> sums, left, right;
  };

  Value countAt(Value step);
  int64_t numTurns();
  Ranges multiplyTurn(const Turn &turn, const Turn &next, const Ranges &before);
  Tiles tilesAt(Value row, Value column, const Turn &turn);
  Ranges multiplyTiles(const Tiles &at, Value numBefore, const Turn &turn,
                       const Share &share, const Ranges &before);
  SmallVector<Value> multiplyStep(const Tiles &at, ValueRange before,
                                  function_ref<void(int64_t)> afterTerm);

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

  TileLowering &tiles;
  OpBuilder &b;
  TileLowering::Scratch sums;
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

/// Two by two tiles of sums over the steps of a turn. Each step also splits its
/// share of the next turn's numbers; `numBefore` steps did so before.
SplitProduct::Ranges
SplitProduct::multiplyTiles(const Tiles &at, Value numBefore, const Turn &turn,
                            const Share &share, const Ranges &before) {
  SmallVector<Value> start = before.values();
  if (isReal())
    for (const UnitMemory &memory : at.sums)
      start.push_back(tiles.unitLoad(memory));
  auto loop =
      scf::ForOp::create(b, loc(), index(0), turn.count, index(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar(), number = add(numBefore, step);
    ValueRange carried = loop.getRegionIterArgs();
    Ranges ranges = Ranges::of(carried.take_front(Ranges::kValues));
    Value byte = mul(step, index(kParts * kTileBytes));
    auto advanced = [&](const UnitMemory &memory) -> UnitMemory {
      return {tiles.advance(memory.pointer, byte), memory.rowBytes};
    };
    Tiles atStep = {at.sums, llvm::map_to_vector<2>(at.left, advanced),
                    llvm::map_to_vector<2>(at.right, advanced)};
    SmallVector<Value> products = multiplyStep(
        atStep, carried.drop_front(Ranges::kValues), [&](int64_t term) {
          if (term < SplitOperands::kSlices)
            ranges = operands.splitSlice(term, number, share, ranges);
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
                                                const Turn &next,
                                                const Ranges &before) {
  Value side = index(kBlockSide);
  Value numRows = make<arith::CeilDivUIOp>(operands.rows(), side);
  Value numColumns = make<arith::CeilDivUIOp>(operands.columns(), side);
  Share share =
      operands.shareOf(next, mul(mul(numRows, numColumns), turn.count));
  auto ofColumn = [&](Value column, const Ranges &ranges) {
    return operands.loopOver(
        index(0), numRows, ranges, [&](Value row, const Ranges &inner) {
          Value numBefore = mul(add(mul(column, numRows), row), turn.count);
          Tiles at = tilesAt(mul(row, side), mul(column, side), turn);
          return multiplyTiles(at, numBefore, turn, share, inner);
        });
  };
  return operands.loopOver(index(0), numColumns, before, ofColumn);
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

Value SplitProduct::multiply() {
  Turn first = {index(0), index(1), index(0)};
  SmallVector<Value> start =
      operands.splitAll(first, operands.emptyRanges()).values();
  start.append({first.first, first.count});
  auto turns = scf::ForOp::create(b, loc(), index(0), index(numTurns()),
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
    Value isEnd = isEqual(begin, index(operands.steps()));
    Turn next = {begin, select(isEnd, index(0), countAt(begin)),
                 placeOf(add(number, index(1)))};
    SmallVector<Value> after =
        multiplyTurn(turn, next, rangesOf(carried)).values();
    after.append({next.first, next.count});
    scf::YieldOp::create(b, loc(), after);
  }
  return operands.isExact(rangesOf(turns.getResults()));
}

void TileLowering::lowerSplitProduct(tile::MmaOp mma) {
  Scratch to = allocate(mma.getType(), /*lane=*/1);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(mma.getResult(), axis);
  Value numRows = limitOf(boundOf(mma.getLhs(), 0), mma.getType().getExtent(0));
  Value isMany = b.createOrFold<arith::CmpIOp>(
      loc(), arith::CmpIPredicate::ugt, numRows, constantIndex(kFewRows));
  OpBuilder::InsertionGuard guard(b);
  auto split = scf::IfOp::create(b, loc(), b.getI1Type(), isMany,
                                 /*withElseRegion=*/true);
  b.setInsertionPointToStart(split.thenBlock());
  forEachVector(mma.getType().getShape(),
                {boundOf(mma.getLhs(), 0), std::nullopt}, /*lane=*/1,
                [&](const Place &at) {
                  writeScratch(evaluate(mma.getAccumulator(), at), to, at);
                });
  Value isExact = SplitProduct(*this, mma, to).multiply();
  scf::YieldOp::create(b, loc(), isExact);
  b.setInsertionPointToStart(split.elseBlock());
  Value no = arith::ConstantOp::create(b, loc(), b.getBoolAttr(false));
  scf::YieldOp::create(b, loc(), no);
  b.setInsertionPointAfter(split);

  auto branch = scf::IfOp::create(b, loc(), split.getResult(0),
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(branch.elseBlock());
  lowerProduct(
      mma, mma.getResult(), to.bounds[0], /*needsOutside=*/false,
      [&](Value value, const Place &at) { writeScratch(value, to, at); });
  scratch[mma.getResult()] = to;
}

} // namespace tenon
