//===- DriverTest.h - a context of our own for each test ------------------===//

#ifndef TENON_TESTS_RUNTIME_VIRTUALGPU_DRIVER_DRIVERTEST_H
#define TENON_TESTS_RUNTIME_VIRTUALGPU_DRIVER_DRIVERTEST_H

#include "runtime/VirtualGpu/Driver/Api.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace tenon::cuda {

/// p[i] += value for i < n, and a kernel that leaves its buffer by one element.
inline constexpr char kPtx[] = R"(
.version 8.0
.target sm_80
.address_size 64

.visible .global .align 4 .u32 answer = 42;

.visible .entry add(.param .u64 p, .param .u64 n, .param .u32 value)
.maxntid 256, 1, 1
{
  .reg .pred %q;
  .reg .b32 %r<8>;
  .reg .b64 %d<8>;
  ld.param.u64 %d1, [p];
  ld.param.u64 %d2, [n];
  ld.param.u32 %r5, [value];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.s32 %r4, %r1, %r2, %r3;
  cvt.u64.u32 %d3, %r4;
  setp.ge.u64 %q, %d3, %d2;
  @%q bra done;
  cvta.to.global.u64 %d1, %d1;
  shl.b64 %d3, %d3, 2;
  add.s64 %d1, %d1, %d3;
  ld.global.u32 %r6, [%d1];
  add.s32 %r6, %r6, %r5;
  st.global.u32 [%d1], %r6;
done:
  ret;
}

.extern .shared .align 4 .b8 dynamic[];

.visible .entry shared_bytes(.param .u64 p)
{
  .reg .b32 %r<3>;
  .reg .b64 %d<3>;
  .shared .align 4 .b8 fixed[1024];
  ld.param.u64 %d1, [p];
  cvta.to.global.u64 %d1, %d1;
  mov.u32 %r1, 7;
  st.shared.u32 [fixed], %r1;
  st.shared.u32 [dynamic], %r1;
  ld.shared.u32 %r2, [dynamic];
  st.global.u32 [%d1], %r2;
  ret;
}
)";

class DriverTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxCreate_v2(&context, 0, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleLoadData(&module, kPtx), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&add, module, "add"), CUDA_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(cuCtxDestroy_v2(context), CUDA_SUCCESS);
  }

  CUdeviceptr reserve(size_t bytes) {
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, bytes), CUDA_SUCCESS);
    return address;
  }
  CUstream makeStream(unsigned flags = CU_STREAM_NON_BLOCKING) {
    CUstream stream = nullptr;
    EXPECT_EQ(cuStreamCreate(&stream, flags), CUDA_SUCCESS);
    return stream;
  }
  CUevent makeEvent(unsigned flags = CU_EVENT_DEFAULT) {
    CUevent event = nullptr;
    EXPECT_EQ(cuEventCreate(&event, flags), CUDA_SUCCESS);
    return event;
  }
  /// `count` integers of the host that copies need not wait for.
  uint32_t *pinned(size_t count) {
    void *data = nullptr;
    EXPECT_EQ(cuMemHostAlloc(&data, 4 * count, 0), CUDA_SUCCESS);
    return static_cast<uint32_t *>(data);
  }
  /// Adds `value` to the first n of the buffer.
  CUresult launchAdd(CUdeviceptr buffer, uint64_t n, uint32_t value,
                     CUstream stream = nullptr) {
    void *parameters[] = {&buffer, &n, &value};
    unsigned blocks = unsigned((n + 63) / 64);
    return cuLaunchKernel(add, blocks, 1, 1, 64, 1, 1, 0, stream, parameters,
                          nullptr);
  }
  std::vector<uint32_t> read(CUdeviceptr buffer, size_t count) {
    std::vector<uint32_t> values(count);
    EXPECT_EQ(cuMemcpyDtoH_v2(values.data(), buffer, 4 * count), CUDA_SUCCESS);
    return values;
  }

  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction add = nullptr;
};

} // namespace tenon::cuda

#endif // TENON_TESTS_RUNTIME_VIRTUALGPU_DRIVER_DRIVERTEST_H
