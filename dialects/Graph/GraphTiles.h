//===- GraphTiles.h - what the tiles of several graph ops are made of -----===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHTILES_H
#define TENON_DIALECTS_GRAPH_GRAPHTILES_H

#include "dialects/Graph/GraphRegions.h"
#include "dialects/Tile/Combine.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon::graph {

/// The type in which a kernel computes values of `type`: floats in f32 or
/// wider, integers without a sign.
mlir::Type computeType(mlir::Type type);

mlir::Type elementTypeOf(const tile::AxisTile &tile);

/// Unsigned integers with their top bit turned over, whose signed order is
/// theirs, or such a tile turned back; tiles of other types as they are.
tile::AxisTile inSignedOrder(tile::KernelBuilder &builder,
                             const tile::Window &region, tile::AxisTile tile,
                             mlir::Type elementType);

/// The tile with `other` behind `bound` (an index) along the axis.
tile::AxisTile maskBehind(tile::KernelBuilder &builder,
                          const tile::Window &region, unsigned axis,
                          mlir::Value bound, mlir::TypedAttr other,
                          tile::AxisTile tile);

mlir::Value zeroTile(tile::KernelBuilder &builder,
                     mlir::ArrayRef<mlir::Attribute> extents, mlir::Type type);

/// The operand's tile with all axes of its region, in the region's order.
mlir::FailureOr<mlir::Value> wholeTile(tile::KernelBuilder &builder,
                                       mlir::Value operand,
                                       const tile::Window &region);

/// A negative index counts from the end: the same index from the beginning.
/// `index` and `size` are i64.
mlir::Value wrapIndex(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value index, mlir::Value size);

/// The tile of rows of `input`, its memory taken to have the shape `dims`, that
/// the tile `indices` chooses along `dim`; `rest` are the other dims.
tile::AxisTile gatherTile(tile::KernelBuilder &builder,
                          const tile::Window &region, mlir::Value input,
                          mlir::ArrayRef<mlir::Attribute> dims,
                          const tile::AxisTile &indices, unsigned dim,
                          const OperandRegion &rest);

/// Neighbouring dims of a value, taken as one, over which a kernel loops.
struct ReducedDims {
  mlir::Value input;
  llvm::SmallVector<int64_t> dims;
  tile::Window kept; ///< the input's window without these dims
};

/// Combines tiles over blocks of the reduced dims. `element` makes the tile of
/// one block: its window is `kept` and, as last axis, the block. The result's
/// axes are those of `kept`. The schedule decides how long a block is, and a
/// block as long as the dims leaves no loop.
mlir::FailureOr<tile::AxisTile>
reduceOver(tile::KernelBuilder &builder, const ReducedDims &reduced,
           tile::Combine kind, mlir::Type type,
           llvm::function_ref<
               mlir::FailureOr<tile::AxisTile>(const tile::Window &block)>
               element);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHTILES_H
