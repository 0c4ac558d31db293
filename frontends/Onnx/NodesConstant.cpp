//===- NodesConstant.cpp - importers of constants and ranges --------------===//

#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/ShapeRules.h"
#include "frontends/Onnx/SliceRange.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static LogicalResult setConstant(NodeBuilder &b, DenseElementsAttr elements) {
  return b.set(0, graph::ConstantOp::create(b.builder, b.loc, elements));
}

static LogicalResult importConstant(NodeBuilder &b) {
  if (b.node.attributes.size() != 1)
    return b.error("needs one value, got " + Twine(b.node.attributes.size()) +
                   " attributes");
  const NodeAttribute &value = b.node.attributes.front();
  OpBuilder &builder = b.builder;
  auto listOf = [](size_t count, Type type) {
    return RankedTensorType::get(static_cast<int64_t>(count), type);
  };
  if (value.name == "value" && value.tensors.size() == 1 && b.isUsed(0))
    return b.importer.addTensor(value.tensors.front(), b.node.outputs.front(),
                                b.loc);
  if (value.name == "value_int")
    return b.setShape(0, ShapeValue::scalar(b.dim(value.integer)),
                      builder.getI64Type());
  if (value.name == "value_ints" &&
      value.integers.size() <= ShapeValue::kMaxElements) {
    auto dims = llvm::map_to_vector(value.integers,
                                    [&](int64_t size) { return b.dim(size); });
    return b.setShape(0, ShapeValue::list(dims), builder.getI64Type());
  }
  if (value.name == "value_ints")
    return setConstant(b,
                       DenseElementsAttr::get(
                           listOf(value.integers.size(), builder.getI64Type()),
                           ArrayRef<int64_t>(value.integers)));
  if (value.name == "value_float")
    return setConstant(
        b, DenseElementsAttr::get(
               RankedTensorType::get({}, builder.getF32Type()), value.number));
  if (value.name == "value_floats")
    return setConstant(b,
                       DenseElementsAttr::get(
                           listOf(value.numbers.size(), builder.getF32Type()),
                           ArrayRef<float>(value.numbers)));
  return b.error("unsupported form: expected numbers, got '" +
                 StringRef(value.name) + "'");
}

/// The one element of ConstantOfShape's `value`, 0.0 when absent, of rank 0.
static FailureOr<DenseElementsAttr> fillElement(NodeBuilder &b) {
  const NodeAttribute *value = b.attribute("value");
  if (!value)
    return DenseElementsAttr::get(
        RankedTensorType::get({}, b.builder.getF32Type()), 0.0f);
  if (value->tensors.size() != 1 ||
      countElements(value->tensors.front().dims) != 1)
    return b.error("'value' must be a tensor of one element");
  rt::Result<Tensor> tensor =
      Tensor::check(value->tensors.front(), "value", b.importer.model,
                    b.builder.getContext());
  if (!tensor)
    return b.error("'value' " + tensor.error().message);
  rt::Result<DenseElementsAttr> elements = tensor->elements();
  if (!elements)
    return b.error("'value' " + elements.error().message);
  return elements->reshape(
      RankedTensorType::get({}, elements->getElementType()));
}

static LogicalResult importConstantOfShape(NodeBuilder &b) {
  FailureOr<DenseElementsAttr> fill = fillElement(b);
  if (failed(fill))
    return failure();
  FailureOr<ShapeValue> sizes = b.needShape(0, "input");
  if (failed(sizes))
    return failure();
  Value element = graph::ConstantOp::create(b.builder, b.loc, *fill);
  return b.set(0, b.broadcast(element, sizes->elements));
}

static LogicalResult importIdentity(NodeBuilder &b) { return b.forward(0, 0); }

/// At inference Dropout passes its input on; its mask is all true.
static LogicalResult importDropout(NodeBuilder &b) {
  if (failed(b.forward(0, 0)))
    return failure();
  if (!b.isUsed(1))
    return success();
  auto isKept = DenseElementsAttr::get(
      RankedTensorType::get({}, b.builder.getI1Type()), true);
  return b.set(1,
               b.broadcast(graph::ConstantOp::create(b.builder, b.loc, isKept),
                           b.dims(0)));
}

//===----------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------===//

/// A float input that is a constant of one element.
static FailureOr<double> needFloat(NodeBuilder &b, unsigned input,
                                   StringRef name) {
  DenseElementsAttr elements;
  Value value = b.data(input);
  if (value && matchPattern(value, m_Constant(&elements)) &&
      elements.getNumElements() == 1)
    return (*elements.getValues<APFloat>().begin()).convertToDouble();
  return b.error("'" + name + "' must be a constant number, got '" +
                 StringRef(b.node.inputs[input]) + "', which is computed");
}

static LogicalResult importFloatRange(NodeBuilder &b) {
  FailureOr<double> start = needFloat(b, 0, "start"),
                    limit = needFloat(b, 1, "limit"),
                    delta = needFloat(b, 2, "delta");
  if (failed(start) || failed(limit) || failed(delta))
    return failure();
  double count = std::ceil((*limit - *start) / *delta);
  constexpr double kMaxCount = 1 << 30;
  if (!(count <= kMaxCount))
    return b.error("needs a length below 2^30, got one of " +
                   llvm::formatv("{0}", count).str());
  DimAttr length = b.dim(std::max<int64_t>(static_cast<int64_t>(count), 0));
  Value numbers =
      b.makeOf<graph::IotaOp>({length}, b.type(0).getElementType(), 0);
  Value scaled = b.make<graph::MulOp>(numbers, b.like(numbers, *delta));
  return b.set(0, b.make<graph::AddOp>(scaled, b.like(numbers, *start)));
}

/// start, start + 1 ... as the elements `start` on of 0, 1 ...: start may be a
/// size, and a size is no data.
static Value sizesFrom(NodeBuilder &b, DimAttr start, DimAttr count,
                       Type elementType) {
  if (!b.symbols.isNotNegative(start)) {
    Value numbers = b.makeOf<graph::IotaOp>({count}, elementType, 0);
    return b.make<graph::AddOp>(numbers, b.castTo(b.size(start), elementType));
  }
  Value numbers = b.makeOf<graph::IotaOp>({start.add(count)}, elementType, 0);
  if (start == b.dim(0))
    return numbers;
  return b.makeOf<graph::SliceOp>({count}, elementType, numbers, 0, start, 1);
}

static LogicalResult importRange(NodeBuilder &b) {
  if (isa<FloatType>(b.type(0).getElementType()))
    return importFloatRange(b);
  FailureOr<ShapeValue> start = b.needShape(0, "start"),
                        limit = b.needShape(1, "limit");
  FailureOr<int64_t> step = b.needNumber(2, "delta");
  if (failed(start) || failed(limit) || failed(step))
    return failure();
  if (*step == 0 || start->elements.size() != 1 || limit->elements.size() != 1)
    return b.error("needs one start, one limit and a delta other than 0");
  DimAttr first = start->elements.front(), last = limit->elements.front();
  DimAttr length = *step > 0 ? last.sub(first) : first.sub(last);
  DimAttr count = divideCeil(b, length, std::abs(*step));
  if (!count)
    return b.error("takes each " + Twine(std::abs(*step)) + "th of " +
                   length.str() + " numbers: expected a multiple");
  Type elementType = b.type(0).getElementType();
  if (*step == 1)
    return b.set(0, sizesFrom(b, first, count, elementType));
  Value numbers = b.makeOf<graph::IotaOp>({count}, elementType, 0);
  Value scaled = b.make<graph::MulOp>(
      numbers, b.castTo(b.size(b.dim(*step)), elementType));
  return b.set(
      0, b.make<graph::AddOp>(scaled, b.castTo(b.size(first), elementType)));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"", "Constant", 1, 0, 0, importConstant, nullptr},
    {"", "ConstantOfShape", 9, 1, 1, importConstantOfShape,
     evaluateConstantOfShape},
    {"", "Dropout", 7, 1, 3, importDropout, nullptr},
    {"", "Identity", 1, 1, 1, importIdentity, nullptr},
    {"", "Range", 11, 3, 3, importRange, evaluateRange},
};

ArrayRef<NodeRule> onnx::constantRules() { return kRules; }
