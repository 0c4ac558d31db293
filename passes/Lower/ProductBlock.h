//===- ProductBlock.h - places in tiles, and products in registers --------===//

#ifndef TENON_PASSES_LOWER_PRODUCTBLOCK_H
#define TENON_PASSES_LOWER_PRODUCTBLOCK_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// A place in a tile: one element, or a vector of elements along one axis.
struct Place {
  llvm::SmallVector<mlir::Value> coords; ///< index, one an axis
  /// Numbers of the row and vector inside a register block, where known.
  llvm::SmallVector<std::optional<int64_t>> known;
  std::optional<unsigned> lane; ///< the axis of the vector; none: one element
  int64_t width = 1;            ///< elements in it
  mlir::Value mask; ///< vector of i1: lanes that may be touched; null: all
};

/// A tile's axis ends where its view does: offset + coordinate < size.
struct Bound {
  mlir::Value offset, size; ///< of the lowered function
};

/// A matrix product in registers: the block of R rows and V vectors that is
/// computed at once, and which operand is which.
struct ProductBlock {
  tile::MmaOp mma;
  unsigned lane = 1; ///< the axis of the result that lies in vectors
  mlir::Value vectorSide, scalarSide;
  unsigned vectorK = 0; ///< the contracted axis of the vector side
  mlir::Type sumType;
  int64_t width = 1;                           ///< elements of a vector
  int64_t rows = 1, numVectors = 1, depth = 1; ///< of the whole product
  int64_t blockRows = 1, blockVectors = 1;     ///< of the block
  std::optional<Bound> kBound;                 ///< of the contracted axis
  bool readsAhead = false;                     ///< along the vector side
  int64_t vectorsOfLine = 1;                 ///< of it, in a line of the cache
  llvm::SmallVector<mlir::Value> rowCoords;  ///< coordinates of its rows
  llvm::SmallVector<mlir::Value> laneCoords; ///< and of its vectors
};

} // namespace tenon

#endif // TENON_PASSES_LOWER_PRODUCTBLOCK_H
