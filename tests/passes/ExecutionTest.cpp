//===- ExecutionTest.cpp - passes keep what functions compute -------------===//
//
// Every function of the passes' lit tests, and every Before example of their
// pages, is interpreted on random inputs before and after the pass. Equal means
// equal up to the roundings that the pass says it removes; NaN equals NaN.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/Interpreter.h"
#include "passes/Raise/Passes.h"
#include "passes/Simplify/Passes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include "gtest/gtest.h"

#include <fstream>
#include <random>
#include <regex>

using namespace mlir;
using namespace tenon;

namespace {

/// A module and the pass that is run on it.
struct Case {
  std::string name, text, pass;
};

std::string readFile(const std::string &path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The cases of a lit test, named after the only pass that it runs.
std::vector<Case> readLitTest(const std::string &room,
                              const std::string &pass) {
  std::string path =
      TENON_SOURCE "/tests/passes/" + room + "/" + pass + ".mlir";
  std::string text = readFile(path);
  std::vector<Case> cases;
  SmallVector<StringRef> parts;
  StringRef(text).split(parts, "// -----");
  for (auto [number, part] : llvm::enumerate(parts))
    cases.push_back({pass + " " + std::to_string(number), part.str(), pass});
  return cases;
}

/// The Before examples of a room's generated page.
std::vector<Case> readExamples(const std::string &room) {
  std::string text = readFile(TENON_BINARY "/passes/" + room + "/Passes.md");
  static const std::regex example(
      "### `-([a-z-]+)`[^]*?Before:\\s+```mlir\\n([^]*?)```");
  std::vector<Case> cases;
  for (std::sregex_iterator it(text.begin(), text.end(), example), end;
       it != end; ++it)
    cases.push_back({"example of " + it->str(1), it->str(2), it->str(1)});
  return cases;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// Numbers of a size at which a wrong formula shows. Integers index small
/// tables.
void fill(ReferenceTensor &tensor, std::mt19937 &random) {
  std::normal_distribution<double> normal(0.0, 1.5);
  bool isQuantized = tensor.elementType().isInteger(8);
  std::uniform_int_distribution<int64_t> integer(0, isQuantized ? 100 : 2);
  for (int64_t i = 0; i < tensor.numElements(); ++i) {
    if (tensor.isFloat())
      tensor.setFloat(i, normal(random));
    else
      tensor.setInt(i, integer(random));
  }
  tensor.round();
}

/// Arguments with a different number for each symbol; an unknown dim is 4.
FailureOr<Interpreter::Tensors> makeInputs(func::FuncOp function,
                                           std::mt19937 &random) {
  llvm::StringMap<int64_t> symbols = {{"B", 2}, {"L", 3}, {"P", 2}};
  Interpreter::Tensors inputs;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> dims;
    for (graph::DimAttr dim : graph::getDims(tensor))
      dims.push_back(dim.isUnknown() ? 4 : dim.evaluate(symbols).value_or(-1));
    if (llvm::is_contained(dims, -1))
      return function.emitError("uses a symbol that the test has no number "
                                "for: expected B, L or "
                                "P, got ")
             << tensor;
    fill(inputs.emplace_back(tensor.getElementType(), dims), random);
  }
  return inputs;
}

/// The same numbers for the same weight, whenever it is read.
FailureOr<ReferenceTensor> readWeight(graph::WeightAttr weight,
                                      RankedTensorType type, Location) {
  std::mt19937 random(std::hash<std::string>()(weight.getName().str()));
  ReferenceTensor tensor(type.getElementType(), type.getShape());
  fill(tensor, random);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

double toleranceOf(Type elementType) {
  auto type = dyn_cast<FloatType>(elementType);
  return type ? std::ldexp(16.0, -static_cast<int>(type.getFPMantissaWidth()))
              : 0.0;
}

void expectEqual(const ReferenceTensor &before, const ReferenceTensor &after) {
  ASSERT_EQ(before.dims(), after.dims());
  ASSERT_EQ(before.elementType(), after.elementType());
  for (int64_t i = 0; i < before.numElements(); ++i) {
    double a = before.getFloat(i), b = after.getFloat(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double limit =
        toleranceOf(before.elementType()) * std::max(1.0, std::abs(a));
    ASSERT_LE(std::abs(a - b), limit)
        << "element " << i << ": before " << a << ", after " << b;
  }
}

/// A function that has no value before the pass (an index out of range, a
/// result of unknown size) must have none after it.
bool hasNoValue(func::FuncOp function) {
  return function.getName() == "out_of_range" ||
         function.getName() == "unknown_dims";
}

void expectSameMeaning(func::FuncOp before, func::FuncOp after) {
  std::mt19937 random(20240229);
  FailureOr<Interpreter::Tensors> inputs = makeInputs(before, random);
  ASSERT_TRUE(succeeded(inputs));
  Interpreter interpreter(readWeight);
  std::string error;
  ScopedDiagnosticHandler handler(before.getContext(),
                                  [&](Diagnostic &diagnostic) {
                                    error = diagnostic.str();
                                    return success();
                                  });
  FailureOr<Interpreter::Tensors> expected = interpreter.run(before, *inputs);
  FailureOr<Interpreter::Tensors> results = interpreter.run(after, *inputs);
  ASSERT_EQ(failed(expected), hasNoValue(before)) << error;
  ASSERT_EQ(failed(results), failed(expected)) << error;
  if (failed(expected))
    return;
  ASSERT_EQ(expected->size(), results->size());
  for (auto [a, b] : llvm::zip_equal(*expected, *results))
    expectEqual(a, b);
}

void run(const Case &tested) {
  SCOPED_TRACE(tested.name);
  MLIRContext context;
  context.loadDialect<func::FuncDialect, graph::GraphDialect>();
  OwningOpRef<ModuleOp> before =
      parseSourceString<ModuleOp>(tested.text, &context);
  ASSERT_TRUE(before);
  OwningOpRef<ModuleOp> after = before->clone();
  PassManager passes(&context);
  ASSERT_TRUE(succeeded(parsePassPipeline(tested.pass, passes)));
  ASSERT_TRUE(succeeded(passes.run(*after)));
  for (auto function : before->getOps<func::FuncOp>()) {
    SCOPED_TRACE(function.getName().str());
    expectSameMeaning(function,
                      after->lookupSymbol<func::FuncOp>(function.getName()));
  }
}

TEST(Execution, PassesKeepTheMeaningOfTheirTests) {
  registerRaisePasses();
  registerSimplifyPasses();
  for (const char *pass :
       {"raise-attention", "raise-gelu", "raise-layer-norm", "raise-rms-norm",
        "raise-rope", "raise-silu", "raise-swiglu"})
    for (const Case &tested : readLitTest("Raise", pass))
      run(tested);
  for (const char *pass :
       {"fold-scales", "merge-parallel-matmuls", "resolve-index-gather",
        "round-by-reciprocal", "simplify-graph"})
    for (const Case &tested : readLitTest("Simplify", pass))
      run(tested);
}

TEST(Execution, PassesKeepTheMeaningOfTheirExamples) {
  registerRaisePasses();
  registerSimplifyPasses();
  std::vector<Case> examples = readExamples("Raise");
  llvm::append_range(examples, readExamples("Simplify"));
  EXPECT_FALSE(examples.empty());
  for (const Case &tested : examples)
    run(tested);
}

} // namespace
