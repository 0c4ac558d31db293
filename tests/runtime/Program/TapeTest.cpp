// Arena sizes follow the plan's formulas; calls are unrolled behind their
// caller.

#include "runtime/Program/Tape.h"
#include "runtime/Abi/Expr.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <functional>
#include <gtest/gtest.h>

namespace tenon {

using namespace rt;
using abi::constant;
using abi::Space;
using abi::symbol;

namespace {

Tape tapeOf(const abi::Plan &plan, Binding binding) {
  auto tape = recordTape(plan, binding);
  EXPECT_TRUE(tape) << tape.error().message;
  return tape ? *tape : Tape();
}

/// For B = 2 and L = 8, after `change`.
std::string errorAfter(const std::function<void(abi::Plan &)> &change) {
  abi::Plan plan = test::testPlan();
  change(plan);
  auto tape = recordTape(plan, {{2, 8}});
  return tape ? "no error" : tape.error().message;
}

TEST(Tape, TheArenaIsTheDeepestSumOfSlots) {
  // The model's slot, and behind it the layer's: each 4*B*L, rounded up to 64.
  EXPECT_EQ(tapeOf(test::testPlan(), {{2, 8}}).arenaBytes, 128u);
  EXPECT_EQ(tapeOf(test::testPlan(), {{1, 4}}).arenaBytes, 128u);
  EXPECT_EQ(tapeOf(test::testPlan(), {{8, 1024}}).arenaBytes,
            2u * 4 * 8 * 1024);
  EXPECT_EQ(tapeOf(test::testPlan(), {{1, 0}}).arenaBytes, 0u);
}

TEST(Tape, FunctionsThatAreNotCalledTakeNothing) {
  abi::Plan plan = test::testPlan();
  plan.functions.push_back({"unused", 0, {{constant(1 << 20)}}, {}});
  EXPECT_EQ(tapeOf(plan, {{2, 8}}).arenaBytes, 128u);
}

TEST(Tape, CallsAreUnrolled) {
  Tape tape = tapeOf(test::testPlan(), {{2, 8}});
  ASSERT_EQ(tape.steps.size(), 6u); // twice two, the sum, the copy
  const auto &second = std::get<TapeLaunch>(tape.steps[3]);
  EXPECT_EQ(second.kernel, 0u);
  EXPECT_EQ(second.instances, 2);
  EXPECT_EQ(tape.scalars[second.firstScalar], 8);
  // scale_shift(between, scale, shift, out) of the second layer.
  const TapeBuffer *buffers = &tape.buffers[second.firstBuffer];
  EXPECT_EQ(buffers[0].space, Space::Arena);
  EXPECT_EQ(buffers[0].offset, 64u) << "behind the model's slot";
  EXPECT_EQ(buffers[1].space, Space::Weight);
  EXPECT_EQ(buffers[1].index, 1u);
  EXPECT_EQ(buffers[3].space, Space::Output);
  EXPECT_EQ(buffers[3].bytes, 64u);
  EXPECT_EQ(std::get<TapeCopy>(tape.steps[5]).bytes, 32u);
  EXPECT_EQ(tape.scratchBytes, 4096u);
}

TEST(Tape, TheFirstVariantThatAppliesIsLaunched) {
  abi::Plan plan = test::testPlan();
  for (uint64_t scratch : {64, 128}) {
    plan.kernels.push_back(plan.kernels[0]);
    plan.kernels.back().scratchBytes = 4096 + scratch;
  }
  auto &launch = std::get<abi::Launch>(plan.functions[1].steps[0]);
  launch.variants = {{symbol(0), 1, 2, constant(7)},
                     {symbol(0), 3, 3, constant(9)}};
  auto launched = [&](int64_t rows) {
    Tape tape = tapeOf(plan, {{rows, 8}});
    const auto &first = std::get<TapeLaunch>(tape.steps[0]);
    EXPECT_EQ(std::get<TapeLaunch>(tape.steps[1]).kernel, 0u)
        << "the other launch has no variants";
    EXPECT_EQ(tape.scalars[first.firstScalar], 8);
    return std::tuple(first.kernel, first.instances, tape.scratchBytes);
  };
  EXPECT_EQ(launched(0), std::tuple(2u, 7, 4160u));
  EXPECT_EQ(launched(1), std::tuple(2u, 7, 4160u));
  EXPECT_EQ(launched(2), std::tuple(3u, 9, 4224u));
  EXPECT_EQ(launched(3), std::tuple(3u, 9, 4224u));
  EXPECT_EQ(launched(4), std::tuple(0u, 4, 4096u));
}

TEST(Tape, SizesAreNotNegative) {
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              plan.functions[1].slots[0].bytes = sub(symbol(0), symbol(1));
            }),
            "the size of an arena slot is B - L = -6");
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              std::get<abi::Launch>(plan.functions[1].steps[0]).instances =
                  constant(-1);
            }),
            "the number of instances of a launch is -1 = -1");
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              std::get<abi::Launch>(plan.functions[1].steps[0]).variants = {
                  {symbol(0), 2, 0, constant(-2)}};
            }),
            "the number of instances of a launch is -2 = -2");
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              std::get<abi::Copy>(plan.functions[0].steps[3]).bytes =
                  constant(-1);
            }),
            "the size of a copy is -1 = -1");
}

TEST(Tape, ArenasHaveALimit) {
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              plan.functions[1].slots[0].bytes = constant(INT64_MAX);
            }),
            "function 'layer' needs more than 70368744177664 bytes of arena");
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              for (abi::Function &function : plan.functions)
                function.slots[0].bytes =
                    constant(int64_t(kMaxArenaBytes) - 64);
            }),
            "the plan needs more than 70368744177664 bytes of arena");
}

TEST(Tape, CopiesFit) {
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              std::get<abi::Copy>(plan.functions[0].steps[3]).bytes =
                  constant(33);
            }),
            "a copy of 33 bytes goes from a buffer of 32 to one of 32");
}

TEST(Tape, ACopyToAParameterMayNotReachAnInput) {
  EXPECT_EQ(errorAfter([](abi::Plan &plan) {
              // The layer's first argument is the model's input x.
              plan.functions[1].steps.push_back(abi::Copy{
                  {Space::Arena, 0}, {Space::Parameter, 0}, constant(4)});
            }),
            "a copy writes to an input or a weight");
}

} // namespace
} // namespace tenon
