//===- TransposeTiles.cpp - tiles whose lanes lie across memory -----------===//
//
// A tile that is computed along one axis and lies in memory along another goes
// through registers in squares of as many vectors as a vector has elements:
// log2 of them stages of shuffles, where a gather would take each element by
// itself.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

using namespace mlir;

namespace tenon {

/// Each stage swaps the two squares beside the diagonal in every square of
/// twice their side.
void transposeSquare(OpBuilder &b, Location loc,
                     MutableArrayRef<Value> vectors) {
  int64_t width = vectors.size();
  for (int64_t side = 1; side < width; side *= 2) {
    SmallVector<int64_t> upper, lower;
    for (int64_t i = 0; i < width; ++i) {
      bool isLeft = (i & side) == 0;
      upper.push_back(isLeft ? i : width + i - side);
      lower.push_back(isLeft ? i + side : width + i);
    }
    for (int64_t row = 0; row < width; ++row) {
      if (row & side)
        continue;
      Value above = vectors[row], below = vectors[row + side];
      vectors[row] = vector::ShuffleOp::create(b, loc, above, below, upper);
      vectors[row + side] =
          vector::ShuffleOp::create(b, loc, above, below, lower);
    }
  }
}

/// Whether the tile is whole squares.
bool TileLowering::isInSquares(tile::TileType type) {
  int64_t width = lanesOf(type.getElementType());
  return type.getRank() == 2 && type.getElementType().isF32() &&
         type.getExtent(0) % width == 0 && type.getExtent(1) % width == 0;
}

/// Evaluates a tile of squares along the axis `from` and hands its vectors over
/// along the other one.
void TileLowering::forEachTransposed(Value tile, unsigned from, SinkFn sink) {
  auto type = cast<tile::TileType>(tile.getType());
  int64_t width = lanesOf(type.getElementType());
  unsigned to = 1 - from;
  OpBuilder::InsertionGuard guard(b);
  Place corner;
  corner.coords.resize(2);
  corner.known.resize(2);
  for (unsigned axis = 0; axis < 2; ++axis) {
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0),
                                   constantIndex(type.getExtent(axis)),
                                   constantIndex(width));
    b.setInsertionPointToStart(loop.getBody());
    corner.coords[axis] = loop.getInductionVar();
  }
  corner.width = width;
  auto placeOf = [&](unsigned lane, int64_t number) {
    Place at = corner;
    at.lane = lane;
    at.coords[1 - lane] = b.createOrFold<arith::AddIOp>(
        loc(), corner.coords[1 - lane], constantIndex(number));
    return at;
  };
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < width; ++i)
    vectors.push_back(evaluate(tile, placeOf(from, i)));
  transposeSquare(b, loc(), vectors);
  for (int64_t i = 0; i < width; ++i)
    sink(vectors[i], placeOf(to, i));
}

} // namespace tenon
