// What the environment changes. The driver reads it once in a process, so each
// test is a child of its own.

#include "tests/runtime/VirtualGpu/Driver/DriverTest.h"

#include <cstdlib>

namespace tenon::cuda {
namespace {

/// What a child finds out, as its exit code.
template <typename Body>
void inChild(const char *variable, const char *value, int expected, Body body) {
  EXPECT_EXIT(
      {
        setenv(variable, value, 1);
        _exit(body());
      },
      testing::ExitedWithCode(expected), "");
}

CUdeviceptr reserveOne() {
  CUcontext context;
  CUdeviceptr address = 0;
  if (cuInit(0) || cuCtxCreate_v2(&context, 0, 0) || cuMemAlloc_v2(&address, 4))
    _exit(99);
  return address;
}

TEST(VirtualDriverModes, SettingsThatAreWrongStopCuInit) {
  inChild("TENON_VGPU_ARCH", "sm_1", CUDA_ERROR_INVALID_VALUE,
          [] { return int(cuInit(0)); });
  inChild("TENON_VGPU_DEVICES", "0", CUDA_ERROR_NO_DEVICE,
          [] { return int(cuInit(0)); });
}

TEST(VirtualDriverModes, CallsFailWhenAsked) {
  inChild("TENON_VGPU_FAIL", "cuMemAlloc_v2:2=2", CUDA_ERROR_OUT_OF_MEMORY, [] {
    reserveOne();
    CUdeviceptr address;
    int second = cuMemAlloc_v2(&address, 4);
    return cuMemAlloc_v2(&address, 4) ? 99 : second;
  });
}

TEST(VirtualDriverModes, EagerStreamsRunAtOnce) {
  for (auto [value, expected] : {std::pair("eager", 5), std::pair("late", 0)})
    inChild("TENON_VGPU_STREAMS", value, expected, [] {
      CUdeviceptr address = reserveOne();
      void *host;
      CUstream stream;
      cuMemHostAlloc(&host, 4, 0);
      *static_cast<uint32_t *>(host) = 0;
      cuStreamCreate(&stream, 0);
      cuMemsetD32Async(address, 5, 1, stream);
      cuMemcpyDtoHAsync_v2(host, address, 4, stream);
      return *static_cast<int *>(host);
    });
}

TEST(VirtualDriverModes, NothingIsCalledBeforeCuInit) {
  inChild("TENON_VGPU_SEED", "1", CUDA_ERROR_NOT_INITIALIZED, [] {
    int count;
    return int(cuDeviceGetCount(&count));
  });
}

} // namespace
} // namespace tenon::cuda
