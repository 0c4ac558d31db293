//===- Compiled.h - a compiled module beside its interpreter --------------===//
//
//   Compiled compiled(text);
//   ASSERT_TRUE(compiled.isLoaded());
//   compiled.expectSame({{"B", 3}});
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_COMPILED_H
#define TENON_TESTS_COMPILER_COMPILED_H

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

namespace tenon {

using namespace mlir; // a header of tests only

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

inline void fill(ReferenceTensor &tensor, std::mt19937 &random) {
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
inline void writeWeights(const std::string &path, int64_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0f, 0.3f);
  std::ofstream file(path, std::ios::binary);
  for (int64_t i = 0; i < count; ++i) {
    float number = normal(random);
    file.write(reinterpret_cast<const char *>(&number), sizeof(number));
  }
}

inline void expectClose(const ReferenceTensor &expected,
                        const ReferenceTensor &got, double tolerance) {
  ASSERT_EQ(expected.dims(), got.dims());
  for (int64_t i = 0; i < expected.numElements(); ++i) {
    double a = expected.getFloat(i), b = got.getFloat(i);
    double limit =
        expected.isFloat() ? tolerance * std::max(1.0, std::abs(a)) : 0;
    if (!(std::abs(a - b) <= limit) && !(std::isnan(a) && std::isnan(b)))
      FAIL() << "element " << i << ": expected " << a << ", got " << b;
  }
}

/// A module, compiled and loaded; `WEIGHTS` in its text is a file of numbers.
class Compiled {
public:
  explicit Compiled(std::string text, CompileOptions options = {}) {
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
    // bf16 is asked for, and what it changes is so by its own meaning.
    if (options.useBf16 &&
        failed(runStages(*meaning, options, Stage::Import, Stage::Simplify)))
      return;
    std::string artifact = folder.file("model.tenon");
    if (failed(compileToArtifact(*module, options, artifact)))
      return;
    auto model = rt::Model::load(artifact);
    if (!model) {
      error = model.error().message;
      return;
    }
    auto created = rt::Context::create(*model, {.numThreads = 2, .pin = false});
    if (created)
      run = std::move(*created);
  }

  bool isLoaded() const { return run != nullptr; }
  /// Why it was not loaded.
  const std::string &loadError() const { return error; }
  const abi::Plan &plan() const { return run->model().plan(); }

  /// Runs the artifact and the interpreter on the same random numbers; floats
  /// may differ by `tolerance` of max(1, |x|).
  void expectSame(const Sizes &symbols, double tolerance = 2e-5) {
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
      expectClose(tensor, outputLike(number, tensor), tolerance);
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
  std::string error;
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_COMPILED_H
