// Compiled models compute what the interpreter says that they mean.

#include "tests/compiler/Compiled.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace tenon {
namespace {

void expectSameForRows(std::string text) {
  Compiled compiled(std::move(text));
  ASSERT_TRUE(compiled.isLoaded());
  for (int64_t rows : {1, 7, 17, 33}) {
    SCOPED_TRACE(rows);
    compiled.expectSame({{"B", rows}});
  }
}

TEST(Compile, Elementwise) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x40xf32, #graph.dims<B, 40>> {graph.name = "x"},
                    %y: tensor<40xf32> {graph.name = "y"})
        -> (tensor<?x40xf32, #graph.dims<B, 40>> {graph.name = "z"}) {
      %0 = graph.mul %x, %y : (tensor<?x40xf32, #graph.dims<B, 40>>, tensor<40xf32>) -> tensor<?x40xf32, #graph.dims<B, 40>>
      %1 = graph.tanh %0 : (tensor<?x40xf32, #graph.dims<B, 40>>) -> tensor<?x40xf32, #graph.dims<B, 40>>
      return %1 : tensor<?x40xf32, #graph.dims<B, 40>>
    })");
}

TEST(Compile, MatmulWithWeights) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x40xf32, #graph.dims<B, 40>>) -> tensor<?x100xf32, #graph.dims<B, 100>> {
      %w = graph.weight <"WEIGHTS" name "w" at 64 bytes 16000> : tensor<40x100xf32>
      %b = graph.weight <"WEIGHTS" name "b" at 20000 bytes 400> : tensor<100xf32>
      %0 = graph.matmul %x, %w : (tensor<?x40xf32, #graph.dims<B, 40>>, tensor<40x100xf32>) -> tensor<?x100xf32, #graph.dims<B, 100>>
      %1 = graph.add %0, %b : (tensor<?x100xf32, #graph.dims<B, 100>>, tensor<100xf32>) -> tensor<?x100xf32, #graph.dims<B, 100>>
      %2 = graph.gelu %1 {form = #graph<gelu_form erf>} : (tensor<?x100xf32, #graph.dims<B, 100>>) -> tensor<?x100xf32, #graph.dims<B, 100>>
      return %2 : tensor<?x100xf32, #graph.dims<B, 100>>
    })");
}

// Three matmuls of one value, so their weights are put side by side; and a
// weight that lies in the file as NxK.
TEST(Compile, ConcatenatedAndTransposedWeights) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x40xf32, #graph.dims<B, 40>>) -> (tensor<?x16xf32, #graph.dims<B, 16>>, tensor<?x24xf32, #graph.dims<B, 24>>) {
      %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 2560> : tensor<40x16xf32>
      %v = graph.weight <"WEIGHTS" name "v" at 4096 bytes 3840> : tensor<24x40xf32>
      %t = graph.transpose %v {permutation = array<i64: 1, 0>} : (tensor<24x40xf32>) -> tensor<40x24xf32>
      %0 = graph.matmul %x, %w : (tensor<?x40xf32, #graph.dims<B, 40>>, tensor<40x16xf32>) -> tensor<?x16xf32, #graph.dims<B, 16>>
      %1 = graph.matmul %x, %t : (tensor<?x40xf32, #graph.dims<B, 40>>, tensor<40x24xf32>) -> tensor<?x24xf32, #graph.dims<B, 24>>
      return %0, %1 : tensor<?x16xf32, #graph.dims<B, 16>>, tensor<?x24xf32, #graph.dims<B, 24>>
    })");
}

TEST(Compile, LayerNorm) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x40xf32, #graph.dims<B, 40>>, %scale: tensor<40xf32>, %bias: tensor<40xf32>) -> tensor<?x40xf32, #graph.dims<B, 40>> {
      %0 = graph.layer_norm %x, %scale, %bias {epsilon = 1.0e-05 : f64} : (tensor<?x40xf32, #graph.dims<B, 40>>, tensor<40xf32>, tensor<40xf32>) -> tensor<?x40xf32, #graph.dims<B, 40>>
      return %0 : tensor<?x40xf32, #graph.dims<B, 40>>
    })");
}

TEST(Compile, SoftmaxOverAStaticDim) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x40xf32, #graph.dims<B, 40>>) -> tensor<?x40xf32, #graph.dims<B, 40>> {
      %0 = graph.softmax %x {axis = 1 : i64} : (tensor<?x40xf32, #graph.dims<B, 40>>) -> tensor<?x40xf32, #graph.dims<B, 40>>
      return %0 : tensor<?x40xf32, #graph.dims<B, 40>>
    })");
}

TEST(Compile, Attention) {
  expectSameForRows(R"(
    func.func @main(%q: tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>, %k: tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>, %v: tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>) -> tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>> {
      %0 = graph.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.125 : f64} : (tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>, tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>) -> tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>
      return %0 : tensor<2x3x?x32xf32, #graph.dims<2, 3, B, 32>>
    })");
}

// Everything about attention at once: four query heads read two kv heads, keys
// that are not a whole block, a causal mask, a mask and a bias that repeat.
TEST(Compile, AttentionWithMasks) {
  Compiled compiled(R"(
    func.func @main(%q: tensor<2x4x?x16xf32, #graph.dims<2, 4, L, 16>>, %k: tensor<2x2x?x16xf32, #graph.dims<2, 2, S, 16>>, %v: tensor<2x2x?x16xf32, #graph.dims<2, 2, S, 16>>, %m: tensor<2x1x1x?xi1, #graph.dims<2, 1, 1, S>>, %b: tensor<4x?x?xf32, #graph.dims<4, L, S>>) -> tensor<2x4x?x16xf32, #graph.dims<2, 4, L, 16>> {
      %0 = graph.attention %q, %k, %v, %m, %b {causal, nan_to_zero, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 0.25 : f64} : (tensor<2x4x?x16xf32, #graph.dims<2, 4, L, 16>>, tensor<2x2x?x16xf32, #graph.dims<2, 2, S, 16>>, tensor<2x2x?x16xf32, #graph.dims<2, 2, S, 16>>, tensor<2x1x1x?xi1, #graph.dims<2, 1, 1, S>>, tensor<4x?x?xf32, #graph.dims<4, L, S>>) -> tensor<2x4x?x16xf32, #graph.dims<2, 4, L, 16>>
      return %0 : tensor<2x4x?x16xf32, #graph.dims<2, 4, L, 16>>
    })");
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [queries, keys] : {std::pair<int64_t, int64_t>{1, 1},
                               {1, 70},
                               {5, 33},
                               {65, 65},
                               {70, 131}}) {
    SCOPED_TRACE(std::to_string(queries) + " of " + std::to_string(keys));
    compiled.expectSame({{"L", queries}, {"S", keys}});
  }
}

// A kernel of one instance has a grid without axes.
TEST(Compile, ReductionsToRowsAndToOneNumber) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x20xf32, #graph.dims<B, 20>>) -> (tensor<20xf32>, tensor<f32>, tensor<?xf32, #graph.dims<B>>) {
      %0 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind max>} : (tensor<?x20xf32, #graph.dims<B, 20>>) -> tensor<20xf32>
      %1 = graph.reduce %x {axes = array<i64: 0, 1>, keep_dims = false, kind = #graph<reduce_kind mean>} : (tensor<?x20xf32, #graph.dims<B, 20>>) -> tensor<f32>
      %2 = graph.reduce %x {axes = array<i64: 1>, keep_dims = false, kind = #graph<reduce_kind sum_square>} : (tensor<?x20xf32, #graph.dims<B, 20>>) -> tensor<?xf32, #graph.dims<B>>
      return %0, %1, %2 : tensor<20xf32>, tensor<f32>, tensor<?xf32, #graph.dims<B>>
    })");
}

TEST(Compile, NoRows) {
  Compiled compiled(R"(
    func.func @main(%x: tensor<?x8xf32, #graph.dims<B, 8>>, %w: tensor<8x5xf32>) -> (tensor<?x5xf32, #graph.dims<B, 5>>, tensor<8xf32>) attributes {graph.symbols = [#graph.symbol<"B" in 0 to -1 by 1>]} {
      %0 = graph.matmul %x, %w : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x5xf32>) -> tensor<?x5xf32, #graph.dims<B, 5>>
      %1 = graph.reduce %x {axes = array<i64: 0>, keep_dims = false, kind = #graph<reduce_kind sum>} : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<8xf32>
      return %0, %1 : tensor<?x5xf32, #graph.dims<B, 5>>, tensor<8xf32>
    })");
  ASSERT_TRUE(compiled.isLoaded());
  compiled.expectSame({{"B", 0}});
}

// No launch writes an output that is an input, or the same value twice.
TEST(Compile, OutputsWithoutALaunchAreCopied) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x8xf32, #graph.dims<B, 8>>) -> (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>, tensor<3xi64>) {
      %0 = graph.neg %x : (tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>>
      %c = graph.constant dense<[1, -2, 3]> : tensor<3xi64>
      return %x, %0, %0, %c : tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>, tensor<?x8xf32, #graph.dims<B, 8>>, tensor<3xi64>
    })");
}

// Two matmuls read one weight, packed once.
TEST(Compile, AWeightIsInTheFileOnce) {
  Compiled compiled(R"(
    func.func @main(%x: tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>> {
      %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 256> : tensor<8x8xf32>
      %v = graph.weight <"WEIGHTS" name "w" at 0 bytes 256> : tensor<8x8xf32>
      %0 = graph.matmul %x, %w : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
      %1 = graph.matmul %0, %v : (tensor<?x8xf32, #graph.dims<B, 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #graph.dims<B, 8>>
      return %1 : tensor<?x8xf32, #graph.dims<B, 8>>
    })");
  ASSERT_TRUE(compiled.isLoaded());
  ASSERT_EQ(compiled.plan().weights.size(), 1u);
  EXPECT_EQ(compiled.plan().weights[0].name, "w");
  EXPECT_EQ(compiled.plan().kernels.size(), 1u);
  EXPECT_EQ(compiled.plan().kernels[0].source, "matmul");
  EXPECT_EQ(compiled.plan().inputs[0].name, "input0");
  compiled.expectSame({{"B", 3}});
}

// Two layers of other weights are one function; what is executed after each
// pass is the same, panels of weights that come as arguments included.
TEST(Compile, RepeatedLayersAreOneFunction) {
  CompileOptions options;
  options.verifyEachExec = true;
  Compiled compiled(R"(
    func.func @main(%x: tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>> {
      %w = graph.weight <"WEIGHTS" name "w" at 0 bytes 9216> : tensor<48x48xf32>
      %0 = graph.matmul %x, %w : (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<48x48xf32>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      %1 = graph.tanh %0 : (tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      %2 = graph.add %1, %x : (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      %v = graph.weight <"WEIGHTS" name "v" at 9216 bytes 9216> : tensor<48x48xf32>
      %3 = graph.matmul %2, %v : (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<48x48xf32>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      %4 = graph.tanh %3 : (tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      %5 = graph.add %4, %2 : (tensor<?x48xf32, #graph.dims<B, 48>>, tensor<?x48xf32, #graph.dims<B, 48>>) -> tensor<?x48xf32, #graph.dims<B, 48>>
      return %5 : tensor<?x48xf32, #graph.dims<B, 48>>
    })",
                    options);
  ASSERT_TRUE(compiled.isLoaded());
  const abi::Plan &plan = compiled.plan();
  ASSERT_EQ(plan.functions.size(), 2u);
  EXPECT_EQ(plan.functions[1].name, "layer");
  EXPECT_EQ(plan.functions[1].steps.size(), 1u);
  EXPECT_EQ(plan.functions[1].numParameters, 3u);
  ASSERT_EQ(plan.functions[0].steps.size(), 2u);
  for (const abi::Step &step : plan.functions[0].steps)
    EXPECT_EQ(std::get<abi::Call>(step).function, 1u);
  ASSERT_EQ(plan.weights.size(), 2u);
  for (const abi::WeightSection &weight : plan.weights)
    EXPECT_NE(weight.layout, "row-major");
  for (int64_t rows : {1, 7, 33})
    compiled.expectSame({{"B", rows}});
}

TEST(Compile, ASymbolWithoutAValueIsAnError) {
  MLIRContext context;
  context.loadDialect<func::FuncDialect, graph::GraphDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    func.func @main(%x: tensor<?x8xf32, #graph.dims<2*B, 8>>) -> tensor<?x8xf32, #graph.dims<2*B, 8>> {
      return %x : tensor<?x8xf32, #graph.dims<2*B, 8>>
    })",
                                                             &context);
  ASSERT_TRUE(module);
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    error += diagnostic.str();
    return success();
  });
  Folder folder;
  std::string artifact = folder.file("model.tenon");
  EXPECT_TRUE(failed(compileToArtifact(*module, {}, artifact)));
  EXPECT_EQ(error, "symbol B gets no value: expected an input with this dim by "
                   "itself");
  EXPECT_FALSE(std::filesystem::exists(artifact));
}

TEST(Compile, AModelCanDoWithoutKernels) {
  expectSameForRows(R"(
    func.func @main(%x: tensor<?x8xf32, #graph.dims<B, 8>>) -> tensor<?x8xf32, #graph.dims<B, 8>> {
      return %x : tensor<?x8xf32, #graph.dims<B, 8>>
    })");
}

// Each kernel's limit is that of what it multiplies.
TEST(Compile, KernelsSayWhatTheyMultiply) {
  const std::pair<std::string, abi::DType> kinds[] = {
      {"f32", abi::DType::F32}, {"bf16", abi::DType::BF16}};
  constexpr const char *kMatmul = R"(
    func.func @main(%x: tensor<?x40x{0}, #graph.dims<B, 40>>, %w: tensor<40x40x{0}>) -> tensor<?x40x{0}, #graph.dims<B, 40>> {{
      %0 = graph.matmul %x, %w : (tensor<?x40x{0}, #graph.dims<B, 40>>, tensor<40x40x{0}>) -> tensor<?x40x{0}, #graph.dims<B, 40>>
      return %0 : tensor<?x40x{0}, #graph.dims<B, 40>>
    })";
  for (const auto &[element, expected] : kinds) {
    Compiled compiled(llvm::formatv(kMatmul, element).str());
    ASSERT_TRUE(compiled.isLoaded()) << compiled.loadError();
    ASSERT_FALSE(compiled.plan().kernels.empty());
    for (const abi::Kernel &kernel : compiled.plan().kernels)
      EXPECT_EQ(kernel.multiplies, expected) << kernel.name;
  }
  Compiled bytes(R"(
    func.func @main(%x: tensor<?x40xui8, #graph.dims<B, 40>>, %w: tensor<40x40xi8>) -> tensor<?x40xi32, #graph.dims<B, 40>> {
      %0 = graph.cast %x {to = i32} : (tensor<?x40xui8, #graph.dims<B, 40>>) -> tensor<?x40xi32, #graph.dims<B, 40>>
      %1 = graph.cast %w {to = i32} : (tensor<40x40xi8>) -> tensor<40x40xi32>
      %2 = graph.matmul %0, %1 : (tensor<?x40xi32, #graph.dims<B, 40>>, tensor<40x40xi32>) -> tensor<?x40xi32, #graph.dims<B, 40>>
      return %2 : tensor<?x40xi32, #graph.dims<B, 40>>
    })");
  ASSERT_TRUE(bytes.isLoaded()) << bytes.loadError();
  EXPECT_TRUE(llvm::any_of(bytes.plan().kernels, [](const abi::Kernel &kernel) {
    return kernel.multiplies == abi::DType::I8;
  }));
}

TEST(Compile, StagesHaveNames) {
  EXPECT_EQ(stageByName("tile"), Stage::Tile);
  EXPECT_EQ(nameOf(Stage::Lower), "lower");
  EXPECT_EQ(stageByName("emit"), std::nullopt);
}

} // namespace
} // namespace tenon
