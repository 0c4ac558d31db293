//===- GraphTilesViews.cpp - views as regions of their operand ------------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

//===----------------------------------------------------------------------===//
// Transpose, broadcast, slice
//===----------------------------------------------------------------------===//

KernelClass TransposeOp::getKernelClass() { return KernelClass::View; }

FailureOr<tile::AxisTile> TransposeOp::buildTile(tile::KernelBuilder &builder,
                                                 unsigned,
                                                 const tile::Window &region) {
  auto dimOf = [&](unsigned d) {
    return std::optional<unsigned>(getPermutation()[d]);
  };
  return tileOfOperand(builder, getInput(),
                       projectRegion(region, region.rank(), dimOf));
}

KernelClass BroadcastOp::getKernelClass() { return KernelClass::View; }

FailureOr<tile::AxisTile> BroadcastOp::buildTile(tile::KernelBuilder &builder,
                                                 unsigned,
                                                 const tile::Window &region) {
  return tileOfOperand(
      builder, getInput(),
      broadcastRegion(region, getInput().getType(), getType()));
}

KernelClass SliceOp::getKernelClass() { return KernelClass::View; }

/// Every `step`-th element along the axis: a gather from an input.
static FailureOr<tile::AxisTile> gatherSteps(SliceOp op,
                                             tile::KernelBuilder &builder,
                                             const tile::Window &region) {
  int64_t dim = op.getAxis();
  FailureOr<OperandRegion> rest = withoutDim(region, dim);
  FailureOr<tile::AxisTile> number = builder.coordinates(region, dim);
  if (!builder.isInput(op.getInput()) || failed(rest) || failed(number))
    return failure();
  Location loc = builder.loc();
  tile::AxisTile start = builder.scalar(builder.sizeValue(op.getStart()));
  tile::AxisTile indices =
      builder.map(region, {*number, start}, builder.builder().getI64Type(),
                  [&](OpBuilder &b, ValueRange v) -> Value {
                    Value step = arith::ConstantOp::create(
                        b, loc, b.getI64IntegerAttr(op.getStep()));
                    Value scaled = arith::MulIOp::create(b, loc, v[0], step);
                    return arith::AddIOp::create(b, loc, scaled, v[1]);
                  });
  return gatherTile(builder, region, op.getInput(),
                    builder.sizeAttrsOf(op.getInput()), indices, dim, *rest);
}

FailureOr<tile::AxisTile> SliceOp::buildTile(tile::KernelBuilder &builder,
                                             unsigned,
                                             const tile::Window &region) {
  if (getStep() != 1)
    return gatherSteps(*this, builder, region);
  tile::Window input = region;
  Value start = builder.sizeValue(getStart());
  std::optional<unsigned> axis = region.axisOf(getAxis());
  if (!axis) {
    input.points[getAxis()] = builder.addIndex(region.points[getAxis()], start);
    return builder.tileOf(getInput(), input);
  }
  if (region.axes[*axis].dims.size() != 1)
    return failure();
  input.axes[*axis].offset = builder.addIndex(region.axes[*axis].offset, start);
  FailureOr<tile::AxisTile> tile = builder.tileOf(getInput(), input);
  if (failed(tile) || isa<IntegerAttr>(region.axes[*axis].extent))
    return tile;
  // Zero behind the end of the slice, where the operand goes on: a tile may
  // reach past the end, and a contraction or sum must find nothing there.
  Value size = builder.sizeOf(getResult(), getAxis());
  TypedAttr zero = builder.builder().getZeroAttr(elementTypeOf(*tile));
  return maskBehind(builder, region, *axis, size, zero, *tile);
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

KernelClass ReshapeOp::getKernelClass() { return KernelClass::View; }

namespace {
/// Neighbouring dims of the operand and of the result with the same product.
struct DimGroup {
  SmallVector<unsigned> from, to;
};
} // namespace

/// The finest groups, or failure when the products never meet.
static FailureOr<SmallVector<DimGroup>>
groupDims(ArrayRef<DimAttr> from, ArrayRef<DimAttr> to, MLIRContext *context) {
  SmallVector<DimGroup> groups;
  unsigned i = 0, j = 0;
  DimAttr one = DimAttr::getConstant(context, 1);
  while (i < from.size() || j < to.size()) {
    DimGroup group;
    DimAttr a = one, b = one;
    do {
      // Grow the side whose product divides the other's.
      bool growFrom =
          i < from.size() && (j == to.size() || group.from.empty() ||
                              (!group.to.empty() && b.divideExactly(a)));
      if (growFrom) {
        a = a.mul(from[i]);
        group.from.push_back(i++);
      } else if (j < to.size()) {
        b = b.mul(to[j]);
        group.to.push_back(j++);
      } else {
        return failure();
      }
    } while (!areEqual(a, b));
    groups.push_back(group);
  }
  return groups;
}

/// Where one group's region of the result lies in the operand.
static LogicalResult mapGroup(tile::KernelBuilder &builder, ReshapeOp op,
                              const DimGroup &group, const tile::Window &region,
                              OperandRegion &operand) {
  SmallVector<unsigned> axes;
  for (unsigned d : group.to)
    if (std::optional<unsigned> axis = region.axisOf(d))
      if (!llvm::is_contained(axes, *axis))
        axes.push_back(*axis);
  auto isOne = [&](RankedTensorType type, unsigned d) {
    return type.getDimSize(d) == 1;
  };
  auto realFrom =
      llvm::to_vector(llvm::make_filter_range(group.from, [&](unsigned d) {
        return !isOne(op.getInput().getType(), d);
      }));
  if (axes.empty()) {
    // All points: their row-major position, split over the operand's dims.
    if (realFrom.size() > 1)
      return failure();
    Value position;
    for (unsigned d : group.to) {
      if (position)
        position =
            arith::MulIOp::create(builder.builder(), builder.loc(), position,
                                  builder.sizeOf(op.getResult(), d));
      if (region.points[d])
        position = builder.addIndex(position, region.points[d]);
    }
    if (!realFrom.empty())
      operand.region.points[realFrom[0]] = position;
    return success();
  }
  if (axes.size() != 1)
    return failure();
  const tile::Axis &axis = region.axes[axes[0]];
  auto realTo = llvm::to_vector(llvm::make_filter_range(
      group.to, [&](unsigned d) { return !isOne(op.getType(), d); }));
  bool coversAll = llvm::all_of(
      realTo, [&](unsigned d) { return llvm::is_contained(axis.dims, d); });
  bool inGroup = llvm::all_of(
      axis.dims, [&](unsigned d) { return llvm::is_contained(group.to, d); });
  if (!inGroup)
    return failure();
  if (coversAll && group.from.empty())
    return success(); // along a new dim of extent 1, which the operand lacks
  if (coversAll) {
    auto dims =
        realFrom.empty() ? SmallVector<unsigned>{group.from.front()} : realFrom;
    operand.region.axes.push_back(
        {SmallVector<unsigned, 2>(dims.begin(), dims.end()), axis.offset,
         axis.extent});
    operand.axes.push_back(axes[0]);
    return success();
  }
  // One dim split into several, the axis along the last ones: points before it
  // shift the axis.
  if (realFrom.size() != 1 || axis.dims.back() != group.to.back())
    return failure();
  Value position;
  for (unsigned d : group.to) {
    if (llvm::is_contained(axis.dims, d))
      break;
    if (position)
      position =
          arith::MulIOp::create(builder.builder(), builder.loc(), position,
                                builder.sizeOf(op.getResult(), d));
    if (region.points[d])
      position = builder.addIndex(position, region.points[d]);
  }
  for (unsigned d : axis.dims)
    if (position)
      position =
          arith::MulIOp::create(builder.builder(), builder.loc(), position,
                                builder.sizeOf(op.getResult(), d));
  Value offset =
      position ? builder.addIndex(position, axis.offset) : axis.offset;
  operand.region.axes.push_back({{realFrom[0]}, offset, axis.extent});
  operand.axes.push_back(axes[0]);
  return success();
}

FailureOr<tile::AxisTile> ReshapeOp::buildTile(tile::KernelBuilder &builder,
                                               unsigned,
                                               const tile::Window &region) {
  // Memory is row-major, so an input of the kernel simply has the other shape.
  if (builder.isInput(getInput()))
    return builder.widened(region,
                           builder.load(getInput(), getResult(), region));
  auto groups = groupDims(getDims(getInput().getType()), getDims(getType()),
                          getContext());
  if (failed(groups))
    return failure();
  OperandRegion operand;
  operand.region.points.resize(getInput().getType().getRank());
  for (const DimGroup &group : *groups)
    if (failed(mapGroup(builder, *this, group, region, operand)))
      return failure();
  return tileOfOperand(builder, getInput(), operand);
}
