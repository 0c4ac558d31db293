//===- UnitProducts.cpp - products by a unit of 16 x 16 sums --------------===//
//
// Two by two tiles of sums share their operands, in registers over a part of
// the contracted axis, and go to scratch memory. The right side of a part stays
// in L1 while all rows pass, from L2; meanwhile the next part is fetched into
// L2.
//
// What follows the product is computed from the scratch memory, a vector at a
// time as everywhere. Where that is stored at once, 32 rows of it are computed
// while the unit multiplies the last part of the next 32: an instruction keeps
// the unit busy for 16 cycles, in which the vector units have nothing else to
// do. What takes longer than that part is spread over all parts of the product
// of the next instance (LateRows.cpp).
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitProduct.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"

#include <numeric>

using namespace mlir;

namespace tenon {

/// Vectors of a row for which what follows a product is computed at once where
/// that is a chain of many ops: longer than what the CPU looks ahead, and two
/// keep it busy. Short chains were slower so, on Sapphire Rapids.
static constexpr int64_t kVectorsAtOnce = 2, kLongChain = 16;
/// Rows of two tiles of sums.
static constexpr int64_t kPairRows = 2 * kTileSide;
/// Steps of a part: the right side of two tiles' columns is a third of an L1.
/// Measured on Sapphire Rapids, against 4, 12, 16 and all at once.
static constexpr int64_t kStepsOfPart = 8;

UnitProduct::UnitProduct(TileLowering &lowering, tile::MmaOp mma,
                         const TileLowering::Scratch &sums, bool isZero)
    : tiles(lowering), b(lowering.b), mma(mma),
      sums{sums.pointer, tiles.constantIndex(4 * sums.strides[0])},
      isZero(isZero), readsAhead(tiles.hasPackedWords(mma)) {}

/// Adds to the sums of two by two tiles, or what is left of them, the products
/// over a part.
void UnitProduct::multiplyTiles(const Part &part, const UnitMemory &to,
                                const UnitMemory &from, const UnitMemory &words,
                                int64_t rows, int64_t columns, StepFn beside) {
  StringRef product = tile::dotLength(mma) == 2 ? "tdpbf16ps" : "tdpbusd";
  SmallVector<UnitMemory> targets;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      targets.push_back(
          tiles.shifted(to, index(r * kTileSide), index(c * kLineBytes)));
  bool isReal = !tiles.machine.emulatesUnits;
  SmallVector<Value> start;
  if (isReal)
    for (const UnitMemory &target : targets)
      start.push_back(part.isZero ? tiles.unitZero() : tiles.unitLoad(target));
  auto loop = scf::ForOp::create(b, loc(), part.from, part.to, index(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    Value byte = make<arith::MulIOp>(step, index(kLineBytes));
    Value wordRow = make<arith::MulIOp>(step, index(kTileSide));
    SmallVector<UnitMemory> lefts, rights;
    for (int64_t r = 0; r < rows; ++r)
      lefts.push_back(tiles.shifted(from, index(r * kTileSide), byte));
    for (int64_t c = 0; c < columns; ++c)
      rights.push_back(tiles.shifted(words, wordRow, index(c * kLineBytes)));
    SmallVector<Value> x, y, next;
    // Other columns read the rows of the left side again.
    auto reuse = numColumnPairs() > 1 ? TileLowering::Reuse::Soon
                                      : TileLowering::Reuse::Late;
    if (isReal) {
      for (const UnitMemory &memory : lefts)
        x.push_back(tiles.unitLoad(memory, reuse));
      for (const UnitMemory &memory : rights)
        y.push_back(tiles.unitLoad(memory));
    }
    for (auto [n, target] : llvm::enumerate(targets)) {
      int64_t r = n / columns, c = n % columns;
      if (isReal)
        next.push_back(
            tiles.callUnit(product, start[n].getType(),
                           {loop.getRegionIterArgs()[n], x[r], y[c]}));
      else
        tiles.emulateUnit(mma.getType().getElementType(), tile::dotLength(mma),
                          target, lefts[r], rights[c]);
    }
    if (beside)
      beside(make<arith::SubIOp>(step, part.from));
    if (isReal)
      scf::YieldOp::create(b, loc(), next);
  }
  for (auto [target, sum] : llvm::zip(targets, loop.getResults()))
    tiles.callUnit("tilestored64", Type(),
                   {target.pointer, tiles.toI64(target.rowBytes), sum});
}

/// All columns of `numTiles` tiles of rows, from `row` of the sums and from the
/// first row of `from` on.
void UnitProduct::multiplyRows(const Part &part, Value row,
                               const UnitMemory &from, int64_t numTiles,
                               StepFn beside) {
  int64_t columnTiles = mma.getType().getExtent(1) / kTileSide;
  for (int64_t c = 0; c < columnTiles; c += 2) {
    auto inPair = [&](Value step) {
      beside(make<arith::AddIOp>(step, index(c / 2 * part.numSteps)));
    };
    Value byte = index(c * kLineBytes);
    multiplyTiles(part, tiles.shifted(sums, row, byte), from,
                  tiles.shifted(right, index(0), byte), numTiles,
                  std::min<int64_t>(2, columnTiles - c),
                  beside ? StepFn(inPair) : StepFn());
  }
}

/// Fetches a share of the words that follow a part's: those of the next part,
/// or of the next columns. `number` counts the steps of all rows.
void UnitProduct::fetchNext(const Part &part, Value number) {
  int64_t width = mma.getType().getExtent(1);
  int64_t partBytes = part.numSteps * kTileSide * 4 * width;
  int64_t pairs = llvm::divideCeil(mma.getType().getExtent(0), kPairRows);
  int64_t share = llvm::divideCeil(partBytes / kLineBytes,
                                   pairs * numColumnPairs() * part.numSteps);
  Value next =
      tiles
          .shifted(right, make<arith::MulIOp>(part.to, index(kTileSide)),
                   index(0))
          .pointer;
  for (int64_t line = 0; line < share; ++line) {
    Value at = make<arith::AddIOp>(make<arith::MulIOp>(number, index(share)),
                                   index(line));
    tiles.fetch(tiles.advance(next, make<arith::MulIOp>(at, index(kLineBytes))),
                TileLowering::Use::Read);
  }
}

Value UnitProduct::roundDown(Value value, int64_t unit) {
  return make<arith::MulIOp>(make<arith::DivUIOp>(value, index(unit)),
                             index(unit));
}

/// What is left of two tiles of rows: one, and a copy of what is left of it.
void UnitProduct::multiplyRest(Value pairs, Value limit) {
  Value whole = roundDown(limit, kTileSide);
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
  onlyIf(pairs, whole, [&] {
    multiplyRows(wholeAxis(), pairs, tiles.shifted(left, pairs, index(0)), 1,
                 nullptr);
  });
  if (!tiles.readsLeftInPlace(mma))
    return;
  Value lhs = narrowLeft(mma);
  onlyIf(whole, limit, [&] {
    auto all = cast<tile::TileType>(lhs.getType());
    auto type = tile::TileType::get(
        b.getContext(), {b.getI64IntegerAttr(kTileSide), all.getExtents()[1]},
        all.getElementType());
    TileLowering::Scratch copy = tiles.allocate(type, /*lane=*/1);
    tiles.copyTileOfRows(lhs, whole, copy);
    Value rowBytes = index(elementBytes(mma) * copy.strides[0]);
    multiplyRows(wholeAxis(), whole, {copy.pointer, rowBytes}, 1, nullptr);
  });
}

void TileLowering::forRows(Value from, Value to,
                           function_ref<void(Value row)> body) {
  auto loop = scf::ForOp::create(b, loc(), from, to, constantIndex(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// Finishes a share of the rows of the pair before this one, of which the first
/// has none, and announces as many of this one's.
void UnitProduct::finishPairBefore(const Part &part, Value row, Value number,
                                   RowFn announce, RowFn finish) {
  Value before = make<arith::SubIOp>(row, index(kPairRows));
  Value isFirst =
      arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::eq, row, index(0));
  Value end = arith::SelectOp::create(b, loc(), isFirst, before, row);
  int64_t share = llvm::divideCeil(kPairRows, part.numSteps * numColumnPairs());
  Value done = make<arith::MulIOp>(number, index(share));
  for (int64_t r = 0; r < share; ++r)
    announce(make<arith::AddIOp>(make<arith::AddIOp>(row, done), index(r)));
  Value from = make<arith::AddIOp>(before, done);
  Value to = make<arith::AddIOp>(from, index(share));
  tiles.forRows(from, make<arith::MinSIOp>(to, end), finish);
}

/// Whole pairs of tiles of rows.
void UnitProduct::multiplyPart(const Part &part, Value pairs, PairFn beside) {
  auto loop = scf::ForOp::create(b, loc(), index(0), pairs, index(kPairRows));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value row = loop.getInductionVar();
  Value first = make<arith::MulIOp>(make<arith::DivUIOp>(row, index(kPairRows)),
                                    index(part.numSteps * numColumnPairs()));
  auto besideStep = [&](Value number) {
    if (readsAhead)
      fetchNext(part, make<arith::AddIOp>(first, number));
    if (beside)
      beside(part, row, number);
  };
  multiplyRows(part, row, tiles.shifted(left, row, index(0)), 2, besideStep);
}

void UnitProduct::multiplyParts(Value pairs, PairFn beside, PairFn besideLast) {
  left = tiles.leftSide(mma);
  right = tiles.rightSide(mma);
  int64_t numParts = llvm::divideCeil(numSteps(), kStepsOfPart);
  int64_t size = llvm::divideCeil(numSteps(), numParts);
  Part last = wholeAxis();
  if (numParts > 1) {
    multiplyPart({index(0), index(size), size, isZero}, pairs, beside);
    last = {index((numParts - 1) * size), index(numSteps()),
            numSteps() - (numParts - 1) * size, false};
    auto loop =
        scf::ForOp::create(b, loc(), index(size), last.from, index(size));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value from = loop.getInductionVar();
    multiplyPart({from, make<arith::AddIOp>(from, index(size)), size, false},
                 pairs, beside);
  }
  multiplyPart(last, pairs, besideLast);
}

void UnitProduct::multiply(Value numRows, RowFn announce, RowFn finish) {
  Value limit = tiles.numRowsOf(mma), pairs = roundDown(limit, kPairRows);
  auto besideLast = [&](const Part &part, Value row, Value number) {
    finishPairBefore(part, row, number, announce, finish);
  };
  multiplyParts(pairs, nullptr, finish ? PairFn(besideLast) : PairFn());
  multiplyRest(pairs, limit);
  if (!finish)
    return;
  Value complete = make<arith::MaxUIOp>(pairs, index(kPairRows));
  tiles.forRows(make<arith::SubIOp>(complete, index(kPairRows)), numRows,
                finish);
}

void UnitProduct::multiplyBeside(Value numLate, RowFn finish) {
  Value limit = tiles.numRowsOf(mma), pairs = roundDown(limit, kPairRows);
  Value numAll = index(numSteps() * numColumnPairs());
  // As many rows as a pair has, spread over its steps of all parts.
  auto rowsBefore = [&](Value row, Value number) {
    Value rows = make<arith::MulIOp>(number, index(kPairRows));
    return make<arith::AddIOp>(row, make<arith::DivUIOp>(rows, numAll));
  };
  auto beside = [&](const Part &part, Value row, Value number) {
    Value before = make<arith::MulIOp>(part.from, index(numColumnPairs()));
    Value step = make<arith::AddIOp>(before, number);
    Value from = rowsBefore(row, step);
    Value to = rowsBefore(row, make<arith::AddIOp>(step, index(1)));
    tiles.forRows(from, make<arith::MinUIOp>(to, numLate), finish);
  };
  multiplyParts(pairs, beside, beside);
  multiplyRest(pairs, limit);
  tiles.forRows(pairs, numLate, finish);
}

void UnitProduct::multiply() { multiply(Value(), nullptr, nullptr); }

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

/// Puts what the product is added to where its sums will be. Returns whether
/// that is zero, whatever the memory says.
bool TileLowering::prepareSums(tile::MmaOp mma, Scratch &to) {
  bool isInPlace = scratch.contains(mma.getAccumulator()) &&
                   scratch[mma.getAccumulator()].pointer == to.pointer;
  // The emulation adds to memory.
  bool isZero =
      tile::isZeroFill(mma.getAccumulator()) && !machine.emulatesUnits;
  if (!isInPlace && !isZero)
    copyRows(mma.getAccumulator(), to);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(mma.getResult(), axis);
  return isZero;
}

void TileLowering::keepUnitProduct(tile::MmaOp mma) {
  Scratch to = placeOfSums(mma);
  bool isZero = prepareSums(mma, to);
  UnitProduct(*this, mma, to, isZero).multiply();
  scratch[mma.getResult()] = to;
}

void TileLowering::lowerUnitProduct(tile::MmaOp mma, tile::StoreOp store) {
  Scratch to = placeOfSums(mma);
  UnitProduct product(*this, mma, to, prepareSums(mma, to));
  scratch[mma.getResult()] = to;
  product.multiply(
      limitOf(boundOfStore(store, 0), mma.getType().getExtent(0)),
      [&](Value row) { fetchOperands(store, row); },
      [&](Value row) { finishStoredRow(store, row); });
}

/// All vectors of a row of what is stored.
void TileLowering::finishStoredRow(tile::StoreOp store, Value row) {
  auto type = cast<tile::TileType>(store.getTile().getType());
  finishRow(store.getTile(), row, constantIndex(0),
            type.getExtent(1) / kTileSide, boundOfStore(store, 0),
            [&](Value value, const Place &at) {
              writeStore(store, value, at,
                         checkBound(boundOfStore(store, 1), type.getExtent(1),
                                    /*axis=*/1, at));
            });
}

/// Whether all that is made of the product, place by place, is stored.
bool TileLowering::isStored(tile::MmaOp mma) {
  Value tile = mma.getResult();
  while (isAbsorbed(tile)) {
    Operation *user = *tile.getUsers().begin();
    if (isa<tile::StoreOp>(user))
      return true;
    tile = user->getResult(0);
  }
  return false;
}

/// Some vectors of a row of `end`, from `column` on.
void TileLowering::finishRow(Value end, Value row, Value column,
                             int64_t numVectors, const Bound &rowBound,
                             SinkFn sink) {
  guaranteed.push_back({rowBound, {row}});
  bool isLong = costOf(end) > kLongChain;
  int64_t numAtOnce = isLong ? std::gcd(kVectorsAtOnce, numVectors) : 1;
  int64_t width = numAtOnce * lanesOf(Type());
  for (int64_t first = 0; first < numVectors / numAtOnce; ++first) {
    Place at;
    at.coords = {row, b.createOrFold<arith::AddIOp>(
                          loc(), column, constantIndex(first * width))};
    at.known.resize(2);
    at.lane = 1;
    at.width = width;
    sink(evaluate(end, at), at);
  }
  guaranteed.pop_back();
}

} // namespace tenon
