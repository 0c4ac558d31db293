// Attention of f32 by a unit of bf16 against its formula in f64: for numbers
// that have parts and for those that have none, by the unit itself where this
// CPU has it, and everywhere by its emulation.

#include "tests/compiler/Compiled.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace tenon {
namespace {

/// A block of queries, one of keys and what is left of one, one step of a head.
constexpr int64_t kQueries = 200, kKeys = 135, kWidth = 32;

constexpr const char *kModule = R"(
  func.func @main(%q: tensor<1x1x200x32xf32>, %k: tensor<1x1x135x32xf32>, %v: tensor<1x1x135x32xf32>) -> tensor<1x1x200x32xf32> {
    %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<1x1x200x32xf32>, tensor<1x1x135x32xf32>, tensor<1x1x135x32xf32>) -> tensor<1x1x200x32xf32>
    return %0 : tensor<1x1x200x32xf32>
  })";

/// Rows of the width of the head.
struct Rows {
  std::vector<float> elements;

  Rows(int64_t count, float factor, uint32_t seed) : elements(count * kWidth) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float &element : elements)
      element = factor * normal(random);
  }
  float &at(int64_t row, int64_t column) {
    return elements[row * kWidth + column];
  }
  float at(int64_t row, int64_t column) const {
    return elements[row * kWidth + column];
  }
};

/// One row of the result, and by how much f32 may miss it.
struct Expected {
  std::vector<double> row = std::vector<double>(kWidth);
  double tolerance = 0;
};

Expected expectedOf(const Rows &q, const Rows &k, const Rows &v,
                    int64_t query) {
  std::vector<double> scores(kKeys);
  double top = -std::numeric_limits<double>::infinity(), size = 0;
  for (int64_t key = 0; key < kKeys; ++key) {
    double magnitude = 0;
    for (int64_t d = 0; d < kWidth; ++d) {
      double product = double(q.at(query, d)) * double(k.at(key, d));
      scores[key] += product;
      magnitude += std::abs(product);
    }
    top = std::max(top, scores[key]);
    size = std::max(size, magnitude);
  }
  Expected expected;
  double sum = 0, largest = 0;
  for (int64_t key = 0; key < kKeys; ++key) {
    double weight = std::exp(scores[key] - top);
    sum += weight;
    for (int64_t d = 0; d < kWidth; ++d) {
      expected.row[d] += weight * double(v.at(key, d));
      largest = std::max(largest, std::abs(double(v.at(key, d))));
    }
  }
  for (double &element : expected.row)
    element /= sum;
  // An error of a score is one of its exponential.
  expected.tolerance = std::ldexp((16 + size) * largest, -22);
  return expected;
}

class SplitAttention : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    context.loadDialect<func::FuncDialect, graph::GraphDialect,
                        tile::TileDialect, exec::ExecDialect>();
    module = parseSourceString<ModuleOp>(kModule, &context);
    CompileOptions options;
    options.target = "sapphirerapids";
    options.emulateUnits = GetParam();
    std::string error;
    run = ArtifactRun::compile(*module, options, Stage::Import, &error);
    if (!GetParam() && error.find("which this CPU lacks") != std::string::npos)
      GTEST_SKIP() << error;
    ASSERT_TRUE(run) << error;
  }

  ReferenceTensor tensorOf(const Rows &rows) {
    auto count = static_cast<int64_t>(rows.elements.size()) / kWidth;
    ReferenceTensor tensor(Float32Type::get(&context), {1, 1, count, kWidth});
    for (auto [n, element] : llvm::enumerate(rows.elements))
      tensor.setFloat(n, element);
    return tensor;
  }

  void expectFormula(const Rows &q, const Rows &k, const Rows &v) {
    auto results =
        run->run({tensorOf(q), tensorOf(k), tensorOf(v)}, {tensorOf(q)});
    ASSERT_TRUE(results);
    for (int64_t query = 0; query < kQueries; ++query) {
      Expected expected = expectedOf(q, k, v, query);
      for (int64_t d = 0; d < kWidth; ++d) {
        double got = results->front().getFloat(query * kWidth + d);
        if (std::isfinite(expected.row[d])) {
          ASSERT_NEAR(got, expected.row[d], expected.tolerance)
              << "query " << query << ", column " << d;
        } else {
          ASSERT_TRUE(std::isnan(got)) << "query " << query << ", column " << d;
        }
      }
    }
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::optional<ArtifactRun> run;
};

TEST_P(SplitAttention, IsWhatItsFormulaSays) {
  for (float factor : {0.1f, 1.0f}) {
    SCOPED_TRACE(factor);
    expectFormula(Rows(kQueries, factor, 1), Rows(kKeys, factor, 2),
                  Rows(kKeys, 1, 3));
  }
}

// Most weights are so small that their low parts would be lost.
TEST_P(SplitAttention, OfScoresFarApart) {
  expectFormula(Rows(kQueries, 4, 4), Rows(kKeys, 4, 5), Rows(kKeys, 1, 6));
}

TEST_P(SplitAttention, OfValuesWhoseLowPartsWouldBeLost) {
  expectFormula(Rows(kQueries, 1, 7), Rows(kKeys, 1, 8),
                Rows(kKeys, std::ldexp(1.0f, -112), 9));
}

TEST_P(SplitAttention, OfWhatHasNoParts) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float number : {kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    SCOPED_TRACE(number);
    Rows q(kQueries, 1, 10), k(kKeys, 1, 11), v(kKeys, 1, 12);
    q.at(199, 31) = number;
    expectFormula(q, k, v);
    Rows query(kQueries, 1, 10), value(kKeys, 1, 12);
    value.at(134, 3) = number;
    value.at(0, 4) = number;
    auto results = run->run({tensorOf(query), tensorOf(k), tensorOf(value)},
                            {tensorOf(query)});
    ASSERT_TRUE(results);
    for (int64_t d : {2, 3, 4, 5}) {
      double got = results->front().getFloat(d);
      EXPECT_EQ(std::isfinite(got), d == 2 || d == 5);
      EXPECT_EQ(std::isinf(got), std::isinf(number) && (d == 3 || d == 4));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Units, SplitAttention, testing::Bool(),
                         [](const auto &info) {
                           return info.param ? "Emulated" : "Executed";
                         });

} // namespace
} // namespace tenon
