//===- ExpandMathTest.cpp - expanded functions against libm in f64 --------===//
//
// Every exponent of f32 with both signs and thousands of random mantissas, for
// each function, measured in ulp of the result; then the values where functions
// break.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/TileDialect.h"
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

/// z[i] = op(x[i], y[i]), or op(x[i]), for i in [begin, end), a multiple of the
/// lanes of the vector. {0} statement that makes %r, {1} vector type, {2}
/// lanes, {3} element type
constexpr const char *kKernel = R"mlir(
func.func @kernel(%buffers: !llvm.ptr, %scalars: !llvm.ptr, %begin: i64, %end: i64,
                  %scratch: !llvm.ptr) {{
  %secondAt = llvm.getelementptr %buffers[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  %thirdAt = llvm.getelementptr %buffers[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  %first = llvm.load %buffers : !llvm.ptr -> !llvm.ptr
  %second = llvm.load %secondAt : !llvm.ptr -> !llvm.ptr
  %third = llvm.load %thirdAt : !llvm.ptr -> !llvm.ptr
  %step = arith.constant {2} : i64
  scf.for %i = %begin to %end step %step : i64 {{
    %fromX = llvm.getelementptr %first[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {3}
    %fromY = llvm.getelementptr %second[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {3}
    %to = llvm.getelementptr %third[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {3}
    %x = llvm.load %fromX {{alignment = 2 : i64} : !llvm.ptr -> {1}
    %y = llvm.load %fromY {{alignment = 2 : i64} : !llvm.ptr -> {1}
    %r = {0} : {1}
    llvm.store %r, %to {{alignment = 2 : i64} : {1}, !llvm.ptr
  }
  return
}
)mlir";

/// `statement` in %x and %y applied to all elements, in vectors of `lanes`;
/// scalars if that is 0.
template <typename T>
std::vector<T> evaluate(const std::string &statement, std::vector<T> x,
                        std::vector<T> y, StringRef element = "f32",
                        size_t lanes = 16, StringRef target = "native") {
  MLIRContext context;
  std::string type = element.str();
  if (lanes)
    type = llvm::formatv("vector<{0}x{1}>", lanes, element);
  lanes = std::max<size_t>(lanes, 1);
  std::string text = llvm::formatv(kKernel, statement, type, lanes, element);
  LoadedKernels kernels = LoadedKernels::compile(context, text, target);
  KernelFn kernel = kernels.function("kernel");
  size_t size = x.size(), padded = (size + lanes - 1) / lanes * lanes;
  x.resize(padded);
  y.resize(padded);
  std::vector<T> z(padded);
  void *buffers[] = {x.data(), y.data(), z.data()};
  if (kernel)
    kernel(buffers, nullptr, 0, padded, nullptr);
  z.resize(size);
  return z;
}

std::vector<float> evaluate(const std::string &op,
                            const std::vector<float> &x) {
  return evaluate<float>("math." + op + " %x", x, x);
}

bool isSame(float a, float b) {
  return std::isnan(a)
             ? std::isnan(b)
             : llvm::bit_cast<uint32_t>(a) == llvm::bit_cast<uint32_t>(b);
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
        // Below, the result is 0 though there are floats nearer.
        Function{"exp", std::exp, 1, -86.9},
        Function{"exp2", std::exp2, 1, -125.5}, Function{"tanh", std::tanh, 3},
        Function{"erf", std::erf, 3}, Function{"log", std::log, 1},
        Function{"log2", std::log2, 1.5},
        Function{"sin", std::sin, 2, -1e6, 1e6},
        Function{"cos", std::cos, 2, -1e6, 1e6},
        Function{"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1.5}),
    [](const auto &info) { return info.param.op; });

// An ulp more for every 20 below 0.
TEST(ExpandMathBelowZero, ExpIsNearlyAsAccurate) {
  std::vector<float> x;
  for (float value : manyFloats())
    if (value <= 0 && value >= -86.9f)
      x.push_back(value);
  x.push_back(-0.0f);
  std::vector<float> y =
      evaluate<float>("math.exp %x {tile.not_positive}", x, x);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_LE(ulpError(y[i], std::exp(double(x[i]))), 1 - x[i] / 20)
        << "exp of " << x[i];
  EXPECT_EQ(y.back(), 1);
  std::vector<float> special = evaluate<float>(
      "math.exp %x {tile.not_positive}", {-kInf, kNan, -88}, {0, 0, 0});
  EXPECT_EQ(special[0], 0);
  EXPECT_TRUE(std::isnan(special[1]));
  EXPECT_EQ(special[2], 0);
}

// Relative to the result where it is not small.
TEST(ExpandMathErfc, IsAccurate) {
  std::vector<float> limited, all = {0.0f, -0.0f, kInf, -kInf};
  for (float value : manyFloats()) {
    all.push_back(value);
    if (value >= 0 && value <= tile::kErfcLimit)
      limited.push_back(value);
  }
  auto check = [](const std::string &traits, const std::vector<float> &x,
                  double ofResult, double rest) {
    std::vector<float> y = evaluate<float>("math.erfc %x" + traits, x, x);
    for (size_t i = 0; i < x.size(); ++i) {
      double exact = std::erfc(double(x[i]));
      ASSERT_NEAR(y[i], exact, ofResult * exact + rest)
          << "erfc of " << x[i] << traits;
    }
  };
  check("", all, 8e-7, 5e-10);
  check(" {tile.rounded_to_bf16}", all, 2e-4, 3e-8);
  check(" {tile.limited}", limited, 8e-7, 5e-10);
  check(" {tile.limited, tile.rounded_to_bf16}", limited, 2e-4, 3e-8);
  for (const char *traits : {"", " {tile.limited}"})
    EXPECT_TRUE(std::isnan(
        evaluate<float>(std::string("math.erfc %x") + traits, {kNan}, {0})[0]));
}

// A twentieth of a rounding to bf16.
TEST(ExpandMathToBf16, ExponentialsAreAsAccurateAsThat) {
  std::vector<float> x;
  for (float value : manyFloats())
    if (std::abs(value) <= 86.9f)
      x.push_back(value);
  for (auto [op, reference] :
       {std::pair<const char *, double (*)(double)>("exp", std::exp),
        {"exp2", std::exp2}}) {
    for (const char *domain : {"", ", tile.not_positive"}) {
      std::string statement = std::string("math.") + op +
                              " %x {tile.rounded_to_bf16" + domain + "}";
      std::vector<float> y = evaluate<float>(statement, x, x);
      for (size_t i = 0; i < x.size(); ++i) {
        double expected = reference(x[i]);
        if (*domain == 0 || x[i] <= 0) {
          ASSERT_NEAR(y[i], expected, 1.1e-4 * expected)
              << op << " of " << x[i];
        }
      }
      std::vector<float> special =
          evaluate<float>(statement, {-kInf, kNan, 0}, {0, 0, 0});
      EXPECT_EQ(special[0], 0);
      EXPECT_TRUE(std::isnan(special[1]));
      EXPECT_EQ(special[2], 1);
    }
  }
}

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
      {"log", 1, 0},
      {"log", 0.0f, -kInf},
      {"log", -0.0f, -kInf},
      {"log", kInf, kInf},
      {"log", -1, kNan},
      {"log", -kInf, kNan},
      {"log2", 1, 0},
      {"log2", 0.0f, -kInf},
      {"log2", 0x1p-149f, -149},
      {"log2", 0x1p127f, 127},
      {"log2", kInf, kInf},
      {"log2", -kSmallest, kNan},
      {"sin", 0.0f, 0.0f},
      {"sin", -0.0f, -0.0f},
      {"sin", kSmallest, kSmallest},
      {"sin", kInf, kNan},
      {"sin", -kInf, kNan},
      {"cos", 0.0f, 1},
      {"cos", -0.0f, 1},
      {"cos", kSmallest, 1},
      {"cos", kInf, kNan},
      {"rsqrt", 0.0f, kInf},
      {"rsqrt", -0.0f, -kInf},
      {"rsqrt", kInf, 0},
      {"rsqrt", -1, kNan},
      {"rsqrt", 0x1p-148f, 0x1p74f},
      {"rsqrt", 4, 0.5f},
  };
  for (const Special &special : kSpecials) {
    float got = evaluate(special.op, {special.x})[0];
    EXPECT_TRUE(isSame(got, special.expected))
        << special.op << "(" << special.x << "): expected " << special.expected
        << ", got " << got;
  }
}

// Beyond 10^6 a sine means nothing, but it stays one.
TEST(ExpandMathSpecial, SinesOfLargeAnglesStayBetweenMinusOneAndOne) {
  for (const char *op : {"sin", "cos", "tanh", "erf"})
    for (float y : evaluate(op, manyFloats()))
      ASSERT_LE(std::abs(y), 1.0f) << op;
}

TEST(ExpandMathPow, IsAccurate) {
  std::mt19937 random(2);
  std::vector<float> x, y;
  for (float value : manyFloats()) {
    x.push_back(std::abs(value));
    // Results of every size: x^y is between 2^-200 and 2^200.
    double logarithm = std::max(std::abs(std::log2(x.back() + 0x1p-149)), 1e-3);
    y.push_back(std::uniform_real_distribution<>(-200, 200)(random) /
                logarithm);
  }
  std::vector<float> z = evaluate<float>("math.powf %x, %y", x, y);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i)
    worst =
        std::max(worst, ulpError(z[i], std::pow(double(x[i]), double(y[i]))));
  std::printf("powf: %.3f ulp, of %zu points\n", worst, x.size());
  EXPECT_LE(worst, 1);
}

TEST(ExpandMathPow, HasTheSpecialCasesOfC) {
  const float kValues[] = {0.0f,  -0.0f, 1,      -1,        2,
                           -2,    0.5f,  -0.5f,  3,         -3,
                           2.5f,  -2.5f, kInf,   -kInf,     kNan,
                           0.75f, 1e30f, -1e30f, kSmallest, 16777215};
  std::vector<float> x, y;
  for (float base : kValues)
    for (float exponent : kValues) {
      x.push_back(base);
      y.push_back(exponent);
    }
  std::vector<float> z = evaluate<float>("math.powf %x, %y", x, y);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_TRUE(isSame(z[i], std::pow(double(x[i]), double(y[i]))))
        << "pow(" << x[i] << ", " << y[i] << "): got " << z[i];
}

struct MinMax {
  const char *op;
  float (*expected)(float, float);
};

float maximum(float a, float b) {
  return std::isnan(a + b) ? kNan : std::max(a, b);
}
float minimum(float a, float b) {
  return std::isnan(a + b) ? kNan : std::min(a, b);
}

// Two zeros of different sign are equal here: either may be the result.
TEST(ExpandMathMinMax, TreatsNanAsTheOpSays) {
  const float kValues[] = {0, 1, -1, kInf, -kInf, kNan, 1e-40f};
  std::vector<float> x, y;
  for (float a : kValues)
    for (float b : kValues) {
      x.push_back(a);
      y.push_back(b);
    }
  for (MinMax minMax :
       {MinMax{"arith.maximumf", maximum}, MinMax{"arith.minimumf", minimum},
        MinMax{"arith.maxnumf", std::fmax},
        MinMax{"arith.minnumf", std::fmin}}) {
    std::vector<float> z =
        evaluate<float>(std::string(minMax.op) + " %x, %y", x, y);
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isinf(x[i]) && std::isinf(y[i]) && x[i] != y[i])
        continue; // their sum, by which maximum() finds NaN, is NaN
      EXPECT_TRUE(isSame(z[i], minMax.expected(x[i], y[i])))
          << minMax.op << " " << x[i] << ", " << y[i] << ": got " << z[i];
    }
  }
}

// One formula serves every shape: a scalar, a short vector and one of no
// register's length give what 16 lanes give.
TEST(ExpandMathTypes, EveryShapeGivesTheSameBits) {
  std::vector<float> x;
  for (int i = 0; i < 70; ++i)
    x.push_back(0.2f * i - 7);
  for (const char *op : {"exp", "tanh", "erf", "erfc", "log", "sin"}) {
    std::string statement = std::string("math.") + op + " %x";
    std::vector<float> expected = evaluate<float>(statement, x, x);
    for (size_t lanes : {0, 1, 5, 8, 64}) {
      std::vector<float> got = evaluate<float>(statement, x, x, "f32", lanes);
      for (size_t i = 0; i < x.size(); ++i)
        EXPECT_TRUE(isSame(got[i], expected[i]))
            << op << " in " << lanes << " lanes";
    }
  }
}

// bf16 is computed in f32 and rounded once, with and without the instructions
// for it.
TEST(ExpandMathTypes, Bfloat16IsRoundedOnce) {
  std::vector<uint16_t> x;
  for (uint32_t bits = 0x3c00; bits < 0x4280; ++bits)
    x.push_back(bits);
  for (const char *target : {"native", "x86-64-v3"})
    for (size_t lanes : {0, 16}) {
      std::vector<uint16_t> y =
          evaluate<uint16_t>("math.exp %x", x, x, "bf16", lanes, target);
      for (size_t i = 0; i < x.size(); ++i) {
        double exact =
            std::exp(double(llvm::bit_cast<float>(uint32_t(x[i]) << 16)));
        float got = llvm::bit_cast<float>(uint32_t(y[i]) << 16);
        EXPECT_LE(ulpError(got, exact) / 0x1p16, 0.5001)
            << exact << " for " << target;
      }
    }
}

// No target contracts, reorders or approximates.
TEST(ExpandMathTypes, EveryTargetGivesTheSameBits) {
  std::vector<float> x;
  for (size_t i = 0; i < manyFloats().size(); i += 97)
    x.push_back(manyFloats()[i]);
  for (const char *op : {"exp", "exp2", "tanh", "erf", "erfc", "log", "log2",
                         "sin", "cos", "rsqrt"}) {
    std::string statement = std::string("math.") + op + " %x";
    std::vector<float> expected = evaluate<float>(statement, x, x);
    std::vector<float> got =
        evaluate<float>(statement, x, x, "f32", 16, "x86-64-v3");
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_TRUE(isSame(got[i], expected[i])) << op << "(" << x[i] << ")";
  }
}

} // namespace
} // namespace tenon
