//===- MicroKernel.cpp - matrix products in blocks of registers -----------===//
//
// A block of R rows and V vectors of the result stays in registers while the
// whole contracted axis streams by: V vector loads of one operand, R broadcasts
// of the other, R*V fused multiply-adds a step. What follows the product
// elementwise is computed on the registers, then they are stored.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tenon {

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

/// The operand's value in the accumulator's type; exact.
static Value widen(OpBuilder &b, Location loc, Value value, Type elementType) {
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

static Value multiplyAdd(OpBuilder &b, Location loc, Value x, Value y,
                         Value sum) {
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
  block.vectorSide = block.lane == 1 ? mma.getRhs() : mma.getLhs();
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
  block.blockRows =
      largestDivisor(block.rows, machine.numAccumulators / block.blockVectors);
  block.kBound = boundOf(block.scalarSide, 1 - block.vectorK);
  if (!block.kBound)
    block.kBound = boundOf(block.vectorSide, block.vectorK);
  return block;
}

/// Where vector `v` of the vector side is at `k`.
Place TileLowering::vectorPlace(const ProductBlock &block, Value k, int64_t v) {
  Place at;
  at.coords.resize(2);
  at.known.resize(2);
  at.coords[block.vectorK] = k;
  at.coords[1 - block.vectorK] = block.laneCoords[v];
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
  at.coords[block.vectorK] = block.readRows[r];
  return at;
}

/// One step along the contracted axis: R broadcasts, V vectors, R*V sums.
SmallVector<Value> TileLowering::productStep(const ProductBlock &block, Value k,
                                             ValueRange sums) {
  SmallVector<Value> vectors, next;
  for (int64_t v = 0; v < block.blockVectors; ++v)
    vectors.push_back(
        widen(b, loc(), evaluate(block.vectorSide, vectorPlace(block, k, v)),
              block.sumType));
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

/// The sums of the block over the whole contracted axis.
SmallVector<Value> TileLowering::sumProducts(const ProductBlock &block,
                                             ValueRange start) {
  bool byPairs = usesPairs(block);
  Value limit = limitOf(block.kBound, block.depth);
  if (byPairs)
    limit = b.createOrFold<arith::CeilDivUIOp>(loc(), limit, constantIndex(2));
  auto loop = scf::ForOp::create(b, loc(), constantIndex(0), limit,
                                 constantIndex(1), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  size_t outer = guaranteed.size();
  if (block.kBound && !byPairs)
    guaranteed.push_back(*block.kBound);
  Value turn = loop.getInductionVar();
  SmallVector<Value> next =
      byPairs ? pairStep(block, turn, loop.getRegionIterArgs())
              : productStep(block, turn, loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc(), next);
  guaranteed.truncate(outer);
  return llvm::to_vector_of<Value>(loop.getResults());
}

void TileLowering::lowerProduct(tile::MmaOp mma, Value end,
                                std::optional<Bound> rowBound,
                                bool needsOutside, SinkFn sink) {
  ProductBlock block = blockOf(mma);
  unsigned lane = block.lane, row = 1 - lane;

  OpBuilder::InsertionGuard guard(b);
  size_t numGuaranteed = guaranteed.size();
  Value rowLimit = limitOf(rowBound, block.rows);
  bool isRagged = rowBound && !isInside(*rowBound, block.rows);
  auto loopTo = [&](Value bound, int64_t extent, int64_t by) -> Value {
    if (extent == by)
      return constantIndex(0);
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0), bound,
                                   constantIndex(by));
    b.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  };
  Value firstRow = loopTo(needsOutside ? constantIndex(block.rows) : rowLimit,
                          block.rows, block.blockRows);
  Value firstVector = loopTo(constantIndex(block.numVectors), block.numVectors,
                             block.blockVectors);

  // Rows behind the end repeat the last one; they are not stored.
  SmallVector<Value> realRows;
  Value lastRow;
  if (isRagged) {
    Value last = arith::SubIOp::create(b, loc(), rowLimit, constantIndex(1));
    lastRow = arith::MaxSIOp::create(b, loc(), last, constantIndex(0));
    guaranteed.push_back(*rowBound);
  }
  for (int64_t r = 0; r < block.blockRows; ++r) {
    Value coord =
        b.createOrFold<arith::AddIOp>(loc(), firstRow, constantIndex(r));
    realRows.push_back(coord);
    block.readRows.push_back(
        isRagged ? arith::MinSIOp::create(b, loc(), coord, lastRow).getResult()
                 : coord);
  }
  for (int64_t v = 0; v < block.blockVectors; ++v) {
    Value number =
        b.createOrFold<arith::AddIOp>(loc(), firstVector, constantIndex(v));
    block.laneCoords.push_back(b.createOrFold<arith::MulIOp>(
        loc(), number, constantIndex(block.width)));
  }
  auto placeOf = [&](int64_t r, int64_t v, bool isReal) {
    Place at;
    at.coords.resize(2);
    at.known.resize(2);
    at.coords[row] = isReal ? realRows[r] : block.readRows[r];
    at.coords[lane] = block.laneCoords[v];
    at.known[row] = r;
    at.known[lane] = v;
    at.lane = lane;
    at.width = block.width;
    return at;
  };

  SmallVector<Value> start;
  for (int64_t r = 0; r < block.blockRows; ++r)
    for (int64_t v = 0; v < block.blockVectors; ++v)
      start.push_back(evaluate(mma.getAccumulator(), placeOf(r, v, false)));
  SmallVector<Value> sums = sumProducts(block, start);

  Registers held{lane, {}};
  for (int64_t r = 0; r < block.blockRows; ++r) {
    auto &values = held.values.emplace_back();
    for (int64_t v = 0; v < block.blockVectors; ++v)
      values.push_back(sums[r * block.blockVectors + v]);
  }
  registers[mma.getResult()] = held;
  // Scratch memory is read whole, so what follows the product must see the true
  // coordinates of rows behind the end; a store leaves those rows out.
  if (needsOutside)
    guaranteed.truncate(numGuaranteed);
  for (int64_t r = 0; r < block.blockRows; ++r) {
    Value isReal =
        isRagged && !needsOutside
            ? arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::slt,
                                    realRows[r], rowLimit)
                  .getResult()
            : Value();
    Value inside = isReal ? splatMask(isReal, block.width) : Value();
    for (int64_t v = 0; v < block.blockVectors; ++v)
      sink(evaluate(end, placeOf(r, v, needsOutside)), placeOf(r, v, true),
           inside);
  }
  registers.erase(mma.getResult());
  guaranteed.truncate(numGuaranteed);
}

} // namespace tenon
