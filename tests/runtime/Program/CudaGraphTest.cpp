// When launches become a graph, and when the graph changes. The virtual driver
// fails the n-th call of a function, so the run that fails is the one that
// called it. Each test is a child: the driver reads the environment once.

#include "runtime/Abi/Expr.h"
#include "runtime/Program/Context.h"
#include "tests/runtime/Program/TestCase.h"

#include <cstdlib>
#include <unistd.h>

namespace tenon {

using namespace rt;
using test::Case;

namespace {

constexpr int kNone = 0, kBroken = 99;

/// Rows and length of each run.
using Shapes = std::vector<std::pair<int, int>>;

std::string artifactPath() {
  return testing::TempDir() + "tenon-cuda-graph.tenon";
}

bool isRight(const Context &context, const Case &input) {
  test::Expected expected = test::compute(input.x, input.shift);
  return test::outputOf(context, 0) == expected.y &&
         test::outputOf(context, 1) == expected.sums &&
         test::outputOf(context, 2) == input.shift;
}

/// Which of the runs fails, counted from 1; each has data of its own.
int failingRun(const Shapes &shapes) {
  auto model = Model::load(artifactPath());
  if (!model)
    return kBroken;
  auto context = Context::create(*model, {.device = "vgpu"});
  if (!context)
    return kBroken;
  int number = 0;
  for (auto [rows, length] : shapes) {
    Case input(rows, length, float(++number) * 0.5f);
    input.bind(**context);
    if (!(*context)->run())
      return number;
    if (length && !isRight(**context, input))
      return kBroken;
  }
  return kNone;
}

/// `failure` is a function, the number of its call and an error; or "".
void expectFails(const char *failure, const Shapes &shapes, int expected,
                 const char *graphs = "1",
                 const abi::Plan &plan = test::cudaTestPlan()) {
  SCOPED_TRACE(failure);
  ASSERT_TRUE(
      test::writeCudaTestArtifact(artifactPath(), plan, test::cudaTestCode()));
  EXPECT_EXIT(
      {
        setenv("TENON_VGPU_FAIL", failure, 1);
        setenv("TENON_CUDA_GRAPHS", graphs, 1);
        _exit(failingRun(shapes));
      },
      testing::ExitedWithCode(expected), "");
}

const Shapes kSame = {{2, 8}, {2, 8}, {2, 8}, {2, 8}};
const Shapes kOther = {{2, 8}, {2, 8}, {4, 64}, {4, 64}, {2, 8}, {2, 8}};

TEST(CudaGraph, TheFirstRunOfAShapeHasNone) {
  expectFails("cuLaunchKernel:1=1", kSame, 1);
  expectFails("cuStreamBeginCapture_v2:1=1", kSame, 2);
  expectFails("cuGraphLaunch:1=1", kSame, 2);
}

TEST(CudaGraph, TheSecondIsCapturedAndLaunchedFromThenOn) {
  expectFails("cuStreamBeginCapture_v2:2=1", kSame, kNone);
  expectFails("cuGraphLaunch:3=1", kSame, 4);
  // Five launches by themselves, and five into the graph.
  expectFails("cuLaunchKernel:10=1", kSame, 2);
  expectFails("cuLaunchKernel:11=1", kSame, kNone);
}

TEST(CudaGraph, OtherShapesUpdateIt) {
  expectFails("cuStreamBeginCapture_v2:2=1", kOther, 4);
  expectFails("cuStreamBeginCapture_v2:3=1", kOther, 6);
  expectFails("cuGraphLaunch:3=1", kOther, 6);
  expectFails("cuGraphInstantiateWithFlags:2=1", kOther, kNone);
}

TEST(CudaGraph, WhatCannotBeUpdatedIsMadeAnew) {
  // Nothing is copied to an empty output: the graph has one node less.
  const Shapes shapes = {{2, 8}, {2, 8}, {2, 0}, {2, 0}, {2, 8}, {2, 8}};
  expectFails("cuGraphInstantiateWithFlags:2=1", shapes, 4);
  expectFails("cuGraphInstantiateWithFlags:3=1", shapes, 6);
  expectFails("cuGraphInstantiateWithFlags:4=1", shapes, kNone);
  expectFails("cuGraphExecUpdate_v2:1=1", kOther, kNone);
}

TEST(CudaGraph, ShapesThatComeOnceHaveNone) {
  expectFails("cuStreamBeginCapture_v2:1=1",
              {{2, 8}, {4, 64}, {2, 8}, {1, 4}, {4, 64}}, kNone);
}

TEST(CudaGraph, NoneWhereTheyAreNotWanted) {
  expectFails("cuStreamBeginCapture_v2:1=1", kSame, kNone, "0");
  // By default where launches cost something, and on a virtual device not.
  expectFails("cuStreamBeginCapture_v2:1=1", kSame, kNone, "");
}

/// A virtual device is told which buffers the arena has while steps are
/// launched one by one; a graph would find those of its capture's last step.
TEST(CudaGraph, TheArenaOfAGraphIsOneBuffer) {
  using namespace abi;
  Plan plan = test::cudaTestPlan();
  const Expr row = mul(constant(4), symbol(1));
  // Its slot, of one row, lies where the layers have one of all rows.
  plan.functions.push_back({"tail",
                            0,
                            {{row}},
                            {Launch{0,
                                    {{Space::Input, 1},
                                     {Space::Weight, 0},
                                     {Space::Input, 1},
                                     {Space::Arena, 0}},
                                    {symbol(1)},
                                    constant(1),
                                    {},
                                    {}}}});
  plan.functions[0].steps.push_back(Call{2, {}});
  expectFails("", {{2, 12}, {2, 12}, {2, 12}}, kNone, "1", plan);
}

} // namespace
} // namespace tenon
