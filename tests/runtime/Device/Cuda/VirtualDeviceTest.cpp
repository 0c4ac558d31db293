// The CUDA side over the virtual device, found as users find it: results,
// copies, graphs, and failures that name their kernel.

#include "runtime/Device/Cuda/LaunchGraph.h"
#include "runtime/Device/Cuda/Staging.h"
#include "tests/runtime/Device/Cuda/AddKernel.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

using namespace tenon;
using namespace tenon::rt;

namespace {

class OnVirtualDevice : public testing::Test {
protected:
  void SetUp() override {
    auto driver = Driver::load({Driver::Kind::VirtualGpu, ""});
    ASSERT_TRUE(driver) << driver.error().message;
    auto opened = Device::open(*driver, 0);
    ASSERT_TRUE(opened) << opened.error().message;
    device = *opened;
    scope.emplace(*device);
    auto loaded =
        Module::load(device, std::as_bytes(std::span(test::kAddPtx)), "'add'");
    ASSERT_TRUE(loaded) << loaded.error().message;
    module = std::move(*loaded);
    auto found = module.kernel({"add", "add", 64, 0});
    ASSERT_TRUE(found) << found.error().message;
    add = *found;
    auto made = Stream::create(device);
    ASSERT_TRUE(made) << made.error().message;
    stream = std::move(*made);
  }
  DeviceMemory upload(const std::vector<uint32_t> &values) {
    auto memory = DeviceMemory::reserve(device, 4 * values.size(), "a test");
    auto staging = Staging::create(device);
    EXPECT_TRUE(memory && staging);
    EXPECT_TRUE(staging->upload(stream, memory->address(),
                                std::as_bytes(std::span(values))));
    EXPECT_TRUE(stream.wait());
    return std::move(*memory);
  }
  std::vector<uint32_t> download(const DeviceMemory &memory) {
    std::vector<uint32_t> values(memory.sizeBytes() / 4);
    auto staging = Staging::create(device);
    EXPECT_TRUE(staging &&
                staging->download(stream,
                                  std::as_writable_bytes(std::span(values)),
                                  memory.address()));
    return values;
  }
  Result<void> launchAdd(const DeviceMemory &memory, int64_t n,
                         uint32_t value) {
    cuda::CUdeviceptr address = memory.address();
    void *parameters[] = {&address, &n, &value};
    return stream.launch(add, (n + 63) / 64, parameters);
  }

  std::shared_ptr<Device> device;
  std::optional<Device::Scope> scope;
  Module module;
  CudaKernel add;
  Stream stream;
};

TEST_F(OnVirtualDevice, HasTheVirtualDevicesProperties) {
  EXPECT_TRUE(device->properties().isVirtual);
  EXPECT_EQ(device->properties().name, "Tenon virtual GPU sm_90");
  EXPECT_EQ(device->properties().capability(), 90);
}

TEST_F(OnVirtualDevice, AKernelComputes) {
  std::vector<uint32_t> values(1000, 3);
  DeviceMemory memory = upload(values);
  ASSERT_TRUE(launchAdd(memory, 1000, 4));
  EXPECT_EQ(download(memory), std::vector<uint32_t>(1000, 7));
}

TEST_F(OnVirtualDevice, LargeCopiesGoThroughSmallPieces) {
  std::vector<uint32_t> values(5 * Staging::kPieceBytes / 8 + 3);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = uint32_t(i * 2654435761u);
  DeviceMemory memory = upload(values);
  EXPECT_TRUE(download(memory) == values);
}

TEST_F(OnVirtualDevice, AGraphIsUpdatedAndLaunched) {
  DeviceMemory memory = upload({0, 0});
  LaunchGraph graph;
  for (uint32_t value : {1u, 10u}) {
    ASSERT_TRUE(graph.capture(stream, [&]() -> Result<void> {
      if (auto done = launchAdd(memory, 2, value); !done)
        return done;
      return launchAdd(memory, 1, value);
    }));
    ASSERT_TRUE(graph.launch(stream));
    ASSERT_TRUE(graph.launch(stream));
  }
  EXPECT_EQ(graph.numUpdates(), 1u);
  EXPECT_EQ(download(memory), (std::vector<uint32_t>{44, 22}));
}

TEST_F(OnVirtualDevice, CodeThatIsNoPtxComesWithTheLog) {
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\nnonsense";
  auto bad = Module::load(device, std::as_bytes(std::span(text)), "'x'");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::NoKernel);
  EXPECT_EQ(bad.error().message.find(
                "cannot load the device code 'x': the PTX is not valid "
                "(CUDA_ERROR_INVALID_PTX); the driver's compiler says: ptx:4:"),
            0u)
      << bad.error().message;
}

/// The last test: the device's primary context is of no use after it.
TEST_F(OnVirtualDevice, ZFailuresNameTheirKernel) {
  DeviceMemory memory = upload({0, 0});
  ASSERT_TRUE(launchAdd(memory, 2, 1));
  auto failed = launchAdd(memory, 3, 1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "kernel 'add' (add) failed on CUDA device 0: a kernel used memory "
            "that is not its (CUDA_ERROR_ILLEGAL_ADDRESS)");
  auto later = DeviceMemory::reserve(device, 8, "a test");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().message, failed.error().message);
}

} // namespace
