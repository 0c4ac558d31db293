// What a plan says must make sense; each rule has its plan that breaks it.

#include "runtime/Abi/PlanCheck.h"
#include "runtime/Abi/Expr.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <functional>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::abi;

namespace {

/// The test plan, after `change`.
std::string errorAfter(const std::function<void(Plan &)> &change) {
  Plan plan = test::testPlan();
  change(plan);
  auto valid = checkPlan(plan);
  return valid ? "no error" : valid.error().message;
}

Launch &firstLaunch(Plan &plan) {
  return std::get<Launch>(plan.functions[1].steps[0]);
}
Call &firstCall(Plan &plan) {
  return std::get<Call>(plan.functions[0].steps[0]);
}
Copy &copyOf(Plan &plan) { return std::get<Copy>(plan.functions[0].steps[3]); }

TEST(PlanCheck, TheTestPlanIsValid) {
  EXPECT_EQ(errorAfter([](Plan &) {}), "no error");
}

TEST(PlanCheck, Names) {
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.inputs[1].name = "x"; }),
            "two inputs have the name 'x'");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.outputs[1].name = "y"; }),
            "two outputs have the name 'y'");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.symbols[1].name = "B"; }),
            "two symbols have the name 'B'");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.inputs[1].name = ""; }),
            "an input has no name");
}

TEST(PlanCheck, Symbols) {
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.symbols[0] = {"B", 2, 1, 1}; }),
            "symbol 'B' has minimum 2, maximum 1, divisor 1");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.symbols[0] = {"B", -1, 1, 1}; }),
            "symbol 'B' has minimum -1, maximum 1, divisor 1");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.symbols[0] = {"B", 0, 1, 0}; }),
            "symbol 'B' has minimum 0, maximum 1, divisor 0");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.symbols.push_back({"K"}); }),
            "symbol 'K' is not the dim of any input");
}

TEST(PlanCheck, Tensors) {
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.outputs[0].dims[0] = symbol(2); }),
            "tensor 'y': a formula uses symbol 2 of 2");
  EXPECT_EQ(errorAfter([](Plan &plan) {
              plan.inputs[0].dims.resize(17, constant(1));
            }),
            "tensor 'x' has rank 17, the limit is 16");
}

TEST(PlanCheck, Kernels) {
  EXPECT_EQ(
      errorAfter(
          [](Plan &plan) { plan.kernels[0].scratchBytes = 1 + (1 << 30); }),
      "kernel 'scale_shift' wants 1073741825 bytes of scratch, the limit is "
      "1073741824");
}

TEST(PlanCheck, DeviceKernels) {
  auto errorWith = [](const std::function<void(Kernel &)> &change) {
    return errorAfter([&](Plan &plan) {
      plan.target = "cuda:sm_90a";
      for (Kernel &kernel : plan.kernels) {
        kernel.scratchBytes = 0;
        kernel.blockThreads = 128;
        kernel.codes = {{"sm_80", CodeForm::Ptx, 64, 5}};
      }
      change(plan.kernels[1]);
    });
  };
  EXPECT_EQ(errorWith([](Kernel &) {}), "no error");
  EXPECT_EQ(
      errorWith([](Kernel &kernel) { kernel.blockThreads = 1025; }),
      "kernel 'row_sum' wants blocks of 1025 threads, expected 1 to 1024");
  EXPECT_EQ(errorWith([](Kernel &kernel) { kernel.blockThreads = 0; }),
            "kernel 'row_sum' wants blocks of 0 threads, expected 1 to 1024");
  EXPECT_EQ(errorWith([](Kernel &kernel) { kernel.scratchBytes = 8; }),
            "kernel 'row_sum' of a GPU wants 8 bytes of scratch");
  EXPECT_EQ(
      errorWith([](Kernel &kernel) { kernel.codes[0].arch = ""; }),
      "kernel 'row_sum' has code without an architecture or without bytes");
  EXPECT_EQ(
      errorWith([](Kernel &kernel) { kernel.codes[0].bytes = 0; }),
      "kernel 'row_sum' has code without an architecture or without bytes");
  EXPECT_EQ(errorWith([](Kernel &kernel) { kernel.codes.clear(); }),
            "kernel 'row_sum' is for a CPU, the plan for 'cuda:sm_90a'");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.target = "cuda:sm_80"; }),
            "kernel 'scale_shift' is for a CPU, the plan for 'cuda:sm_80'");
}

TEST(PlanCheck, Alternatives) {
  auto errorWith = [](const std::function<void(Plan &)> &change) {
    return errorAfter([&](Plan &plan) {
      plan.target = "cuda:sm_90a";
      for (Kernel &kernel : plan.kernels) {
        kernel.scratchBytes = 0;
        kernel.blockThreads = 128;
        kernel.codes = {{"sm_90a", CodeForm::Ptx, 64, 5}};
      }
      plan.alternatives = {{"cuda:sm_80", plan.kernels, plan.functions}};
      change(plan);
    });
  };
  EXPECT_EQ(errorWith([](Plan &) {}), "no error");
  EXPECT_EQ(errorWith([](Plan &plan) { plan.alternatives[0].functions = {}; }),
            "alternative 'cuda:sm_80': the plan has no function");
  EXPECT_EQ(
      errorWith([](Plan &plan) { plan.alternatives[0].kernels.pop_back(); }),
      "alternative 'cuda:sm_80': function 'model', step 2: kernel 1 is "
      "launched, there are 1");
  EXPECT_EQ(errorWith([](Plan &plan) {
              plan.alternatives[0].kernels[0].blockThreads = 0;
            }),
            "alternative 'cuda:sm_80': kernel 'scale_shift' wants blocks of 0 "
            "threads, expected 1 to 1024");
  EXPECT_EQ(errorWith([](Plan &plan) { plan.alternatives[0].kernels = {}; }),
            "alternative 'cuda:sm_80': function 'model', step 2: kernel 1 is "
            "launched, there are 0");
  EXPECT_EQ(
      errorWith([](Plan &plan) { plan.alternatives[0].target = "znver4"; }),
      "alternative 'znver4' to 'cuda:sm_90a': both must be for GPUs");
  EXPECT_EQ(errorWith([](Plan &plan) {
              plan.target = "znver4";
              for (Kernel &kernel : plan.kernels)
                kernel.codes = {};
            }),
            "alternative 'cuda:sm_80' to 'znver4': both must be for GPUs");
  EXPECT_EQ(errorWith([](Plan &plan) {
              plan.alternatives.resize(17, plan.alternatives[0]);
            }),
            "the plan has 17 alternatives, the limit is 16");
}

TEST(PlanCheck, TensorMaps) {
  auto errorWith = [](const std::function<void(TensorMap &)> &change) {
    return errorAfter([&](Plan &plan) {
      plan.target = "cuda:sm_90a";
      for (Kernel &kernel : plan.kernels) {
        kernel.scratchBytes = 0;
        kernel.blockThreads = 128;
        kernel.codes = {{"sm_90a", CodeForm::Ptx, 64, 5}};
      }
      TensorMap map{0, 2, {{.constant = 768}, {.scalar = 0}}, {64, 128}};
      change(map);
      plan.kernels[1].tensorMaps = {map};
    });
  };
  std::string kernel = "kernel 'row_sum' has a tensor map with ";
  EXPECT_EQ(errorWith([](TensorMap &) {}), "no error");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.buffer = 2; }),
            kernel + "buffer 2 of 2");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.sizes[1].scalar = 1; }),
            kernel + "scalar 1 of 1");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.sizes.pop_back(); }),
            kernel + "1 dims and a box of 2, expected 2 to 5 of both");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.sizes.resize(6); }),
            kernel + "6 dims and a box of 2, expected 2 to 5 of both");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.box[1] = 257; }),
            kernel + "a box of 257 along a dim, expected 1 to 256");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.box[0] = 0; }),
            kernel + "a box of 0 along a dim, expected 1 to 256");
  EXPECT_EQ(errorWith([](TensorMap &map) { map.elementBytes = 3; }),
            kernel + "rows of 192 bytes, expected 32, 64 or 128");
}

TEST(PlanCheck, Launches) {
  EXPECT_EQ(errorAfter([](Plan &plan) { firstLaunch(plan).flops = symbol(2); }),
            "function 'layer', step 0: a formula uses symbol 2 of 2");
  EXPECT_EQ(
      errorAfter([](Plan &plan) { firstLaunch(plan).bytesMoved = symbol(2); }),
      "function 'layer', step 0: a formula uses symbol 2 of 2");
  EXPECT_EQ(errorAfter([](Plan &plan) { firstLaunch(plan).kernel = 2; }),
            "function 'layer', step 0: kernel 2 is launched, there are 2");
  EXPECT_EQ(
      errorAfter([](Plan &plan) { firstLaunch(plan).buffers.pop_back(); }),
      "function 'layer', step 0: kernel 'scale_shift' takes 4 buffers, but 3 "
      "are "
      "passed");
  EXPECT_EQ(errorAfter([](Plan &plan) { firstLaunch(plan).scalars.clear(); }),
            "function 'layer', step 0: kernel 'scale_shift' takes 1 scalars, "
            "but 0 are "
            "passed");
  EXPECT_EQ(errorAfter([](Plan &plan) { firstLaunch(plan).instances = {}; }),
            "function 'layer', step 0: a formula is empty");
  EXPECT_EQ(
      errorAfter([](Plan &plan) { firstLaunch(plan).scalars[0] = symbol(9); }),
      "function 'layer', step 0: a formula uses symbol 9 of 2");
  EXPECT_EQ(errorAfter([](Plan &plan) { firstLaunch(plan).results.resize(5); }),
            "function 'layer', step 0: kernel 'scale_shift' writes 5 results "
            "to 4 buffers");
  EXPECT_EQ(errorAfter([](Plan &plan) {
              firstLaunch(plan).results = {{{}, DType::F32, {symbol(9)}}};
            }),
            "function 'layer', step 0: a formula uses symbol 9 of 2");
}

TEST(PlanCheck, Variants) {
  auto errorWith = [](const Variant &variant) {
    return errorAfter(
        [&](Plan &plan) { firstLaunch(plan).variants = {variant}; });
  };
  const std::string at = "function 'layer', step 0: ";
  EXPECT_EQ(errorWith({symbol(0), 4, 0, constant(1)}), "no error");
  EXPECT_EQ(errorWith({symbol(0), 4, 2, constant(1)}),
            at + "kernel 2 is launched, there are 2");
  EXPECT_EQ(errorWith({symbol(0), 4, 1, constant(1)}),
            at + "kernel 'row_sum' takes 2 buffers, but 4 are passed");
  EXPECT_EQ(errorWith({symbol(2), 4, 0, constant(1)}),
            at + "a formula uses symbol 2 of 2");
  EXPECT_EQ(errorWith({symbol(0), 4, 0, {}}), at + "a formula is empty");
}

TEST(PlanCheck, Buffers) {
  auto errorWith = [](BufferRef buffer) {
    return errorAfter(
        [&](Plan &plan) { firstLaunch(plan).buffers[0] = buffer; });
  };
  const std::string at = "function 'layer', step 0: ";
  EXPECT_EQ(errorWith({Space::Input, 2}), at + "input 2 is used, there are 2");
  EXPECT_EQ(errorWith({Space::Output, 3}),
            at + "output 3 is used, there are 3");
  EXPECT_EQ(errorWith({Space::Weight, 2}),
            at + "weight 2 is used, there are 2");
  EXPECT_EQ(errorWith({Space::Arena, 1}),
            at + "arena slot 1 is used, there are 1");
  EXPECT_EQ(errorWith({Space::Parameter, 3}),
            at + "parameter 3 is used, there are 3");
  EXPECT_EQ(errorWith({Space(9), 0}), at + "unknown space 9");
}

TEST(PlanCheck, Copies) {
  EXPECT_EQ(
      errorAfter([](Plan &plan) { copyOf(plan).to = {Space::Weight, 0}; }),
      "function 'model', step 3: a copy writes to an input or a weight");
  EXPECT_EQ(errorAfter([](Plan &plan) { copyOf(plan).from.index = 7; }),
            "function 'model', step 3: input 7 is used, there are 2");
}

TEST(PlanCheck, Calls) {
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.functions.clear(); }),
            "the plan has no function");
  EXPECT_EQ(errorAfter([](Plan &plan) { plan.functions[0].numParameters = 1; }),
            "function 'model' is the model but has parameters");
  EXPECT_EQ(errorAfter([](Plan &plan) { firstCall(plan).function = 2; }),
            "function 'model', step 0: function 2 is called, there are 2");
  EXPECT_EQ(
      errorAfter([](Plan &plan) { firstCall(plan).arguments.pop_back(); }),
      "function 'model', step 0: function 'layer' takes 3 arguments, but 2 are "
      "passed");
}

TEST(PlanCheck, CallsEnd) {
  EXPECT_EQ(errorAfter([](Plan &plan) {
              plan.functions[1].steps.push_back(Call{0, {}});
            }),
            "calls of function 'model' go round or are deeper than 16");
}

/// Functions 0 to count-1, of which each calls the next `times` times.
Plan chain(size_t count, size_t times) {
  Plan plan;
  for (uint32_t i = 0; i < count; ++i)
    plan.functions.push_back({"f" + std::to_string(i), 0, {}, {}});
  for (uint32_t i = 0; i + 1 < count; ++i)
    plan.functions[i].steps.assign(times, Call{i + 1, {}});
  return plan;
}

TEST(PlanCheck, CallsAreShallow) {
  EXPECT_TRUE(checkPlan(chain(16, 1)));
  EXPECT_FALSE(checkPlan(chain(17, 1)));
  // Deep too when the deep part is reached a second time, from further down.
  Plan plan = chain(16, 1);
  plan.functions.push_back({"late", 0, {}, {Call{1, {}}, Call{0, {}}}});
  EXPECT_FALSE(checkPlan(plan));
}

TEST(PlanCheck, CallsDoNotMultiplyWithoutLimit) {
  auto valid = checkPlan(chain(16, 1000));
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().message,
            "function 'f12' executes more than 4194304 steps and buffers");
}

} // namespace
