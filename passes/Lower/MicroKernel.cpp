//===- MicroKernel.cpp - matrix products in blocks of registers -----------===//
//
// A block of R rows and V vectors of the result stays in registers while the
// whole contracted axis streams by: V vector loads of one operand, R broadcasts
// of the other, R*V fused multiply-adds a step. What follows the product
// elementwise is computed on the registers, then they are stored.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/ExactRounding.h"
#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Steps of a turn of the innermost loop: on CPUs with two FMA a cycle the
/// loop's own instructions would cost a tenth.
static constexpr int64_t kUnroll = 4;

/// Whether the map reads input `n` at its own place.
static bool isIdentity(tile::MapOp map, unsigned n) {
  SmallVector<unsigned> axes = map.getMap(n);
  return axes ==
         llvm::to_vector(llvm::seq<unsigned>(0, map.getType().getRank()));
}

/// The product that has to be computed to evaluate the tile: its own, or the
/// one behind maps that follow it place by place.
tile::MmaOp TileLowering::pendingProduct(Value tile) {
  if (scratch.contains(tile))
    return nullptr;
  Operation *op = tile.getDefiningOp();
  if (auto mma = dyn_cast_or_null<tile::MmaOp>(op))
    return mma;
  auto map = dyn_cast_or_null<tile::MapOp>(op);
  if (!map)
    return nullptr;
  for (auto [n, input] : llvm::enumerate(map.getInputs()))
    if (isIdentity(map, n) && input.hasOneUse())
      if (tile::MmaOp mma = pendingProduct(input);
          mma && mma->getBlock() == map->getBlock())
        return mma;
  return nullptr;
}

/// Whether the tile's only reader will compute it in registers.
bool TileLowering::isAbsorbed(Value tile) {
  if (!tile.hasOneUse())
    return false;
  Operation *user = *tile.getUsers().begin();
  if (user->getBlock() != tile.getDefiningOp()->getBlock())
    return false;
  if (isa<tile::StoreOp>(user))
    return true;
  auto map = dyn_cast<tile::MapOp>(user);
  if (!map)
    return false;
  // One product a chain; a second one would find the registers taken.
  for (auto [n, input] : llvm::enumerate(map.getInputs()))
    if (input == tile ? !isIdentity(map, n)
                      : static_cast<bool>(pendingProduct(input)))
      return false;
  return true;
}

static int64_t largestDivisor(int64_t value, int64_t limit) {
  for (int64_t d = std::max<int64_t>(1, std::min(value, limit)); d > 1; --d)
    if (value % d == 0)
      return d;
  return 1;
}

static bool isEqualConstant(Value x, Value y) {
  IntegerAttr left, right;
  return matchPattern(x, m_Constant(&left)) &&
         matchPattern(y, m_Constant(&right)) && left.getInt() == right.getInt();
}

Value widen(OpBuilder &b, Location loc, Value value, Type elementType) {
  Type from = getElementTypeOrSelf(value.getType());
  if (from == elementType)
    return value;
  Type to = elementType;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    to = vector.clone(elementType);
  if (isa<FloatType>(from))
    return arith::ExtFOp::create(b, loc, to, value);
  return arith::ExtSIOp::create(b, loc, to, value);
}

Value multiplyAdd(OpBuilder &b, Location loc, Value x, Value y, Value sum) {
  if (isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return math::FmaOp::create(b, loc, x, y, sum);
  return arith::AddIOp::create(b, loc, sum,
                               arith::MulIOp::create(b, loc, x, y));
}

/// How a product is walked: rows and vectors of a block, and its operands'
/// axes.
ProductBlock TileLowering::blockOf(tile::MmaOp mma) {
  ProductBlock block;
  block.mma = mma;
  block.lane = laneAxisOf(mma.getResult());
  block.vectorSide =
      tile::withoutExactRounding(block.lane == 1 ? mma.getRhs() : mma.getLhs());
  block.scalarSide = block.lane == 1 ? mma.getLhs() : mma.getRhs();
  block.vectorK = block.lane == 1 ? 0 : 1;
  tile::TileType type = mma.getType();
  block.sumType = type.getElementType();
  block.width = lanesOf(block.sumType);
  block.rows = type.getExtent(1 - block.lane);
  block.numVectors =
      (type.getExtent(block.lane) + block.width - 1) / block.width;
  block.depth = cast<tile::TileType>(mma.getLhs().getType()).getExtent(1);
  block.blockVectors = largestDivisor(block.numVectors, 4);
  // Beside the sums, a row of one operand and an element of the other.
  int64_t numSums = machine.numVectors - 1 - block.blockVectors;
  block.blockRows = std::min(block.rows, numSums / block.blockVectors);
  block.kBound = boundOf(block.scalarSide, 1 - block.vectorK);
  if (!block.kBound)
    block.kBound = boundOf(block.vectorSide, block.vectorK);
  // Where few rows come by, or many of few bits, weights bind.
  constexpr int64_t kFewRows = 4;
  int64_t bits = tile::bitsOfWidened(mma);
  bool isFew = block.rows < kFewRows && hasPackedWords(mma);
  block.readsAhead = usesSplitUnit(mma) || bits != 0 || isFew;
  constexpr int64_t kLineBits = 512;
  if (bits != 0)
    block.vectorsOfLine =
        std::max<int64_t>(1, kLineBits / (bits * block.width));
  return block;
}

/// Where vector `v` of the vector side is at `k`.
Place TileLowering::vectorPlace(const ProductBlock &block, Value k, int64_t v) {
  Place at;
  at.coords.resize(2);
  at.known.resize(2);
  at.coords[block.vectorK] = k;
  at.coords[1 - block.vectorK] = block.laneCoords[v];
  at.known[block.vectorK] = 0;
  at.known[1 - block.vectorK] = v;
  at.lane = 1 - block.vectorK;
  at.width = block.width;
  return at;
}

/// Where row `r` of the scalar side is at `k`.
Place TileLowering::scalarPlace(const ProductBlock &block, Value k, int64_t r) {
  Place at;
  at.coords.resize(2);
  at.known.resize(2);
  at.coords[1 - block.vectorK] = k;
  at.coords[block.vectorK] = block.rowCoords[r];
  return at;
}

/// Where vector `v` of row `r` of the result is.
Place TileLowering::resultPlace(const ProductBlock &block, int64_t r,
                                int64_t v) {
  Place at;
  at.coords.resize(2);
  at.known.resize(2);
  at.coords[1 - block.lane] = block.rowCoords[r];
  at.coords[block.lane] = block.laneCoords[v];
  at.known[1 - block.lane] = r;
  at.known[block.lane] = v;
  at.lane = block.lane;
  at.width = block.width;
  return at;
}

/// One step along the contracted axis: R broadcasts, V vectors, R*V sums.
SmallVector<Value> TileLowering::productStep(const ProductBlock &block, Value k,
                                             ValueRange sums) {
  SmallVector<Value> vectors, next;
  for (int64_t v = 0; v < block.blockVectors; ++v) {
    readsAhead = block.readsAhead && v % block.vectorsOfLine == 0;
    vectors.push_back(
        widen(b, loc(), evaluate(block.vectorSide, vectorPlace(block, k, v)),
              block.sumType));
  }
  readsAhead = false;
  auto type = VectorType::get(block.width, block.sumType);
  for (int64_t r = 0; r < block.blockRows; ++r) {
    Value scalar =
        widen(b, loc(), evaluate(block.scalarSide, scalarPlace(block, k, r)),
              block.sumType);
    Value splat = vector::BroadcastOp::create(b, loc(), type, scalar);
    for (int64_t v = 0; v < block.blockVectors; ++v)
      next.push_back(multiplyAdd(b, loc(), splat, vectors[v],
                                 sums[r * block.blockVectors + v]));
  }
  return next;
}

/// The sums over the steps from `from` to `to`, `numSteps` a turn.
SmallVector<Value> TileLowering::sumSteps(Value from, Value to,
                                          int64_t numSteps, StepFn takeStep,
                                          ValueRange start,
                                          const BesideFn &beside) {
  auto loop =
      scf::ForOp::create(b, loc(), from, to, constantIndex(numSteps), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> sums = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
  if (beside)
    beside(loop.getInductionVar());
  for (int64_t n = 0; n < numSteps; ++n)
    sums = takeStep(b.createOrFold<arith::AddIOp>(loc(), loop.getInductionVar(),
                                                  constantIndex(n)),
                    sums);
  scf::YieldOp::create(b, loc(), sums);
  return llvm::to_vector_of<Value>(loop.getResults());
}

/// The sums over the steps from 0 to `limit`: turns of several, then the rest.
SmallVector<Value> TileLowering::sumTurns(Value limit, StepFn takeStep,
                                          ValueRange start) {
  Value rest =
      b.createOrFold<arith::RemUIOp>(loc(), limit, constantIndex(kUnroll));
  Value whole = b.createOrFold<arith::SubIOp>(loc(), limit, rest);
  SmallVector<Value> sums =
      sumSteps(constantIndex(0), whole, kUnroll, takeStep, start);
  if (!matchPattern(rest, m_Zero()))
    sums = sumSteps(whole, limit, 1, takeStep, sums);
  return sums;
}

/// The sums of the block over the whole contracted axis: by dot products, by
/// words of several rows, or by rows.
SmallVector<Value> TileLowering::sumProducts(const ProductBlock &block,
                                             ValueRange start) {
  Value limit = limitOf(block.kBound, block.depth);
  if (int64_t length = stepLength(block); length > 1) {
    Value steps =
        b.createOrFold<arith::CeilDivUIOp>(loc(), limit, constantIndex(length));
    return sumTurns(
        steps,
        [&](Value step, ValueRange sums) {
          return dotStep(block, step, length, sums);
        },
        start);
  }
  auto takeRow = [&](Value k, ValueRange sums) {
    if (block.kBound)
      guaranteed.push_back({*block.kBound, {k}});
    SmallVector<Value> next = productStep(block, k, sums);
    if (block.kBound)
      guaranteed.pop_back();
    return next;
  };
  int64_t rows = block.lane == 1 ? wordLength(block.vectorSide) : 1;
  if (rows == 1)
    return sumTurns(limit, takeRow, start);
  Value words =
      b.createOrFold<arith::DivUIOp>(loc(), limit, constantIndex(rows));
  SmallVector<Value> sums = sumSteps(
      constantIndex(0), words, 1,
      [&](Value word, ValueRange before) {
        return wordStep(block, word, rows, before);
      },
      start);
  Value whole =
      b.createOrFold<arith::MulIOp>(loc(), words, constantIndex(rows));
  bool isWhole = isEqualConstant(whole, limit);
  return isWhole ? sums : sumSteps(whole, limit, 1, takeRow, sums);
}

/// Calls `body(first, n)` for blocks of rows up to `limit`: as many whole
/// blocks as there are, then half of one, a quarter, ... as the bits of what is
/// left say. So no block has a row that is not there.
void TileLowering::forRowBlocks(const ProductBlock &block, Value limit,
                                RowsFn body) {
  OpBuilder::InsertionGuard guard(b);
  Value size = constantIndex(block.blockRows);
  Value rest = b.createOrFold<arith::RemUIOp>(loc(), limit, size);
  Value row = b.createOrFold<arith::SubIOp>(loc(), limit, rest);
  auto loop = scf::ForOp::create(b, loc(), constantIndex(0), row, size);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar(), block.blockRows);
  b.setInsertionPointAfter(loop);
  for (int64_t n = llvm::bit_floor(uint64_t(block.blockRows - 1)); n > 0;
       n /= 2) {
    Value taken = b.createOrFold<arith::AndIOp>(loc(), rest, constantIndex(n));
    if (matchPattern(taken, m_Zero()))
      continue;
    Value isTaken = b.createOrFold<arith::CmpIOp>(
        loc(), arith::CmpIPredicate::ne, taken, constantIndex(0));
    auto branch = scf::IfOp::create(b, loc(), isTaken, /*withElse=*/false);
    b.setInsertionPointToStart(branch.thenBlock());
    body(row, n);
    b.setInsertionPointAfter(branch);
    row = b.createOrFold<arith::AddIOp>(loc(), row, taken);
  }
}

/// Calls `body(block, first)` for blocks of vectors: whole ones, and what is
/// left of one a vector at a time.
void TileLowering::forVectorBlocks(ProductBlock block, VectorsFn body) {
  std::optional<Bound> bound = endsOfGrid(block.mma.getResult())[block.lane];
  Value limit = b.createOrFold<arith::CeilDivUIOp>(
      loc(), limitOf(bound, block.numVectors * block.width),
      constantIndex(block.width));
  Value rest = b.createOrFold<arith::RemUIOp>(
      loc(), limit, constantIndex(block.blockVectors));
  Value whole = b.createOrFold<arith::SubIOp>(loc(), limit, rest);
  auto forBlocks = [&](Value from, Value to) {
    OpBuilder::InsertionGuard guard(b);
    IntegerAttr only;
    bool isOne = matchPattern(from, m_Zero()) &&
                 matchPattern(to, m_Constant(&only)) &&
                 only.getInt() == block.blockVectors;
    if (isOne)
      return body(block, from);
    auto loop = scf::ForOp::create(b, loc(), from, to,
                                   constantIndex(block.blockVectors));
    b.setInsertionPointToStart(loop.getBody());
    body(block, loop.getInductionVar());
  };
  forBlocks(constantIndex(0), whole);
  if (matchPattern(rest, m_Zero()))
    return;
  block.blockVectors = 1;
  forBlocks(whole, limit);
}

/// The block at these rows and vectors of the whole.
ProductBlock TileLowering::blockAt(ProductBlock block, Value firstVector,
                                   Value firstRow, int64_t numRows) {
  block.blockRows = numRows;
  for (int64_t r = 0; r < numRows; ++r)
    block.rowCoords.push_back(
        b.createOrFold<arith::AddIOp>(loc(), firstRow, constantIndex(r)));
  for (int64_t v = 0; v < block.blockVectors; ++v) {
    Value number =
        b.createOrFold<arith::AddIOp>(loc(), firstVector, constantIndex(v));
    block.laneCoords.push_back(b.createOrFold<arith::MulIOp>(
        loc(), number, constantIndex(block.width)));
  }
  return block;
}

/// Computes `end` for a block of rows and vectors and hands it to the sink.
/// Rows that are outside have no products.
void TileLowering::lowerBlock(ProductBlock block, const Rows &rows, Value end,
                              SinkFn sink) {
  bool isGuaranteed = rows.bound && !rows.areOutside;
  if (isGuaranteed)
    guaranteed.push_back({*rows.bound, block.rowCoords});
  SmallVector<Value> sums;
  for (int64_t r = 0; r < block.blockRows; ++r)
    for (int64_t v = 0; v < block.blockVectors; ++v)
      sums.push_back(
          evaluate(block.mma.getAccumulator(), resultPlace(block, r, v)));
  if (!rows.areOutside)
    sums = sumProducts(block, sums);
  Registers held{block.lane, {}};
  for (int64_t r = 0; r < block.blockRows; ++r)
    held.values.emplace_back(
        ArrayRef(sums).slice(r * block.blockVectors, block.blockVectors));
  registers[block.mma.getResult()] = held;
  for (int64_t r = 0; r < block.blockRows; ++r)
    for (int64_t v = 0; v < block.blockVectors; ++v) {
      Place at = resultPlace(block, r, v);
      sink(evaluate(end, at), at);
    }
  registers.erase(block.mma.getResult());
  if (isGuaranteed)
    guaranteed.pop_back();
}

/// All rows pass while a block of vectors of the vector side is near: weights
/// come from memory once.
void TileLowering::lowerProduct(tile::MmaOp mma, Value end,
                                std::optional<Bound> rowBound,
                                bool needsOutside, SinkFn sink) {
  ProductBlock all = blockOf(mma);
  Value limit = limitOf(rowBound, all.rows);
  forVectorBlocks(all, [&](const ProductBlock &block, Value firstVector) {
    auto lowerRows = [&](Value firstRow, int64_t numRows, bool areOutside) {
      lowerBlock(blockAt(block, firstVector, firstRow, numRows),
                 {rowBound, areOutside}, end, sink);
    };
    forRowBlocks(block, limit, [&](Value firstRow, int64_t numRows) {
      lowerRows(firstRow, numRows, /*areOutside=*/false);
    });
    if (!needsOutside || matchPattern(limit, m_Constant()))
      return;
    OpBuilder::InsertionGuard guard(b);
    auto outside = scf::ForOp::create(
        b, loc(), limit, constantIndex(block.rows), constantIndex(1));
    b.setInsertionPointToStart(outside.getBody());
    lowerRows(outside.getInductionVar(), 1, /*areOutside=*/true);
  });
}

} // namespace tenon
