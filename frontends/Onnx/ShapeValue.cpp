//===- ShapeValue.cpp - indexing and mapping the elements of shapes -------===//

#include "frontends/Onnx/ShapeValue.h"

#include "dialects/Interfaces/Reference.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

int64_t onnx::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

int64_t onnx::positionOf(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (auto [i, size] : llvm::zip_equal(index, shape))
    position = position * size + i;
  return position;
}

std::optional<SmallVector<int64_t>> ShapeValue::numbers() const {
  SmallVector<int64_t> values;
  for (DimAttr element : elements) {
    std::optional<int64_t> value = element.getConstantValue();
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

ShapeValue
onnx::pickElements(const ShapeValue &value, ArrayRef<int64_t> shape,
                   function_ref<int64_t(ArrayRef<int64_t>)> position) {
  ShapeValue result{SmallVector<int64_t>(shape), {}};
  if (countElements(shape) == 0)
    return result;
  SmallVector<int64_t> index(shape.size());
  do
    result.elements.push_back(value.elements[position(index)]);
  while (nextIndex(index, shape));
  return result;
}

/// The operands' common shape; nothing when they do not broadcast.
static std::optional<SmallVector<int64_t>>
broadcastShapes(ArrayRef<const ShapeValue *> operands) {
  SmallVector<int64_t> shape;
  for (const ShapeValue *operand : operands) {
    if (operand->rank() > static_cast<int64_t>(shape.size()))
      shape.insert(shape.begin(), operand->rank() - shape.size(), 1);
    size_t lead = shape.size() - operand->rank();
    for (auto [d, size] : llvm::enumerate(operand->shape)) {
      int64_t &common = shape[lead + d];
      if (common != size && common != 1 && size != 1)
        return std::nullopt;
      common = common == 1 ? size : common;
    }
  }
  return shape;
}

/// The element that an operand, broadcast, has at an index of the result.
static DimAttr elementAt(const ShapeValue &operand, ArrayRef<int64_t> index) {
  SmallVector<int64_t> own(index.take_back(operand.rank()));
  for (auto [i, size] : llvm::zip_equal(own, operand.shape))
    i = size == 1 ? 0 : i;
  return operand.elements[positionOf(own, operand.shape)];
}

std::optional<ShapeValue>
onnx::mapElements(ArrayRef<const ShapeValue *> operands,
                  function_ref<DimAttr(ArrayRef<DimAttr>)> function) {
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(operands);
  if (!shape || countElements(*shape) > ShapeValue::kMaxElements)
    return std::nullopt;
  ShapeValue result{*shape, {}};
  if (countElements(*shape) == 0)
    return result;
  SmallVector<int64_t> index(shape->size());
  do {
    SmallVector<DimAttr> arguments;
    for (const ShapeValue *operand : operands)
      arguments.push_back(elementAt(*operand, index));
    DimAttr element = function(arguments);
    if (!element)
      return std::nullopt;
    result.elements.push_back(element);
  } while (nextIndex(index, *shape));
  return result;
}
