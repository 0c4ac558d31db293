//===- TuneTest.cpp - which schedule is taken for the fastest -------------===//
//
// Clocks that say what a test wants: the real one is the tool's.
//
//===----------------------------------------------------------------------===//

#include "compiler/Tune.h"

#include "compiler/Targets/Targets.h"
#include "dialects/Exec/ExecDialect.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <filesystem>
#include <random>

using namespace mlir;

namespace tenon {
namespace {

/// Times of candidates, each with its share of noise.
class NoisyTimes {
public:
  NoisyTimes(std::vector<double> seconds, double noise)
      : seconds(std::move(seconds)), noise(0, noise) {}

  double operator()(unsigned candidate) {
    ++numRuns;
    return seconds[candidate] * (1 + noise(random));
  }

  std::vector<double> seconds;
  int numRuns = 0;

private:
  std::mt19937 random{0};
  std::uniform_real_distribution<double> noise;
};

TEST(ChooseFastest, TakesTheFastestOne) {
  NoisyTimes times({1.0, 0.9, 0.7, 1.2, 0.8}, 0.05);
  Fastest fastest = chooseFastest(5, times);
  EXPECT_EQ(fastest.candidate, 2u);
  EXPECT_NEAR(fastest.ratio, 0.7, 0.05);
  EXPECT_NEAR(fastest.ratios[1], 0.9, 0.05);
  EXPECT_NEAR(fastest.ratios[3], 1.2, 0.05);
}

TEST(ChooseFastest, TakesOneThatIsJustBelowTheBound) {
  NoisyTimes times({1.0, 0.96}, 0);
  EXPECT_EQ(chooseFastest(2, times).candidate, 1u);
}

TEST(ChooseFastest, RefusesAGainThatNoiseCouldBe) {
  NoisyTimes times({1.0, 0.98, 0.99, 0.975}, 0.002);
  Fastest fastest = chooseFastest(4, times);
  EXPECT_EQ(fastest.candidate, 0u);
  EXPECT_EQ(fastest.ratio, 1);
}

TEST(ChooseFastest, KeepsTheOnlyOne) {
  NoisyTimes times({1.0}, 0.1);
  EXPECT_EQ(chooseFastest(1, times).candidate, 0u);
}

// All equal, with noise ten times the accepted gain: the rounds that confirm
// had no part in the choice, so luck does not pass them.
TEST(ChooseFastest, IsNotDeceivedByLuck) {
  int numTaken = 0;
  for (int i = 0; i < 100; ++i) {
    NoisyTimes times(std::vector<double>(20, 1e-3), 0.3);
    for (int skipped = 0; skipped < i; ++skipped)
      times(0);
    numTaken += chooseFastest(20, times).candidate != 0;
  }
  EXPECT_LT(numTaken, 25);
}

// A candidate that is fast only while it is searched for, as when the machine
// slows down.
TEST(ChooseFastest, WantsTheGainOnceMore) {
  NoisyTimes steady({1.0, 1.0, 1.0}, 0);
  chooseFastest(3, steady);
  NoisyTimes early({1.0, 0.5, 1.0}, 0);
  int numSearching = steady.numRuns; // confirmation comes on top of these
  auto time = [&](unsigned candidate) {
    if (early.numRuns >= numSearching)
      early.seconds[1] = 1.0;
    return early(candidate);
  };
  EXPECT_EQ(chooseFastest(3, time).candidate, 0u);
}

// The machine becomes three times slower and faster again all the time.
TEST(ChooseFastest, ComparesWithinARound) {
  NoisyTimes times({1e-3, 0.85e-3}, 0.01);
  auto time = [&](unsigned candidate) {
    return times(candidate) * (times.numRuns / 10 % 2 ? 3 : 1);
  };
  Fastest fastest = chooseFastest(2, time);
  EXPECT_EQ(fastest.candidate, 1u);
  EXPECT_NEAR(fastest.ratio, 0.85, 0.05);
}

//===----------------------------------------------------------------------===//
// Of a whole module
//===----------------------------------------------------------------------===//

constexpr const char *kModel = R"(
func.func @main(%x: tensor<?x96xf32, #graph.dims<B, 96>> {graph.name = "x"},
                %y: tensor<?x?x96xf32, #graph.dims<B, L, 96>>)
    -> (tensor<?x64xf32, #graph.dims<B, 64>> {graph.name = "y"})
    attributes {graph.symbols = [#graph.symbol<"B" in 1 to -1 by 1>,
                                 #graph.symbol<"L" in 1 to -1 by 1>]} {
  %w = graph.weight <"none" name "w" at 0 bytes 24576> : tensor<96x64xf32>
  %0 = graph.matmul %x, %w : (tensor<?x96xf32, #graph.dims<B, 96>>, tensor<96x64xf32>) -> tensor<?x64xf32, #graph.dims<B, 64>>
  return %0 : tensor<?x64xf32, #graph.dims<B, 64>>
}
)";

/// Every schedule takes a second, but for launch number `fast`.
class FakeClock : public TrialClock {
public:
  explicit FakeClock(unsigned fast) : fast(fast) {}
  std::string load(const std::string &path) override {
    numLoads += std::filesystem::exists(path);
    return error;
  }
  double secondsOf(unsigned launch) override {
    return launch == fast ? 0.5 : 1;
  }

  unsigned fast;
  std::string error;
  int numLoads = 0;
};

class TuneModule : public testing::Test {
protected:
  TuneModule() {
    context.loadDialect<arith::ArithDialect, func::FuncDialect,
                        graph::GraphDialect, scf::SCFDialect, tile::TileDialect,
                        exec::ExecDialect>();
    module = parseSourceString<ModuleOp>(kModel, &context);
    options.target = "x86-64-v3";
  }
  FailureOr<std::vector<TunedKernel>> tune(FakeClock &clock) {
    EXPECT_TRUE(
        succeeded(runStages(*module, options, Stage::Import, Stage::Tile)));
    return tuneSchedules(*module, options,
                         {{{"B", 40}, {"L", 1}},
                          testing::TempDir(),
                          /*numThreads=*/2,
                          clock,
                          [&](uint64_t key) -> const TunedKernel * {
                            return known && known->key == key ? &*known
                                                              : nullptr;
                          }});
  }
  std::string reason() {
    tile::KernelOp kernel = *module->getOps<tile::KernelOp>().begin();
    auto text = kernel->getAttrOfType<StringAttr>("tenon.reason");
    return text ? text.str() : "";
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  CompileOptions options;
  std::optional<TunedKernel> known;
};

TEST_F(TuneModule, KeepsWhatIsFaster) {
  FakeClock clock(3);
  auto kernels = tune(clock);
  ASSERT_TRUE(succeeded(kernels));
  ASSERT_EQ(kernels->size(), 1u);
  const TunedKernel &tuned = kernels->front();
  EXPECT_EQ(tuned.sizes.rows, 40);
  EXPECT_EQ(tuned.sizes.columns, 64);
  EXPECT_EQ(tuned.sizes.depth, 96);
  EXPECT_EQ(tuned.ratio, 0.5);
  EXPECT_NE(tuned.best, tuned.chosen);
  tile::KernelOp kernel = *module->getOps<tile::KernelOp>().begin();
  EXPECT_EQ(kernel.getScheduleAttr(), tuned.best);
  EXPECT_EQ(reason(), "measured: 0.50 of the cost model's choice");
}

TEST_F(TuneModule, SaysWhenTheChoiceIsTheFastest) {
  FakeClock clock(0);
  auto kernels = tune(clock);
  ASSERT_TRUE(succeeded(kernels));
  EXPECT_EQ(kernels->front().best, kernels->front().chosen);
  EXPECT_TRUE(StringRef(reason()).ends_with("others is faster")) << reason();
}

TEST_F(TuneModule, MeasuresNothingThatIsKnown) {
  OwningOpRef<ModuleOp> again = module->clone();
  FakeClock clock(3), other(0);
  auto kernels = tune(clock);
  ASSERT_TRUE(succeeded(kernels));
  known = kernels->front();
  module = std::move(again);
  auto recalled = tune(other);
  ASSERT_TRUE(succeeded(recalled));
  EXPECT_EQ(other.numLoads, 0);
  EXPECT_EQ(recalled->front().best, kernels->front().best);
  EXPECT_EQ(reason(), "measured: 0.50 of the cost model's choice");
}

// 40 x 64 x 96 in blocks of 4 x 24: 30 of them, 15 a thread. Each has 9216
// multiply-adds, 16 a cycle, and 96 sums; its panel, 9216 bytes at 32 a cycle,
// passes meanwhile.
TEST_F(TuneModule, PredictsTheTimeOfAProduct) {
  FakeClock clock(0);
  ASSERT_TRUE(succeeded(tune(clock)));
  tile::KernelOp kernel = *module->getOps<tile::KernelOp>().begin();
  auto schedule = cast<DictionaryAttr>(parseAttribute(
      "{BK = 96 : index, BM = 4 : index, BN = 24 : index}", &context));
  auto cpu = cpuByName(module->getLoc(), "x86-64-v3");
  ProductSizes sizes = productSizes(kernel, {40, 1});
  EXPECT_DOUBLE_EQ(predictedSeconds(kernel, schedule, sizes, *cpu, 2),
                   15 * (9216 / 16.0 + 96) / 3e9);
  EXPECT_DOUBLE_EQ(predictedSeconds(kernel, schedule, sizes, *cpu, 1),
                   30 * (9216 / 16.0 + 96) / 3e9);
}

TEST_F(TuneModule, FailsWhenATrialCannotRun) {
  std::string errors;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { errors += diagnostic.str(); });
  FakeClock clock(0);
  clock.error = "no such CPU";
  EXPECT_TRUE(failed(tune(clock)));
  EXPECT_TRUE(StringRef(errors).ends_with("cannot be measured: no such CPU"))
      << errors;
}

} // namespace
} // namespace tenon
