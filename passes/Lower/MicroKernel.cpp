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

void TileLowering::lowerProduct(tile::MmaOp mma, Value end,
                                std::optional<Bound> rowBound,
                                bool needsOutside, SinkFn sink) {
  unsigned lane = laneAxisOf(mma.getResult()), row = 1 - lane;
  Value vectorSide = lane == 1 ? mma.getRhs() : mma.getLhs();
  Value scalarSide = lane == 1 ? mma.getLhs() : mma.getRhs();
  unsigned vectorK = lane == 1 ? 0 : 1,
           scalarK = 1 - vectorK; // the contracted axis
  tile::TileType type = mma.getType();
  Type elementType = type.getElementType();
  int64_t width = lanesOf(elementType);
  int64_t rows = type.getExtent(row),
          numVectors = (type.getExtent(lane) + width - 1) / width;
  int64_t depth = cast<tile::TileType>(mma.getLhs().getType()).getExtent(1);
  int64_t blockVectors = largestDivisor(numVectors, 4);
  int64_t blockRows =
      largestDivisor(rows, machine.numAccumulators / blockVectors);

  OpBuilder::InsertionGuard guard(b);
  size_t numGuaranteed = guaranteed.size();
  Value rowLimit = limitOf(rowBound, rows);
  bool isRagged = rowBound && !isInside(*rowBound, rows);
  auto loopTo = [&](Value bound, int64_t extent, int64_t by) -> Value {
    if (extent == by)
      return constantIndex(0);
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0), bound,
                                   constantIndex(by));
    b.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  };
  Value firstRow =
      loopTo(needsOutside ? constantIndex(rows) : rowLimit, rows, blockRows);
  Value firstVector =
      loopTo(constantIndex(numVectors), numVectors, blockVectors);

  // Rows behind the end repeat the last one; they are not stored.
  SmallVector<Value> realRows, readRows, laneCoords;
  Value lastRow;
  if (isRagged) {
    Value last = arith::SubIOp::create(b, loc(), rowLimit, constantIndex(1));
    lastRow = arith::MaxSIOp::create(b, loc(), last, constantIndex(0));
    guaranteed.push_back(*rowBound);
  }
  for (int64_t r = 0; r < blockRows; ++r) {
    Value coord =
        b.createOrFold<arith::AddIOp>(loc(), firstRow, constantIndex(r));
    realRows.push_back(coord);
    readRows.push_back(
        isRagged ? arith::MinSIOp::create(b, loc(), coord, lastRow).getResult()
                 : coord);
  }
  for (int64_t v = 0; v < blockVectors; ++v) {
    Value number =
        b.createOrFold<arith::AddIOp>(loc(), firstVector, constantIndex(v));
    laneCoords.push_back(
        b.createOrFold<arith::MulIOp>(loc(), number, constantIndex(width)));
  }
  auto placeOf = [&](int64_t r, int64_t v, bool isReal) {
    Place at;
    at.coords.resize(2);
    at.known.resize(2);
    at.coords[row] = isReal ? realRows[r] : readRows[r];
    at.coords[lane] = laneCoords[v];
    at.known[row] = r;
    at.known[lane] = v;
    at.lane = lane;
    at.width = width;
    return at;
  };

  SmallVector<Value> sums;
  for (int64_t r = 0; r < blockRows; ++r)
    for (int64_t v = 0; v < blockVectors; ++v)
      sums.push_back(evaluate(mma.getAccumulator(), placeOf(r, v, false)));

  std::optional<Bound> kBound = boundOf(scalarSide, scalarK);
  if (!kBound)
    kBound = boundOf(vectorSide, vectorK);
  Value kLimit = limitOf(kBound, depth);
  auto loop = scf::ForOp::create(b, loc(), constantIndex(0), kLimit,
                                 constantIndex(1), sums);
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(loop.getBody());
    size_t outer = guaranteed.size();
    if (kBound)
      guaranteed.push_back(*kBound);
    Value k = loop.getInductionVar();
    SmallVector<Value> vectors, next;
    for (int64_t v = 0; v < blockVectors; ++v) {
      Place at;
      at.coords.resize(2);
      at.known.resize(2);
      at.coords[vectorK] = k;
      at.coords[1 - vectorK] = laneCoords[v];
      at.lane = 1 - vectorK;
      at.width = width;
      vectors.push_back(widen(b, loc(), evaluate(vectorSide, at), elementType));
    }
    auto sumType = VectorType::get(width, elementType);
    for (int64_t r = 0; r < blockRows; ++r) {
      Place at;
      at.coords.resize(2);
      at.known.resize(2);
      at.coords[scalarK] = k;
      at.coords[1 - scalarK] = readRows[r];
      Value scalar = widen(b, loc(), evaluate(scalarSide, at), elementType);
      Value splat = vector::BroadcastOp::create(b, loc(), sumType, scalar);
      for (int64_t v = 0; v < blockVectors; ++v)
        next.push_back(
            multiplyAdd(b, loc(), splat, vectors[v],
                        loop.getRegionIterArgs()[r * blockVectors + v]));
    }
    scf::YieldOp::create(b, loc(), next);
    guaranteed.truncate(outer);
  }

  Registers block{lane, {}};
  for (int64_t r = 0; r < blockRows; ++r) {
    auto &values = block.values.emplace_back();
    for (int64_t v = 0; v < blockVectors; ++v)
      values.push_back(loop.getResult(r * blockVectors + v));
  }
  registers[mma.getResult()] = block;
  // Scratch memory is read whole, so what follows the product must see the true
  // coordinates of rows behind the end; a store leaves those rows out.
  if (needsOutside)
    guaranteed.truncate(numGuaranteed);
  for (int64_t r = 0; r < blockRows; ++r) {
    Value isReal =
        isRagged && !needsOutside
            ? arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::slt,
                                    realRows[r], rowLimit)
                  .getResult()
            : Value();
    Value inside = isReal ? splatMask(isReal, width) : Value();
    for (int64_t v = 0; v < blockVectors; ++v)
      sink(evaluate(end, placeOf(r, v, needsOutside)), placeOf(r, v, true),
           inside);
  }
  registers.erase(mma.getResult());
  guaranteed.truncate(numGuaranteed);
}

} // namespace tenon
