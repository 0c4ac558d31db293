//===- ScalarBody.cpp - executes the arith and math ops of a body ---------===//
//
// Arguments, constants and results of steps have numbered places. A step looks
// its function up once, by the op's name; running a body is then a loop over
// steps.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/ScalarBody.h"

#include "dialects/Interfaces/Reference.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;

namespace tenon {

using Step = ScalarBody::Step;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// The signed reading of an operand.
static int64_t signedOf(const Step &step, Scalar operand) {
  unsigned unused = 64 - step.operandWidth;
  return static_cast<int64_t>(operand.bits << unused) >> unused;
}

static uint64_t lowestSigned(const Step &step) {
  return uint64_t{1} << (step.operandWidth - 1);
}

/// Whether division is defined: no zero below it, and no quotient above the
/// range.
static bool isDivisible(const Step &step, const Scalar *in, bool isSigned) {
  bool overflows = isSigned && in[0].bits == lowestSigned(step) &&
                   signedOf(step, in[1]) == -1;
  return in[1].bits != 0 && !overflows;
}

static Scalar divide(const Step &step, const Scalar *in, bool &isDefined,
                     bool isSigned, bool wantsRest) {
  if (!isDivisible(step, in, isSigned)) {
    isDefined = false;
    return {};
  }
  if (!isSigned)
    return {.bits =
                wantsRest ? in[0].bits % in[1].bits : in[0].bits / in[1].bits};
  int64_t a = signedOf(step, in[0]), b = signedOf(step, in[1]);
  return {.bits = static_cast<uint64_t>(wantsRest ? a % b : a / b)};
}

static bool compareInts(const Step &step, Scalar x, Scalar y) {
  int64_t a = signedOf(step, x), b = signedOf(step, y);
  switch (static_cast<arith::CmpIPredicate>(step.predicate)) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return x.bits < y.bits;
  case arith::CmpIPredicate::ule:
    return x.bits <= y.bits;
  case arith::CmpIPredicate::ugt:
    return x.bits > y.bits;
  case arith::CmpIPredicate::uge:
    return x.bits >= y.bits;
  }
  llvm_unreachable("all predicates are handled");
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static bool compareFloats(const Step &step, double a, double b) {
  bool isUnordered = std::isnan(a) || std::isnan(b);
  switch (static_cast<arith::CmpFPredicate>(step.predicate)) {
  case arith::CmpFPredicate::AlwaysFalse:
    return false;
  case arith::CmpFPredicate::OEQ:
    return a == b;
  case arith::CmpFPredicate::OGT:
    return a > b;
  case arith::CmpFPredicate::OGE:
    return a >= b;
  case arith::CmpFPredicate::OLT:
    return a < b;
  case arith::CmpFPredicate::OLE:
    return a <= b;
  case arith::CmpFPredicate::ONE:
    return !isUnordered && a != b;
  case arith::CmpFPredicate::ORD:
    return !isUnordered;
  case arith::CmpFPredicate::UEQ:
    return isUnordered || a == b;
  case arith::CmpFPredicate::UGT:
    return isUnordered || a > b;
  case arith::CmpFPredicate::UGE:
    return isUnordered || a >= b;
  case arith::CmpFPredicate::ULT:
    return isUnordered || a < b;
  case arith::CmpFPredicate::ULE:
    return isUnordered || a <= b;
  case arith::CmpFPredicate::UNE:
    return isUnordered || a != b;
  case arith::CmpFPredicate::UNO:
    return isUnordered;
  case arith::CmpFPredicate::AlwaysTrue:
    return true;
  }
  llvm_unreachable("all predicates are handled");
}

/// NaN when either is, as arith.maximumf; -0 is less than +0.
static double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::nan("");
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

static double minimum(double a, double b) { return -maximum(-a, -b); }

/// The bits of `value` truncated toward zero, where the result's type has it.
static Scalar toInteger(const Step &step, double value, bool &isDefined,
                        bool isSigned) {
  unsigned numMagnitudeBits = step.resultWidth - (isSigned ? 1 : 0);
  double whole = std::trunc(value),
         end = std::ldexp(1.0, static_cast<int>(numMagnitudeBits));
  if (!(whole < end) || whole < (isSigned ? -end : 0)) {
    isDefined = false;
    return {};
  }
  return {.bits = whole < 0 ? static_cast<uint64_t>(static_cast<int64_t>(whole))
                            : static_cast<uint64_t>(whole)};
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {

struct ScalarKernel {
  llvm::StringLiteral name;
  Scalar (*apply)(const Step &step, const Scalar *in, bool &isDefined);
};

} // namespace

// A kernel whose result is a float or the bits of an integer. Expressions read
// the operands `in`; bits beyond the width are cut afterwards.
#define TENON_KERNEL(FIELD, EXPRESSION)                                        \
  []([[maybe_unused]] const Step &step, const Scalar *in,                      \
     [[maybe_unused]] bool &isDefined) -> Scalar {                             \
    [[maybe_unused]] double a = in[0].number, b = in[1].number,                \
                            c = in[2].number;                                  \
    return {.FIELD = (EXPRESSION)};                                            \
  }
#define FLOAT(EXPRESSION) TENON_KERNEL(number, EXPRESSION)
#define INT(EXPRESSION) TENON_KERNEL(bits, static_cast<uint64_t>(EXPRESSION))
#define WHOLE(EXPRESSION)                                                      \
  [](const Step &step, const Scalar *in,                                       \
     [[maybe_unused]] bool &isDefined) -> Scalar {                             \
    (void)step;                                                                \
    return EXPRESSION;                                                         \
  }

static constexpr ScalarKernel kKernels[] = {
    {"arith.addf", FLOAT(a + b)},
    {"arith.subf", FLOAT(a - b)},
    {"arith.mulf", FLOAT(a * b)},
    {"arith.divf", FLOAT(a / b)},
    {"arith.remf", FLOAT(std::fmod(a, b))},
    {"arith.negf", FLOAT(-a)},
    {"arith.maximumf", FLOAT(maximum(a, b))},
    {"arith.minimumf", FLOAT(minimum(a, b))},
    {"arith.maxnumf", FLOAT(std::fmax(a, b))},
    {"arith.minnumf", FLOAT(std::fmin(a, b))},
    {"arith.extf", FLOAT(a)},
    {"arith.truncf", FLOAT(a)},
    {"arith.cmpf", INT(compareFloats(step, a, b))},
    {"arith.fptosi", WHOLE(toInteger(step, in[0].number, isDefined, true))},
    {"arith.fptoui", WHOLE(toInteger(step, in[0].number, isDefined, false))},
    {"arith.sitofp", FLOAT(static_cast<double>(signedOf(step, in[0])))},
    {"arith.uitofp", FLOAT(static_cast<double>(in[0].bits))},
    {"math.absf", FLOAT(std::abs(a))},
    {"math.ceil", FLOAT(std::ceil(a))},
    {"math.copysign", FLOAT(std::copysign(a, b))},
    {"math.cos", FLOAT(std::cos(a))},
    {"math.erf", FLOAT(std::erf(a))},
    {"math.erfc", FLOAT(std::erfc(a))},
    {"math.exp", FLOAT(std::exp(a))},
    {"math.exp2", FLOAT(std::exp2(a))},
    {"math.floor", FLOAT(std::floor(a))},
    {"math.fma", FLOAT(std::fma(a, b, c))},
    {"math.log", FLOAT(std::log(a))},
    {"math.log2", FLOAT(std::log2(a))},
    {"math.powf", FLOAT(std::pow(a, b))},
    {"math.roundeven", FLOAT(std::nearbyint(a))},
    {"math.rsqrt", FLOAT(1 / std::sqrt(a))},
    {"math.sin", FLOAT(std::sin(a))},
    {"math.sqrt", FLOAT(std::sqrt(a))},
    {"math.tanh", FLOAT(std::tanh(a))},
    {"math.trunc", FLOAT(std::trunc(a))},
    {"arith.addi", INT(in[0].bits + in[1].bits)},
    {"arith.subi", INT(in[0].bits - in[1].bits)},
    {"arith.muli", INT(in[0].bits * in[1].bits)},
    {"arith.divsi", WHOLE(divide(step, in, isDefined, true, false))},
    {"arith.divui", WHOLE(divide(step, in, isDefined, false, false))},
    {"arith.remsi", WHOLE(divide(step, in, isDefined, true, true))},
    {"arith.remui", WHOLE(divide(step, in, isDefined, false, true))},
    {"arith.andi", INT(in[0].bits & in[1].bits)},
    {"arith.ori", INT(in[0].bits | in[1].bits)},
    {"arith.xori", INT(in[0].bits ^ in[1].bits)},
    {"arith.maxsi",
     INT(std::max(signedOf(step, in[0]), signedOf(step, in[1])))},
    {"arith.minsi",
     INT(std::min(signedOf(step, in[0]), signedOf(step, in[1])))},
    {"arith.maxui", INT(std::max(in[0].bits, in[1].bits))},
    {"arith.minui", INT(std::min(in[0].bits, in[1].bits))},
    {"arith.cmpi", INT(compareInts(step, in[0], in[1]))},
    {"arith.extsi", INT(signedOf(step, in[0]))},
    {"arith.extui", INT(in[0].bits)},
    {"arith.trunci", INT(in[0].bits)},
    {"arith.index_cast", INT(signedOf(step, in[0]))},
    {"math.absi", INT(signedOf(step, in[0]) < 0 ? 0 - in[0].bits : in[0].bits)},
    {"arith.select", WHOLE(in[0].bits ? in[1] : in[2])},
};

#undef WHOLE
#undef INT
#undef FLOAT
#undef TENON_KERNEL

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

static unsigned widthOf(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

/// `value` as its type holds it.
static Scalar roundTo(Type type, unsigned width, Scalar value) {
  if (type.isF32())
    value.number = static_cast<float>(value.number);
  else if (auto floatType = dyn_cast<FloatType>(type))
    value.number = roundToType(value.number, floatType);
  else if (width < 64)
    value.bits &= (uint64_t{1} << width) - 1;
  return value;
}

static FailureOr<Step> prepareStep(Operation *op) {
  const auto *kernel =
      llvm::find_if(kKernels, [&](const ScalarKernel &candidate) {
        return candidate.name == op->getName().getStringRef();
      });
  bool isScalar = op->getNumResults() == 1 &&
                  op->getResult(0).getType().isIntOrIndexOrFloat();
  if (kernel == std::end(kKernels) || !isScalar)
    return op->emitOpError(
        "is not a scalar op that can be executed: expected arith or "
        "math on scalars");
  Step step;
  step.apply = kernel->apply;
  step.resultType = op->getResult(0).getType();
  step.resultWidth = widthOf(step.resultType);
  step.operandWidth = widthOf(op->getOperand(0).getType());
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    step.predicate = static_cast<int64_t>(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    step.predicate = static_cast<int64_t>(compare.getPredicate());
  return step;
}

static Scalar readConstant(arith::ConstantOp constant) {
  if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
    return {.number = number.getValueAsDouble()};
  return {.bits =
              cast<IntegerAttr>(constant.getValue()).getValue().getZExtValue()};
}

FailureOr<ScalarBody> ScalarBody::prepare(ValueRange arguments,
                                          ArrayRef<Operation *> ops,
                                          ValueRange results) {
  ScalarBody body;
  llvm::DenseMap<Value, unsigned> placeOf;
  auto place = [&](Value value, Scalar content = {}) {
    placeOf[value] = body.places.size();
    body.places.push_back(content);
  };
  for (Value argument : arguments)
    place(argument);
  for (Operation *op : ops)
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      place(constant, readConstant(constant));
  body.firstStep = body.places.size();
  for (Operation *op : ops) {
    if (isa<arith::ConstantOp>(op))
      continue;
    FailureOr<Step> step = prepareStep(op);
    if (failed(step))
      return failure();
    for (Value operand : op->getOperands())
      step->operands.push_back(placeOf.at(operand));
    body.steps.push_back(std::move(*step));
    place(op->getResult(0));
  }
  for (Value result : results)
    body.results.push_back(placeOf.at(result));
  return body;
}

std::optional<SmallVector<Scalar>>
ScalarBody::run(ArrayRef<Scalar> arguments) const {
  SmallVector<Scalar> values = places;
  llvm::copy(arguments, values.begin());
  bool isDefined = true;
  for (auto [number, step] : llvm::enumerate(steps)) {
    Scalar operands[3] = {};
    for (auto [i, from] : llvm::enumerate(step.operands))
      operands[i] = values[from];
    Scalar result = step.apply(step, operands, isDefined);
    values[firstStep + number] =
        roundTo(step.resultType, step.resultWidth, result);
  }
  if (!isDefined)
    return std::nullopt;
  SmallVector<Scalar> out;
  for (unsigned from : results)
    out.push_back(values[from]);
  return out;
}

} // namespace tenon
