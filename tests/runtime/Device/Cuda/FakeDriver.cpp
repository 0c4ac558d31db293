// A driver without a device. FAKE_VERSION is what it says it is.

#include "tests/runtime/Device/Cuda/FakeDriver.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace tenon::cuda;
using tenon::test::FakeDriver;

extern "C" FakeDriver *fakeDriver() {
  static FakeDriver driver;
  return &driver;
}

extern "C" CUresult fakeCalled(const char *name) {
  FakeDriver &driver = *fakeDriver();
  driver.calls.push_back(name);
  auto failure = driver.failures.find(name);
  return failure == driver.failures.end() ? CUDA_SUCCESS : failure->second;
}

extern "C" {

CUresult cuDriverGetVersion(int *version) {
  *version = FAKE_VERSION;
  return fakeCalled("cuDriverGetVersion");
}

CUresult cuGetErrorName(CUresult error, const char **text) {
  *text = error == CUDA_ERROR_UNKNOWN ? nullptr : "FAKE_NAME";
  return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
  static char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "fake error %u", unsigned(error));
  *text = buffer;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  *count = 2;
  return fakeCalled("cuDeviceGetCount");
}
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return fakeCalled("cuDeviceGet");
}
CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  std::snprintf(name, size_t(length), "fake device %d", device);
  return fakeCalled("cuDeviceGetName");
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
  *bytes = 1 << 20;
  return CUDA_SUCCESS;
}
/// Device 0 has pools, device 1 has none.
CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device) {
  static const std::map<CUdevice_attribute, int> kValues = {
      {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 49152},
      {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 132},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 8},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 6},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 101376}};
  *value = attribute == CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED
               ? device == 0
               : kValues.at(attribute);
  return fakeCalled("cuDeviceGetAttribute");
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  if (CUresult failure = fakeCalled("cuMemAlloc_v2"))
    return failure;
  *address = reinterpret_cast<uintptr_t>(std::malloc(bytes));
  return CUDA_SUCCESS;
}
CUresult cuMemFree_v2(CUdeviceptr address) {
  std::free(reinterpret_cast<void *>(address));
  return fakeCalled("cuMemFree_v2");
}
CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream) {
  if (CUresult failure = fakeCalled("cuMemAllocAsync"))
    return failure;
  *address = reinterpret_cast<uintptr_t>(std::malloc(bytes));
  return CUDA_SUCCESS;
}
CUresult cuMemFreeAsync(CUdeviceptr address, CUstream) {
  std::free(reinterpret_cast<void *>(address));
  return fakeCalled("cuMemFreeAsync");
}
CUresult cuMemHostAlloc(void **data, size_t bytes, unsigned) {
  if (CUresult failure = fakeCalled("cuMemHostAlloc"))
    return failure;
  *data = std::malloc(bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemFreeHost(void *data) {
  std::free(data);
  return fakeCalled("cuMemFreeHost");
}

static CUresult copy(const char *name, void *to, const void *from,
                     size_t bytes) {
  if (CUresult failure = fakeCalled(name))
    return failure;
  std::memcpy(to, from, bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream) {
  return copy("cuMemcpyHtoDAsync_v2", reinterpret_cast<void *>(to), from,
              bytes);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream) {
  return copy("cuMemcpyDtoHAsync_v2", to, reinterpret_cast<void *>(from),
              bytes);
}

/// Handles are numbers from 1 on.
#define MAKES(name, Handle)                                                    \
  CUresult failure = fakeCalled(#name);                                        \
  static uintptr_t number;                                                     \
  *made = failure ? nullptr : reinterpret_cast<Handle>(++number);              \
  return failure;

CUresult cuDevicePrimaryCtxRetain(CUcontext *made, CUdevice){
    MAKES(cuDevicePrimaryCtxRetain, CUcontext)} CUresult
    cuStreamCreate(CUstream *made,
                   unsigned){MAKES(cuStreamCreate, CUstream)} CUresult
    cuEventCreate(CUevent *made,
                  unsigned){MAKES(cuEventCreate, CUevent)} CUresult
    cuEventElapsedTime(float *milliseconds, CUevent, CUevent) {
  *milliseconds = 1500;
  return CUDA_SUCCESS;
}

/// Text that begins with "bad" is refused, with a log.
CUresult cuModuleLoadDataEx(CUmodule *made, const void *image, unsigned count,
                            CUjit_option *options, void **values) {
  const char *text = static_cast<const char *>(image);
  if (std::strncmp(text, "bad", 3) == 0) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        std::strcpy(static_cast<char *>(values[i]), "line 1: bad text\n");
    return CUDA_ERROR_INVALID_PTX;
  }
  MAKES(cuModuleLoadDataEx, CUmodule)
}
CUresult cuModuleGetFunction(CUfunction *made, CUmodule, const char *name) {
  if (std::strcmp(name, "absent") == 0)
    return CUDA_ERROR_NOT_FOUND;
  MAKES(cuModuleGetFunction, CUfunction)
}
CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction) {
  bool isThreads = attribute == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
  *value = isThreads ? int(fakeDriver()->threadsPerBlock) : 1024;
  return fakeCalled("cuFuncGetAttribute");
}
CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int value) {
  fakeDriver()->dynamicSharedBytes = value;
  return fakeCalled("cuFuncSetAttribute");
}

CUresult cuStreamEndCapture(CUstream, CUgraph *made){
    MAKES(cuStreamEndCapture, CUgraph)} CUresult
    cuGraphInstantiateWithFlags(CUgraphExec *made, CUgraph,
                                unsigned long long) {
  MAKES(cuGraphInstantiateWithFlags, CUgraphExec)
}

} // extern "C"
