// One artifact for all sizes runs another kernel where rows are few, and
// computes on both sides of each bound what the interpreter says.

#include "runtime/Program/Tape.h"
#include "tests/compiler/Compiled.h"

using namespace mlir;

namespace tenon {
namespace {

/// As many rows as queries, and keys apart from them; both may be none.
constexpr const char *kModule = R"(
  func.func @main(%x: tensor<?x64xf32, #graph.dims<L, 64>>, %q: tensor<2x3x?x32xf32, #graph.dims<2, 3, L, 32>>,
                  %k: tensor<2x3x?x32xf32, #graph.dims<2, 3, S, 32>>)
      -> (tensor<?x96xf32, #graph.dims<L, 96>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, L, 32>>)
      attributes {graph.symbols = [#graph.symbol<"L" in 0 to -1 by 1>, #graph.symbol<"S" in 0 to -1 by 1>]} {
    %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 24576> : tensor<64x96xf32>
    %0 = graph.matmul %x, %w : (tensor<?x64xf32, #graph.dims<L, 64>>, tensor<64x96xf32>) -> tensor<?x96xf32, #graph.dims<L, 96>>
    %1 = graph.attention %q, %k, %k {nan_to_zero, scale = 0.125 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<2x3x?x32xf32, #graph.dims<2, 3, L, 32>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, S, 32>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, S, 32>>) -> tensor<2x3x?x32xf32, #graph.dims<2, 3, L, 32>>
    return %0, %1 : tensor<?x96xf32, #graph.dims<L, 96>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, L, 32>>
  })";

/// A target, and up to how many rows its variants run.
struct Bounds {
  const char *target;
  bool useBf16;
  std::vector<int64_t> ofProduct, ofAttention;
};

/// On both sides of each of them.
constexpr int64_t kRows[] = {0,  1,  3,   4,   8,   9,   16, 17,
                             64, 65, 128, 129, 192, 193, 300};

class Variants : public testing::TestWithParam<Bounds> {
protected:
  const Bounds &bounds = GetParam();

  CompileOptions options() const {
    CompileOptions options;
    options.target = bounds.target;
    options.useBf16 = bounds.useBf16;
    options.emulateUnits = true; // every CPU that has the vectors runs them
    return options;
  }
};

/// The kernels that run for these sizes.
std::vector<std::string> kernelsFor(const abi::Plan &plan, const Sizes &sizes) {
  rt::Binding binding;
  for (const abi::Symbol &symbol : plan.symbols)
    binding.symbols.push_back(sizes.lookup(symbol.name));
  auto tape = rt::recordTape(plan, binding);
  std::vector<std::string> names;
  EXPECT_TRUE(tape);
  for (const rt::TapeStep &step : tape->steps)
    if (const auto *launch = std::get_if<rt::TapeLaunch>(&step))
      names.push_back(plan.kernels[launch->kernel].name);
  return names;
}

/// The kernel that runs for so many rows, which has these variants.
std::string nameFor(const std::string &kernel, ArrayRef<int64_t> bounds,
                    int64_t rows) {
  const int64_t *bound =
      llvm::find_if(bounds, [&](int64_t most) { return rows <= most; });
  return bound == bounds.end() ? kernel
                               : kernel + "_at_most_" + std::to_string(*bound);
}

TEST_P(Variants, RunForFewRows) {
  Compiled compiled(kModule, options());
  if (compiled.loadError().find("which this CPU lacks") != std::string::npos)
    GTEST_SKIP() << compiled.loadError();
  ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
  for (int64_t rows : kRows) {
    SCOPED_TRACE(rows);
    std::vector<std::string> names =
        kernelsFor(compiled.plan(), {{"L", rows}, {"S", 40}});
    llvm::erase_if(names, [](StringRef name) {
      return !name.starts_with("attention") && !name.starts_with("matmul");
    });
    EXPECT_EQ(names,
              std::vector({nameFor("matmul", bounds.ofProduct, rows),
                           nameFor("attention", bounds.ofAttention, rows)}));
  }
}

TEST_P(Variants, ComputeTheSame) {
  Compiled compiled(kModule, options());
  if (compiled.loadError().find("which this CPU lacks") != std::string::npos)
    GTEST_SKIP() << compiled.loadError();
  ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
  // The interpreter rounds to bf16 between the ops of a kernel too.
  double tolerance = bounds.useBf16 ? std::ldexp(1.0, -6) : 2e-5;
  for (int64_t keys : {0, 1, 40, 130})
    for (int64_t rows : kRows) {
      SCOPED_TRACE(testing::Message() << rows << " rows, " << keys << " keys");
      compiled.expectSame({{"L", rows}, {"S", keys}}, tolerance);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Targets, Variants,
    testing::Values(Bounds{"x86-64-v3", false, {}, {8}},
                    Bounds{"znver4", false, {}, {16}},
                    Bounds{"znver4", true, {}, {16}},
                    Bounds{"sapphirerapids", false, {}, {16, 192}},
                    Bounds{"sapphirerapids", true, {3}, {64}}),
    [](const auto &info) {
      std::string name = info.param.target;
      std::replace(name.begin(), name.end(), '-', '_');
      return name + (info.param.useBf16 ? "_bf16" : "_f32");
    });

} // namespace
} // namespace tenon
