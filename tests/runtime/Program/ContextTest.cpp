// Models run: right results, whatever the threads; clear errors; planned
// memory.

#include "runtime/Program/Context.h"
#include "runtime/Core/Message.h"
#include "tests/runtime/Program/TestCase.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace tenon {

using namespace rt;
using abi::DType;
using test::Case;
using test::expectRight;
using test::outputOf;

namespace {

std::shared_ptr<const Model> testModel() {
  static const std::shared_ptr<const Model> model = [] {
    std::string path = testing::TempDir() + "tenon-context-test.tenon";
    test::writeBytes(path, test::testArtifact());
    auto loaded = Model::load(path);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *loaded;
  }();
  return model;
}

std::unique_ptr<Context> contextOf(unsigned numThreads) {
  auto context = Context::create(testModel(), {.numThreads = numThreads});
  EXPECT_TRUE(context) << context.error().message;
  return std::move(*context);
}

std::string textOf(const Result<void> &result) {
  return result ? "no error" : result.error().message;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

TEST(Context, TheSameBitsForAnyNumberOfThreads) {
  for (unsigned numThreads : {1u, 2u, 3u, 8u}) {
    std::unique_ptr<Context> context = contextOf(numThreads);
    EXPECT_EQ(context->numThreads(), numThreads);
    for (auto [rows, length] :
         {std::pair(1, 4), {8, 1024}, {3, 8}, {5, 100}, {8, 12}}) {
      Case input(rows, length);
      input.bind(*context);
      expectRight(*context, input);
    }
  }
}

TEST(Context, TimesEachStepOfARun) {
  auto context = contextOf(2);
  Case input(3, 20);
  EXPECT_EQ(context->runTimed().error().message, "input 'x' is not bound");
  input.bind(*context);
  auto seconds = context->runTimed();
  ASSERT_TRUE(seconds) << seconds.error().message;
  // Two layers of two launches, the sum, and the copy.
  EXPECT_EQ(seconds->size(), 6u);
  EXPECT_EQ(context->latestTape().steps.size(), 6u);
  EXPECT_EQ(context->latestBinding()->symbols, (std::vector<int64_t>{3, 20}));
  for (double step : *seconds)
    EXPECT_GE(step, 0);
  EXPECT_EQ(outputOf(*context, 0), test::compute(input.x, input.shift).y);
  // Each launch knows what it is in the plan.
  const auto &first =
      std::get<TapeLaunch>(context->latestTape().steps[0]).source;
  EXPECT_EQ(first, &std::get<abi::Launch>(
                       context->model().plan().functions[1].steps[0]));
}

TEST(Context, RepeatsAStep) {
  auto context = contextOf(2);
  Case input(3, 20);
  input.bind(*context);
  ASSERT_TRUE(context->run());
  std::vector<float> expected = outputOf(*context, 0);
  auto output = context->output(0);
  ASSERT_TRUE(output);
  std::memset(output->data, 0, output->bytes);
  for (size_t step = 0; step < context->latestTape().steps.size(); ++step)
    EXPECT_GE(*context->repeatStep(step), 0);
  EXPECT_EQ(outputOf(*context, 0), expected);
}

TEST(Context, NewDataOfTheSameShape) {
  std::unique_ptr<Context> context = contextOf(2);
  Case first(4, 16), second(4, 16, 0.75f);
  first.bind(*context);
  expectRight(*context, first);
  second.bind(*context);
  expectRight(*context, second);
}

TEST(Context, EmptyTensors) {
  std::unique_ptr<Context> context = contextOf(2);
  InputView x{DType::F32, {2, 0}, nullptr, 0},
      shift{DType::F32, {0}, nullptr, 0};
  ASSERT_TRUE(context->bindInput(0, x));
  ASSERT_TRUE(context->bindInput(1, shift));
  ASSERT_EQ(textOf(context->run()), "no error");
  EXPECT_EQ(outputOf(*context, 0), std::vector<float>());
  EXPECT_EQ(outputOf(*context, 1), (std::vector<float>{0, 0}));
}

TEST(Context, ContextsRunAtTheSameTime) {
  auto work = [](float seed) {
    std::unique_ptr<Context> context = contextOf(2);
    Case input(8, 256, seed);
    input.bind(*context);
    for (int run = 0; run < 50; ++run)
      expectRight(*context, input);
  };
  std::thread first(work, 0.5f), second(work, 0.125f);
  work(0.25f);
  first.join();
  second.join();
}

TEST(Context, AContextKeepsItsModel) {
  std::string path = testing::TempDir() + "tenon-context-kept.tenon";
  test::writeBytes(path, test::testArtifact());
  auto model = Model::load(path);
  ASSERT_TRUE(model);
  auto context = Context::create(std::move(*model), {.numThreads = 1});
  ASSERT_TRUE(context);
  *model = std::shared_ptr<const Model>();
  Case input(2, 8);
  input.bind(**context);
  expectRight(**context, input);
}

TEST(Context, RunsFromAProgramsTail) {
  std::string path = testing::TempDir() + "tenon-context-program";
  std::vector<std::byte> program(10000, std::byte{1});
  ASSERT_TRUE(test::writeTestArtifact(path, test::testPlan(), program));
  auto model = Model::load(path);
  ASSERT_TRUE(model) << model.error().message;
  auto context = Context::create(*model, {.numThreads = 1});
  Case input(2, 8);
  input.bind(**context);
  expectRight(**context, input);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

TEST(Context, InputsAreChecked) {
  std::unique_ptr<Context> context = contextOf(1);
  Case input(2, 8);
  InputView view = input.xView();
  view.dtype = DType::F64;
  EXPECT_EQ(textOf(context->bindInput(0, view)),
            "input 'x' has dtype f64, expected f32");
  view = input.xView();
  view.bytes = 60;
  EXPECT_EQ(textOf(context->bindInput(0, view)),
            "input 'x' of shape 2x8 has 60 bytes, expected 64");
  view = input.xView();
  view.data = nullptr;
  EXPECT_EQ(textOf(context->bindInput(0, view)), "input 'x' has no data");
  view = input.xView();
  view.shape = {9, 8};
  EXPECT_EQ(textOf(context->bindInput(0, view)),
            "input 'x' has shape 9x8, but dim 0 is B, which must be at most 8");
  EXPECT_EQ(textOf(context->bindInput(2, input.xView())),
            "input 2 is bound, the model has 2");
}

TEST(Context, AllInputsAreNeededAndAgree) {
  std::unique_ptr<Context> context = contextOf(1);
  EXPECT_EQ(textOf(context->run()), "input 'x' is not bound");
  Case input(2, 8), longer(2, 12);
  ASSERT_TRUE(context->bindInput(0, input.xView()));
  EXPECT_EQ(context->outputShape(0).error().message,
            "input 'shift' is not bound");
  ASSERT_TRUE(context->bindInput(1, longer.shiftView()));
  EXPECT_EQ(textOf(context->run()),
            "input 'shift' has shape 12, but its dim 0 is L, "
            "which is 8 in input 'x'");
  // The context is still good.
  input.bind(*context);
  expectRight(*context, input);
}

TEST(Context, UnknownNamesListTheKnown) {
  EXPECT_EQ(testModel()->inputNamed("ids").error().message,
            "the model has no input 'ids'; it has 'x', 'shift'");
  EXPECT_EQ(testModel()->outputNamed("z").error().message,
            "the model has no output 'z'; it has 'y', 'sums', 'echo'");
  EXPECT_EQ(*testModel()->outputNamed("sums"), 1u);
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

TEST(Context, OutputShapesFollowTheInputs) {
  std::unique_ptr<Context> context = contextOf(1);
  Case(3, 16).bind(*context);
  EXPECT_EQ(*context->outputShape(0), (Shape{3, 16}));
  EXPECT_EQ(*context->outputShape(1), (Shape{3}));
  EXPECT_EQ(context->outputShape(3).error().message,
            "output 3 is asked for, the model has 3");
}

TEST(Context, OutputsBelongToARun) {
  std::unique_ptr<Context> context = contextOf(1);
  Case input(3, 16);
  input.bind(*context);
  EXPECT_EQ(context->output(0).error().message,
            "output 'y' is asked for before a run");
  ASSERT_TRUE(context->run());
  EXPECT_TRUE(context->output(0));
  input.bind(*context);
  EXPECT_FALSE(context->output(0)) << "it belongs to other inputs";
}

TEST(Context, TheCallersOutputMemory) {
  std::unique_ptr<Context> context = contextOf(2);
  Case input(2, 8);
  input.bind(*context);
  std::vector<float> y(17, 99);
  ASSERT_TRUE(context->bindOutput(0, y.data(), 16 * sizeof(float)));
  expectRight(*context, input);
  EXPECT_EQ(context->output(0)->data, y.data());
  EXPECT_EQ(y[16], 99) << "nothing behind it is written";
  ASSERT_TRUE(context->bindOutput(0, nullptr, 0));
  expectRight(*context, input);
  EXPECT_NE(context->output(0)->data, y.data());
}

TEST(Context, OutputMemoryIsLargeEnoughAndNobodyElses) {
  std::unique_ptr<Context> context = contextOf(1);
  Case input(2, 8);
  input.bind(*context);
  std::vector<float> memory(100);
  ASSERT_TRUE(context->bindOutput(0, memory.data(), 63));
  EXPECT_EQ(textOf(context->run()),
            "output 'y' of shape 2x8 needs 64 bytes, 63 are provided");
  ASSERT_TRUE(context->bindOutput(0, memory.data(), 400));
  ASSERT_TRUE(context->bindOutput(1, memory.data() + 15, 8));
  EXPECT_EQ(textOf(context->run()),
            "the memory of output 'sums' overlaps that of 'y'");
  ASSERT_TRUE(context->bindOutput(1, input.x.data() + 15, 8));
  EXPECT_EQ(textOf(context->run()),
            "the memory of output 'sums' overlaps that of 'x'");
  ASSERT_TRUE(context->bindOutput(1, memory.data() + 16, 8));
  expectRight(*context, input);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST(Context, PlannedBytesAreUsedBytes) {
  std::unique_ptr<Context> context = contextOf(2);
  Case input(8, 1024);
  input.bind(*context);
  ASSERT_TRUE(context->run());
  MemoryFigures figures = context->memory();
  auto tape = recordTape(testModel()->plan(), {{8, 1024}});
  EXPECT_EQ(figures.plannedArenaBytes, 2u * 8 * 1024 * sizeof(float));
  EXPECT_EQ(figures.plannedArenaBytes, tape->arenaBytes);
  EXPECT_EQ(figures.reservedArenaBytes, tape->arenaBytes);
  EXPECT_EQ(figures.scratchBytes, 2u * 4096);
  EXPECT_EQ(figures.outputBytes, (8u * 1024 + 8 + 1024) * sizeof(float));
}

TEST(Context, TheArenaGrowsAndStays) {
  std::unique_ptr<Context> context = contextOf(1);
  std::vector<uint64_t> planned, reserved;
  for (int64_t length : {64, 512, 64}) {
    Case input(8, length);
    input.bind(*context);
    expectRight(*context, input);
    planned.push_back(context->memory().plannedArenaBytes);
    reserved.push_back(context->memory().reservedArenaBytes);
  }
  EXPECT_EQ(planned, (std::vector<uint64_t>{4096, 32768, 4096}));
  EXPECT_EQ(reserved, (std::vector<uint64_t>{4096, 32768, 32768}));
}

TEST(Context, TooManyThreadsAreTheCallersError) {
  auto context = Context::create(testModel(), {.numThreads = 5000});
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code, Code::BadInput);
}

} // namespace
} // namespace tenon
