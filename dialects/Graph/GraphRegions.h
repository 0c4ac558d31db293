//===- GraphRegions.h - from a region of a result to one of an operand ----===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHREGIONS_H
#define TENON_DIALECTS_GRAPH_GRAPHREGIONS_H

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/KernelBuilder.h"

namespace tenon::graph {

/// A region of an operand, and which axis of the result's region each of its
/// axes is.
struct OperandRegion {
  tile::Window region;
  llvm::SmallVector<unsigned> axes;

  /// The operand's tile with its axes numbered as in the result's region.
  tile::AxisTile renumber(tile::AxisTile tile) const;
};

/// Window of an operand whose dim `dimOf(d)` is dim `d` of the result; dims of
/// the result without one repeat the operand. Fails where an axis runs along
/// dims of which only some exist in the operand, or in another order.
mlir::FailureOr<OperandRegion>
projectRegion(const tile::Window &region, unsigned operandRank,
              llvm::function_ref<std::optional<unsigned>(unsigned d)> dimOf);

/// The region of a value of the same dims in which `dim` stands at a point: 0,
/// until the caller says another.
mlir::FailureOr<OperandRegion> withoutDim(const tile::Window &region,
                                          unsigned dim);

/// The region of `operand` that broadcasts to `region` of `result`.
mlir::FailureOr<OperandRegion> broadcastRegion(const tile::Window &region,
                                               mlir::RankedTensorType operand,
                                               mlir::RankedTensorType result);

/// tileOf an operand over its region, numbered as in the result's region.
mlir::FailureOr<tile::AxisTile>
tileOfOperand(tile::KernelBuilder &builder, mlir::Value operand,
              const mlir::FailureOr<OperandRegion> &region);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHREGIONS_H
