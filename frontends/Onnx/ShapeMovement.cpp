//===- ShapeMovement.cpp - picking, joining and making lists of sizes -----===//

#include "frontends/Onnx/ShapeRules.h"
#include "frontends/Onnx/SliceRange.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

static Type elementTypeOf(NodeBuilder &b) { return b.type(0).getElementType(); }

/// Elements that are numbers, of an input that may be absent.
static std::optional<SmallVector<int64_t>> numbersOf(NodeBuilder &b,
                                                     unsigned input) {
  const ShapeValue *value = b.shape(input);
  return value ? value->numbers() : std::nullopt;
}

/// Sets the output unless that has failed already, with an error of its own.
static bool finish(NodeBuilder &b, ShapeValue value, Type elementType) {
  (void)b.setShape(0, std::move(value), elementType);
  return true;
}

//===----------------------------------------------------------------------===//
// Sizes of tensors
//===----------------------------------------------------------------------===//

bool onnx::evaluateShape(NodeBuilder &b) {
  int64_t rank = b.rank(0);
  auto clamp = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0,
                               rank);
  };
  int64_t start = clamp(b.integer("start", 0)),
          end = clamp(b.integer("end", rank));
  SmallVector<DimAttr> dims = b.dims(0);
  ArrayRef<DimAttr> taken =
      ArrayRef(dims).slice(start, std::max<int64_t>(end - start, 0));
  return finish(b, ShapeValue::list(taken), b.builder.getI64Type());
}

bool onnx::evaluateSize(NodeBuilder &b) {
  DimAttr count = graph::numElements(b.builder.getContext(), b.dims(0));
  return finish(b, ShapeValue::scalar(count), b.builder.getI64Type());
}

//===----------------------------------------------------------------------===//
// Picking and joining
//===----------------------------------------------------------------------===//

bool onnx::evaluateGather(NodeBuilder &b) {
  const ShapeValue *data = b.shape(0);
  std::optional<SmallVector<int64_t>> indices = numbersOf(b, 1);
  int64_t axis = b.integer("axis", 0);
  axis += axis < 0 ? b.rank(0) : 0;
  if (!data || !indices || axis < 0 || axis >= data->rank())
    return false;
  int64_t size = data->shape[axis];
  for (int64_t &index : *indices) {
    index += index < 0 ? size : 0;
    if (index < 0 || index >= size)
      return false;
  }
  ArrayRef<int64_t> from = data->shape, chosen = b.shape(1)->shape;
  SmallVector<int64_t> shape(from.take_front(axis));
  llvm::append_range(shape, chosen);
  llvm::append_range(shape, from.drop_front(axis + 1));
  if (countElements(shape) > ShapeValue::kMaxElements)
    return false;
  auto position = [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index.take_front(axis));
    source.push_back(
        (*indices)[positionOf(index.slice(axis, chosen.size()), chosen)]);
    llvm::append_range(source, index.drop_front(axis + chosen.size()));
    return positionOf(source, from);
  };
  return finish(b, pickElements(*data, shape, position), elementTypeOf(b));
}

bool onnx::evaluateConcat(NodeBuilder &b) {
  SmallVector<DimAttr> elements;
  for (unsigned input = 0; input < b.numInputs(); ++input) {
    const ShapeValue *value = b.shape(input);
    if (!value || value->rank() != 1)
      return false;
    llvm::append_range(elements, value->elements);
  }
  return finish(b, ShapeValue::list(elements), elementTypeOf(b));
}

bool onnx::evaluateSlice(NodeBuilder &b) {
  const ShapeValue *data = b.shape(0);
  bool areNumbers = b.opset < 10 || (numbersOf(b, 1) && numbersOf(b, 2));
  if (!data || !areNumbers)
    return false;
  FailureOr<SmallVector<AxisSlice>> slices = readSlices(b);
  if (failed(slices))
    return true;
  ShapeValue result = *data;
  for (const AxisSlice &slice : *slices) {
    ShapeValue from = std::move(result);
    SmallVector<int64_t> shape = from.shape;
    shape[slice.axis] = *slice.range.count.getConstantValue();
    int64_t start = *slice.range.start.getConstantValue();
    result = pickElements(from, shape, [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> source(index);
      source[slice.axis] = start + source[slice.axis] * slice.range.step;
      return positionOf(source, from.shape);
    });
  }
  return finish(b, std::move(result), elementTypeOf(b));
}

bool onnx::evaluateSplit(NodeBuilder &b) {
  const ShapeValue *data = b.shape(0);
  if (!data || data->rank() != 1)
    return false;
  size_t parts = b.node.outputs.size(), size = data->elements.size();
  SmallVector<int64_t> sizes(parts, size / std::max<size_t>(parts, 1));
  if (std::optional<SmallVector<int64_t>> written = numbersOf(b, 1))
    sizes = *written;
  else if (b.has(1) || b.attribute("split") || parts == 0 || size % parts != 0)
    return false;
  int64_t total = 0;
  for (int64_t part : sizes)
    total += part < 0 || part > ShapeValue::kMaxElements
                 ? ShapeValue::kMaxElements + 1
                 : part;
  if (sizes.size() != parts || total != static_cast<int64_t>(size))
    return false;
  ArrayRef<DimAttr> rest = data->elements;
  for (auto [output, part] : llvm::enumerate(sizes)) {
    (void)b.setShape(output, ShapeValue::list(rest.take_front(part)),
                     elementTypeOf(b));
    rest = rest.drop_front(part);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

bool onnx::evaluateExpand(NodeBuilder &b) {
  const ShapeValue *data = b.shape(0);
  std::optional<SmallVector<int64_t>> target = numbersOf(b, 1);
  if (!data || !target)
    return false;
  int64_t count = 1;
  for (int64_t size : *target)
    count = size <= 0
                ? ShapeValue::kMaxElements + 1
                : std::min(count * std::min(size, ShapeValue::kMaxElements + 1),
                           ShapeValue::kMaxElements + 1);
  if (count > ShapeValue::kMaxElements)
    return false;
  ShapeValue ones{*target, SmallVector<DimAttr>(count, b.dim(1))};
  std::optional<ShapeValue> result =
      mapElements({data, &ones}, [](ArrayRef<DimAttr> x) { return x[0]; });
  return result && finish(b, std::move(*result), elementTypeOf(b));
}

bool onnx::evaluateConstantOfShape(NodeBuilder &b) {
  std::optional<SmallVector<int64_t>> sizes = numbersOf(b, 0);
  const NodeAttribute *attribute = b.attribute("value");
  if (!sizes || !attribute || sizes->size() > 1 ||
      attribute->tensors.size() != 1)
    return false;
  int64_t count = sizes->empty() ? 1 : sizes->front();
  rt::Result<Tensor> tensor = Tensor::check(
      attribute->tensors[0], "value", b.importer.model, b.builder.getContext());
  if (!tensor || tensor->type().getNumElements() != 1 || count < 0 ||
      count > ShapeValue::kMaxElements ||
      !tensor->type().getElementType().isInteger(64))
    return false;
  rt::Result<DenseElementsAttr> elements = tensor->elements();
  if (!elements)
    return false;
  DimAttr fill = b.dim((*elements->getValues<APInt>().begin()).getSExtValue());
  return finish(b, {*sizes, SmallVector<DimAttr>(count, fill)},
                tensor->type().getElementType());
}

bool onnx::evaluateRange(NodeBuilder &b) {
  std::optional<SmallVector<int64_t>> start = numbersOf(b, 0),
                                      limit = numbersOf(b, 1),
                                      delta = numbersOf(b, 2);
  auto isOne = [](const auto &numbers) {
    return numbers && numbers->size() == 1;
  };
  if (!isOne(start) || !isOne(limit) || !isOne(delta) || delta->front() == 0)
    return false;
  SmallVector<DimAttr> elements;
  int64_t step = delta->front(), end = limit->front(), value = start->front();
  while (step > 0 ? value < end : value > end) {
    if (elements.size() == ShapeValue::kMaxElements)
      return false;
    elements.push_back(b.dim(value));
    if (llvm::AddOverflow(value, step, value))
      break;
  }
  return finish(b, ShapeValue::list(elements), elementTypeOf(b));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Of a whole list to one size.
static bool evaluateReduce(NodeBuilder &b,
                           function_ref<DimAttr(DimAttr, DimAttr)> function) {
  const ShapeValue *data = b.shape(0);
  if (!data || data->rank() != 1 || data->elements.empty() ||
      b.integer("noop_with_empty_axes", 0))
    return false;
  DimAttr result = data->elements.front();
  for (DimAttr element : ArrayRef(data->elements).drop_front())
    if (!(result = function(result, element)))
      return false;
  ShapeValue value = ShapeValue::scalar(result);
  if (b.integer("keepdims", 1))
    value.shape.push_back(1);
  return finish(b, std::move(value), elementTypeOf(b));
}

bool onnx::evaluateReduceSum(NodeBuilder &b) {
  return evaluateReduce(b, [](DimAttr x, DimAttr y) { return x.add(y); });
}
bool onnx::evaluateReduceProd(NodeBuilder &b) {
  return evaluateReduce(b, [](DimAttr x, DimAttr y) { return x.mul(y); });
}
bool onnx::evaluateReduceMax(NodeBuilder &b) {
  return evaluateReduce(b,
                        [&](DimAttr x, DimAttr y) { return maxOf(b, x, y); });
}
bool onnx::evaluateReduceMin(NodeBuilder &b) {
  return evaluateReduce(b,
                        [&](DimAttr x, DimAttr y) { return minOf(b, x, y); });
}
