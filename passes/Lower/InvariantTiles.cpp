//===- InvariantTiles.cpp - what all instances of a kernel compute alike --===//
//
// A row of weights that is widened, or turned into something else, for each row
// that it meets is the same in every instance. It is computed once, before the
// first one, and kept in scratch memory.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {

/// Larger tiles would drive what an instance works on from L1: 16 KiB of f32.
static constexpr int64_t kMostElements = 4096;

/// Whether the tile is made of nothing but what is known now, before the first
/// instance.
bool TileLowering::isInvariant(Value tile) {
  auto areKnown = [&](ValueRange values) {
    return llvm::all_of(values,
                        [&](Value value) { return mapping.contains(value); });
  };
  return TypeSwitch<Operation *, bool>(tile.getDefiningOp())
      .Case([&](tile::LoadOp load) {
        auto view = load.getView().getDefiningOp<tile::ViewOp>();
        return areKnown(load.getOffsets()) && areKnown(view.getSizes());
      })
      .Case([&](tile::MapOp map) {
        return usesKnownValues(map) &&
               llvm::all_of(map.getInputs(),
                            [&](Value input) { return isInvariant(input); });
      })
      .Case([&](tile::FillOp fill) { return areKnown(fill.getValue()); })
      .Default([](Operation *) { return false; });
}

/// Whether a map reads the tile again and again, along an axis that it lacks.
static bool isSpread(tile::MapOp tile) {
  unsigned rank = tile.getType().getRank();
  return llvm::any_of(tile->getUsers(), [&](Operation *user) {
    auto map = dyn_cast<tile::MapOp>(user);
    return map && map.getType().getRank() > rank;
  });
}

/// The numbers, as scales are, that all instances read.
void TileLowering::holdNumbers() {
  for (Operation &op : kernel.getEntry()) {
    if (!isa<tile::LoadOp, tile::MapOp>(op))
      continue;
    Value value = op.getResult(0);
    if (cast<tile::TileType>(value.getType()).getRank() == 0 &&
        isInvariant(value))
      held[value] = evaluate(value, Place());
  }
}

void TileLowering::materializeInvariants() {
  holdNumbers();
  for (auto map : kernel.getEntry().getOps<tile::MapOp>()) {
    int64_t numElements = 1;
    for (int64_t extent : map.getType().getShape())
      numElements *= extent;
    if (numElements <= kMostElements && isSpread(map) &&
        isInvariant(map.getResult()))
      materialize(map.getResult());
  }
}

} // namespace tenon
