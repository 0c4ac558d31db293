//===- SplitProducts.cpp - f32 products by a unit of bf16 -----------------===//
//
// An f32 is the sum of three bf16: its upper eight bits, the eight below, the
// rest. Of the nine products of the parts of two numbers the three smallest
// are below 2^-24 of the whole; the other six are summed in f32 by the unit,
// as exactly as f32 multiply-adds would. Both operands are split once a block
// into scratch memory, in the order in which the unit reads them.
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

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Rows and columns of a tile of sums; lines of a tile of a factor.
static constexpr int64_t kSide = 16;
/// Elements of the contracted axis in a step.
static constexpr int64_t kStep = 32;
static constexpr int64_t kLineBytes = 64;
static constexpr int64_t kTileBytes = kSide * kLineBytes;
static constexpr int64_t kParts = 3;
/// So few rows are not worth the split. Measured on Sapphire Rapids.
static constexpr int64_t kFewRows = 48;
/// Steps of a turn: 32 rows or columns of parts are half of an L1.
static constexpr int64_t kTurnSteps = 4;

/// Bits of an f32.
static constexpr int32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
static constexpr int32_t kUpperHalf = static_cast<int32_t>(0xffff0000);
static constexpr int64_t kMantissaBits = 23, kExponentBias = 127;
/// The last bit of a number of 2^-102 is the least normal number.
static constexpr int64_t kLeastExponent = -102;

/// The products of parts that are computed, the smallest first. From one to the
/// next only one side changes.
static constexpr std::pair<int64_t, int64_t> kTerms[] = {
    {2, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 2}, {0, 0}};

bool TileLowering::usesSplitUnit(tile::MmaOp mma) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || unit->numParts != kParts || !tile::computes(*unit, mma) ||
      machine.vectorBytes != kLineBytes || laneAxisOf(mma.getResult()) != 1)
    return false;
  tile::TileType lhs = cast<tile::TileType>(mma.getLhs().getType());
  tile::TileType result = mma.getType();
  std::optional<Bound> depth = boundOf(mma.getLhs(), 1);
  return lhs.getExtent(1) % kStep == 0 &&
         result.getExtent(0) % (2 * kSide) == 0 &&
         result.getExtent(1) % (2 * kSide) == 0 &&
         (!depth || isInside(*depth, lhs.getExtent(1)));
}

//===----------------------------------------------------------------------===//
// The split
//===----------------------------------------------------------------------===//

Value TileLowering::splatWord(int32_t value) {
  auto type = VectorType::get(kSide, b.getI32Type());
  return arith::ConstantOp::create(b, loc(),
                                   DenseElementsAttr::get(type, value));
}

Value TileLowering::wordsOf(Value floats) {
  return vector::BitCastOp::create(
      b, loc(), VectorType::get(kSide, b.getI32Type()), floats);
}

TileLowering::MagnitudeRange TileLowering::emptyRange() {
  return {splatWord(0), splatWord(-1)};
}

TileLowering::MagnitudeRange TileLowering::extended(const MagnitudeRange &range,
                                                    Value floats) {
  Value magnitude =
      arith::AndIOp::create(b, loc(), wordsOf(floats), splatWord(kMagnitude));
  // One less: zero, which loses nothing, becomes the largest.
  Value less = arith::SubIOp::create(b, loc(), magnitude, splatWord(1));
  return {arith::MaxUIOp::create(b, loc(), range.most, magnitude),
          arith::MinUIOp::create(b, loc(), range.leastLessOne, less)};
}

/// The upper halves of two vectors: in turn, word by word, or one after the
/// other.
Value TileLowering::joinUpperHalves(Value first, Value second, bool inTurn) {
  Value x = wordsOf(first), y = wordsOf(second);
  if (inTurn) {
    Value low = arith::ShRUIOp::create(b, loc(), x, splatWord(16));
    Value high = arith::AndIOp::create(b, loc(), y, splatWord(kUpperHalf));
    return arith::OrIOp::create(b, loc(), low, high);
  }
  auto halves = VectorType::get(2 * kSide, b.getI16Type());
  SmallVector<int64_t> upper;
  for (int64_t n = 0; n < 2 * kSide; ++n)
    upper.push_back(2 * n + 1);
  return vector::ShuffleOp::create(
      b, loc(), vector::BitCastOp::create(b, loc(), halves, x),
      vector::BitCastOp::create(b, loc(), halves, y), upper);
}

Value TileLowering::withoutUpperHalf(Value floats) {
  Value upper =
      arith::AndIOp::create(b, loc(), wordsOf(floats), splatWord(kUpperHalf));
  return arith::SubFOp::create(
      b, loc(), floats,
      vector::BitCastOp::create(b, loc(), floats.getType(), upper));
}

/// Stores one line of each part.
void TileLowering::storeParts(Value first, Value second, bool inTurn,
                              Value pointer) {
  for (int64_t part = 0; part < kParts; ++part) {
    Value line = joinUpperHalves(first, second, inTurn);
    LLVM::StoreOp::create(b, loc(), line,
                          advance(pointer, constantIndex(part * kTileBytes)),
                          kLineBytes);
    if (part + 1 < kParts) {
      first = withoutUpperHalf(first);
      second = withoutUpperHalf(second);
    }
  }
}

/// Where line `line` of the tiles of a step is; its parts follow, a tile each.
Value TileLowering::splitLine(const SplitOperand &operand, Value line,
                              Value step) {
  auto add = [&](Value x, Value y) {
    return b.createOrFold<arith::AddIOp>(loc(), x, y);
  };
  auto mul = [&](Value x, int64_t y) {
    return b.createOrFold<arith::MulIOp>(loc(), x, constantIndex(y));
  };
  Value side = constantIndex(kSide);
  Value tile = b.createOrFold<arith::DivUIOp>(loc(), line, side);
  Value inTile = b.createOrFold<arith::RemUIOp>(loc(), line, side);
  Value start = mul(add(mul(tile, kTurnSteps), step), kParts * kTileBytes);
  return advance(operand.pointer, add(start, mul(inTile, kLineBytes)));
}

/// Room for so many rows or columns of the steps of a turn.
TileLowering::SplitOperand TileLowering::allocateSplit(int64_t lines) {
  auto words =
      tile::TileType::get(b.getContext(),
                          {b.getI64IntegerAttr(lines * kParts * kTurnSteps),
                           b.getI64IntegerAttr(kSide)},
                          b.getI32Type());
  return {allocate(words, /*lane=*/1).pointer};
}

/// A loop that extends a range.
TileLowering::MagnitudeRange
TileLowering::rangeLoop(Value limit, int64_t step, const MagnitudeRange &before,
                        RangeFn body) {
  auto loop =
      scf::ForOp::create(b, loc(), constantIndex(0), limit, constantIndex(step),
                         ValueRange{before.most, before.leastLessOne});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  MagnitudeRange after =
      body(loop.getInductionVar(),
           {loop.getRegionIterArgs()[0], loop.getRegionIterArgs()[1]});
  scf::YieldOp::create(b, loc(), ValueRange{after.most, after.leastLessOne});
  return {loop.getResult(0), loop.getResult(1)};
}

/// Rows of the left side: a line has the 32 elements of a step.
TileLowering::MagnitudeRange
TileLowering::splitLeft(tile::MmaOp mma, Value numRows, const SplitSteps &steps,
                        const SplitOperand &to, const MagnitudeRange &before) {
  Value lhs = mma.getLhs();
  std::optional<Bound> bound = boundOf(lhs, 0);
  return rangeLoop(numRows, 1, before, [&](Value row, MagnitudeRange inRow) {
    if (bound)
      guaranteed.push_back({*bound, {row}});
    MagnitudeRange after =
        rangeLoop(steps.count, 1, inRow, [&](Value step, MagnitudeRange range) {
          Value number = arith::AddIOp::create(b, loc(), steps.first, step);
          Value k =
              arith::MulIOp::create(b, loc(), number, constantIndex(kStep));
          Value half = arith::AddIOp::create(b, loc(), k, constantIndex(kSide));
          Value x = vectorAt(lhs, row, k, 1), y = vectorAt(lhs, row, half, 1);
          storeParts(x, y, /*inTurn=*/false, splitLine(to, row, step));
          return extended(extended(range, x), y);
        });
    if (bound)
      guaranteed.pop_back();
    return after;
  });
}

/// Columns of the right side: a line has a pair of elements of each of 16.
TileLowering::MagnitudeRange
TileLowering::splitRight(tile::MmaOp mma, Value numColumns,
                         const SplitSteps &steps, const SplitOperand &to,
                         const MagnitudeRange &before) {
  Value rhs = mma.getRhs();
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddIOp::create(b, loc(), x, y);
  };
  auto mul = [&](Value x, int64_t y) -> Value {
    return arith::MulIOp::create(b, loc(), x, constantIndex(y));
  };
  // Whole lines of memory, and of panels as wide as they often are.
  int64_t numVectors = mma.getType().getExtent(1) / kSide;
  int64_t width = kSide * (numVectors % 4 == 0 ? 4 : 2);
  Value numPairs = mul(steps.count, kSide), firstK = mul(steps.first, kStep);
  auto splitPair = [&](Value column, Value pair, MagnitudeRange range) {
    Value k = add(firstK, mul(pair, 2)), next = add(k, constantIndex(1));
    Value side = constantIndex(kSide);
    Value step = arith::DivUIOp::create(b, loc(), pair, side);
    Value line = mul(arith::RemUIOp::create(b, loc(), pair, side), kLineBytes);
    for (int64_t c = 0; c < width; c += kSide) {
      Value first = add(column, constantIndex(c));
      readsAhead = true;
      Value x = vectorAt(rhs, k, first, 1), y = vectorAt(rhs, next, first, 1);
      readsAhead = false;
      storeParts(x, y, /*inTurn=*/true,
                 advance(splitLine(to, first, step), line));
      range = extended(extended(range, x), y);
    }
    return range;
  };
  auto splitPanel = [&](Value column, const MagnitudeRange &range) {
    return rangeLoop(numPairs, 1, range,
                     [&](Value pair, const MagnitudeRange &inner) {
                       return splitPair(column, pair, inner);
                     });
  };
  return rangeLoop(numColumns, width, before, splitPanel);
}

/// Whether no part of these numbers and no product of their parts is lost.
Value TileLowering::isExact(const MagnitudeRange &left,
                            const MagnitudeRange &right) {
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
  Value most = reduce(vector::CombiningKind::MAXUI,
                      arith::MaxUIOp::create(b, loc(), left.most, right.most));
  Value result = holds(arith::CmpIPredicate::ult, most, kInfinity);
  Value sum;
  for (const MagnitudeRange &range : {left, right}) {
    Value least = reduce(vector::CombiningKind::MINUI, range.leastLessOne);
    Value exponent =
        arith::ShRUIOp::create(b, loc(), least, word(kMantissaBits));
    result = arith::AndIOp::create(b, loc(), result,
                                   holds(arith::CmpIPredicate::uge, exponent,
                                         kExponentBias + kLeastExponent));
    sum = sum ? arith::AddIOp::create(b, loc(), sum, exponent).getResult()
              : exponent;
  }
  Value isNormal =
      holds(arith::CmpIPredicate::ugt, sum, 2 * kExponentBias + kLeastExponent);
  return arith::AndIOp::create(b, loc(), result, isNormal);
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

/// Adds to two by two tiles of sums the six products of each step.
void TileLowering::multiplyParts(ArrayRef<UnitMemory> sums,
                                 ArrayRef<UnitMemory> left,
                                 ArrayRef<UnitMemory> right, Value numSteps) {
  SmallVector<Value> start;
  bool isReal = !machine.emulatesUnits;
  if (isReal)
    for (const UnitMemory &memory : sums)
      start.push_back(unitLoad(memory));
  auto loop = scf::ForOp::create(b, loc(), constantIndex(0), numSteps,
                                 constantIndex(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = arith::MulIOp::create(b, loc(), loop.getInductionVar(),
                                       constantIndex(kParts * kTileBytes));
    auto partOf = [&](const UnitMemory &memory, int64_t part) -> UnitMemory {
      Value byte = arith::AddIOp::create(b, loc(), step,
                                         constantIndex(part * kTileBytes));
      return {advance(memory.pointer, byte), memory.rowBytes};
    };
    SmallVector<Value> next =
        llvm::to_vector_of<Value>(loop.getRegionIterArgs());
    SmallVector<Value> x(2), y(2);
    auto load = [&](ArrayRef<UnitMemory> from, int64_t part,
                    SmallVectorImpl<Value> &to) {
      for (int64_t n = 0; n < 2; ++n)
        to[n] = unitLoad(partOf(from[n], part));
    };
    int64_t leftPart = -1, rightPart = -1;
    for (auto [p, q] : kTerms) {
      if (isReal && p != leftPart)
        load(left, p, x);
      if (isReal && q != rightPart)
        load(right, q, y);
      leftPart = p;
      rightPart = q;
      for (int64_t n = 0; n < 4; ++n) {
        int64_t r = n / 2, c = n % 2;
        if (isReal)
          next[n] =
              callUnit("tdpbf16ps", next[n].getType(), {next[n], x[r], y[c]});
        else
          emulateUnit(b.getF32Type(), 2, sums[n], partOf(left[r], p),
                      partOf(right[c], q));
      }
    }
    if (isReal)
      scf::YieldOp::create(b, loc(), next);
  }
  for (auto [memory, sum] : llvm::zip(sums, loop.getResults()))
    callUnit("tilestored64", Type(),
             {memory.pointer, toI64(memory.rowBytes), sum});
}

/// All rows and columns of the block; a panel of columns meets all rows.
void TileLowering::multiplyBlock(const Scratch &sums, Value numRows,
                                 Value numColumns, Value numSteps,
                                 const SplitOperand &left,
                                 const SplitOperand &right) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = constantIndex(0), two = constantIndex(2 * kSide);
  auto columns = scf::ForOp::create(b, loc(), zero, numColumns, two);
  b.setInsertionPointToStart(columns.getBody());
  Value column = columns.getInductionVar();
  auto rows = scf::ForOp::create(b, loc(), zero, numRows, two);
  b.setInsertionPointToStart(rows.getBody());
  Value row = rows.getInductionVar();
  Value line = constantIndex(kLineBytes);
  UnitMemory all = {sums.pointer, constantIndex(4 * sums.strides[0])};
  SmallVector<UnitMemory> targets, lefts, rights;
  for (int64_t n = 0; n < 2; ++n) {
    Value tile = constantIndex(n * kSide);
    Value r = arith::AddIOp::create(b, loc(), row, tile);
    Value c = arith::AddIOp::create(b, loc(), column, tile);
    lefts.push_back({splitLine(left, r, zero), line});
    rights.push_back({splitLine(right, c, zero), line});
    for (int64_t m = 0; m < 2; ++m) {
      Value byte = arith::MulIOp::create(
          b, loc(),
          arith::AddIOp::create(b, loc(), column, constantIndex(m * kSide)),
          constantIndex(4));
      targets.push_back(shifted(all, r, byte));
    }
  }
  multiplyParts(targets, lefts, rights, numSteps);
}

/// Computes the product by the unit, in turns over the contracted axis; the
/// result is whether that was exact.
Value TileLowering::multiplySplit(tile::MmaOp mma, const Scratch &to,
                                  Value numRows) {
  tile::TileType type = mma.getType();
  int64_t depth = cast<tile::TileType>(mma.getLhs().getType()).getExtent(1);
  SplitOperand left = allocateSplit(type.getExtent(0));
  SplitOperand right = allocateSplit(type.getExtent(1));
  Value numColumns = limitOf(boundOf(mma.getRhs(), 1), type.getExtent(1));
  forEachVector(type.getShape(), {boundOf(mma.getLhs(), 0), std::nullopt},
                /*lane=*/1, [&](const Place &at) {
                  writeScratch(evaluate(mma.getAccumulator(), at), to, at);
                });
  MagnitudeRange none = emptyRange();
  Value numSteps = constantIndex(depth / kStep);
  auto turns = scf::ForOp::create(
      b, loc(), constantIndex(0), numSteps, constantIndex(kTurnSteps),
      ValueRange{none.most, none.leastLessOne, none.most, none.leastLessOne});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(turns.getBody());
    ValueRange before = turns.getRegionIterArgs();
    Value first = turns.getInductionVar();
    Value rest = arith::SubIOp::create(b, loc(), numSteps, first);
    SplitSteps steps{first, arith::MinUIOp::create(b, loc(), rest,
                                                   constantIndex(kTurnSteps))};
    MagnitudeRange ofRight =
        splitRight(mma, numColumns, steps, right, {before[0], before[1]});
    MagnitudeRange ofLeft =
        splitLeft(mma, numRows, steps, left, {before[2], before[3]});
    multiplyBlock(to, numRows, numColumns, steps.count, left, right);
    scf::YieldOp::create(b, loc(),
                         ValueRange{ofRight.most, ofRight.leastLessOne,
                                    ofLeft.most, ofLeft.leastLessOne});
  }
  return isExact({turns.getResult(0), turns.getResult(1)},
                 {turns.getResult(2), turns.getResult(3)});
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
  Value isExact = multiplySplit(mma, to, numRows);
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
