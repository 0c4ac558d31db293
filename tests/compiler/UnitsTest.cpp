// Products of bf16 by each unit compute what the interpreter says: by the unit
// itself where this CPU has it, and everywhere by its emulation.

#include "tests/compiler/Compiled.h"

using namespace mlir;

namespace tenon {
namespace {

/// Ragged rows and columns; the left side of one product is an input, that of
/// the other is computed; sums go through a bias and a gelu.
constexpr const char *kModule = R"(
  func.func @main(%x: tensor<?x64xf32, #graph.dims<B, 64>>, %y: tensor<?x96xf32, #graph.dims<B, 96>>)
      -> (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>) {
    %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 24576> : tensor<64x96xf32>
    %v = graph.weight <"WEIGHTS" name "v" at 24576 bytes 9216> : tensor<96x24xf32>
    %b = graph.weight <"WEIGHTS" name "b" at 40000 bytes 384> : tensor<96xf32>
    %0 = graph.matmul %x, %w : (tensor<?x64xf32, #graph.dims<B, 64>>, tensor<64x96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %1 = graph.add %0, %b : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96xf32>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %3 = graph.tanh %y : (tensor<?x96xf32, #graph.dims<B, 96>>) -> tensor<?x96xf32, #graph.dims<B, 96>>
    %4 = graph.matmul %3, %v : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x24xf32>) -> tensor<?x24xf32, #graph.dims<B, 24>>
    return %2, %4 : tensor<?x96xf32, #graph.dims<B, 96>>, tensor<?x24xf32, #graph.dims<B, 24>>
  })";

void expectSameForRows(Compiled &compiled) {
  ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
  for (int64_t rows : {1, 16, 31, 32, 70}) {
    SCOPED_TRACE(rows);
    // The interpreter rounds to bf16 between the ops of a kernel too, thrice.
    compiled.expectSame({{"B", rows}}, /*tolerance=*/std::ldexp(1.0, -6));
  }
}

class Units : public testing::TestWithParam<const char *> {};

TEST_P(Units, Emulated) {
  CompileOptions options;
  options.target = GetParam();
  options.useBf16 = options.emulateUnits = true;
  Compiled compiled(kModule, options);
  expectSameForRows(compiled);
}

TEST_P(Units, Executed) {
  CompileOptions options;
  options.target = GetParam();
  options.useBf16 = true;
  Compiled compiled(kModule, options);
  if (compiled.loadError().find("which this CPU lacks") != std::string::npos)
    GTEST_SKIP() << compiled.loadError();
  expectSameForRows(compiled);
}

// znver4 has the unit for pairs, sapphirerapids AMX, x86-64-v3 none.
INSTANTIATE_TEST_SUITE_P(Targets, Units,
                         testing::Values("x86-64-v3", "znver4",
                                         "sapphirerapids"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// The text of what the kernels became for a target.
TEST(UnitsInCode, SchedulesNameTheFastestUnit) {
  MLIRContext context;
  context
      .loadDialect<func::FuncDialect, graph::GraphDialect, tile::TileDialect>();
  for (auto [target, unit] : {std::pair{"x86-64-v4", ""},
                              {"znver4", "avx512bf16"},
                              {"sapphirerapids", "amx-bf16"}}) {
    auto module = parseSourceString<ModuleOp>(kModule, &context);
    CompileOptions options;
    options.target = target;
    options.useBf16 = true;
    ASSERT_TRUE(
        succeeded(runStages(*module, options, Stage::Import, Stage::Schedule)));
    size_t numProducts = 0;
    module->walk([&](tile::KernelOp kernel) {
      bool multiplies = false;
      kernel.walk([&](tile::MmaOp) { multiplies = true; });
      if (!multiplies)
        return;
      ++numProducts;
      auto named = kernel.getScheduleAttr().getAs<StringAttr>("unit");
      EXPECT_EQ(named ? named.getValue() : "", unit) << target;
    });
    EXPECT_EQ(numProducts, 2u);
  }
}

} // namespace
} // namespace tenon
