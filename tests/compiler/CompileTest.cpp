// Compiled models compute what the interpreter says that they mean.

#include "compiler/Compile.h"

#include "compiler/Interpret/Interpreter.h"
#include "compiler/Interpret/TensorBytes.h"
#include "compiler/Interpret/WeightFiles.h"
#include "dialects/Exec/ExecDialect.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "runtime/Program/Context.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <random>

using namespace mlir;

namespace tenon {
namespace {

using Sizes = llvm::StringMap<int64_t>;

/// A folder that disappears with the test.
class Folder {
public:
  Folder() {
    llvm::SmallString<128> name;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("tenon", name));
    path = name.str().str();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char *name) const { return path + "/" + name; }

private:
  std::string path;
};

void fill(ReferenceTensor &tensor, std::mt19937 &random) {
  std::normal_distribution<double> normal(0.0, 1.0);
  std::uniform_int_distribution<int64_t> integer(0, 3);
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    if (tensor.isFloat())
      tensor.setFloat(i, normal(random));
    else
      tensor.setInt(i, integer(random));
  tensor.round();
}

/// A file of `count` f32 numbers, for the weights of a module.
void writeWeights(const std::string &path, int64_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0f, 0.3f);
  std::ofstream file(path, std::ios::binary);
  for (int64_t i = 0; i < count; ++i) {
    float number = normal(random);
    file.write(reinterpret_cast<const char *>(&number), sizeof(number));
  }
}

void expectClose(const ReferenceTensor &expected, const ReferenceTensor &got) {
  ASSERT_EQ(expected.dims(), got.dims());
  for (int64_t i = 0; i < expected.numElements(); ++i) {
    double a = expected.getFloat(i), b = got.getFloat(i);
    double limit = expected.isFloat() ? 2e-5 * std::max(1.0, std::abs(a)) : 0;
    if (!(std::abs(a - b) <= limit) && !(std::isnan(a) && std::isnan(b)))
      FAIL() << "element " << i << ": expected " << a << ", got " << b;
  }
}

/// A module, compiled and loaded; `WEIGHTS` in its text is a file of numbers.
class Compiled {
public:
  explicit Compiled(std::string text) {
    context.loadDialect<func::FuncDialect, graph::GraphDialect,
                        tile::TileDialect, exec::ExecDialect>();
    std::string weights = folder.file("weights");
    writeWeights(weights, 65536);
    for (size_t at; (at = text.find("WEIGHTS")) != std::string::npos;)
      text.replace(at, 7, weights);
    meaning = parseSourceString<ModuleOp>(text, &context);
    if (!meaning)
      return;
    OwningOpRef<ModuleOp> module = meaning->clone();
    std::string artifact = folder.file("model.tenon");
    if (failed(compileToArtifact(*module, {}, artifact)))
      return;
    auto model = rt::Model::load(artifact);
    EXPECT_TRUE(bool(model)) << model.error().message;
    if (!model)
      return;
    auto created = rt::Context::create(*model, {.numThreads = 2, .pin = false});
    if (created)
      run = std::move(*created);
  }

  bool isLoaded() const { return run != nullptr; }
  const abi::Plan &plan() const { return run->model().plan(); }

  /// Runs the artifact and the interpreter on the same random numbers.
  void expectSame(const Sizes &symbols) {
    auto function = *meaning->getOps<func::FuncOp>().begin();
    std::mt19937 random(5);
    Interpreter::Tensors inputs;
    std::vector<std::vector<char>> bytes;
    for (Type type : function.getArgumentTypes()) {
      rt::Shape shape;
      for (graph::DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
        shape.push_back(*dim.evaluate(symbols));
      ReferenceTensor &input = inputs.emplace_back(
          getElementTypeOrSelf(type), ArrayRef(shape.data(), shape.size()));
      fill(input, random);
      bytes.push_back(toBytes(input));
      size_t number = inputs.size() - 1;
      auto bound =
          run->bindInput(number, {plan().inputs[number].dtype, shape,
                                  bytes.back().data(), bytes.back().size()});
      ASSERT_TRUE(bool(bound)) << bound.error().message;
    }
    Interpreter interpreter(readWeightsFrom(""));
    auto expected = interpreter.run(function, inputs);
    ASSERT_TRUE(succeeded(expected));
    auto ran = run->run();
    ASSERT_TRUE(bool(ran)) << ran.error().message;
    for (auto [number, tensor] : llvm::enumerate(*expected))
      expectClose(tensor, outputLike(number, tensor));
  }

private:
  ReferenceTensor outputLike(size_t number, const ReferenceTensor &tensor) {
    auto view = run->output(number);
    EXPECT_TRUE(bool(view));
    auto type = RankedTensorType::get(
        ArrayRef(view->shape.data(), view->shape.size()), tensor.elementType());
    return *tensorFromBytes(
        ArrayRef(static_cast<const char *>(view->data), view->bytes), type,
        [&] { return mlir::emitError(UnknownLoc::get(&context)); });
  }

  Folder folder;
  MLIRContext context;
  OwningOpRef<ModuleOp> meaning;
  std::unique_ptr<rt::Context> run;
};

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

TEST(Compile, StagesHaveNames) {
  EXPECT_EQ(stageByName("tile"), Stage::Tile);
  EXPECT_EQ(nameOf(Stage::Lower), "lower");
  EXPECT_EQ(stageByName("emit"), std::nullopt);
}

} // namespace
} // namespace tenon
