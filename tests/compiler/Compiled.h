//===- Compiled.h - a compiled module beside its interpreter --------------===//
//
//   Compiled compiled(text);
//   ASSERT_TRUE(compiled.isLoaded());
//   compiled.expectSame({{"B", 3}});
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_COMPILED_H
#define TENON_TESTS_COMPILER_COMPILED_H

#include "compiler/Interpret/WeightFiles.h"
#include "dialects/Exec/ExecDialect.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "tests/compiler/ArtifactRun.h"

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
    bool isClose = a == b || std::abs(a - b) <= limit;
    if (!isClose && !(std::isnan(a) && std::isnan(b)))
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
    run = ArtifactRun::compile(*module, options, Stage::Import, &error);
  }

  bool isLoaded() const { return run.has_value(); }
  /// Why it was not loaded.
  const std::string &loadError() const { return error; }
  const abi::Plan &plan() const { return run->plan(); }

  /// Runs the artifact and the interpreter on the same random numbers; floats
  /// may differ by `tolerance` of max(1, |x|).
  void expectSame(const Sizes &symbols, double tolerance = 2e-5) {
    auto function = *meaning->getOps<func::FuncOp>().begin();
    std::mt19937 random(5);
    Interpreter::Tensors inputs;
    for (Type type : function.getArgumentTypes()) {
      SmallVector<int64_t> shape;
      for (graph::DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
        shape.push_back(*dim.evaluate(symbols));
      fill(inputs.emplace_back(getElementTypeOrSelf(type), shape), random);
    }
    Interpreter interpreter(readWeightsFrom(""));
    auto expected = interpreter.run(function, inputs);
    ASSERT_TRUE(succeeded(expected));
    auto results = run->run(inputs, *expected);
    ASSERT_TRUE(results);
    for (auto [tensor, result] : llvm::zip_equal(*expected, *results))
      expectClose(tensor, result, tolerance);
  }

private:
  Folder folder;
  MLIRContext context;
  OwningOpRef<ModuleOp> meaning;
  std::optional<ArtifactRun> run;
  std::string error;
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_COMPILED_H
