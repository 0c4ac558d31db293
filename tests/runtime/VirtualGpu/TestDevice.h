//===- TestDevice.h - kernels on a virtual device, in a few lines
//------------===//
//
//   TestDevice device({.arch = 80});
//   device.load(text);
//   Address x = device.upload("x", std::vector<float>{1, 2});
//   LaunchResult result = device.run("kernel", {1}, {32}, x, 2);
//   std::vector<float> y = device.download<float>(x, 2);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_RUNTIME_VIRTUALGPU_TESTDEVICE_H
#define TENON_TESTS_RUNTIME_VIRTUALGPU_TESTDEVICE_H

#include "runtime/VirtualGpu/Machine.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace tenon::vgpu {

class TestDevice {
public:
  explicit TestDevice(MachineOptions options = {}) : machine(memory, options) {}

  /// A text of this folder: "gemm.80".
  void loadFile(const std::string &name) {
    std::ifstream file(std::string(TENON_VGPU_PTX) + "/" + name + ".ptx");
    ASSERT_TRUE(file.good()) << name;
    std::stringstream text;
    text << file.rdbuf();
    load(text.str());
  }
  void load(const std::string &text) {
    auto loaded = machine.load(text, "test.ptx");
    ASSERT_TRUE(loaded) << loaded.error().message;
    module = *loaded;
  }
  /// A kernel `k` of a body, with parameters p0, p1, ... of 64 bits.
  void loadBody(const std::string &body, unsigned numParameters = 1,
                const std::string &declarations = "") {
    std::string text = ".version 9.0\n.target " + target +
                       "\n.address_size 64\n" + declarations +
                       "\n.visible .entry k(";
    for (unsigned i = 0; i < numParameters; ++i)
      text +=
          (i ? ", " : "") + std::string(".param .u64 p") + std::to_string(i);
    load(text + ")\n{\n" + body + "\nret;\n}\n");
  }

  template <typename T>
  Address upload(std::string name, const std::vector<T> &values) {
    Address address =
        *memory->allocate(0, values.size() * sizeof(T), 0, std::move(name));
    EXPECT_TRUE(
        memory->copyIn(address, values.data(), values.size() * sizeof(T)));
    return address;
  }
  /// Bytes that nobody wrote.
  Address allocate(std::string name, uint64_t sizeBytes) {
    return *memory->allocate(0, sizeBytes, 0, std::move(name));
  }
  template <typename T> std::vector<T> download(Address address, size_t count) {
    std::vector<T> values(count);
    EXPECT_TRUE(memory->copyOut(values.data(), address, count * sizeof(T)));
    return values;
  }

  template <typename... Args>
  LaunchResult run(const char *kernel, Dim3 grid, Dim3 block, Args... args) {
    LaunchConfig config;
    config.kernel = module->kernel(kernel);
    if (!config.kernel) {
      ADD_FAILURE() << "no kernel " << kernel;
      return {};
    }
    const KernelInfo &info = config.kernel->info();
    std::vector<std::byte> bytes(info.parameterBytes);
    unsigned i = 0;
    auto put = [&](const auto &value) {
      ASSERT_LT(i, info.parameters.size());
      ASSERT_EQ(info.parameters[i].sizeBytes, sizeof(value));
      std::memcpy(bytes.data() + info.parameters[i++].offsetBytes, &value,
                  sizeof(value));
    };
    (put(args), ...);
    config.grid = grid;
    config.block = block;
    config.cluster = cluster;
    config.dynamicSharedBytes = dynamicSharedBytes;
    config.parameters = bytes;
    rt::Result<LaunchResult> result = machine.launch(config);
    if (!result) {
      refusal = result.error().message;
      return {};
    }
    return *result;
  }

  std::shared_ptr<Memory> memory = *Memory::create();
  Machine machine;
  std::shared_ptr<const Module> module;
  std::string target = "sm_90a"; ///< of loadBody's texts
  uint32_t dynamicSharedBytes = 0;
  Dim3 cluster;
  std::string refusal; ///< of the last launch that the device did not take
};

/// The texts of all reports, one a line.
inline std::string texts(const LaunchResult &result) {
  std::string all;
  for (const Report &report : result.reports)
    all += reportText(report) + "\n";
  return all;
}

} // namespace tenon::vgpu

#endif // TENON_TESTS_RUNTIME_VIRTUALGPU_TESTDEVICE_H
