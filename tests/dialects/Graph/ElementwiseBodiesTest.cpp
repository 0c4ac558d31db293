//===- ElementwiseBodiesTest.cpp - bodies compute what ops mean
//------------===//
//
// For each line of the table of elementwise kernels and each element type that
// the op takes: its body of arith and math ops, executed on all combinations of
// special values, against the op's reference meaning.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/ScalarBody.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphElementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <list>

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A point for each way in which a float kernel can be special: signs and
/// zeros, halves, the edges of saturation, of exp and of the type, infinities,
/// NaN.
constexpr double kFloats[] = {0.0,
                              -0.0,
                              1.0,
                              -1.0,
                              0.5,
                              -0.5,
                              1.5,
                              2.5,
                              -2.5,
                              0.1,
                              -3.7,
                              9.0,
                              -9.0,
                              20.0,
                              -20.0,
                              88.0,
                              -88.0,
                              104.0,
                              -104.0,
                              127.4,
                              128.0,
                              -128.6,
                              255.9,
                              256.0,
                              1e-30,
                              -1e-30,
                              1e-40,
                              65504.0,
                              65536.0,
                              3e4,
                              1e10,
                              -1e10,
                              3.4e38,
                              -3.4e38,
                              2147483648.0,
                              -2147483648.0,
                              -2147483904.0,
                              9223372036854775808.0,
                              -9223372036854775808.0,
                              18446744073709551616.0,
                              kInfinity,
                              -kInfinity,
                              kNan};

/// Small numbers and the ends of the type's range.
SmallVector<int64_t> integersOf(IntegerType type) {
  unsigned width = type.getWidth();
  if (width == 1)
    return {0, 1};
  if (type.isUnsigned()) {
    auto highest =
        static_cast<int64_t>(APInt::getMaxValue(width).getZExtValue());
    return {0, 1, 2, 3, 7, highest, highest - 1};
  }
  int64_t lowest = APInt::getSignedMinValue(width).getSExtValue();
  return {0, 1, -1, 2, -3, 7, -7, lowest, lowest + 1, -(lowest + 1)};
}

/// How far a body may be from the rounded reference: the sum of three.
struct Tolerance {
  double ofResult;  ///< epsilons of the reference
  double ofOperand; ///< epsilons of the largest operand, where digits cancel
  double underflow; ///< smallest normal numbers times the largest operand; 0 *
                    ///< inf is NaN
};

/// Exact unless the formula rounds between its ops.
Tolerance toleranceOf(StringRef kernel) {
  if (kernel == "gelu_erf")
    return {8, 0.1, 0}; // 10^-16 far below 0
  if (kernel == "gelu_tanh")
    return {8, 4, 0}; // 1 + tanh(x) cancels for negative x
  if (kernel == "sigmoid" || kernel == "silu" || kernel == "swiglu")
    return {4, 0, 1}; // e^-x overflows before 1 / e^-x is 0
  if (kernel == "rsqrt")
    return {1, 0, 0};
  return {0, 0, 0};
}

class ElementwiseBodies : public testing::Test {
protected:
  ElementwiseBodies() {
    context.loadDialect<GraphDialect, arith::ArithDialect, math::MathDialect>();
    module = ModuleOp::create(UnknownLoc::get(&context));
  }

  /// The op of a kernel on scalars (tensors of rank 0), or null where it does
  /// not take this element type.
  Operation *makeOp(StringRef kernel, unsigned arity, Type elementType,
                    Type to) {
    auto [mnemonic, variant] = splitVariant(kernel);
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    OperationState state(builder.getUnknownLoc(), ("graph." + mnemonic).str());
    for (unsigned i = 0; i < arity; ++i)
      state.addOperands(makeOperand(builder, mnemonic == "where" && i == 0
                                                 ? builder.getI1Type()
                                                 : elementType));
    addVariant(state, variant);
    if (mnemonic == "cast")
      state.addAttribute("to", TypeAttr::get(to));
    bool isTruth = mnemonic == "is_nan" || mnemonic == "compare";
    Type result = mnemonic == "cast" ? to
                  : isTruth          ? builder.getI1Type()
                                     : elementType;
    state.addTypes(RankedTensorType::get({}, result));
    return builder.create(state);
  }

  /// Compares body and meaning of `op` over all combinations of special values;
  /// returns how many there were.
  int64_t check(Operation *op, const ElementwiseKernel &kernel) {
    FailureOr<ScalarBody> body = prepareBody(op);
    EXPECT_TRUE(succeeded(body));
    SmallVector<SmallVector<Scalar>> choices;
    for (Value operand : op->getOperands())
      choices.push_back(specialScalars(getElementTypeOrSelf(operand)));
    SmallVector<int64_t> extents, index(choices.size(), 0);
    for (const auto &some : choices)
      extents.push_back(some.size());
    int64_t numPoints = 0;
    do {
      SmallVector<Scalar> point;
      for (auto [i, some] : llvm::zip_equal(index, choices))
        point.push_back(some[i]);
      checkPoint(op, kernel, *body, point);
      ++numPoints;
    } while (nextIndex(index, extents));
    return numPoints;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;

private:
  static std::pair<StringRef, StringRef> splitVariant(StringRef kernel) {
    for (StringRef op : {"gelu", "compare"})
      if (kernel.starts_with(op))
        return {op, kernel.drop_front(op.size() + 1)};
    return {kernel, ""};
  }

  void addVariant(OperationState &state, StringRef variant) {
    if (std::optional<GeluForm> form = symbolizeGeluForm(variant))
      state.addAttribute("form", GeluFormAttr::get(&context, *form));
    if (std::optional<Predicate> predicate = symbolizePredicate(variant))
      state.addAttribute("predicate", PredicateAttr::get(&context, *predicate));
  }

  static Value makeOperand(OpBuilder &builder, Type elementType) {
    auto type = RankedTensorType::get({}, elementType);
    // Any op that makes a value of the type will do; it is never executed.
    return UnrealizedConversionCastOp::create(builder, builder.getUnknownLoc(),
                                              type, ValueRange())
        .getResult(0);
  }

  FailureOr<ScalarBody> prepareBody(Operation *op) {
    Block *block = &blocks.emplace_back();
    for (Value operand : op->getOperands())
      block->addArgument(getScalarType(getElementTypeOrSelf(operand)),
                         op->getLoc());
    OpBuilder builder(&context);
    builder.setInsertionPointToStart(block);
    Value result = cast<ElementwiseOpInterface>(op).buildBody(
        builder, block->getArguments());
    EXPECT_EQ(result.getType(),
              getScalarType(getElementTypeOrSelf(op->getResult(0))));
    SmallVector<Operation *> ops;
    for (Operation &scalar : *block)
      ops.push_back(&scalar);
    return ScalarBody::prepare(block->getArguments(), ops, result);
  }

  /// All special values of a type, as the body sees them: rounded and cut to
  /// it.
  static SmallVector<Scalar> specialScalars(Type type) {
    SmallVector<Scalar> scalars;
    if (auto floatType = dyn_cast<FloatType>(type)) {
      for (double value : kFloats)
        scalars.push_back({.number = roundToType(value, floatType)});
      return scalars;
    }
    auto intType = cast<IntegerType>(type);
    for (int64_t value : integersOf(intType))
      scalars.push_back({.bits = APInt(64, value, true)
                                     .trunc(intType.getWidth())
                                     .getZExtValue()});
    return scalars;
  }

  static void store(ReferenceTensor &tensor, const Scalar &scalar) {
    if (tensor.isFloat())
      tensor.setFloat(0, scalar.number);
    else
      tensor.setInt(0, static_cast<int64_t>(scalar.bits));
    tensor.round();
  }

  static void checkPoint(Operation *op, const ElementwiseKernel &kernel,
                         const ScalarBody &body, ArrayRef<Scalar> point) {
    SmallVector<ReferenceTensor> operands;
    std::string text = kernel.name.str();
    double largest = 0;
    for (auto [scalar, operand] : llvm::zip_equal(point, op->getOperands())) {
      store(operands.emplace_back(getElementTypeOrSelf(operand),
                                  ArrayRef<int64_t>()),
            scalar);
      double number = operands.back().getFloat(0);
      text += ' ';
      text += std::to_string(number);
      largest = std::max(largest, std::abs(number));
    }
    ReferenceTensor want(getElementTypeOrSelf(op->getResult(0)), {});
    ASSERT_TRUE(
        succeeded(cast<ReferenceOpInterface>(op).evaluate(operands, want)));
    std::optional<SmallVector<Scalar>> results = body.run(point);
    ASSERT_TRUE(results)
        << text << ": the body divides by zero or converts out of range";
    ReferenceTensor got = want;
    store(got, results->front());
    if (!got.isFloat()) {
      EXPECT_EQ(got.getInt(0), want.getInt(0)) << text;
      return;
    }
    expectNear(got.getFloat(0), want.getFloat(0), largest, kernel.name,
               cast<FloatType>(want.elementType()), text);
  }

  static void expectNear(double got, double want, double largestOperand,
                         StringRef kernel, FloatType type,
                         const std::string &text) {
    Tolerance tolerance = toleranceOf(kernel);
    if (tolerance.underflow > 0 && std::isinf(largestOperand) &&
        std::isnan(got))
      want = std::isinf(want) ? kNan : want;
    if (std::isnan(want) || std::isinf(want) || std::isnan(got) ||
        std::isinf(got)) {
      EXPECT_TRUE(got == want || (std::isnan(got) && std::isnan(want)))
          << text << ": got " << got << ", expected " << want;
      return;
    }
    // Bodies of narrower floats compute in f32 and round once more, where a tie
    // may fall the other way: one epsilon.
    double epsilon =
        std::ldexp(1.0, 1 - static_cast<int>(type.getFPMantissaWidth()));
    double smallest = APFloat::getSmallestNormalized(type.getFloatSemantics())
                          .convertToDouble();
    if (type.getWidth() < 32)
      tolerance.ofResult += 1;
    // What is finite comes from finite operands, or is exact.
    double operand = std::isfinite(largestOperand) ? largestOperand : 0;
    double allowed =
        tolerance.ofResult * epsilon * std::max(std::abs(want), smallest) +
        tolerance.ofOperand * epsilon * operand +
        tolerance.underflow * smallest * operand;
    EXPECT_LE(std::abs(got - want), allowed)
        << text << ": got " << got << ", expected " << want;
  }

  std::list<Block> blocks; ///< bodies, as long as their op
};

TEST_F(ElementwiseBodies, ComputeWhatOpsMean) {
  Builder b(&context);
  auto unsignedOf = [&](unsigned width) {
    return b.getIntegerType(width, false);
  };
  const Type floats[] = {b.getF32Type(), b.getF64Type(), b.getF16Type(),
                         b.getBF16Type()};
  const Type ints[] = {b.getI8Type(),  unsignedOf(8),  b.getI32Type(),
                       unsignedOf(32), b.getI64Type(), unsignedOf(64),
                       b.getI1Type()};
  for (const ElementwiseKernel &kernel : getElementwiseKernels()) {
    if (kernel.name == "cast")
      continue; // below
    for (Type type : kernel.onFloats ? ArrayRef(floats) : ArrayRef<Type>())
      EXPECT_GT(check(makeOp(kernel.name, kernel.arity, type, nullptr), kernel),
                0);
    for (Type type : kernel.onInts ? ArrayRef(ints) : ArrayRef<Type>()) {
      bool takesBoolOnly = kernel.name == "not" || kernel.name == "and" ||
                           kernel.name == "or" || kernel.name == "xor";
      bool takesBool = takesBoolOnly || kernel.name == "where" ||
                       StringRef(kernel.name).starts_with("compare");
      if (type.isInteger(1) ? takesBool : !takesBoolOnly) {
        EXPECT_GT(
            check(makeOp(kernel.name, kernel.arity, type, nullptr), kernel), 0);
      }
    }
  }
}

TEST_F(ElementwiseBodies, CastBetweenAllTypes) {
  Builder b(&context);
  auto unsignedOf = [&](unsigned width) {
    return b.getIntegerType(width, false);
  };
  const Type types[] = {b.getF64Type(),  b.getF32Type(), b.getF16Type(),
                        b.getBF16Type(), b.getI64Type(), unsignedOf(64),
                        b.getI32Type(),  unsignedOf(32), b.getI8Type(),
                        unsignedOf(8),   b.getI1Type(),  b.getIntegerType(4),
                        unsignedOf(4)};
  const ElementwiseKernel *kernel = findElementwiseKernel("cast");
  ASSERT_TRUE(kernel);
  for (Type from : types)
    for (Type to : types)
      EXPECT_GT(check(makeOp("cast", 1, from, to), *kernel), 0);
}

TEST_F(ElementwiseBodies, EveryElementwiseOpHasALine) {
  for (RegisteredOperationName name : context.getRegisteredOperations()) {
    if (!name.hasInterface<ElementwiseOpInterface>())
      continue;
    std::string op = name.stripDialect().str();
    EXPECT_TRUE(
        llvm::any_of(getElementwiseKernels(),
                     [&](const ElementwiseKernel &kernel) {
                       return kernel.name == op ||
                              StringRef(kernel.name).starts_with(op + "_");
                     }))
        << op;
  }
}

} // namespace
