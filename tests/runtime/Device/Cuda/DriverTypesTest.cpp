// Our declarations of the driver's functions are those of its header.

#include "runtime/Device/Cuda/Driver.h"

#include <cuda.h>
#include <gtest/gtest.h>

using namespace tenon;

namespace {

/// Types of arguments as they are passed: their sizes.
template <typename Result, typename... Arguments>
std::vector<size_t> passed(Result (*)(Arguments...)) {
  return {sizeof(Result), sizeof(Arguments)...};
}

template <typename Ours, typename Theirs>
void expectSame(const char *name, Ours, Theirs theirs) {
  EXPECT_EQ(passed(Ours()), passed(theirs)) << name;
}

TEST(DriverTypes, Functions) {
  rt::Driver d{};
#define SAME(ours, theirs) expectSame(#theirs, d.ours, &theirs)
  SAME(init, cuInit);
  SAME(driverVersion, cuDriverGetVersion);
  SAME(errorName, cuGetErrorName);
  SAME(errorString, cuGetErrorString);
  SAME(deviceCount, cuDeviceGetCount);
  SAME(deviceGet, cuDeviceGet);
  SAME(deviceName, cuDeviceGetName);
  SAME(deviceAttribute, cuDeviceGetAttribute);
  SAME(deviceBytes, cuDeviceTotalMem);
  SAME(primaryRetain, cuDevicePrimaryCtxRetain);
  SAME(primaryRelease, cuDevicePrimaryCtxRelease);
  SAME(setCurrent, cuCtxSetCurrent);
  SAME(allocate, cuMemAlloc);
  SAME(free, cuMemFree);
  SAME(copyIn, cuMemcpyHtoDAsync);
  SAME(copyOut, cuMemcpyDtoHAsync);
  SAME(copy, cuMemcpyDtoDAsync);
  SAME(streamCreate, cuStreamCreate);
  SAME(streamDestroy, cuStreamDestroy);
  SAME(streamSynchronize, cuStreamSynchronize);
  SAME(moduleLoad, cuModuleLoadDataEx);
  SAME(moduleUnload, cuModuleUnload);
  SAME(moduleFunction, cuModuleGetFunction);
  SAME(setFunctionAttribute, cuFuncSetAttribute);
  SAME(launch, cuLaunchKernel);
#undef SAME
}

TEST(DriverTypes, Numbers) {
  EXPECT_EQ(cu::kSuccess, CUDA_SUCCESS);
  EXPECT_EQ(cu::kOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cu::kNotSupported, CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cu::kComputeMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  EXPECT_EQ(cu::kComputeMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  EXPECT_EQ(cu::kMaxDynamicSharedBytes,
            CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  EXPECT_EQ(cu::kErrorLogBuffer, CU_JIT_ERROR_LOG_BUFFER);
  EXPECT_EQ(cu::kErrorLogBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
}

} // namespace
