// Which code of a kernel a device gets.

#include "runtime/Program/DeviceCodes.h"

#include <gtest/gtest.h>

namespace tenon {

using namespace rt;

namespace {

/// The arch of the code that a device of this capability gets; "" for none.
std::string chosen(const std::vector<std::string> &archs, int capability,
                   bool isVirtual = false) {
  abi::Kernel kernel;
  for (const std::string &arch : archs)
    kernel.codes.push_back({arch, arch.starts_with("compute")
                                      ? abi::CodeForm::Ptx
                                      : abi::CodeForm::Cubin});
  DeviceProperties device;
  device.major = capability / 10;
  device.minor = capability % 10;
  device.isVirtual = isVirtual;
  const abi::DeviceCode *code = chooseCode(kernel, device);
  return code ? code->arch : "";
}

TEST(DeviceCodes, ACubinIsForItsArchitectureOnly) {
  EXPECT_EQ(chosen({"sm_80", "sm_90"}, 90), "sm_90");
  EXPECT_EQ(chosen({"sm_90"}, 100), "");
  EXPECT_EQ(chosen({"sm_80"}, 86), "");
  EXPECT_EQ(chosen({"sm_90", "sm_90a"}, 90), "sm_90a");
  EXPECT_EQ(chosen({"sm_90a", "sm_90"}, 90), "sm_90a");
  EXPECT_EQ(chosen({"compute_90", "sm_90"}, 90), "sm_90");
}

TEST(DeviceCodes, ElseTheNewestPtxThatIsNotAboveIt) {
  std::vector<std::string> archs = {"compute_75", "compute_90", "compute_80"};
  EXPECT_EQ(chosen(archs, 120), "compute_90");
  EXPECT_EQ(chosen(archs, 89), "compute_80");
  EXPECT_EQ(chosen(archs, 75), "compute_75");
  EXPECT_EQ(chosen(archs, 70), "");
  EXPECT_EQ(chosen({"compute_80", "sm_100"}, 90), "compute_80");
}

TEST(DeviceCodes, FeaturesOfOneArchitectureOrFamily) {
  EXPECT_EQ(chosen({"compute_90a", "compute_80"}, 90), "compute_90a");
  EXPECT_EQ(chosen({"compute_90a", "compute_80"}, 100), "compute_80");
  EXPECT_EQ(chosen({"compute_100f", "compute_80"}, 103), "compute_100f");
  EXPECT_EQ(chosen({"compute_100f", "compute_80"}, 120), "compute_80");
}

TEST(DeviceCodes, AVirtualDeviceTakesPtx) {
  EXPECT_EQ(chosen({"sm_90a", "compute_80"}, 90, true), "compute_80");
  EXPECT_EQ(chosen({"sm_90a"}, 90, true), "");
}

TEST(DeviceCodes, PtxThatIsNamedLikeMachineCode) {
  abi::Kernel kernel;
  kernel.codes = {{"sm_80", abi::CodeForm::Ptx}};
  DeviceProperties device;
  device.major = 9;
  EXPECT_EQ(chooseCode(kernel, device), &kernel.codes[0]);
}

TEST(DeviceCodes, WhatIsNoArchitectureRunsNowhere) {
  EXPECT_EQ(chosen({"compute_", "computer", "compute_99999999999", "x"}, 90),
            "");
}

abi::Plan planFor(const std::string &target,
                  const std::vector<abi::DeviceCode> &codes,
                  uint32_t sharedBytes = 0) {
  abi::Plan plan;
  plan.target = target;
  plan.kernels.resize(2);
  for (abi::Kernel &kernel : plan.kernels) {
    kernel.codes = codes;
    kernel.sharedBytes = sharedBytes;
  }
  return plan;
}

/// As a compiler leaves them for sm_80 and sm_90a.
std::vector<abi::Plan> plansForTwo() {
  using abi::CodeForm;
  return {planFor("80", {{"sm_80", CodeForm::Cubin}, {"sm_80", CodeForm::Ptx}},
                  160 << 10),
          planFor("90a",
                  {{"sm_90a", CodeForm::Cubin}, {"sm_90a", CodeForm::Ptx}},
                  200 << 10),
          planFor("portable", {{"compute_80", CodeForm::Ptx}}, 64 << 10)};
}

/// The target of the plan that such a device gets; "" for none.
std::string chosenPlan(const std::vector<abi::Plan> &plans, int capability,
                       bool isVirtual = false) {
  DeviceProperties device;
  device.major = capability / 10;
  device.minor = capability % 10;
  device.isVirtual = isVirtual;
  bool isLarge = device.minor == 0 && capability < 120;
  device.sharedOptInBytes = (isLarge ? 227 : 99) << 10;
  const abi::Plan *plan = choosePlan(plans, device);
  return plan ? plan->target : "";
}

TEST(DeviceCodes, APlanIsForTheDeviceThatItsKernelsAreFor) {
  for (bool isVirtual : {false, true}) {
    EXPECT_EQ(chosenPlan(plansForTwo(), 80, isVirtual), "80");
    EXPECT_EQ(chosenPlan(plansForTwo(), 90, isVirtual), "90a");
    EXPECT_EQ(chosenPlan(plansForTwo(), 100, isVirtual), "80");
    EXPECT_EQ(chosenPlan(plansForTwo(), 75, isVirtual), "");
  }
  // One kernel without code is enough.
  std::vector<abi::Plan> plans = plansForTwo();
  plans[1].kernels[1].codes.clear();
  EXPECT_EQ(chosenPlan(plans, 90), "80");
}

TEST(DeviceCodes, APlanWhoseBlocksFitIsPreferred) {
  EXPECT_EQ(chosenPlan(plansForTwo(), 120), "portable");
  EXPECT_EQ(chosenPlan(plansForTwo(), 86), "portable");
  // Else loading says what does not fit.
  EXPECT_EQ(chosenPlan({plansForTwo()[0]}, 86), "80");
}

TEST(DeviceCodes, AreListed) {
  EXPECT_EQ(codesText(plansForTwo()),
            "sm_80, PTX of sm_80, sm_90a, PTX of sm_90a, PTX of compute_80");
}

} // namespace
} // namespace tenon
