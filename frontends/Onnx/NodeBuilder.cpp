//===- NodeBuilder.cpp - reading a node and building its ops --------------===//

#include "frontends/Onnx/NodeBuilder.h"

#include "dialects/Graph/ValueNames.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

NodeBuilder::NodeBuilder(Importer &importer, const Node &node, int64_t opset)
    : importer(importer), node(node), opset(opset), symbols(importer.symbols),
      builder(importer.builder), loc(importer.locationOf(displayName(node))) {
  for (StringRef name : node.inputs)
    inputs.push_back(name.empty() ? nullptr : importer.find(name));
}

LogicalResult NodeBuilder::error(const Twine &message) {
  broken = true;
  return importer.fail(loc, describe(node) + ": " + message);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

bool NodeBuilder::has(unsigned input) const {
  return input < inputs.size() && inputs[input];
}

Value NodeBuilder::data(unsigned input) {
  return broken ? Value() : importer.materialize(*inputs[input]);
}

const ShapeValue *NodeBuilder::shape(unsigned input) {
  return has(input) ? importer.shapeOf(*inputs[input]) : nullptr;
}

FailureOr<ShapeValue> NodeBuilder::needShape(unsigned input, StringRef name) {
  if (!has(input))
    return error("'" + name + "' is required");
  if (const ShapeValue *value = shape(input))
    return *value;
  return error("'" + name + "' must follow from sizes and constants, got '" +
               StringRef(node.inputs[input]) +
               "', which is computed from data");
}

FailureOr<SmallVector<int64_t>> NodeBuilder::needNumbers(unsigned input,
                                                         StringRef name) {
  FailureOr<ShapeValue> value = needShape(input, name);
  if (failed(value))
    return failure();
  if (std::optional<SmallVector<int64_t>> numbers = value->numbers())
    return *numbers;
  return error("'" + name + "' must be constant, got '" +
               StringRef(node.inputs[input]) + "', which depends on sizes");
}

FailureOr<int64_t> NodeBuilder::needNumber(unsigned input, StringRef name) {
  FailureOr<SmallVector<int64_t>> numbers = needNumbers(input, name);
  if (failed(numbers))
    return failure();
  if (numbers->size() != 1)
    return error("'" + name + "' must be one number, got " +
                 Twine(numbers->size()));
  return numbers->front();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const NodeAttribute *NodeBuilder::attribute(StringRef name) const {
  auto found = llvm::find_if(node.attributes, [&](const NodeAttribute &a) {
    return StringRef(a.name) == name;
  });
  return found == node.attributes.end() ? nullptr : &*found;
}

int64_t NodeBuilder::integer(StringRef name, int64_t otherwise) const {
  const NodeAttribute *found = attribute(name);
  return found ? found->integer : otherwise;
}

double NodeBuilder::number(StringRef name, double otherwise) const {
  const NodeAttribute *found = attribute(name);
  return found ? found->number : otherwise;
}

StringRef NodeBuilder::text(StringRef name, StringRef otherwise) const {
  const NodeAttribute *found = attribute(name);
  return found ? StringRef(found->text) : otherwise;
}

FailureOr<std::optional<SmallVector<int64_t>>>
NodeBuilder::list(StringRef name, unsigned input) {
  if (has(input)) {
    FailureOr<SmallVector<int64_t>> numbers = needNumbers(input, name);
    if (failed(numbers))
      return failure();
    return std::optional(std::move(*numbers));
  }
  const NodeAttribute *found = attribute(name);
  if (!found)
    return std::optional<SmallVector<int64_t>>();
  return std::optional(SmallVector<int64_t>(ArrayRef(found->integers)));
}

FailureOr<int64_t> NodeBuilder::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return error("axis is out of range: expected " + Twine(-rank) + " to " +
                 Twine(rank - 1) + ", got " + Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> NodeBuilder::axes(ArrayRef<int64_t> axes,
                                                  int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t written : axes) {
    FailureOr<int64_t> counted = axis(written, rank);
    if (failed(counted))
      return failure();
    if (llvm::is_contained(result, *counted))
      return error("axis " + Twine(*counted) + " is there twice");
    result.push_back(*counted);
  }
  llvm::sort(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// For ops that leave the words to their verifiers.
static std::string describeOperands(const OperationState &state) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "'" << state.name << "' op does not take ";
  llvm::interleaveComma(ValueRange(state.operands).getTypes(), os);
  return text;
}

Operation *NodeBuilder::create(OperationState &state, Infer infer) {
  SmallVector<Type> types;
  std::string message;
  auto keep = [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  };
  ScopedDiagnosticHandler handler(builder.getContext(), keep);
  if (failed(infer(builder.getContext(), loc, state.operands,
                   state.attributes.getDictionary(builder.getContext()),
                   state.getRawProperties(), state.regions, types))) {
    (void)error(message.empty() ? describeOperands(state) : message);
    return nullptr;
  }
  state.types.assign(types.begin(), types.end());
  return builder.create(state);
}

Value NodeBuilder::reshape(Value input, ArrayRef<DimAttr> dims) {
  if (broken)
    return nullptr;
  auto type = cast<RankedTensorType>(input.getType());
  return graph::getDims(type) == dims
             ? input
             : makeOf<graph::ReshapeOp>(dims, type.getElementType(), input);
}

Value NodeBuilder::broadcast(Value input, ArrayRef<DimAttr> dims) {
  if (broken)
    return nullptr;
  auto type = cast<RankedTensorType>(input.getType());
  return graph::getDims(type) == dims
             ? input
             : makeOf<graph::BroadcastOp>(dims, type.getElementType(), input);
}

Value NodeBuilder::castTo(Value input, Type elementType) {
  if (broken ||
      cast<RankedTensorType>(input.getType()).getElementType() == elementType)
    return input;
  return make<graph::CastOp>(input, elementType);
}

Value NodeBuilder::transpose(Value input, ArrayRef<int64_t> permutation) {
  return make<graph::TransposeOp>(input, permutation);
}

Value NodeBuilder::like(Value input, double number) {
  if (broken)
    return nullptr;
  Type elementType = cast<RankedTensorType>(input.getType()).getElementType();
  constexpr double kMaxInteger = 1ll
                                 << 53; // all integers up to here are doubles
  Attribute value;
  if (auto type = dyn_cast<FloatType>(elementType)) {
    value = FloatAttr::get(type, number);
  } else if (std::abs(number) <= kMaxInteger) {
    APInt bits(elementType.getIntOrFloatBitWidth(),
               static_cast<int64_t>(number),
               /*isSigned=*/true, /*implicitTrunc=*/true);
    value = IntegerAttr::get(elementType, bits);
  } else {
    (void)error("needs floats, got " +
                llvm::formatv("{0}", input.getType()).str());
    return nullptr;
  }
  auto elements =
      DenseElementsAttr::get(RankedTensorType::get({}, elementType), value);
  return graph::ConstantOp::create(builder, loc, elements);
}

Value NodeBuilder::size(DimAttr dim) {
  if (broken)
    return nullptr;
  Imported scalar{RankedTensorType::get({}, builder.getI64Type()),
                  loc,
                  {},
                  ShapeValue::scalar(dim),
                  {},
                  {}};
  return importer.materialize(scalar);
}

Value NodeBuilder::raiseRank(Value input, int64_t rank) {
  if (broken)
    return nullptr;
  SmallVector<DimAttr> dims =
      graph::getDims(cast<RankedTensorType>(input.getType()));
  while (static_cast<int64_t>(dims.size()) < rank)
    dims.insert(dims.begin(), dim(1));
  return reshape(input, dims);
}

//===----------------------------------------------------------------------===//
// Equal sizes
//===----------------------------------------------------------------------===//

LogicalResult NodeBuilder::equate(DimAttr a, DimAttr b) {
  if (symbols.equate(a, b) != Symbols::Equated::Impossible)
    return success();
  return error("sizes must be equal: expected " + a.str() + ", got " + b.str());
}

FailureOr<SmallVector<DimAttr>>
NodeBuilder::broadcastShapes(ArrayRef<SmallVector<DimAttr>> shapes) {
  SmallVector<DimAttr> common;
  for (const SmallVector<DimAttr> &shape : shapes) {
    if (shape.size() > common.size())
      common.insert(common.begin(), shape.size() - common.size(), dim(1));
    size_t lead = common.size() - shape.size();
    for (auto [d, size] : llvm::enumerate(shape)) {
      DimAttr &other = common[lead + d];
      if (other.getConstantValue() == 1 || other.isUnknown())
        other = size;
      else if (size.getConstantValue() != 1 && failed(equate(other, size)))
        return failure();
    }
  }
  return common;
}

LogicalResult NodeBuilder::broadcastTogether(ValueRange values) {
  if (broken)
    return failure();
  SmallVector<SmallVector<DimAttr>> shapes;
  for (Value value : values)
    shapes.push_back(graph::getDims(cast<RankedTensorType>(value.getType())));
  return success(succeeded(broadcastShapes(shapes)));
}

LogicalResult NodeBuilder::equateMatmul(ArrayRef<DimAttr> lhs,
                                        ArrayRef<DimAttr> rhs) {
  if (lhs.empty() || rhs.empty())
    return error("needs matrices, got a scalar");
  if (failed(equate(lhs.back(), rhs[rhs.size() == 1 ? 0 : rhs.size() - 2])))
    return failure();
  SmallVector<DimAttr> lhsBatch(lhs.drop_back(std::min<size_t>(lhs.size(), 2)));
  SmallVector<DimAttr> rhsBatch(rhs.drop_back(std::min<size_t>(rhs.size(), 2)));
  return success(succeeded(broadcastShapes({lhsBatch, rhsBatch})));
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

LogicalResult NodeBuilder::define(unsigned output, Imported imported) {
  if (broken)
    return failure();
  if (isUsed(output) &&
      failed(importer.define(node.outputs[output], std::move(imported), node)))
    broken = true;
  return failure(broken);
}

LogicalResult NodeBuilder::set(unsigned output, Value value) {
  if (broken)
    return failure();
  auto type = cast<RankedTensorType>(value.getType());
  // A value of another node, which this one forwards, keeps its name.
  Operation *op = value.getDefiningOp();
  if (op && op->getLoc() == loc && isUsed(output))
    op->setLoc(graph::withValueName(loc, node.outputs[output], type));
  return define(output, Imported{type, loc, value, {}, {}, {}});
}

LogicalResult NodeBuilder::setShape(unsigned output, ShapeValue shape,
                                    Type elementType) {
  auto type = RankedTensorType::get(shape.shape, elementType);
  return define(output, Imported{type, loc, {}, std::move(shape), {}, {}});
}

LogicalResult NodeBuilder::forward(unsigned output, unsigned input) {
  return define(output, *inputs[input]);
}
