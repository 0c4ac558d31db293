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

TEST(DeviceCodes, AreListed) {
  abi::Kernel kernel;
  kernel.codes = {{"sm_90a", abi::CodeForm::Cubin},
                  {"compute_80", abi::CodeForm::Ptx}};
  EXPECT_EQ(codesText(kernel), "sm_90a, PTX of compute_80");
}

} // namespace
} // namespace tenon
