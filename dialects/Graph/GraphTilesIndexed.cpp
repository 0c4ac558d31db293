//===- GraphTilesIndexed.cpp - gathers and scatter as tiles ---------------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

KernelClass GatherOp::getKernelClass() { return KernelClass::Gather; }

FailureOr<tile::AxisTile> GatherOp::buildTile(tile::KernelBuilder &builder,
                                              unsigned,
                                              const tile::Window &region) {
  // Result dims: data before `axis`, those of the indices, data behind `axis`.
  if (!builder.isInput(getData()))
    return failure();
  unsigned axis = getAxis(), numIndexDims = getIndices().getType().getRank();
  auto isIndexDim = [&](unsigned d) {
    return d >= axis && d < axis + numIndexDims;
  };
  auto indexRegion = projectRegion(region, numIndexDims, [&](unsigned d) {
    return isIndexDim(d) ? std::optional<unsigned>(d - axis) : std::nullopt;
  });
  auto dataRegion =
      projectRegion(region, getData().getType().getRank(), [&](unsigned d) {
        if (isIndexDim(d))
          return std::optional<unsigned>();
        return std::optional<unsigned>(d < axis ? d : d - numIndexDims + 1);
      });
  auto indices = tileOfOperand(builder, getIndices(), indexRegion);
  if (failed(indices) || failed(dataRegion))
    return failure();
  return gatherTile(builder, region, getData(), builder.sizeAttrsOf(getData()),
                    *indices, axis, *dataRegion);
}

//===----------------------------------------------------------------------===//
// gather_nd
//===----------------------------------------------------------------------===//

KernelClass GatherNdOp::getKernelClass() { return KernelClass::Gather; }

namespace {
/// The data is taken as rows along which the looked-up dims lie as one, and
/// each list of indices becomes the number of a row.
struct RowNumbers {
  GatherNdOp op;
  KernelBuilder &builder;
  const Window &region;
  unsigned numBatch = op.getBatchDims();
  unsigned numIndexed = op.getIndices().getType().getDimSize(
      op.getIndices().getType().getRank() - 1);
  unsigned numListDims = op.getIndices().getType().getRank() - 1;

  FailureOr<AxisTile> build();

private:
  FailureOr<AxisTile> component(unsigned n);
};
} // namespace

/// Number `n` of each list.
FailureOr<AxisTile> RowNumbers::component(unsigned n) {
  auto lists = projectRegion(region, numListDims + 1, [&](unsigned d) {
    return d < numListDims ? std::optional<unsigned>(d) : std::nullopt;
  });
  if (failed(lists))
    return failure();
  lists->region.points[numListDims] = builder.constantIndex(n);
  return tileOfOperand(builder, op.getIndices(), lists);
}

FailureOr<AxisTile> RowNumbers::build() {
  SmallVector<AxisTile> inputs;
  for (unsigned d = 0; d < numBatch + numIndexed; ++d) {
    FailureOr<AxisTile> place =
        d < numBatch ? builder.coordinates(region, d) : component(d - numBatch);
    if (failed(place))
      return failure();
    inputs.push_back(*place);
    inputs.push_back(builder.scalar(builder.sizeOf(op.getData(), d)));
  }
  Location loc = builder.loc();
  Type i64 = builder.builder().getI64Type();
  return builder.map(
      region, inputs, i64, [&](OpBuilder &b, ValueRange v) -> Value {
        Value row = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
        Value exists = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
        Value none = arith::ConstantOp::create(
            b, loc, b.getI64IntegerAttr(std::numeric_limits<int64_t>::max()));
        for (unsigned n = 0; n < v.size(); n += 2) {
          Value place = v[n];
          if (place.getType() != i64)
            place = arith::ExtSIOp::create(b, loc, i64, place);
          place = wrapIndex(b, loc, place, v[n + 1]);
          Value inside = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::ult, place, v[n + 1]);
          exists = arith::AndIOp::create(b, loc, exists, inside);
          row = arith::AddIOp::create(
              b, loc, arith::MulIOp::create(b, loc, row, v[n + 1]), place);
        }
        return arith::SelectOp::create(b, loc, exists, row, none);
      });
}

FailureOr<AxisTile> GatherNdOp::buildTile(KernelBuilder &builder, unsigned,
                                          const Window &region) {
  if (!builder.isInput(getData()))
    return failure();
  RowNumbers rows{*this, builder, region};
  FailureOr<AxisTile> numbers = rows.build();
  SmallVector<Attribute> sizes = builder.sizeAttrsOf(getData());
  unsigned numRowDims = rows.numBatch + rows.numIndexed;
  SmallVector<Attribute> dims{
      builder.tensorSizes().productOf(ArrayRef(sizes).take_front(numRowDims))};
  llvm::append_range(dims, ArrayRef(sizes).drop_front(numRowDims));
  auto slices = projectRegion(region, dims.size(), [&](unsigned d) {
    return d < rows.numListDims
               ? std::nullopt
               : std::optional<unsigned>(d - rows.numListDims + 1);
  });
  if (failed(numbers) || failed(slices))
    return failure();
  return gatherTile(builder, region, getData(), dims, *numbers, 0, *slices);
}

//===----------------------------------------------------------------------===//
// scatter
//===----------------------------------------------------------------------===//

KernelClass ScatterOp::getKernelClass() { return KernelClass::Elementwise; }

namespace {
/// Each element of the result looks at all updates that may meet it, in order:
/// no two instances write one element, and sums have one order. The work is N
/// times the result's elements, which suits the few updates of a decode step.
struct ScatterTiles {
  ScatterOp op;
  KernelBuilder &builder;
  const Window &region;
  unsigned axis = op.getAxis();

  FailureOr<AxisTile> build();

private:
  FailureOr<AxisTile> step(Value j, AxisTile before);
  LogicalResult addBounds(SmallVectorImpl<AxisTile> &inputs);
};
} // namespace

/// Places and sizes along the dims in which there are fewer updates than data.
LogicalResult ScatterTiles::addBounds(SmallVectorImpl<AxisTile> &inputs) {
  for (unsigned d = 0; d < region.rank(); ++d) {
    if (d == axis || builder.sizeAttrOf(op.getUpdates(), d) ==
                         builder.sizeAttrOf(op.getData(), d))
      continue;
    FailureOr<AxisTile> place = builder.coordinates(region, d);
    if (failed(place))
      return failure();
    inputs.push_back(*place);
    inputs.push_back(builder.scalar(builder.sizeOf(op.getUpdates(), d)));
  }
  return success();
}

FailureOr<AxisTile> ScatterTiles::step(Value j, AxisTile before) {
  FailureOr<OperandRegion> one = withoutDim(region, axis);
  if (failed(one))
    return failure();
  one->region.points[axis] = j;
  FailureOr<AxisTile> index = tileOfOperand(builder, op.getIndices(), one);
  FailureOr<AxisTile> update = tileOfOperand(builder, op.getUpdates(), one);
  FailureOr<AxisTile> place = builder.coordinates(region, axis);
  if (failed(index) || failed(update) || failed(place))
    return failure();
  SmallVector<AxisTile> inputs{
      before, *update, *index, *place,
      builder.scalar(builder.sizeOf(op.getData(), axis))};
  if (failed(addBounds(inputs)))
    return failure();
  Location loc = builder.loc();
  Type type = elementTypeOf(before);
  return builder.map(
      region, inputs, type, [&](OpBuilder &b, ValueRange v) -> Value {
        Value index = v[2];
        if (!index.getType().isInteger(64))
          index = arith::ExtSIOp::create(b, loc, b.getI64Type(), index);
        Value isHere =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                  wrapIndex(b, loc, index, v[4]), v[3]);
        for (unsigned n = 5; n < v.size(); n += 2) {
          Value inside = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::ult, v[n], v[n + 1]);
          isHere = arith::AndIOp::create(b, loc, isHere, inside);
        }
        Value value = v[1];
        if (op.getAccumulate())
          value = tile::combine(b, loc, tile::Combine::Sum, v[0], value);
        return arith::SelectOp::create(b, loc, isHere, value, v[0]);
      });
}

FailureOr<AxisTile> ScatterTiles::build() {
  FailureOr<AxisTile> data = builder.tileOf(op.getData(), region);
  if (failed(data))
    return failure();
  auto all = llvm::to_vector(llvm::seq<unsigned>(0, region.axes.size()));
  auto result = builder.loop(
      builder.sizeOf(op.getUpdates(), axis), builder.number(1),
      builder.expand(region, *data).tile,
      [&](Value j, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        FailureOr<AxisTile> next = step(j, {carried[0], all});
        if (failed(next))
          return failure();
        return SmallVector<Value>{builder.expand(region, *next).tile};
      });
  if (failed(result))
    return failure();
  return AxisTile{result->front(), all};
}

FailureOr<AxisTile> ScatterOp::buildTile(KernelBuilder &builder, unsigned,
                                         const Window &region) {
  return ScatterTiles{*this, builder, region}.build();
}
