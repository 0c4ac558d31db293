//===- GraphRegions.cpp - from a region of a result to one of an operand --===//

#include "dialects/Graph/GraphRegions.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

tile::AxisTile OperandRegion::renumber(tile::AxisTile tile) const {
  for (unsigned &axis : tile.axes)
    axis = axes[axis];
  return tile;
}

FailureOr<OperandRegion> tenon::graph::projectRegion(
    const tile::Window &region, unsigned operandRank,
    function_ref<std::optional<unsigned>(unsigned)> dimOf) {
  OperandRegion operand;
  operand.region.points.resize(operandRank);
  for (unsigned d = 0; d < region.rank(); ++d)
    if (std::optional<unsigned> dim = dimOf(d); dim && !region.axisOf(d))
      operand.region.points[*dim] = region.points[d];

  for (auto [number, axis] : llvm::enumerate(region.axes)) {
    tile::Axis mapped{{}, axis.offset, axis.extent};
    for (unsigned d : axis.dims)
      if (std::optional<unsigned> dim = dimOf(d))
        mapped.dims.push_back(*dim);
    if (mapped.dims.empty())
      continue;
    for (unsigned i = 1; i < mapped.dims.size(); ++i)
      if (mapped.dims[i] != mapped.dims[i - 1] + 1)
        return failure();
    if (mapped.dims.size() != axis.dims.size())
      return failure();
    operand.region.axes.push_back(mapped);
    operand.axes.push_back(number);
  }
  return operand;
}

FailureOr<OperandRegion> tenon::graph::withoutDim(const tile::Window &region,
                                                  unsigned dim) {
  return projectRegion(region, region.rank(), [&](unsigned d) {
    return d == dim ? std::nullopt : std::optional<unsigned>(d);
  });
}

FailureOr<OperandRegion>
tenon::graph::broadcastRegion(const tile::Window &region,
                              RankedTensorType operand,
                              RankedTensorType result) {
  unsigned lead = result.getRank() - operand.getRank();
  return projectRegion(
      region, operand.getRank(), [&](unsigned d) -> std::optional<unsigned> {
        if (d < lead)
          return std::nullopt;
        bool repeats =
            operand.getDimSize(d - lead) == 1 && result.getDimSize(d) != 1;
        return repeats ? std::nullopt : std::optional<unsigned>(d - lead);
      });
}

FailureOr<tile::AxisTile>
tenon::graph::tileOfOperand(tile::KernelBuilder &builder, Value operand,
                            const FailureOr<OperandRegion> &region) {
  if (failed(region))
    return failure();
  FailureOr<tile::AxisTile> tile = builder.tileOf(operand, region->region);
  if (failed(tile))
    return failure();
  return region->renumber(*tile);
}
