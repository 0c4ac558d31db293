// Which code of a kernel a device is given.

#include "runtime/Program/DeviceProgram.h"

#include <gtest/gtest.h>

namespace tenon::rt {
namespace {

using abi::CodeForm;

std::string chosen(std::vector<abi::DeviceCode> codes, int compute,
                   bool isVirtual = false) {
  abi::Kernel kernel;
  kernel.codes = std::move(codes);
  const abi::DeviceCode *code = chooseCode(kernel, compute, isVirtual);
  if (!code)
    return "none";
  return (code->form == CodeForm::Ptx ? "ptx " : "cubin ") + code->arch;
}

TEST(ParseDevice, KindAndNumber) {
  auto third = parseDevice("cuda:3");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->kind, Driver::Kind::Cuda);
  EXPECT_EQ(third->ordinal, 3);
  auto first = parseDevice("vgpu");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Driver::Kind::VirtualGpu);
  EXPECT_EQ(first->ordinal, 0);
  EXPECT_EQ(parseDevice("vgpu:12")->ordinal, 12);
  for (const char *name :
       {"", "cpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "vgpu:"})
    EXPECT_FALSE(parseDevice(name)) << name;
}

TEST(ChooseCode, ItsOwnMachineCode) {
  EXPECT_EQ(chosen({{"sm_80", CodeForm::Ptx}, {"sm_90", CodeForm::Cubin}}, 90),
            "cubin sm_90");
  EXPECT_EQ(chosen({{"sm_90a", CodeForm::Cubin}}, 90), "cubin sm_90a");
  EXPECT_EQ(chosen({{"sm_80", CodeForm::Cubin}}, 90), "none");
}

TEST(ChooseCode, TheNewestTextThatIsNotNewer) {
  std::vector<abi::DeviceCode> codes = {{"sm_80", CodeForm::Ptx},
                                        {"sm_89", CodeForm::Ptx},
                                        {"sm_100", CodeForm::Ptx}};
  EXPECT_EQ(chosen(codes, 90), "ptx sm_89");
  EXPECT_EQ(chosen(codes, 80), "ptx sm_80");
  EXPECT_EQ(chosen(codes, 120), "ptx sm_100");
  EXPECT_EQ(chosen(codes, 75), "none");
}

TEST(ChooseCode, TextForOneArchitectureAlone) {
  std::vector<abi::DeviceCode> codes = {{"compute_80", CodeForm::Ptx},
                                        {"sm_90a", CodeForm::Ptx}};
  EXPECT_EQ(chosen(codes, 90), "ptx sm_90a");
  EXPECT_EQ(chosen(codes, 100), "ptx compute_80");
}

TEST(ChooseCode, AVirtualDeviceTakesText) {
  EXPECT_EQ(chosen({{"sm_90", CodeForm::Cubin}, {"sm_90", CodeForm::Ptx}}, 90,
                   /*isVirtual=*/true),
            "ptx sm_90");
  EXPECT_EQ(chosen({{"sm_90", CodeForm::Cubin}}, 90, /*isVirtual=*/true),
            "none");
}

} // namespace
} // namespace tenon::rt
