//===- NodesIndex.cpp - importers of ops that read or write by index ------===//

#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/ShapeRules.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

static LogicalResult importGather(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  return failed(axis)
             ? failure()
             : b.set(0, b.make<graph::GatherOp>(b.data(0), b.data(1), *axis));
}

static LogicalResult importGatherND(NodeBuilder &b) {
  int64_t batchDims = b.integer("batch_dims", 0);
  SmallVector<DimAttr> data = b.dims(0), indices = b.dims(1);
  for (int64_t d = 0; d < std::min({batchDims, b.rank(0), b.rank(1)}); ++d)
    if (failed(b.equate(data[d], indices[d])))
      return failure();
  return b.set(0, b.make<graph::GatherNdOp>(b.data(0), b.data(1), batchDims));
}

/// Indices counted from the start: negative ones count from the end of `size`.
static Value fromStart(NodeBuilder &b, Value indices, DimAttr size) {
  Value i64 = b.castTo(indices, b.builder.getI64Type());
  Value isNegative =
      b.make<graph::CompareOp>(i64, b.like(i64, 0), graph::Predicate::Lt);
  Value moved = b.make<graph::AddOp>(i64, b.size(size));
  return b.make<graph::WhereOp>(isNegative, moved, i64);
}

/// Full coordinates for gather_nd: an index's own position, the index along
/// `axis`.
static LogicalResult importGatherElements(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  if (failed(axis))
    return failure();
  if (b.rank(1) != b.rank(0))
    return b.error("needs indices of the data's rank: expected " +
                   Twine(b.rank(0)) + ", got " + Twine(b.rank(1)));
  Type i64 = b.builder.getI64Type();
  SmallVector<DimAttr> dims = b.dims(1), column = dims;
  column.push_back(b.dim(1));
  SmallVector<Value> coordinates;
  for (int64_t d = 0; d < b.rank(0); ++d) {
    Value position = d == *axis ? b.castTo(b.data(1), i64)
                                : b.makeOf<graph::IotaOp>(dims, i64, d);
    coordinates.push_back(b.reshape(position, column));
  }
  Value indices = coordinates.front();
  if (coordinates.size() > 1)
    indices = b.make<graph::ConcatOp>(coordinates, b.rank(0));
  return b.set(0,
               b.make<graph::GatherNdOp>(b.data(0), indices, /*batch_dims=*/0));
}

/// Whether updates are added; fails for other reductions.
static FailureOr<bool> isAccumulating(NodeBuilder &b) {
  StringRef reduction = b.text("reduction", "none");
  if (reduction == "none" || reduction == "add")
    return reduction == "add";
  return b.error(
      "unsupported form: expected 'reduction' to be none or add, got " +
      reduction);
}

static LogicalResult importScatterElements(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  FailureOr<bool> accumulate = isAccumulating(b);
  if (failed(axis) || failed(accumulate))
    return failure();
  return b.set(0, b.make<graph::ScatterOp>(b.data(0), b.data(1), b.data(2),
                                           *axis, *accumulate));
}

/// The indexed dimensions are taken as one, and each index list becomes the
/// row-major position that it names there: then it is a scatter of rows.
static LogicalResult importScatterND(NodeBuilder &b) {
  FailureOr<bool> accumulate = isAccumulating(b);
  if (failed(accumulate))
    return failure();
  SmallVector<DimAttr> data = b.dims(0), indices = b.dims(1);
  std::optional<int64_t> length;
  if (!indices.empty())
    length = indices.back().getConstantValue();
  if (!length || *length < 1 || *length > b.rank(0))
    return b.error("needs index lists of a known length: expected a last "
                   "dimension of 1 to " +
                   Twine(b.rank(0)) + " for 'indices'");
  MLIRContext *context = b.builder.getContext();
  ArrayRef<DimAttr> indexed = ArrayRef(data).take_front(*length);
  DimAttr rows = graph::numElements(context, indexed);
  DimAttr lanes =
      graph::numElements(context, ArrayRef(data).drop_front(*length));
  DimAttr lists = graph::numElements(context, ArrayRef(indices).drop_back());

  Value flat = b.reshape(b.data(1), {lists, b.dim(*length)}), position;
  for (auto [d, size] : llvm::enumerate(indexed)) {
    Value index = b.makeOf<graph::SliceOp>(
        {lists, b.dim(1)}, b.type(1).getElementType(), flat, 1, b.dim(d), 1);
    index = fromStart(b, index, size);
    position = !position
                   ? index
                   : b.make<graph::AddOp>(
                         b.make<graph::MulOp>(position, b.size(size)), index);
  }
  Value scattered = b.make<graph::ScatterOp>(
      b.reshape(b.data(0), {rows, lanes}),
      b.broadcast(position, {lists, lanes}),
      b.reshape(b.data(2), {lists, lanes}), /*axis=*/0, *accumulate);
  return b.set(0, b.reshape(scattered, data));
}

/// `values` is {off, on}; an index outside the depth is nowhere on.
static LogicalResult importOneHot(NodeBuilder &b) {
  FailureOr<ShapeValue> depth = b.needShape(1, "depth");
  if (failed(depth))
    return failure();
  FailureOr<int64_t> axis = b.axis(b.integer("axis", -1), b.rank(0) + 1);
  if (failed(axis))
    return failure();
  if (depth->elements.size() != 1)
    return b.error("'depth' must be one number, got " +
                   Twine(depth->elements.size()));
  DimAttr size = depth->elements.front();
  SmallVector<DimAttr> column = b.dims(0), dims = column;
  column.insert(column.begin() + *axis, b.dim(1));
  dims.insert(dims.begin() + *axis, size);
  Type i64 = b.builder.getI64Type();
  Value indices =
      b.reshape(fromStart(b, b.castTo(b.data(0), i64), size), column);
  Value numbers = b.makeOf<graph::IotaOp>(dims, i64, *axis);
  Value isOn = b.make<graph::CompareOp>(numbers, indices, graph::Predicate::Eq);
  Type elementType = b.type(2).getElementType();
  auto value = [&](int64_t which) {
    return b.reshape(b.makeOf<graph::SliceOp>({b.dim(1)}, elementType,
                                              b.data(2), 0, b.dim(which), 1),
                     {});
  };
  return b.set(0, b.make<graph::WhereOp>(isOn, value(1), value(0)));
}

static constexpr NodeRule kRules[] = {
    {"", "Gather", 1, 2, 2, importGather, evaluateGather},
    {"", "GatherElements", 11, 2, 2, importGatherElements, nullptr},
    {"", "GatherND", 11, 2, 2, importGatherND, nullptr},
    {"", "OneHot", 9, 3, 3, importOneHot, nullptr},
    {"", "ScatterElements", 11, 3, 3, importScatterElements, nullptr},
    {"", "ScatterND", 11, 3, 3, importScatterND, nullptr},
};

ArrayRef<NodeRule> onnx::indexRules() { return kRules; }
