// Products of f32 by a unit of bf16 are as exact as multiply-adds in f32, for
// every f32 there is: against sums in f64, by the unit itself where this CPU
// has it, and everywhere by its emulation.

#include "tests/compiler/Compiled.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

using namespace mlir;

namespace tenon {
namespace {

/// Whole turns of 128 elements and a step of 32; rows and columns end within a
/// tile.
constexpr int64_t kRows = 70, kDepth = 160, kColumns = 72;

/// x times y, of rows that are open.
std::string moduleOf(int64_t depth, int64_t columns) {
  std::string k = std::to_string(depth), n = std::to_string(columns);
  std::string x = "tensor<?x" + k + "xf32, #graph.dims<B, " + k + ">>";
  std::string y = "tensor<" + k + "x" + n + "xf32>";
  std::string z = "tensor<?x" + n + "xf32, #graph.dims<B, " + n + ">>";
  return "func.func @main(%x: " + x + ", %y: " + y + ") -> " + z +
         " {\n  %0 = graph.matmul %x, %y : (" + x + ", " + y + ") -> " + z +
         "\n  return %0 : " + z + "\n}";
}

using Draw = std::function<float(std::mt19937 &)>;

struct Matrix {
  int64_t rows, columns;
  std::vector<float> elements;

  Matrix(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), elements(rows * columns) {}
  Matrix(int64_t rows, int64_t columns, const Draw &draw, uint32_t seed)
      : Matrix(rows, columns) {
    std::mt19937 random(seed);
    for (float &element : elements)
      element = draw(random);
  }
  float &at(int64_t row, int64_t column) {
    return elements[row * columns + column];
  }
  float at(int64_t row, int64_t column) const {
    return elements[row * columns + column];
  }
};

/// One element of a product: the exact sum, the sum of magnitudes, and what
/// multiply-adds in f32 make of it.
struct Element {
  double exact = 0, magnitude = 0;
  float plain = 0;
};

Element elementOf(const Matrix &x, const Matrix &y, int64_t row,
                  int64_t column) {
  Element element;
  for (int64_t k = 0; k < x.columns; ++k) {
    double product = double(x.at(row, k)) * double(y.at(k, column));
    element.exact += product;
    element.magnitude += std::abs(product);
    element.plain = std::fmaf(x.at(row, k), y.at(k, column), element.plain);
  }
  return element;
}

/// Errors as multiples of 2^-24 of the sum of magnitudes.
struct Errors {
  double largest = 0, mean = 0, meanOfPlain = 0;
};

class Split : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    context.loadDialect<func::FuncDialect, graph::GraphDialect,
                        tile::TileDialect, exec::ExecDialect>();
    std::string error = compile(kDepth, kColumns);
    if (!GetParam() && error.find("which this CPU lacks") != std::string::npos)
      GTEST_SKIP() << error;
    ASSERT_TRUE(run) << error;
  }

  /// Returns what is wrong, or nothing.
  std::string compile(int64_t depth, int64_t columns) {
    module = parseSourceString<ModuleOp>(moduleOf(depth, columns), &context);
    CompileOptions options;
    options.target = "sapphirerapids";
    options.emulateUnits = GetParam();
    std::string error;
    run = ArtifactRun::compile(*module, options, Stage::Import, &error);
    return error;
  }

  ReferenceTensor tensorOf(const Matrix &matrix) {
    ReferenceTensor tensor(Float32Type::get(&context),
                           {matrix.rows, matrix.columns});
    for (auto [n, element] : llvm::enumerate(matrix.elements))
      tensor.setFloat(n, element);
    return tensor;
  }

  Matrix multiply(const Matrix &x, const Matrix &y) {
    Matrix result(x.rows, y.columns);
    auto results = run->run({tensorOf(x), tensorOf(y)}, {tensorOf(result)});
    EXPECT_TRUE(results);
    if (results)
      for (auto [n, element] : llvm::enumerate(result.elements))
        element = results->front().getFloat(n);
    return result;
  }

  Errors errorsOf(const Matrix &x, const Matrix &y) {
    Matrix got = multiply(x, y);
    Errors errors;
    for (int64_t row = 0; row < x.rows; ++row)
      for (int64_t column = 0; column < y.columns; ++column) {
        Element element = elementOf(x, y, row, column);
        if (element.magnitude == 0) {
          EXPECT_EQ(got.at(row, column), 0);
          continue;
        }
        double unit = std::ldexp(element.magnitude, -24);
        double error = std::abs(got.at(row, column) - element.exact) / unit;
        errors.largest = std::max(errors.largest, error);
        errors.mean += error;
        errors.meanOfPlain += std::abs(element.plain - element.exact) / unit;
      }
    double count = x.rows * y.columns;
    errors.mean /= count;
    errors.meanOfPlain /= count;
    return errors;
  }

  /// A row or column with the number, among others, is what f32 makes of it;
  /// what is far from it is untouched.
  void expectAsPlain(const Matrix &x, const Matrix &y) {
    Matrix got = multiply(x, y);
    for (int64_t row = 0; row < x.rows; ++row)
      for (int64_t column = 0; column < y.columns; ++column) {
        Element element = elementOf(x, y, row, column);
        float value = got.at(row, column);
        if (!std::isfinite(element.plain)) {
          EXPECT_EQ(std::isnan(value), std::isnan(element.plain));
          if (std::isinf(element.plain)) {
            EXPECT_EQ(value, element.plain);
          }
          continue;
        }
        double limit = std::ldexp(element.magnitude, -20) +
                       kDepth * std::numeric_limits<float>::denorm_min();
        ASSERT_LE(std::abs(value - element.exact), limit)
            << "row " << row << ", column " << column << ": expected "
            << element.exact << ", got " << value;
      }
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::optional<ArtifactRun> run;
};

float normal(std::mt19937 &random) {
  return std::normal_distribution<float>()(random);
}

/// Magnitudes from 2^-`octaves` to 2^`octaves`.
Draw wide(int octaves) {
  return [octaves](std::mt19937 &random) {
    std::uniform_int_distribution<int> exponent(-octaves, octaves);
    return std::ldexp(normal(random), exponent(random));
  };
}

/// All bits set: the parts are as large as they get, and of one sign.
float fullMantissa(std::mt19937 &) { return 2 - std::ldexp(1.0f, -23); }

float positive(std::mt19937 &random) { return std::abs(normal(random)); }

TEST_P(Split, IsAsExactAsPlainF32) {
  const std::pair<const char *, Draw> kDraws[] = {
      {"normal", normal},
      {"positive", positive},
      {"full mantissa", fullMantissa},
      {"wide", wide(20)}};
  for (auto &[name, draw] : kDraws) {
    SCOPED_TRACE(name);
    Errors errors = errorsOf(Matrix(kRows, kDepth, draw, 1),
                             Matrix(kDepth, kColumns, draw, 2));
    // Of few large terms the three products that are left out show.
    EXPECT_LE(errors.mean, 1.1 * errors.meanOfPlain);
    // Each of 5 steps and 6 terms rounds the sum once, and those of a step.
    EXPECT_LE(errors.largest, 16);
  }
}

TEST_P(Split, AnyNumberOfStepsRowsAndColumns) {
  // Turns of 1 step, then up to 4, then 4; one block and several. Up to 48 rows
  // are multiplied in vectors: at once, or in chunks of 64.
  for (int64_t depth : {32, 64, 96, 160, 288})
    for (int64_t columns : {72, 300}) {
      std::string error = compile(depth, columns);
      ASSERT_TRUE(run) << error;
      for (int64_t rows : {1, 6, 7, 13, 48, 49, 96, 300}) {
        SCOPED_TRACE(testing::Message()
                     << rows << " x " << columns << " x " << depth);
        Errors errors = errorsOf(Matrix(rows, depth, normal, 11),
                                 Matrix(depth, columns, normal, 12));
        EXPECT_LE(errors.largest, 16);
      }
    }
}

TEST_P(Split, SumsThatCancelKeepTheirLastBits) {
  Matrix x(kRows, kDepth, normal, 3), y(kDepth, kColumns, normal, 4);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t k = 0; k < kDepth; k += 2)
      x.at(row, k + 1) = -x.at(row, k) * (1 + std::ldexp(1.0f, -22));
  for (int64_t column = 0; column < kColumns; ++column)
    for (int64_t k = 0; k < kDepth; k += 2)
      y.at(k + 1, column) = y.at(k, column);
  Errors errors = errorsOf(x, y);
  EXPECT_LE(errors.mean, errors.meanOfPlain + 0.5);
  EXPECT_LE(errors.largest, 16);
}

TEST_P(Split, WhatHasNoPartsIsAsInF32) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float kNumbers[] = {kInfinity,
                            -kInfinity,
                            std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::denorm_min(),
                            std::ldexp(1.1f, -127),
                            std::ldexp(-1.7f, -110)};
  for (float number : kNumbers) {
    SCOPED_TRACE(number);
    Matrix x(kRows, kDepth, normal, 5), y(kDepth, kColumns, normal, 6);
    x.at(3, 17) = number;
    x.at(69, 159) = number;
    y.at(0, 5) = 0; // zero times infinity
    expectAsPlain(x, y);
    Matrix z(kRows, kDepth, normal, 5), w(kDepth, kColumns, normal, 6);
    w.at(17, 3) = number;
    w.at(159, 71) = number;
    expectAsPlain(z, w);
  }
}

TEST_P(Split, NumbersWhoseLowPartsWouldBeLost) {
  // Both sides alone are large enough in the third, but not their products.
  const std::pair<int, int> kExponents[] = {
      {-120, 0}, {0, -120}, {-55, -55}, {-140, 100}, {-20, -80}};
  for (auto [left, right] : kExponents) {
    SCOPED_TRACE(testing::Message() << left << ", " << right);
    auto scaled = [](int exponent) {
      return [exponent](std::mt19937 &random) {
        return std::ldexp(normal(random), exponent);
      };
    };
    expectAsPlain(Matrix(kRows, kDepth, scaled(left), 7),
                  Matrix(kDepth, kColumns, scaled(right), 8));
  }
}

TEST_P(Split, ZerosAreNoSmallNumbers) {
  Matrix x(kRows, kDepth, normal, 9), y(kDepth, kColumns, normal, 10);
  for (int64_t k = 0; k < kDepth; ++k)
    x.at(0, k) = k % 2 ? 0.0f : -0.0f;
  Errors errors = errorsOf(x, y);
  EXPECT_LE(errors.largest, 16);
}

INSTANTIATE_TEST_SUITE_P(Products, Split, testing::Bool(),
                         [](const auto &info) {
                           return info.param ? "Emulated" : "Executed";
                         });

} // namespace
} // namespace tenon
