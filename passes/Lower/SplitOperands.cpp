//===- SplitOperands.cpp - both factors of an f32 product as bf16 parts ---===//

#include "passes/Lower/SplitOperands.h"

using namespace mlir;

namespace tenon {

/// Bits of an f32.
static constexpr int32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
static constexpr int32_t kUpperHalf = static_cast<int32_t>(0xffff0000);
static constexpr int64_t kMantissaBits = 23, kExponentBias = 127;
/// The last bit of a number of 2^-102 is the least normal number.
static constexpr int64_t kLeastExponent = -102;

SplitOperands::SplitOperands(TileLowering &lowering, tile::MmaOp mma,
                             Sides sides)
    : tiles(lowering), b(lowering.b), mma(mma) {
  tile::TileType type = mma.getType();
  mostRows = type.getExtent(0);
  mostColumns = type.getExtent(1);
  int64_t depth = cast<tile::TileType>(mma.getLhs().getType()).getExtent(1);
  numSteps = depth / kStepElements;
  // Whole lines of memory, and of panels as wide as they often are.
  panelVectors = mostColumns % (4 * kTileSide) == 0 ? 4 : 2;
  numRows = tiles.limitOf(tiles.boundOf(mma.getLhs(), 0), mostRows);
  auto found = tiles.splitSides.find(mma.getLhs());
  left = found == tiles.splitSides.end() ? allocateParts(mostRows)
                                         : found->second.parts;
  if (sides == Sides::Left)
    return;
  numColumns = tiles.limitOf(tiles.boundOf(mma.getRhs(), 1), mostColumns);
  right = allocateParts(mostColumns);
}

/// Room for the parts of so many rows or columns, of two turns if there are.
Value SplitOperands::allocateParts(int64_t numLines) {
  int64_t numPlaces = isOneTurn(mma) ? 1 : 2;
  int64_t numRowsOfWords = numPlaces * numLines * kParts * kTurnSteps;
  auto words = tile::TileType::get(
      b.getContext(),
      {b.getI64IntegerAttr(numRowsOfWords), b.getI64IntegerAttr(kTileSide)},
      b.getI32Type());
  return tiles.allocate(words, /*lane=*/1).pointer;
}

/// Where line `line` of the tiles of a step is; its parts follow, a tile each.
Value SplitOperands::linePointer(Value operand, int64_t numLines,
                                 const Turn &turn, Value line, Value step) {
  Value side = index(kTileSide);
  Value tile = add(make<arith::DivUIOp>(line, side),
                   mul(turn.place, numLines / kTileSide));
  Value start = mul(add(mul(tile, kTurnSteps), step), kParts * kTileBytes);
  Value inTile = mul(make<arith::RemUIOp>(line, side), kLineBytes);
  return tiles.advance(operand, add(start, inTile));
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

SmallVector<Value> SplitOperands::Ranges::values() const {
  return {left.most, left.leastLessOne, right.most, right.leastLessOne};
}

SplitOperands::Ranges SplitOperands::Ranges::of(ValueRange values) {
  return {{values[0], values[1]}, {values[2], values[3]}};
}

SplitOperands::Ranges SplitOperands::emptyRanges() {
  Range none = {splatWord(0), splatWord(-1)};
  return {none, none};
}

SplitOperands::Range SplitOperands::extended(const Range &range, Value floats) {
  Value magnitude =
      arith::AndIOp::create(b, loc(), wordsOf(floats), splatWord(kMagnitude));
  // One less: zero, which loses nothing, becomes the largest.
  Value less = arith::SubIOp::create(b, loc(), magnitude, splatWord(1));
  return {arith::MaxUIOp::create(b, loc(), range.most, magnitude),
          arith::MinUIOp::create(b, loc(), range.leastLessOne, less)};
}

SplitOperands::Ranges SplitOperands::loopOver(Value from, Value to,
                                              const Ranges &before,
                                              RangesFn body) {
  auto loop = scf::ForOp::create(b, loc(), from, to, index(1), before.values());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Ranges after =
      body(loop.getInductionVar(), Ranges::of(loop.getRegionIterArgs()));
  scf::YieldOp::create(b, loc(), after.values());
  return Ranges::of(loop.getResults());
}

Value SplitOperands::isExact(const Ranges &ranges) {
  auto word = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc(), b.getI32IntegerAttr(value));
  };
  auto reduce = [&](vector::CombiningKind kind, Value vector) -> Value {
    return vector::ReductionOp::create(b, loc(), kind, vector);
  };
  auto holds = [&](arith::CmpIPredicate predicate, Value x,
                   int64_t y) -> Value {
    return arith::CmpIOp::create(b, loc(), predicate, x, word(y));
  };
  Value most =
      reduce(vector::CombiningKind::MAXUI,
             make<arith::MaxUIOp>(ranges.left.most, ranges.right.most));
  Value result = holds(arith::CmpIPredicate::ult, most, kInfinity);
  Value sum;
  for (const Range &range : {ranges.left, ranges.right}) {
    Value least = reduce(vector::CombiningKind::MINUI, range.leastLessOne);
    Value exponent = make<arith::ShRUIOp>(least, word(kMantissaBits));
    result =
        make<arith::AndIOp>(result, holds(arith::CmpIPredicate::uge, exponent,
                                          kExponentBias + kLeastExponent));
    sum = sum ? add(sum, exponent) : exponent;
  }
  Value isNormal =
      holds(arith::CmpIPredicate::ugt, sum, 2 * kExponentBias + kLeastExponent);
  return make<arith::AndIOp>(result, isNormal);
}

//===----------------------------------------------------------------------===//
// The split
//===----------------------------------------------------------------------===//

Value SplitOperands::splatWord(int32_t value) {
  auto type = VectorType::get(kTileSide, b.getI32Type());
  return arith::ConstantOp::create(b, loc(),
                                   DenseElementsAttr::get(type, value));
}

Value SplitOperands::wordsOf(Value floats) {
  return vector::BitCastOp::create(
      b, loc(), VectorType::get(kTileSide, b.getI32Type()), floats);
}

/// The upper halves of two vectors: in turn, word by word, or one after the
/// other.
Value SplitOperands::joinUpperHalves(Value first, Value second, bool inTurn) {
  Value x = wordsOf(first), y = wordsOf(second);
  if (inTurn) {
    Value low = arith::ShRUIOp::create(b, loc(), x, splatWord(16));
    Value high = arith::AndIOp::create(b, loc(), y, splatWord(kUpperHalf));
    return arith::OrIOp::create(b, loc(), low, high);
  }
  auto halves = VectorType::get(2 * kTileSide, b.getI16Type());
  SmallVector<int64_t> upper;
  for (int64_t n = 0; n < 2 * kTileSide; ++n)
    upper.push_back(2 * n + 1);
  return vector::ShuffleOp::create(
      b, loc(), vector::BitCastOp::create(b, loc(), halves, x),
      vector::BitCastOp::create(b, loc(), halves, y), upper);
}

Value SplitOperands::withoutUpperHalf(Value floats) {
  Value upper =
      arith::AndIOp::create(b, loc(), wordsOf(floats), splatWord(kUpperHalf));
  return arith::SubFOp::create(
      b, loc(), floats,
      vector::BitCastOp::create(b, loc(), floats.getType(), upper));
}

/// Stores one line of each part.
void SplitOperands::storeParts(Value first, Value second, bool inTurn,
                               Value pointer) {
  for (int64_t part = 0; part < kParts; ++part) {
    Value line = joinUpperHalves(first, second, inTurn);
    LLVM::StoreOp::create(b, loc(), line,
                          tiles.advance(pointer, index(part * kTileBytes)),
                          kLineBytes);
    if (part + 1 < kParts) {
      first = withoutUpperHalf(first);
      second = withoutUpperHalf(second);
    }
  }
}

/// A step of a row of the left side: a line has its 32 elements.
SplitOperands::Ranges SplitOperands::splitRow(Value row, Value step,
                                              const Turn &turn,
                                              const Ranges &before) {
  Value lhs = mma.getLhs();
  std::optional<Bound> bound = tiles.boundOf(lhs, 0);
  if (bound)
    tiles.guaranteed.push_back({*bound, {row}});
  Value k = mul(add(turn.first, step), kStepElements);
  Value x = tiles.vectorAt(lhs, row, k, 1, kTileSide);
  Value y = tiles.vectorAt(lhs, row, add(k, index(kTileSide)), 1, kTileSide);
  if (bound)
    tiles.guaranteed.pop_back();
  storeParts(x, y, /*inTurn=*/false,
             linePointer(left, mostRows, turn, row, step));
  return {extended(extended(before.left, x), y), before.right};
}

/// One vector of two rows of a panel of the right side, of those of all panels
/// in turn: a line has a pair of elements of each of 16 columns.
SplitOperands::Ranges SplitOperands::splitPair(Value number, int64_t vector,
                                               const Turn &turn,
                                               const Ranges &before) {
  Value inPanel = mul(turn.count, kTileSide), side = index(kTileSide);
  Value panel = make<arith::DivUIOp>(number, inPanel);
  Value pair = make<arith::RemUIOp>(number, inPanel);
  Value column = mul(add(mul(panel, panelVectors), index(vector)), kTileSide);
  Value k = add(mul(turn.first, kStepElements), mul(pair, 2));
  tiles.readsAhead = true;
  Value x = tiles.vectorAt(mma.getRhs(), k, column, 1, kTileSide);
  Value y =
      tiles.vectorAt(mma.getRhs(), add(k, index(1)), column, 1, kTileSide);
  tiles.readsAhead = false;
  Value tile = linePointer(right, mostColumns, turn, column,
                           make<arith::DivUIOp>(pair, side));
  Value line = mul(make<arith::RemUIOp>(pair, side), kLineBytes);
  storeParts(x, y, /*inTurn=*/true, tiles.advance(tile, line));
  return {before.left, extended(extended(before.right, x), y)};
}

/// Of all panels.
Value SplitOperands::numPairs(const Turn &turn) {
  Value numPanels =
      make<arith::CeilDivUIOp>(numColumns, index(panelVectors * kTileSide));
  return make<arith::MulIOp>(mul(turn.count, kTileSide), numPanels);
}

SplitOperands::Ranges SplitOperands::splitRows(const Turn &turn,
                                               const Ranges &before) {
  auto ofRow = [&](Value row, const Ranges &inRow) {
    return loopOver(index(0), turn.count, inRow,
                    [&](Value step, const Ranges &inner) {
                      return splitRow(row, step, turn, inner);
                    });
  };
  return loopOver(index(0), numRows, before, ofRow);
}

TileLowering::SplitSide SplitOperands::splitLeft() {
  Range range = splitRows(onlyTurn(), emptyRanges()).left;
  return {left, range.most, range.leastLessOne};
}

SplitOperands::Ranges SplitOperands::splitAll(const Turn &turn,
                                              const Ranges &before) {
  Ranges after = before;
  if (auto found = tiles.splitSides.find(mma.getLhs());
      found != tiles.splitSides.end())
    after.left = {found->second.most, found->second.leastLessOne};
  else
    after = splitRows(turn, before);
  auto ofPair = [&](Value pair, Ranges inner) {
    for (int64_t vector = 0; vector < panelVectors; ++vector)
      inner = splitPair(pair, vector, turn, inner);
    return inner;
  };
  return loopOver(index(0), numPairs(turn), after, ofPair);
}

SplitOperands::Share SplitOperands::shareOf(const Turn &turn,
                                            Value numStepsOfUnit) {
  Value pairs = numPairs(turn);
  return {turn, numRows, pairs,
          make<arith::CeilDivUIOp>(numRows, numStepsOfUnit),
          make<arith::CeilDivUIOp>(pairs, numStepsOfUnit)};
}

SplitOperands::Ranges SplitOperands::splitSlice(int64_t slice, Value number,
                                                const Share &share,
                                                const Ranges &before) {
  auto loop = [&](Value ofStep, Value total, const Ranges &ranges,
                  RangesFn body) {
    Value from = make<arith::MulIOp>(number, ofStep);
    Value to = make<arith::MinUIOp>(add(from, ofStep), total);
    return loopOver(from, to, ranges, body);
  };
  Value hasStep = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ult,
                                        index(slice), share.turn.count);
  Value rows = arith::SelectOp::create(b, loc(), hasStep, share.rows, index(0));
  Ranges after =
      loop(share.rowsOfStep, rows, before, [&](Value row, const Ranges &inner) {
        return splitRow(row, index(slice), share.turn, inner);
      });
  if (slice >= panelVectors)
    return after;
  return loop(share.pairsOfStep, share.pairs, after,
              [&](Value pair, const Ranges &inner) {
                return splitPair(pair, slice, share.turn, inner);
              });
}

} // namespace tenon
