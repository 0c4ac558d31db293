//===- ExpandMathTest.cpp - expanded functions against libm in f64
//---------===//
//
// Every exponent of f32 with both signs and thousands of random mantissas, for
// each function, measured in ulp of the result; then the values where functions
// break.
//
//===----------------------------------------------------------------------===//

#include "tests/compiler/Emit/Cpu/LoadedKernels.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

using namespace mlir;

namespace tenon {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kSmallest = std::numeric_limits<float>::denorm_min();

/// y[i] = op(x[i]) for i in [begin, end), a multiple of the lanes of `type`.
constexpr const char *kUnaryKernel = R"mlir(
func.func @kernel(%buffers: !llvm.ptr, %scalars: !llvm.ptr, %begin: i64, %end: i64,
                  %scratch: !llvm.ptr) {{
  %second = llvm.getelementptr %buffers[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  %x = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
  %y = llvm.load %second : !llvm.ptr -> !llvm.ptr
  %step = arith.constant {2} : i64
  scf.for %i = %begin to %end step %step : i64 {{
    %from = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {3}
    %to = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {3}
    %v = llvm.load %from {{alignment = 4 : i64} : !llvm.ptr -> {1}
    %r = math.{0} %v : {1}
    llvm.store %r, %to {{alignment = 4 : i64} : {1}, !llvm.ptr
  }
  return
}
)mlir";

template <typename T>
std::vector<T> evaluate(StringRef op, StringRef type, int64_t lanes,
                        StringRef element, std::vector<T> x) {
  MLIRContext context;
  std::string text = llvm::formatv(kUnaryKernel, op, type, lanes, element);
  LoadedKernels kernels = LoadedKernels::compile(context, text);
  KernelFn kernel = kernels.function("kernel");
  size_t size = x.size();
  x.resize((size + lanes - 1) / lanes * lanes);
  std::vector<T> y(x.size());
  void *buffers[] = {x.data(), y.data()};
  if (kernel)
    kernel(buffers, nullptr, 0, x.size(), nullptr);
  y.resize(size);
  return y;
}

std::vector<float> evaluate(StringRef op, const std::vector<float> &x) {
  return evaluate<float>(op, "vector<16xf32>", 16, "f32", x);
}

/// Finite floats of every exponent and both signs, densely where functions
/// bend.
const std::vector<float> &manyFloats() {
  static const std::vector<float> floats = [] {
    std::mt19937 random(1);
    std::vector<float> result;
    for (uint32_t exponent = 0; exponent < 255; ++exponent) {
      bool isDense = exponent >= 127 - 12 && exponent <= 127 + 14;
      for (int i = 0; i < (isDense ? 1 << 17 : 1 << 11); ++i) {
        uint32_t mantissa = i < 2 ? 0 : i < 4 ? 0x7fffff : random() & 0x7fffff;
        result.push_back(
            llvm::bit_cast<float>((i & 1u) << 31 | exponent << 23 | mantissa));
      }
    }
    return result;
  }();
  return floats;
}

/// The distance of `got` from the exact result in units of the last place that
/// a float near it has. Infinity is one step above the largest float.
double ulpError(float got, double exact) {
  constexpr double kOverflow = 0x1p128;
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : HUGE_VAL;
  double value = std::isinf(got) ? std::copysign(kOverflow, got) : got;
  double wanted = std::clamp(exact, -kOverflow, kOverflow);
  int exponent = std::max(std::ilogb(wanted == 0 ? 0x1p-126 : wanted), -126);
  return std::abs(value - wanted) /
         std::ldexp(1.0, std::min(exponent, 127) - 23);
}

struct Function {
  const char *op;
  double (*exact)(double);
  double maxUlp;
  double low = -HUGE_VAL, high = HUGE_VAL; ///< where maxUlp holds
};

void PrintTo(const Function &function, std::ostream *stream) {
  *stream << function.op;
}

class ExpandMath : public testing::TestWithParam<Function> {};

TEST_P(ExpandMath, IsAccurate) {
  const Function &function = GetParam();
  std::vector<float> x;
  for (float value : manyFloats())
    if (value >= function.low && value <= function.high)
      x.push_back(value);
  std::vector<float> y = evaluate(function.op, x);
  double worst = 0;
  float worstX = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (double error = ulpError(y[i], function.exact(x[i])); error > worst) {
      worst = error;
      worstX = x[i];
    }
  std::printf("%s: %.3f ulp at %a, of %zu points\n", function.op, worst, worstX,
              x.size());
  EXPECT_LE(worst, function.maxUlp) << function.op << " of " << worstX;
}

TEST_P(ExpandMath, KeepsNan) {
  EXPECT_TRUE(std::isnan(evaluate(GetParam().op, {kNan})[0]));
}

INSTANTIATE_TEST_SUITE_P(
    Functions, ExpandMath,
    testing::Values(
        // Below, the result is 0 though floats are smaller than the exact one.
        Function{"exp", std::exp, 1, -86.9},
        Function{"exp2", std::exp2, 1, -125.5}, Function{"tanh", std::tanh, 3},
        Function{"erf", std::erf, 3},
        Function{"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1.5}),
    [](const auto &info) { return info.param.op; });

struct Special {
  const char *op;
  float x, expected;
};

// Bit for bit, the sign of zero included.
TEST(ExpandMathSpecial, ValuesWhereFunctionsBreak) {
  const float kLargest = std::numeric_limits<float>::max();
  const Special kSpecials[] = {
      {"exp", 0.0f, 1},
      {"exp", -0.0f, 1},
      {"exp", kSmallest, 1},
      {"exp", kInf, kInf},
      {"exp", -kInf, 0},
      {"exp", 88.72284f, kInf},
      {"exp", kLargest, kInf},
      {"exp", -kLargest, 0},
      {"exp", -88, 0},
      {"exp2", 0.0f, 1},
      {"exp2", -0.0f, 1},
      {"exp2", kInf, kInf},
      {"exp2", -kInf, 0},
      {"exp2", 128, kInf},
      {"exp2", 127, 0x1p127f},
      {"exp2", -125, 0x1p-125f},
      {"exp2", -127, 0},
      {"tanh", 0.0f, 0.0f},
      {"tanh", -0.0f, -0.0f},
      {"tanh", kInf, 1},
      {"tanh", -kInf, -1},
      {"tanh", 9.1f, 1},
      {"tanh", kLargest, 1},
      {"tanh", kSmallest, kSmallest},
      {"erf", 0.0f, 0.0f},
      {"erf", -0.0f, -0.0f},
      {"erf", kInf, 1},
      {"erf", -kInf, -1},
      {"erf", 4, 1},
      {"erf", -kLargest, -1},
      {"erf", kSmallest, kSmallest},
      {"rsqrt", 0.0f, kInf},
      {"rsqrt", -0.0f, -kInf},
      {"rsqrt", kInf, 0},
      {"rsqrt", -1, kNan},
      {"rsqrt", 0x1p-148f, 0x1p74f},
      {"rsqrt", 4, 0.5f},
  };
  for (const Special &special : kSpecials) {
    float got = evaluate(special.op, {special.x})[0];
    bool isEqual = std::isnan(special.expected)
                       ? std::isnan(got)
                       : llvm::bit_cast<uint32_t>(got) ==
                             llvm::bit_cast<uint32_t>(special.expected);
    EXPECT_TRUE(isEqual) << special.op << "(" << special.x << "): expected "
                         << special.expected << ", got " << got;
  }
}

} // namespace
} // namespace tenon
