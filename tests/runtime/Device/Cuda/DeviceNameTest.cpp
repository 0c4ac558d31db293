// Names of devices.

#include "runtime/Device/DeviceName.h"

#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

TEST(DeviceName, IsRead) {
  using Kind = DeviceName::Kind;
  EXPECT_EQ(*parseDeviceName(""), DeviceName());
  EXPECT_EQ(*parseDeviceName("cpu"), DeviceName());
  EXPECT_EQ(*parseDeviceName("cuda:7"), (DeviceName{Kind::Cuda, 7}));
  EXPECT_EQ(*parseDeviceName("vgpu"), (DeviceName{Kind::VirtualGpu, 0}));
  EXPECT_EQ(*parseDeviceName("vgpu:12"), (DeviceName{Kind::VirtualGpu, 12}));
  for (const char *text : {"cpu", "cuda:3", "vgpu:0"})
    EXPECT_EQ(parseDeviceName(text)->text(), text);
}

TEST(DeviceName, WhatIsNoneIsRefused) {
  for (const char *text :
       {"gpu", "cpu:0", "cuda", "cuda:", "vgpu:", "cuda:x", "cuda:1x",
        "cuda:-1", "cuda:99999999999", "CUDA:0"}) {
    auto name = parseDeviceName(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, Code::BadInput);
    EXPECT_EQ(name.error().message,
              "there is no device '" + std::string(text) +
                  "'; expected cpu, cuda:N, vgpu or vgpu:N");
  }
}

} // namespace
