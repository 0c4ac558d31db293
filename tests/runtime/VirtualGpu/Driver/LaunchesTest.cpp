// Launches: arguments, refusals, and failures that last.

#include "tests/runtime/VirtualGpu/Driver/DriverTest.h"

#include <fstream>
#include <sstream>

namespace tenon::cuda {
namespace {

class VirtualLaunches : public DriverTest {};

TEST_F(VirtualLaunches, ParametersComeInTwoForms) {
  struct {
    CUdeviceptr buffer;
    uint64_t n = 2;
    uint32_t value = 4;
  } block;
  block.buffer = reserve(8);
  ASSERT_EQ(cuMemsetD32_v2(block.buffer, 1, 2), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(block.buffer, 2, 2), CUDA_SUCCESS);
  size_t bytes = 20;
  void *extra[] = {reinterpret_cast<void *>(kLaunchParamBufferPointer), &block,
                   reinterpret_cast<void *>(kLaunchParamBufferSize), &bytes,
                   reinterpret_cast<void *>(kLaunchParamEnd)};
  auto launch = [&](void **parameters) {
    return cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, parameters,
                          extra);
  };
  ASSERT_EQ(launch(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(read(block.buffer, 2), (std::vector<uint32_t>{7, 7}));
  bytes = 100;
  EXPECT_EQ(launch(nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(
      cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, nullptr),
      CUDA_ERROR_INVALID_VALUE);
  CUlaunchConfig config{1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, 0};
  void *parameters[] = {&block.buffer, &block.n, &block.value};
  ASSERT_EQ(cuLaunchKernelEx(&config, add, parameters, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(read(block.buffer, 2), (std::vector<uint32_t>{11, 11}));
}

TEST_F(VirtualLaunches, ShapesThatNoDeviceTakesAreRefused) {
  CUdeviceptr buffer = reserve(4);
  uint64_t n = 1;
  uint32_t value = 1;
  void *parameters[] = {&buffer, &n, &value};
  auto launch = [&](unsigned grid, unsigned block) {
    return cuLaunchKernel(add, grid, 1, 1, block, 1, 1, 0, nullptr, parameters,
                          nullptr);
  };
  EXPECT_EQ(launch(0, 32), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(1, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(1, 257), CUDA_ERROR_INVALID_VALUE); // .maxntid 256
  EXPECT_EQ(launch(0x80000000, 32), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters,
                           nullptr),
            CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
}

std::string contentsOf(const char *path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(VirtualLaunches, AnIllegalAddressLasts) {
  CUdeviceptr buffer = reserve(8);
  ASSERT_EQ(cuMemsetD32_v2(buffer, 0, 2), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 3, 1), CUDA_SUCCESS); // told when waited for
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr other = 0;
  EXPECT_EQ(cuMemAlloc_v2(&other, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(launchAdd(buffer, 1, 1), CUDA_ERROR_ILLEGAL_ADDRESS);
  std::string report = contentsOf(TENON_TEST_REPORT);
  EXPECT_NE(report.find("{\"kind\":\"out of bounds\",\"device\":0,\"kernel\":"
                        "\"add\""),
            std::string::npos)
      << report;
  // Another context of the device is well.
  CUcontext second = nullptr;
  ASSERT_EQ(cuCtxCreate_v2(&second, 0, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc_v2(&other, 4), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxDestroy_v2(second), CUDA_SUCCESS);
}

TEST_F(VirtualLaunches, AnnouncedBuffersAreSeparate) {
  CUdeviceptr arena = reserve(512);
  ASSERT_EQ(cuMemsetD32_v2(arena, 0, 128), CUDA_SUCCESS);
  EXPECT_EQ(cuTenonAnnounce(arena, 513, "x"), CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(cuTenonAnnounce(arena, 8, "first"), CUDA_SUCCESS);
  ASSERT_EQ(cuTenonAnnounce(arena + 256, 8, "second"), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(arena, 2, 1), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(arena + 256, 2, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(arena, 3, 1), CUDA_SUCCESS); // still in the arena
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(VirtualLaunches, AFindingWithoutAFaultFailsToo) {
  CUdeviceptr buffer = reserve(8); // never written
  ASSERT_EQ(launchAdd(buffer, 2, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(VirtualLaunches, CountersAreWritten) {
  CUdeviceptr buffer = reserve(256);
  ASSERT_EQ(cuMemsetD32_v2(buffer, 0, 64), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
  std::string counters = contentsOf(TENON_TEST_COUNTERS);
  EXPECT_NE(
      counters.find("{\"kernel\":\"add\",\"device\":0,\"target\":\"sm_80\","
                    "\"grid\":[1,1,1],\"block\":[64,1,1],"
                    "\"instructions\":"),
      std::string::npos)
      << counters;
  EXPECT_NE(counters.find("\"globalLoadBytes\":256,\"globalStoreBytes\":256"),
            std::string::npos);
  EXPECT_NE(counters.find("\"compulsoryBytes\":512,\"bounds\":[{\"device\":"
                          "\"A100\",\"microseconds\":"),
            std::string::npos)
      << counters;
}

} // namespace
} // namespace tenon::cuda
