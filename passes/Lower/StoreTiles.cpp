//===- StoreTiles.cpp - tiles written to the memory of a view -------------===//

#include "passes/Lower/TileLowering.h"

using namespace mlir;

namespace tenon {

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// How many elements lie before the place's first one.
Value TileLowering::offsetOfStore(tile::StoreOp store, const Memory &memory,
                                  const Place &at) {
  Value linear = constantIndex(0);
  SmallVector<Value> coords(memory.sizes.size());
  for (auto [axis, dim] : llvm::enumerate(store.getAxes()))
    coords[dim] = at.coords[axis];
  for (auto [d, offset] : llvm::enumerate(store.getOffsets())) {
    Value position =
        coords[d]
            ? b.createOrFold<arith::AddIOp>(loc(), mapped(offset), coords[d])
            : mapped(offset);
    linear = b.createOrFold<arith::AddIOp>(
        loc(), linear,
        b.createOrFold<arith::MulIOp>(loc(), position, memory.strides[d]));
  }
  return linear;
}

void TileLowering::writeStore(tile::StoreOp store, Value value, const Place &at,
                              Value inside) {
  Memory memory = memoryOf(store.getView());
  Value linear = offsetOfStore(store, memory, at);
  Value laneStride =
      at.lane ? memory.strides[store.getAxes()[*at.lane]] : Value();
  writeMemory(value, memory.pointer, linear, laneStride, inside, at);
}

/// Vectors that are evaluated together. Two of bf16 are rounded by one
/// instruction and fill a line, where registers are enough for two of each
/// value.
int64_t TileLowering::numVectorsAtOnce(tile::StoreOp store, unsigned lane) {
  auto type = cast<tile::TileType>(store.getTile().getType());
  constexpr int64_t kManyRegisters = 32;
  bool isPair = type.getRank() > 0 && type.getElementType().isBF16() &&
                machine.numVectors >= kManyRegisters &&
                type.getExtent(lane) % (2 * lanesOf(Type())) == 0;
  return isPair ? 2 : 1;
}

/// Where the view ends along an axis of the tile that is stored.
Bound TileLowering::boundOfStore(tile::StoreOp store, unsigned axis) {
  auto view = store.getView().getDefiningOp<tile::ViewOp>();
  unsigned dim = store.getAxes()[axis];
  return {mapped(store.getOffsets()[dim]), mapped(view.getSizes()[dim])};
}

void TileLowering::lowerStore(tile::StoreOp store) {
  Value tile = store.getTile();
  SmallVector<int64_t> shape = tileTypeOf(tile).getShape();
  SmallVector<std::optional<Bound>> bounds(shape.size());
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    bounds[axis] = boundOfStore(store, axis);
  if (tile::MmaOp mma = pendingProduct(tile)) {
    unsigned lane = laneAxisOf(mma.getResult());
    auto write = [&](Value value, const Place &at) {
      writeStore(store, value, at,
                 checkBound(*bounds[lane], shape[lane], lane, at));
    };
    if (usesTileUnit(mma))
      return finishesLate(mma, store) ? lowerLateProduct(mma, store)
                                      : lowerUnitProduct(mma, store);
    if (usesSplitUnit(mma))
      return lowerSplitProduct(mma, tile, *bounds[0], write);
    return lowerProduct(mma, tile, bounds[1 - lane], /*needsOutside=*/false,
                        write);
  }
  unsigned lane = laneAxisOf(tile);
  bool liesAcross =
      isInSquares(tileTypeOf(tile)) &&
      store.getAxes()[1 - lane] == store.getView().getType().getRank() - 1;
  if (!liesAcross)
    return forEachVector(
        shape, bounds, lane,
        [&](const Place &at) {
          fetchBesideStore(store, at);
          writeStore(store, evaluate(tile, at), at, nullptr);
        },
        /*mayOverrun=*/false, numVectorsAtOnce(store, lane));
  forEachTransposed(tile, lane, [&](Value value, const Place &at) {
    Value inside;
    for (unsigned axis = 0; axis < 2; ++axis)
      inside = combineMasks(inside,
                            checkBound(*bounds[axis], shape[axis], axis, at));
    writeStore(store, value, at, inside);
  });
}

} // namespace tenon
