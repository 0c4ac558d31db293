// The environment describes the devices; what is wrong in it is named.

#include "runtime/VirtualGpu/Driver/Settings.h"

#include "runtime/VirtualGpu/Driver/ModuleTexts.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

namespace tenon::vgpu {
namespace {

rt::Result<Settings> settings(std::map<std::string, std::string> environment) {
  return readSettings([&](const char *name) -> const char * {
    auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(VirtualGpuSettings, HaveDefaults) {
  auto read = settings({});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->numDevices, 1);
  EXPECT_EQ(read->machine.arch, 90);
  EXPECT_TRUE(read->machine.checks);
  EXPECT_TRUE(read->failsOnReport);
  EXPECT_EQ(read->machine.schedule, Schedule::InOrder);
  EXPECT_EQ(read->streams, Settings::Streams::Late);
}

TEST(VirtualGpuSettings, AreRead) {
  auto read = settings({{"TENON_VGPU_DEVICES", "4"},
                        {"TENON_VGPU_ARCH", "sm_120"},
                        {"TENON_VGPU_MEMORY_MIB", "3"},
                        {"TENON_VGPU_CHECKS", "report"},
                        {"TENON_VGPU_SCHEDULE", "adversarial"},
                        {"TENON_VGPU_STREAMS", "random"},
                        {"TENON_VGPU_SEED", "18446744073709551615"},
                        {"TENON_VGPU_THREADS", "7"},
                        {"TENON_VGPU_REPORT", "r.json"},
                        {"TENON_VGPU_COUNTERS", "c.json"},
                        {"TENON_VGPU_PTX", "texts"},
                        {"TENON_VGPU_FAIL", "cuMemAlloc_v2:3=2"}});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->numDevices, 4);
  EXPECT_EQ(read->machine.arch, 120);
  EXPECT_EQ(read->machine.memoryBytes, 3u << 20);
  EXPECT_TRUE(read->machine.checks);
  EXPECT_FALSE(read->failsOnReport);
  EXPECT_EQ(read->machine.schedule, Schedule::Adversarial);
  EXPECT_EQ(read->streams, Settings::Streams::Random);
  EXPECT_EQ(read->machine.seed, UINT64_MAX);
  EXPECT_EQ(read->machine.numWorkers, 7);
  EXPECT_EQ(read->reportFile, "r.json");
  EXPECT_EQ(read->countersFile, "c.json");
  EXPECT_EQ(read->ptxFolder, "texts");
  EXPECT_EQ(read->failingFunction, "cuMemAlloc_v2");
  EXPECT_EQ(read->failingCall, 3u);
  EXPECT_EQ(read->failingResult, 2u);
  EXPECT_EQ(settings({{"TENON_VGPU_ARCH", "90"}})->machine.arch, 90);
  EXPECT_EQ(settings({{"TENON_VGPU_ARCH", "sm_100a"}})->machine.arch, 100);
  EXPECT_FALSE(settings({{"TENON_VGPU_CHECKS", "off"}})->machine.checks);
  EXPECT_EQ(settings({{"TENON_VGPU_DEVICES", ""}})->numDevices, 1);
}

TEST(VirtualGpuSettings, WhatIsWrongIsNamed) {
  auto wrong = [](const char *name, const char *value) {
    auto read = settings({{name, value}});
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(wrong("TENON_VGPU_DEVICES", "65"),
            "TENON_VGPU_DEVICES is '65', expected 0 to 64");
  EXPECT_EQ(wrong("TENON_VGPU_DEVICES", "2x"),
            "TENON_VGPU_DEVICES is '2x', expected 0 to 64");
  EXPECT_EQ(wrong("TENON_VGPU_ARCH", "sm_91"),
            "TENON_VGPU_ARCH is 'sm_91', expected sm_80, sm_86, sm_89, sm_90, "
            "sm_100, sm_103 or sm_120");
  EXPECT_EQ(wrong("TENON_VGPU_CHECKS", "on"),
            "TENON_VGPU_CHECKS is 'on', expected fail, report, off");
  EXPECT_EQ(wrong("TENON_VGPU_FAIL", "cuMemAlloc_v2"),
            "TENON_VGPU_FAIL is 'cuMemAlloc_v2', expected a function, the "
            "number of a call and an error, as in cuMemAlloc_v2:3=2");
}

TEST(ModuleTexts, AreWrittenOnceAndThenReadInstead) {
  std::string folder = testing::TempDir() + "texts";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const std::string text = ".visible .entry add(\n.param .u64 p) { ret; }";
  auto chosen = chooseText(text, folder);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, text);
  std::ofstream(folder + "/add.ptx") << "another";
  EXPECT_EQ(*chooseText(text, folder), "another");
  EXPECT_EQ(*chooseText(text, ""), text);
  EXPECT_EQ(*chooseText("no kernel", folder), "no kernel");
  auto refused = chooseText(text, folder + "/none");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "cannot write '" + folder + "/none/add.ptx'");
}

} // namespace
} // namespace tenon::vgpu
