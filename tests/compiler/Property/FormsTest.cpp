//===- FormsTest.cpp - every form of a kernel computes the same -----------===//
//
// Draws graphs and legal schedules, and compares the graph's interpreter, the
// interpreter of the algorithm form and of the scheduled form, and the compiled
// code. What fails says how to draw it again:
//
//   FormsTest --seed=17            this graph with its schedule
//   FormsTest --count=5000         graphs 1 to 5000
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/WeightFiles.h"
#include "compiler/Targets/Targets.h"
#include "dialects/Exec/ExecDialect.h"
#include "tests/compiler/ArtifactRun.h"
#include "tests/compiler/Property/RandomGraphs.h"
#include "tests/compiler/Property/RandomSchedules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace tenon {
namespace {

uint32_t firstSeed = 1, numGraphs = 60;

/// Of the largest element: a sum of many terms may cancel, so its error does
/// not follow its own size.
constexpr double kTolerance = 5e-5;
/// What is stored in bf16 may be rounded the other way, and so on from there.
constexpr double kBf16Tolerance = 1.0 / 64;

double largestOf(const ReferenceTensor &tensor) {
  double largest = 1;
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    if (std::isfinite(tensor.getFloat(i)))
      largest = std::max(largest, std::abs(tensor.getFloat(i)));
  return largest;
}

bool areClose(double expected, double got, double limit) {
  if (std::isnan(expected) || std::isnan(got))
    return std::isnan(expected) && std::isnan(got);
  return expected == got || std::abs(expected - got) <= limit;
}

void expectSame(ArrayRef<ReferenceTensor> expected,
                ArrayRef<ReferenceTensor> got, const char *form,
                double tolerance) {
  ASSERT_EQ(expected.size(), got.size());
  for (auto [e, g] : llvm::zip(expected, got)) {
    ASSERT_EQ(e.dims(), g.dims()) << form;
    double limit = e.isFloat() ? tolerance * largestOf(e) : 0;
    for (int64_t i = 0; i < e.numElements(); ++i)
      if (!areClose(e.getFloat(i), g.getFloat(i), limit))
        FAIL() << form << ": element " << i << " of " << e.numElements()
               << ": expected " << e.getFloat(i) << ", got " << g.getFloat(i);
  }
}

class Forms {
public:
  explicit Forms(uint32_t seed) : seed(seed), random(seed) {
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        graph::GraphDialect, math::MathDialect, scf::SCFDialect,
                        tile::TileDialect, exec::ExecDialect>();
    graph = drawGraph(context, seed);
    // Every machine that runs this has the registers of half the width, too.
    if (seed % 3 == 0)
      options.target = "x86-64-v3";
    // A search may find another of two values that bf16 makes equal.
    bool searches = false;
    graph.module->walk([&](Operation *op) {
      searches |= isa<graph::ArgMaxOp, graph::TopKOp>(op);
    });
    options.useBf16 = options.emulateUnits = seed % 4 == 1 && !searches;
  }

  void compare();
  /// The seed, what the symbols are, the graph, and the schedules drawn.
  std::string describe();

private:
  std::optional<Interpreter::Tensors> interpret(ModuleOp module) {
    Interpreter interpreter(readWeightsFrom(""));
    auto results =
        interpreter.run(*module.getOps<func::FuncOp>().begin(), inputs);
    if (failed(results))
      return std::nullopt;
    return std::move(*results);
  }
  bool drawSchedules(ModuleOp module);

  uint32_t seed;
  CompileOptions options;
  std::mt19937 random;
  MLIRContext context{MLIRContext::Threading::DISABLED};
  RandomGraph graph;
  Interpreter::Tensors inputs;
  std::string schedules; ///< one line a kernel
};

std::string Forms::describe() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "--seed=" << seed << ", target " << options.target
     << (options.useBf16 ? ", bf16" : "");
  for (const auto &symbol : graph.symbols)
    os << ", " << symbol.getKey() << " = " << symbol.getValue();
  os << "\n" << schedules;
  graph.module->print(os, OpPrintingFlags().elideLargeElementsAttrs(4));
  return text;
}

bool Forms::drawSchedules(ModuleOp module) {
  auto cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu))
    return false;
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    DictionaryAttr schedule =
        drawSchedule(kernel, cpu->getVectorBytes(), random);
    if (schedule)
      kernel.setScheduleAttr(schedule); // else choose-schedule's own
    llvm::raw_string_ostream(schedules)
        << "@" << kernel.getSymName() << " " << schedule << "\n";
  }
  return true;
}

void Forms::compare() {
  ASSERT_TRUE(succeeded(verify(*graph.module)));
  inputs = drawTensors(graph, seed);
  auto expected = interpret(*graph.module);
  ASSERT_TRUE(expected) << "the graph cannot be executed";

  OwningOpRef<ModuleOp> module = graph.module->clone();
  ASSERT_TRUE(
      succeeded(runStages(*module, options, Stage::Import, Stage::Tile)));
  ASSERT_TRUE(drawSchedules(*module));
  auto algorithm = interpret(*module);
  ASSERT_TRUE(algorithm) << "the algorithm form cannot be executed";
  // bf16 is not what the graph says: its kernels are compared with each other.
  double tolerance = options.useBf16 ? kBf16Tolerance : kTolerance;
  if (options.useBf16)
    expected = algorithm;
  expectSame(*expected, *algorithm, "algorithm form", tolerance);

  ASSERT_TRUE(
      succeeded(runStages(*module, options, Stage::Tile, Stage::Schedule)));
  auto scheduled = interpret(*module);
  ASSERT_TRUE(scheduled) << "the scheduled form cannot be executed";
  expectSame(*expected, *scheduled, "scheduled form", tolerance);

  auto code = ArtifactRun::compile(*module, options, Stage::Schedule);
  ASSERT_TRUE(code) << "the scheduled form does not compile";
  auto computed = code->run(inputs, *expected);
  ASSERT_TRUE(computed) << "the code does not run";
  expectSame(*expected, *computed, "compiled code", tolerance);
}

void compareForms(uint32_t seed) {
  llvm::PrettyStackTraceFormat crashed("comparing the forms of --seed=%u",
                                       seed);
  Forms forms(seed);
  forms.compare();
  if (testing::Test::HasFailure())
    FAIL() << forms.describe();
}

TEST(Forms, ComputeTheSame) {
  for (uint32_t seed = firstSeed; seed < firstSeed + numGraphs; ++seed) {
    compareForms(seed);
    if (HasFatalFailure())
      return;
  }
}

// A maximum over a pad lost the rows behind its input's end; a product of a pad
// read rows behind a packed weight's.
TEST(Forms, ThatOnceDiffered) {
  for (uint32_t seed : {36u, 2239u, 5126u})
    compareForms(seed);
}

} // namespace

/// Reads --seed=N (one graph, unless a count follows) and --count=N.
static bool readOptions(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    StringRef option(argv[i]);
    if (option.consume_front("--seed=")) {
      numGraphs = 1;
      if (option.getAsInteger(10, firstSeed))
        return false;
    } else if (!option.consume_front("--count=") ||
               option.getAsInteger(10, numGraphs)) {
      return false;
    }
  }
  return true;
}

} // namespace tenon

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  llvm::EnablePrettyStackTrace(); // a crash names the seed
  if (!tenon::readOptions(argc, argv)) {
    llvm::errs() << "FormsTest [--seed=N] [--count=N]\n";
    return 2;
  }
  return RUN_ALL_TESTS();
}
