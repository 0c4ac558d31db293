//===- KeepTiles.cpp - what is computed and kept beside a reduction -------===//
//
// The loops of a reduction meet every vector of a tile, and every row's result
// while it is in a register. What others read again is written there, and what
// follows a row's result in place is computed there.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

using namespace mlir;

namespace tenon {

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Whether the map makes one element of each of its input's.
static bool isInPlace(tile::MapOp map) {
  return map.getInputs().size() == 1 &&
         llvm::equal(map.getMap(0),
                     llvm::seq<unsigned>(0, map.getType().getRank()));
}

/// The reduction that reads the tile before others do, itself or what a map
/// that it alone reads makes of it in place.
static tile::ReduceOp firstReduction(Value tile) {
  Operation *first = nullptr;
  for (Operation *user : tile.getUsers()) {
    if (user->getBlock() != tile.getParentBlock())
      return nullptr;
    first = first && first->isBeforeInBlock(user) ? first : user;
  }
  auto map = dyn_cast_or_null<tile::MapOp>(first);
  if (map && isInPlace(map) && map->hasOneUse())
    first = *map->getUsers().begin();
  return dyn_cast_or_null<tile::ReduceOp>(first);
}

/// Whether the tile is read first by a reduction along its lanes, which then
/// computes it once for all: it writes each vector that it reads.
bool TileLowering::isKeptByReduce(Value tile) {
  auto map = tile.getDefiningOp<tile::MapOp>();
  if (!map || pendingProduct(tile) || tileTypeOf(tile).getRank() != 2)
    return false;
  tile::ReduceOp reduce = firstReduction(tile);
  unsigned lane = laneAxisOf(tile);
  if (!reduce || reduce->getBlock() != map->getBlock() ||
      reduce.getAxis() != lane)
    return false;
  // A difference to a mean, of which squares are summed, or a scaled score is
  // computed again for less than what it costs to keep it beside what it is
  // made of, or in its place.
  if (isCheap(tile) && llvm::any_of(map.getInputs(), [&](Value input) {
        return scratch.contains(input);
      }))
    return false;
  // It leaves out rows behind any bound; others want zeros behind most.
  return boundOf(tile, 1 - lane).has_value() ==
         endsOfGrid(tile)[1 - lane].has_value();
}

/// What a reduction keeps of what it reads: that, or what the only other reader
/// makes of it in place.
TileLowering::KeptTile TileLowering::keptBeside(tile::ReduceOp reduce) {
  auto isKept = [&](Value tile) {
    return !scratch.contains(tile) && shouldMaterialize(tile) &&
           isKeptByReduce(tile) && firstReduction(tile) == reduce;
  };
  Value read = reduce.getInput();
  auto map = read.getDefiningOp<tile::MapOp>();
  if (!isKept(read) && map && isInPlace(map))
    read = map.getInputs().front();
  if (!isKept(read))
    return {};
  Operation *between = reduce.getInput().getDefiningOp();
  SmallVector<Operation *> others;
  for (Operation *user : read.getUsers())
    if (user != reduce && user != between)
      others.push_back(user);
  Value tile = read;
  auto reader = others.size() == 1 ? dyn_cast<tile::MapOp>(others.front())
                                   : tile::MapOp();
  if (reader && isInPlace(reader) && laneAxisOf(reader) == laneAxisOf(tile))
    tile = reader;
  Scratch to = placeToKeep(tile);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(tile, axis);
  return {read, tile, to};
}

/// Scratch memory for a tile that is written as it is read: that of what it is
/// made of place by place, if nothing else reads that, or new memory.
TileLowering::Scratch TileLowering::placeToKeep(Value tile) {
  unsigned lane = laneAxisOf(tile);
  if (auto map = tile.getDefiningOp<tile::MapOp>())
    for (auto [n, input] : llvm::enumerate(map.getInputs()))
      if (auto from = scratch.find(input);
          from != scratch.end() && input.hasOneUse() &&
          input.getType() == tile.getType() &&
          map.getMap(n) == SmallVector<unsigned>{0, 1} &&
          from->second.strides[lane] == 1)
        return from->second;
  return allocate(tileTypeOf(tile), lane);
}

/// Whether all that the map's body reads from outside is known already.
bool TileLowering::usesKnownValues(tile::MapOp map) {
  Block &body = map.getBody().front();
  return llvm::all_of(body, [&](Operation &op) {
    return llvm::all_of(op.getOperands(), [&](Value operand) {
      return operand.getParentBlock() == &body || mapping.contains(operand);
    });
  });
}

/// The last of the maps that follow a reduction in place, each the only reader
/// of the one before. What becomes of a row's sum is computed with it: what
/// that waits for, a division or a root, passes while the next row is summed.
Value TileLowering::finishOf(tile::ReduceOp reduce) {
  Value end = reduce.getResult();
  while (end.hasOneUse()) {
    auto map = dyn_cast<tile::MapOp>(*end.getUsers().begin());
    if (!map || map->getBlock() != reduce->getBlock() || !isInPlace(map) ||
        !usesKnownValues(map))
      break;
    end = map.getResult();
  }
  return end;
}

/// Writes what is kept, and returns what is reduced.
Value TileLowering::evaluateAndKeep(const KeptTile &kept, Value reduced,
                                    const Place &at) {
  held[kept.read] = evaluate(kept.read, at);
  writeScratch(evaluate(kept.tile, at), kept.to, at);
  Value value = evaluate(reduced, at);
  held.erase(kept.read);
  return value;
}

} // namespace tenon
