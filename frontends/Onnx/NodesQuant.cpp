//===- NodesQuant.cpp - importers of ops on quantized numbers -------------===//
//
// A quantized number q stands for (q - zero point) * scale. Graph needs no op
// for that: what is imported are the formulas of ONNX, and a cast from floats
// to integers saturates.
//
//===----------------------------------------------------------------------===//

#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/QuantBlocks.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;
using graph::ReduceKind;

static Type elementTypeOf(Value value) {
  return getElementTypeOrSelf(value.getType());
}

//===----------------------------------------------------------------------===//
// Scales and zero points
//===----------------------------------------------------------------------===//

/// A scale or zero point of QuantizeLinear as it meets input 0: one number, one
/// along `axis`, or one a block of an input cut into those.
static Value spread(NodeBuilder &b, Value parameter,
                    const std::optional<Blocks> &blocks) {
  if (!parameter)
    return nullptr;
  if (blocks)
    return blocks->spread(b, parameter);
  auto type = cast<RankedTensorType>(parameter.getType());
  if (type.getRank() == 0)
    return parameter;
  if (type.getRank() == 1 && type.getDimSize(0) == 1)
    return b.reshape(parameter, {});
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 1), b.rank(0));
  if (failed(axis))
    return nullptr;
  SmallVector<DimAttr> dims = b.dims(0);
  if (type.getRank() != 1) {
    (void)b.error("needs one scale, or one along an axis: expected rank 0 or "
                  "1, got " +
                  Twine(type.getRank()));
    return nullptr;
  }
  if (failed(b.equate(dims[*axis], graph::getDim(type, 0))))
    return nullptr;
  SmallVector<DimAttr> along(dims.size() - *axis, b.dim(1));
  along.front() = graph::getDim(type, 0);
  return b.reshape(parameter, along);
}

/// Whether the input is a tensor whose bytes are all zero. Exporters write zero
/// points of symmetric weights too, one a column, and no pass could see that
/// they are nothing.
static bool isAllZero(NodeBuilder &b, unsigned input) {
  const Imported *imported = b.importer.find(b.node.inputs[input]);
  bool isZero = false;
  auto look = [&](std::string_view bytes) {
    isZero = llvm::all_of(bytes, [](char byte) { return byte == 0; });
  };
  return imported->tensor && imported->tensor->withBytes(look) && isZero;
}

/// The zero point that is this input; null where it is 0.
static Value zeroPoint(NodeBuilder &b, unsigned input) {
  return b.has(input) && !isAllZero(b, input) ? b.data(input) : Value();
}

/// Narrow floats are quantized as their f32.
Value onnx::widened(NodeBuilder &b, Value value) {
  auto type = value ? dyn_cast<FloatType>(elementTypeOf(value)) : FloatType();
  bool isNarrow = type && type.getWidth() < 32;
  return isNarrow ? b.castTo(value, b.builder.getF32Type()) : value;
}

/// saturate(round(x / scale) + zero), `zero` null where it is 0.
static Value quantize(NodeBuilder &b, Value x, Value scale, Value zero,
                      Type to) {
  Value wide = b.make<graph::RoundOp>(b.make<graph::DivOp>(x, scale));
  if (zero && !b.hasFailed())
    wide = b.make<graph::AddOp>(wide, b.castTo(zero, elementTypeOf(wide)));
  return b.castTo(wide, to);
}

Value onnx::dequantize(NodeBuilder &b, Value q, Value scale, Value zero) {
  Value x = b.castTo(q, elementTypeOf(scale));
  if (zero)
    x = b.make<graph::SubOp>(x, b.castTo(zero, elementTypeOf(scale)));
  return b.make<graph::MulOp>(x, scale);
}

/// The type that `output_dtype` names; nothing where it is absent.
static FailureOr<Type> outputType(NodeBuilder &b) {
  int64_t written = b.integer("output_dtype", 0);
  if (!written)
    return Type();
  Type type =
      toElementType(b.builder.getContext(), static_cast<DataType>(written));
  if (!type)
    return b.error("'output_dtype' " + Twine(written) + " is not supported");
  return type;
}

//===----------------------------------------------------------------------===//
// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear
//===----------------------------------------------------------------------===//

static LogicalResult importQuantizeLinear(NodeBuilder &b) {
  FailureOr<Type> to = outputType(b);
  if (failed(to))
    return failure();
  if (b.has(2))
    *to = b.type(2).getElementType();
  else if (!*to)
    *to = b.builder.getIntegerType(8, /*isSigned=*/false);
  if (!isa<IntegerType>(*to))
    return b.error("unsupported form: expected a type of integers to quantize "
                   "to, got a type of floats");
  if (b.integer("precision", 0))
    return b.error("unsupported form: expected 'precision' to be that of the "
                   "scale, got " +
                   Twine(b.integer("precision", 0)));
  FailureOr<std::optional<Blocks>> blocks = Blocks::ofNode(b);
  if (failed(blocks))
    return failure();
  Value scale = widened(b, spread(b, b.data(1), *blocks));
  Value zero = spread(b, zeroPoint(b, 2), *blocks);
  if (b.hasFailed())
    return failure();
  Value x = b.castTo(b.data(0), elementTypeOf(scale));
  if (!*blocks)
    return b.set(0, quantize(b, x, scale, zero, *to));
  x = (*blocks)->cut(b, x);
  return b.set(0, (*blocks)->join(b, quantize(b, x, scale, zero, *to)));
}

static LogicalResult importDequantizeLinear(NodeBuilder &b) {
  FailureOr<Type> to = outputType(b);
  if (failed(to))
    return failure();
  if (!*to)
    *to = b.type(1).getElementType();
  FailureOr<std::optional<Blocks>> blocks = Blocks::ofNode(b);
  if (failed(blocks))
    return failure();
  Value scale = widened(b, spread(b, b.data(1), *blocks));
  Value zero = spread(b, zeroPoint(b, 2), *blocks);
  if (b.hasFailed())
    return failure();
  Value x = *blocks ? (*blocks)->cut(b, b.data(0)) : b.data(0);
  x = dequantize(b, x, scale, zero);
  return b.set(0, b.castTo(*blocks ? (*blocks)->join(b, x) : x, *to));
}

/// The range of x and 0 in 255 steps of `scale`, 0 on one of them.
static LogicalResult importDynamicQuantizeLinear(NodeBuilder &b) {
  constexpr double kSteps = 255;
  Value x = b.data(0);
  auto extreme = [&](ReduceKind kind) {
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, b.rank(0)));
    return b.make<graph::ReduceOp>(x, kind, all, /*keep_dims=*/false);
  };
  Value none = b.like(x, 0);
  Value low = b.make<graph::MinOp>(extreme(ReduceKind::Min), none);
  Value high = b.make<graph::MaxOp>(extreme(ReduceKind::Max), none);
  Value range = b.make<graph::SubOp>(high, low);
  Value isZero = b.make<graph::CompareOp>(range, none, graph::Predicate::Eq);
  Value scale = b.make<graph::WhereOp>(
      isZero, b.like(x, 1), b.make<graph::DivOp>(range, b.like(x, kSteps)));
  Type ui8 = b.builder.getIntegerType(8, /*isSigned=*/false);
  Value zero = b.castTo(b.make<graph::RoundOp>(b.make<graph::NegOp>(
                            b.make<graph::DivOp>(low, scale))),
                        ui8);
  if (failed(b.set(0, quantize(b, x, scale, zero, ui8))) ||
      failed(b.set(1, scale)))
    return failure();
  return b.set(2, zero);
}

//===----------------------------------------------------------------------===//
// Products of integers
//===----------------------------------------------------------------------===//

/// A zero point or scale of a product's left side, of which there may be one a
/// row: those stand below each other.
static Value alongRows(NodeBuilder &b, Value parameter) {
  if (!parameter)
    return nullptr;
  auto type = cast<RankedTensorType>(parameter.getType());
  if (type.getRank() != 1)
    return parameter;
  if (type.getDimSize(0) == 1)
    return b.reshape(parameter, {});
  return b.reshape(parameter, {graph::getDim(type, 0), b.dim(1)});
}

/// The same of the right side, one a column.
static Value alongColumns(NodeBuilder &b, Value parameter) {
  if (!parameter)
    return nullptr;
  auto type = cast<RankedTensorType>(parameter.getType());
  bool isOne = type.getRank() == 1 && type.getDimSize(0) == 1;
  return isOne ? b.reshape(parameter, {}) : parameter;
}

/// q - zero as i32.
static Value centered(NodeBuilder &b, Value q, Value zero) {
  Type i32 = b.builder.getI32Type();
  Value wide = b.castTo(q, i32);
  return zero ? b.make<graph::SubOp>(wide, b.castTo(zero, i32)) : wide;
}

static LogicalResult importMatMulInteger(NodeBuilder &b) {
  if (failed(b.equateMatmul(b.dims(0), b.dims(1))))
    return failure();
  Value lhs = centered(b, b.data(0), alongRows(b, zeroPoint(b, 2)));
  Value rhs = centered(b, b.data(1), alongColumns(b, zeroPoint(b, 3)));
  return b.set(0, b.make<graph::MatmulOp>(lhs, rhs));
}

static LogicalResult importQLinearMatMul(NodeBuilder &b) {
  if (failed(b.equateMatmul(b.dims(0), b.dims(3))))
    return failure();
  Value lhs = centered(b, b.data(0), alongRows(b, zeroPoint(b, 2)));
  Value rhs = centered(b, b.data(3), alongColumns(b, zeroPoint(b, 5)));
  Value scale = b.make<graph::MulOp>(widened(b, alongRows(b, b.data(1))),
                                     widened(b, alongColumns(b, b.data(4))));
  Value product =
      b.castTo(b.make<graph::MatmulOp>(lhs, rhs), b.builder.getF32Type());
  return b.set(0, quantize(b, b.make<graph::MulOp>(product, scale),
                           widened(b, alongRows(b, b.data(6))),
                           alongRows(b, zeroPoint(b, 7)),
                           b.type(7).getElementType()));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"", "DequantizeLinear", 10, 2, 3, importDequantizeLinear, nullptr},
    {"", "DynamicQuantizeLinear", 11, 1, 1, importDynamicQuantizeLinear,
     nullptr},
    {"", "MatMulInteger", 10, 2, 4, importMatMulInteger, nullptr},
    {"", "QLinearMatMul", 10, 8, 8, importQLinearMatMul, nullptr},
    {"", "QuantizeLinear", 10, 2, 3, importQuantizeLinear, nullptr},
    {"com.microsoft", "DequantizeLinear", 1, 2, 3, importDequantizeLinear,
     nullptr},
    {"com.microsoft", "QuantizeLinear", 1, 2, 3, importQuantizeLinear, nullptr},
};

ArrayRef<NodeRule> onnx::quantRules() { return kRules; }
