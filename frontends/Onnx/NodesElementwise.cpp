//===- NodesElementwise.cpp - importers of ops on single elements ---------===//

#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/ShapeRules.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;

//===----------------------------------------------------------------------===//
// Ops that graph has
//===----------------------------------------------------------------------===//

template <typename OpTy> static Value unary(NodeBuilder &b, Value x) {
  return b.make<OpTy>(x);
}

template <typename OpTy> static Value binary(NodeBuilder &b, Value x, Value y) {
  if (failed(b.broadcastTogether({x, y})))
    return nullptr;
  return b.make<OpTy>(x, y);
}

template <typename OpTy> static LogicalResult importUnary(NodeBuilder &b) {
  return b.set(0, unary<OpTy>(b, b.data(0)));
}

/// Two inputs; ops such as Max and Sum have any number.
template <typename OpTy> static LogicalResult importFold(NodeBuilder &b) {
  Value result = b.data(0);
  for (unsigned input = 1; input < b.numInputs(); ++input)
    result = binary<OpTy>(b, result, b.data(input));
  return b.set(0, result);
}

static Value compare(NodeBuilder &b, Value x, Value y,
                     graph::Predicate predicate) {
  if (failed(b.broadcastTogether({x, y})))
    return nullptr;
  return b.make<graph::CompareOp>(x, y, predicate);
}

template <graph::Predicate predicate>
static LogicalResult importCompare(NodeBuilder &b) {
  return b.set(0, compare(b, b.data(0), b.data(1), predicate));
}

static Value select(NodeBuilder &b, Value condition, Value then,
                    Value otherwise) {
  if (failed(b.broadcastTogether({condition, then, otherwise})))
    return nullptr;
  return b.make<graph::WhereOp>(condition, then, otherwise);
}

static LogicalResult importWhere(NodeBuilder &b) {
  return b.set(0, select(b, b.data(0), b.data(1), b.data(2)));
}

static LogicalResult importMean(NodeBuilder &b) {
  Value sum = b.data(0);
  for (unsigned input = 1; input < b.numInputs(); ++input)
    sum = binary<graph::AddOp>(b, sum, b.data(input));
  return b.set(0, binary<graph::DivOp>(b, sum, b.like(sum, b.numInputs())));
}

/// Integer remainders have the divisor's sign, those of `fmod` the dividend's.
static LogicalResult importMod(NodeBuilder &b) {
  bool isFloat = isa<FloatType>(b.type(0).getElementType());
  if (b.integer("fmod", 0) != isFloat)
    return b.error("unsupported form: expected 'fmod' to be 1 for floats and 0 "
                   "for integers, got " +
                   Twine(b.integer("fmod", 0)));
  return importFold<graph::ModOp>(b);
}

/// The result has the base's type; graph raises floats of one type.
static LogicalResult importPow(NodeBuilder &b) {
  Type elementType = b.type(0).getElementType();
  Type computed =
      isa<FloatType>(elementType) ? elementType : b.builder.getF64Type();
  Value power = binary<graph::PowOp>(b, b.castTo(b.data(0), computed),
                                     b.castTo(b.data(1), computed));
  return b.set(0, b.castTo(power, elementType));
}

static LogicalResult importCast(NodeBuilder &b) {
  auto type = DataType(b.integer("to", 0));
  Type elementType = toElementType(b.builder.getContext(), type);
  if (!elementType)
    return b.error(
        "unsupported form: expected a type of numbers or bool, got " +
        nameOf(type));
  return b.set(0, b.castTo(b.data(0), elementType));
}

static LogicalResult importCastLike(NodeBuilder &b) {
  return b.set(0, b.castTo(b.data(0), b.type(1).getElementType()));
}

static LogicalResult importGelu(NodeBuilder &b) {
  StringRef form = b.text("approximate", "none");
  if (form != "none" && form != "tanh")
    return b.error(
        "unsupported form: expected 'approximate' to be none or tanh, got " +
        form);
  return b.set(0, b.make<graph::GeluOp>(b.data(0), form == "tanh"
                                                       ? graph::GeluForm::Tanh
                                                       : graph::GeluForm::Erf));
}

//===----------------------------------------------------------------------===//
// Ops made of others
//===----------------------------------------------------------------------===//

static Value clip(NodeBuilder &b, Value x, Value low, Value high) {
  if (low)
    x = binary<graph::MaxOp>(b, x, low);
  return high ? binary<graph::MinOp>(b, x, high) : x;
}

/// Bounds are attributes before operator set 11, later inputs.
static LogicalResult importClip(NodeBuilder &b) {
  Value x = b.data(0);
  auto bound = [&](StringRef name, unsigned input) -> Value {
    if (b.has(input))
      return b.data(input);
    return b.attribute(name) ? b.like(x, b.number(name, 0)) : Value();
  };
  return b.set(0, clip(b, x, bound("min", 1), bound("max", 2)));
}

static LogicalResult importIsInf(NodeBuilder &b) {
  Value x = b.data(0);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  bool positive = b.integer("detect_positive", 1),
       negative = b.integer("detect_negative", 1);
  if (positive && negative)
    x = unary<graph::AbsOp>(b, x);
  else if (!positive && !negative)
    return b.error(
        "unsupported form: expected infinities of some sign, got none");
  Value infinity = b.like(x, positive ? kInfinity : -kInfinity);
  return b.set(0, compare(b, x, infinity, graph::Predicate::Eq));
}

/// log(1 + exp(x)), without overflow for large x.
static Value softplus(NodeBuilder &b, Value x) {
  Value small =
      unary<graph::ExpOp>(b, unary<graph::NegOp>(b, unary<graph::AbsOp>(b, x)));
  Value log =
      unary<graph::LogOp>(b, binary<graph::AddOp>(b, small, b.like(small, 1)));
  return binary<graph::AddOp>(b, unary<graph::ReluOp>(b, x), log);
}

static LogicalResult importSoftplus(NodeBuilder &b) {
  return b.set(0, softplus(b, b.data(0)));
}

static LogicalResult importMish(NodeBuilder &b) {
  Value x = b.data(0);
  return b.set(
      0, binary<graph::MulOp>(b, x, unary<graph::TanhOp>(b, softplus(b, x))));
}

static LogicalResult importSoftsign(NodeBuilder &b) {
  Value x = b.data(0), size = unary<graph::AbsOp>(b, x);
  return b.set(0, binary<graph::DivOp>(
                      b, x, binary<graph::AddOp>(b, size, b.like(x, 1))));
}

/// `negative` where x < 0, else x.
static Value belowZero(NodeBuilder &b, Value x, Value negative) {
  return select(b, compare(b, x, b.like(x, 0), graph::Predicate::Lt), negative,
                x);
}

static LogicalResult importLeakyRelu(NodeBuilder &b) {
  Value x = b.data(0);
  return b.set(0, belowZero(b, x,
                            binary<graph::MulOp>(
                                b, x, b.like(x, b.number("alpha", 0.01)))));
}

static LogicalResult importPRelu(NodeBuilder &b) {
  Value x = b.data(0);
  return b.set(0, belowZero(b, x, binary<graph::MulOp>(b, x, b.data(1))));
}

static LogicalResult importElu(NodeBuilder &b) {
  Value x = b.data(0);
  Value rise = binary<graph::SubOp>(b, unary<graph::ExpOp>(b, x), b.like(x, 1));
  return b.set(0, belowZero(b, x,
                            binary<graph::MulOp>(
                                b, rise, b.like(x, b.number("alpha", 1)))));
}

/// max(0, min(1, alpha x + beta))
static Value hardSigmoid(NodeBuilder &b, Value x, double alpha, double beta) {
  Value line = binary<graph::AddOp>(
      b, binary<graph::MulOp>(b, x, b.like(x, alpha)), b.like(x, beta));
  return clip(b, line, b.like(x, 0), b.like(x, 1));
}

static LogicalResult importHardSigmoid(NodeBuilder &b) {
  return b.set(0, hardSigmoid(b, b.data(0), b.number("alpha", 0.2),
                              b.number("beta", 0.5)));
}

static LogicalResult importHardSwish(NodeBuilder &b) {
  Value x = b.data(0);
  return b.set(0, binary<graph::MulOp>(b, x, hardSigmoid(b, x, 1.0 / 6, 0.5)));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

using graph::Predicate;

static constexpr NodeRule kRules[] = {
    {"", "Abs", 1, 1, 1, importUnary<graph::AbsOp>, nullptr},
    {"", "Add", 7, 2, 2, importFold<graph::AddOp>, evaluateAdd},
    {"", "And", 7, 2, 2, importFold<graph::AndOp>, evaluateAnd},
    {"", "Cast", 1, 1, 1, importCast, evaluateCast},
    {"", "CastLike", 15, 2, 2, importCastLike, nullptr},
    {"", "Ceil", 1, 1, 1, importUnary<graph::CeilOp>, nullptr},
    {"", "Clip", 1, 1, 3, importClip, nullptr},
    {"", "Cos", 7, 1, 1, importUnary<graph::CosOp>, nullptr},
    {"", "Div", 7, 2, 2, importFold<graph::DivOp>, evaluateDiv},
    {"", "Elu", 1, 1, 1, importElu, nullptr},
    {"", "Equal", 7, 2, 2, importCompare<Predicate::Eq>, evaluateEqual},
    {"", "Erf", 9, 1, 1, importUnary<graph::ErfOp>, nullptr},
    {"", "Exp", 1, 1, 1, importUnary<graph::ExpOp>, nullptr},
    {"", "Floor", 1, 1, 1, importUnary<graph::FloorOp>, nullptr},
    {"", "Gelu", 20, 1, 1, importGelu, nullptr},
    {"", "Greater", 7, 2, 2, importCompare<Predicate::Gt>, evaluateGreater},
    {"", "GreaterOrEqual", 12, 2, 2, importCompare<Predicate::Ge>,
     evaluateGreaterOrEqual},
    {"", "HardSigmoid", 1, 1, 1, importHardSigmoid, nullptr},
    {"", "HardSwish", 14, 1, 1, importHardSwish, nullptr},
    {"", "IsInf", 10, 1, 1, importIsInf, nullptr},
    {"", "IsNaN", 9, 1, 1, importUnary<graph::IsNanOp>, nullptr},
    {"", "LeakyRelu", 1, 1, 1, importLeakyRelu, nullptr},
    {"", "Less", 7, 2, 2, importCompare<Predicate::Lt>, evaluateLess},
    {"", "LessOrEqual", 12, 2, 2, importCompare<Predicate::Le>,
     evaluateLessOrEqual},
    {"", "Log", 1, 1, 1, importUnary<graph::LogOp>, nullptr},
    {"", "Max", 8, 1, -1, importFold<graph::MaxOp>, evaluateMax},
    {"", "Mean", 8, 1, -1, importMean, nullptr},
    {"", "Min", 8, 1, -1, importFold<graph::MinOp>, evaluateMin},
    {"", "Mish", 18, 1, 1, importMish, nullptr},
    {"", "Mod", 10, 2, 2, importMod, evaluateMod},
    {"", "Mul", 7, 2, 2, importFold<graph::MulOp>, evaluateMul},
    {"", "Neg", 1, 1, 1, importUnary<graph::NegOp>, evaluateNeg},
    {"", "Not", 1, 1, 1, importUnary<graph::NotOp>, evaluateNot},
    {"", "Or", 7, 2, 2, importFold<graph::OrOp>, evaluateOr},
    {"", "PRelu", 7, 2, 2, importPRelu, nullptr},
    {"", "Pow", 7, 2, 2, importPow, nullptr},
    {"", "Reciprocal", 1, 1, 1, importUnary<graph::ReciprocalOp>, nullptr},
    {"", "Relu", 1, 1, 1, importUnary<graph::ReluOp>, nullptr},
    {"", "Round", 11, 1, 1, importUnary<graph::RoundOp>, nullptr},
    {"", "Sigmoid", 1, 1, 1, importUnary<graph::SigmoidOp>, nullptr},
    {"", "Sign", 9, 1, 1, importUnary<graph::SignOp>, nullptr},
    {"", "Sin", 7, 1, 1, importUnary<graph::SinOp>, nullptr},
    {"", "Softplus", 1, 1, 1, importSoftplus, nullptr},
    {"", "Softsign", 1, 1, 1, importSoftsign, nullptr},
    {"", "Sqrt", 1, 1, 1, importUnary<graph::SqrtOp>, nullptr},
    {"", "Sub", 7, 2, 2, importFold<graph::SubOp>, evaluateSub},
    {"", "Sum", 8, 1, -1, importFold<graph::AddOp>, nullptr},
    {"", "Tanh", 1, 1, 1, importUnary<graph::TanhOp>, nullptr},
    {"", "Where", 9, 3, 3, importWhere, evaluateWhere},
    {"", "Xor", 7, 2, 2, importFold<graph::XorOp>, nullptr},
};

ArrayRef<NodeRule> onnx::elementwiseRules() { return kRules; }
