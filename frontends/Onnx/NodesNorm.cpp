//===- NodesNorm.cpp - importers of softmax and normalizations ------------===//

#include "frontends/Onnx/NodeTable.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;
using graph::ReduceKind;

/// The first input's dims with those from the attribute `axis` on as one.
static FailureOr<SmallVector<DimAttr>> flattenFromAxis(NodeBuilder &b,
                                                       int64_t otherwise) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", otherwise), b.rank(0));
  if (failed(axis))
    return failure();
  SmallVector<DimAttr> flat = b.dims(0);
  DimAttr lanes = graph::numElements(b.builder.getContext(),
                                     ArrayRef(flat).drop_front(*axis));
  flat.truncate(*axis);
  flat.push_back(lanes);
  return flat;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

static Value softmax(NodeBuilder &b, Value x, int64_t axis) {
  return b.make<graph::SoftmaxOp>(x, axis);
}

/// x - log(sum(exp(x))), with the maximum taken out first.
static Value logSoftmax(NodeBuilder &b, Value x, int64_t axis) {
  Value largest =
      b.make<graph::ReduceOp>(x, ReduceKind::Max, axis, /*keep_dims=*/true);
  Value shifted = b.make<graph::SubOp>(x, largest);
  Value sum = b.make<graph::ReduceOp>(b.make<graph::ExpOp>(shifted),
                                      ReduceKind::Sum, axis,
                                      /*keep_dims=*/true);
  return b.make<graph::SubOp>(shifted, b.make<graph::LogOp>(sum));
}

using AlongAxis = Value (*)(NodeBuilder &, Value, int64_t);

template <AlongAxis function>
static LogicalResult importAlongAxis(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", -1), b.rank(0));
  return failed(axis) ? failure() : b.set(0, function(b, b.data(0), *axis));
}

/// Before operator set 13: along all dimensions from `axis` on, taken as one.
template <AlongAxis function>
static LogicalResult importFlattened(NodeBuilder &b) {
  FailureOr<SmallVector<DimAttr>> flat = flattenFromAxis(b, /*otherwise=*/1);
  if (failed(flat))
    return failure();
  auto last = static_cast<int64_t>(flat->size()) - 1;
  Value result = function(b, b.reshape(b.data(0), *flat), last);
  return b.set(0, b.reshape(result, b.dims(0)));
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// A scale or bias, one number for each normalized element.
static Value perLane(NodeBuilder &b, unsigned input, ArrayRef<DimAttr> flat) {
  if (b.rank(input) > b.rank(0) - static_cast<int64_t>(flat.size()) + 1) {
    (void)b.error("input " + Twine(input) +
                  " must be of the normalized dimensions, got rank " +
                  Twine(b.rank(input)));
    return nullptr;
  }
  SmallVector<DimAttr> dims = b.dims(0);
  ArrayRef<DimAttr> normalized = ArrayRef(dims).drop_front(flat.size() - 1);
  SmallVector<SmallVector<DimAttr>> shapes = {SmallVector<DimAttr>(normalized),
                                              b.dims(input)};
  if (failed(b.broadcastShapes(shapes)))
    return nullptr;
  return b.reshape(b.broadcast(b.data(input), normalized), flat.back());
}

static LogicalResult importLayerNormalization(NodeBuilder &b) {
  FailureOr<SmallVector<DimAttr>> flat = flattenFromAxis(b, /*otherwise=*/-1);
  if (failed(flat))
    return failure();
  Value x = b.reshape(b.data(0), *flat), scale = perLane(b, 1, *flat);
  Value bias = b.has(2) ? perLane(b, 2, *flat) : Value();
  llvm::APFloat epsilon(b.number("epsilon", 1e-5f));
  return b.set(0, b.reshape(b.make<graph::LayerNormOp>(x, scale, bias, epsilon),
                            b.dims(0)));
}

static LogicalResult importRMSNormalization(NodeBuilder &b) {
  FailureOr<SmallVector<DimAttr>> flat = flattenFromAxis(b, /*otherwise=*/-1);
  if (failed(flat))
    return failure();
  Value x = b.reshape(b.data(0), *flat), scale = perLane(b, 1, *flat);
  llvm::APFloat epsilon(b.number("epsilon", 1e-5f));
  return b.set(
      0, b.reshape(b.make<graph::RmsNormOp>(x, scale, epsilon), b.dims(0)));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"", "LayerNormalization", 17, 2, 3, importLayerNormalization, nullptr},
    {"", "LogSoftmax", 1, 1, 1, importFlattened<logSoftmax>, nullptr},
    {"", "LogSoftmax", 13, 1, 1, importAlongAxis<logSoftmax>, nullptr},
    {"", "RMSNormalization", 23, 2, 2, importRMSNormalization, nullptr},
    {"", "Softmax", 1, 1, 1, importFlattened<softmax>, nullptr},
    {"", "Softmax", 13, 1, 1, importAlongAxis<softmax>, nullptr},
};

ArrayRef<NodeRule> onnx::normRules() { return kRules; }
