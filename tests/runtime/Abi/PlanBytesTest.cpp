// Plans survive the round trip; bytes that are no plan are refused.

#include "runtime/Abi/PlanBytes.h"

#include "runtime/Abi/Expr.h"
#include "tests/runtime/TestModel/TestModel.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::abi;

namespace {

std::string errorOf(std::span<const std::byte> bytes) {
  auto plan = readPlan(bytes);
  return plan ? "no error" : plan.error().message;
}

TEST(PlanBytes, RoundTrip) {
  Plan written = test::testPlan();
  written.kernels[0].reason = "short rows";
  written.kernels[0].multiplies = DType::BF16;
  written.kernels[1].blockThreads = 256;
  written.kernels[1].sharedBytes = 49152;
  written.kernels[1].codes = {{"sm_90a", CodeForm::Ptx, 4096, 700, 34, 8}};
  written.kernels[1].tensorMaps = {
      {1, 2, {{.constant = 768}, {.scalar = 3}}, {64, 128}}};
  std::get<Launch>(written.functions[1].steps[0]).results = {
      {{"a", "b"}, DType::BF16, {constant(3)}}};
  std::get<Launch>(written.functions[1].steps[0]).variants = {
      {symbol(1), 4, 1, constant(9)}};
  written.alternatives = {
      {"cuda:sm_80", {written.kernels[1]}, {written.functions[1]}}};
  std::vector<std::byte> bytes = writePlan(written);
  auto plan = readPlan(bytes);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(writePlan(*plan), bytes);
  EXPECT_EQ(plan->producer, "tests");
  EXPECT_EQ(plan->symbols[1].divisor, 4);
  EXPECT_EQ(plan->outputs[2].name, "echo");
  EXPECT_EQ(plan->kernels[1].scratchBytes, 4096u);
  EXPECT_EQ(plan->kernels[0].reason, "short rows");
  EXPECT_EQ(plan->kernels[0].multiplies, DType::BF16);
  EXPECT_EQ(plan->kernels[1].blockThreads, 256u);
  EXPECT_EQ(plan->kernels[1].sharedBytes, 49152u);
  const DeviceCode &code = plan->kernels[1].codes.at(0);
  EXPECT_EQ(code.arch, "sm_90a");
  EXPECT_EQ(code.form, CodeForm::Ptx);
  EXPECT_EQ(code.address, 4096u);
  EXPECT_EQ(code.bytes, 700u);
  EXPECT_EQ(code.registers, 34u);
  EXPECT_EQ(code.spillBytes, 8u);
  EXPECT_EQ(plan->kernels[1].tensorMaps, written.kernels[1].tensorMaps);
  const LaunchResult &result =
      std::get<Launch>(plan->functions[1].steps[0]).results.at(0);
  EXPECT_EQ(result.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(result.dtype, DType::BF16);
  EXPECT_EQ(asConstant(result.dims.at(0)), 3);
  const Variant &variant =
      std::get<Launch>(plan->functions[1].steps[0]).variants.at(0);
  EXPECT_EQ(asSymbol(variant.size), 1u);
  EXPECT_EQ(variant.most, 4);
  EXPECT_EQ(variant.kernel, 1u);
  EXPECT_EQ(asConstant(variant.instances), 9);
  EXPECT_EQ(std::get<Call>(plan->functions[0].steps[1]).arguments[1].index, 1u);
  EXPECT_EQ(std::get<Copy>(plan->functions[0].steps[3]).to.space,
            Space::Output);
  const Alternative &alternative = plan->alternatives.at(0);
  EXPECT_EQ(alternative.target, "cuda:sm_80");
  EXPECT_EQ(alternative.kernels.at(0).name, "row_sum");
  EXPECT_EQ(alternative.functions.at(0).name, "layer");
}

TEST(PlanBytes, NumbersDoNotChangeTheSize) {
  Plan plan = test::testPlan();
  size_t before = writePlan(plan).size();
  plan.weights[0].offset = UINT64_MAX;
  plan.weights[0].checksum = UINT64_MAX;
  EXPECT_EQ(writePlan(plan).size(), before);
}

TEST(PlanBytes, EveryTruncationIsAnError) {
  std::vector<std::byte> bytes = writePlan(test::testPlan());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(errorOf(std::span(bytes).first(size)), "no error") << size;
  EXPECT_EQ(errorOf({}), "plan byte 0: ends early, 4 more bytes were expected");
}

TEST(PlanBytes, TrailingBytesAreAnError) {
  std::vector<std::byte> bytes = writePlan({});
  bytes.push_back({});
  EXPECT_EQ(errorOf(bytes), "plan byte 40: 1 bytes too many");
}

TEST(PlanBytes, CountsAreBelievedOnlyAsFarAsThereAreBytes) {
  std::vector<std::byte> bytes = writePlan({});
  for (size_t i = 8; i < 12; ++i) // how many features
    bytes[i] = std::byte{0xff};
  EXPECT_EQ(errorOf(bytes),
            "plan byte 12: a list of 4294967295 elements does not fit");
}

TEST(PlanBytes, UnknownEnumValuesAreAnError) {
  Plan plan;
  plan.inputs = {{"x", DType(17), {}}};
  EXPECT_EQ(errorOf(writePlan(plan)), "plan byte 26: unknown dtype 17");
  plan.inputs = {{"x", DType::F32, {{{ExprOp(10)}}}}};
  EXPECT_EQ(errorOf(writePlan(plan)),
            "plan byte 35: unknown formula operation 10");
  plan.inputs = {};
  plan.functions = {{"f", 0, {}, {Copy{{Space(5), 0}, {}, {}}}}};
  EXPECT_EQ(errorOf(writePlan(plan)), "plan byte 55: unknown space 5");
}

TEST(PlanBytes, UnknownStepsAreAnError) {
  Plan plan;
  plan.functions = {{"f", 0, {}, {Call{}}}};
  std::vector<std::byte> bytes = writePlan(plan);
  std::byte &which =
      bytes[bytes.size() - 13]; // before callee, arguments, alternatives
  ASSERT_EQ(which, std::byte{1});
  which = std::byte{3};
  EXPECT_EQ(errorOf(bytes), "plan byte 54: unknown kind of step 3");
}

} // namespace
