// Devices, contexts, errors by name, and the ways to ask for functions.

#include "runtime/VirtualGpu/Driver/State.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>

using namespace tenon::vgpu;

namespace {

struct ErrorText {
  CUresult status;
  const char *name, *text;
};
constexpr ErrorText kErrors[] = {
    {kSuccess, "CUDA_SUCCESS", "no error"},
    {kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {kNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {kNoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {kInvalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {kNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS",
     "an illegal memory access was encountered"},
    {kOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
     "too many resources requested for launch"},
    {kTimeout, "CUDA_ERROR_LAUNCH_TIMEOUT",
     "the launch timed out and was terminated"},
    {kIllegalInstruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION",
     "an illegal instruction was encountered"},
    {kMisalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {kNotSupported, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
};

const ErrorText *findError(CUresult status) {
  for (const ErrorText &error : kErrors)
    if (error.status == status)
      return &error;
  return nullptr;
}

CUctx_st *deviceOf(int ordinal) {
  State *state = State::get();
  bool isThere = state && ordinal >= 0 && ordinal < int(state->devices.size());
  return isThere ? state->devices[ordinal].get() : nullptr;
}

/// CUdevice_attribute.
enum Attribute {
  kMaxThreadsPerBlock = 1,
  kMaxBlockX = 2,
  kMaxBlockY = 3,
  kMaxBlockZ = 4,
  kMaxGridX = 5,
  kMaxGridY = 6,
  kMaxGridZ = 7,
  kMaxSharedPerBlock = 8,
  kWarpSize = 10,
  kMaxRegistersPerBlock = 12,
  kNumMultiprocessors = 16,
  kMaxThreadsPerSm = 39,
  kUnifiedAddressing = 41,
  kComputeMajor = 75,
  kComputeMinor = 76,
  kSharedPerSm = 81,
  kRegistersPerSm = 82,
  kManagedMemory = 83,
  kSharedOptin = 97,
};

/// 0 where nothing is known of it, as of what a device lacks.
int attributeOf(const Machine &machine, int attribute) {
  const ArchLimits &limits = machine.limits();
  switch (attribute) {
  case kMaxThreadsPerBlock:
  case kMaxBlockX:
  case kMaxBlockY:
    return 1024;
  case kMaxBlockZ:
    return 64;
  case kMaxGridX:
    return 0x7fffffff;
  case kMaxGridY:
  case kMaxGridZ:
    return 65535;
  case kMaxSharedPerBlock:
    return int(limits.sharedPerBlockBytes);
  case kWarpSize:
    return 32;
  case kMaxRegistersPerBlock:
  case kRegistersPerSm:
    return int(limits.registersPerSm);
  case kNumMultiprocessors:
    return int(limits.numSms);
  case kMaxThreadsPerSm:
    return int(limits.maxThreadsPerSm);
  case kUnifiedAddressing:
    return 1;
  case kComputeMajor:
    return limits.arch / 10;
  case kComputeMinor:
    return limits.arch % 10;
  case kSharedPerSm:
    return int(limits.sharedPerSmBytes);
  case kSharedOptin:
    return int(limits.sharedOptInBytes);
  default:
    return 0;
  }
}

} // namespace

extern "C" {

CUresult cuInit(unsigned) { return State::init(); }

CUresult cuDriverGetVersion(int *version) {
  constexpr int kCuda13 = 13000;
  *version = kCuda13;
  return kSuccess;
}

CUresult cuGetErrorName(CUresult status, const char **name) {
  const ErrorText *error = findError(status);
  *name = error ? error->name : nullptr;
  return error ? kSuccess : kInvalidValue;
}
CUresult cuGetErrorString(CUresult status, const char **text) {
  const ErrorText *error = findError(status);
  *text = error ? error->text : nullptr;
  return error ? kSuccess : kInvalidValue;
}

CUresult cuDeviceGetCount(int *count) {
  State *state = State::get();
  if (!state)
    return kNotInitialized;
  *count = int(state->devices.size());
  return kSuccess;
}

CUresult cuDeviceGet(int *device, int ordinal) {
  if (!deviceOf(ordinal))
    return State::get() ? kInvalidDevice : kNotInitialized;
  *device = ordinal;
  return kSuccess;
}

CUresult cuDeviceGetName(char *name, int bytes, int device) {
  CUctx_st *context = deviceOf(device);
  if (!context || bytes < 1)
    return kInvalidDevice;
  std::snprintf(name, size_t(bytes), "virtual GPU sm_%d",
                context->machine->options().arch);
  return kSuccess;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, int device) {
  CUctx_st *context = deviceOf(device);
  if (!context)
    return kInvalidDevice;
  *value = attributeOf(*context->machine, attribute);
  return kSuccess;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, int device) {
  CUctx_st *context = deviceOf(device);
  if (!context)
    return kInvalidDevice;
  *bytes = context->machine->options().memoryBytes;
  return kSuccess;
}

CUresult cuDevicePrimaryCtxRetain(CUctx_st **context, int device) {
  *context = deviceOf(device);
  return *context ? kSuccess : kInvalidDevice;
}
CUresult cuDevicePrimaryCtxRelease_v2(int device) {
  return deviceOf(device) ? kSuccess : kInvalidDevice;
}
CUresult cuCtxCreate_v4(CUctx_st **context, void *, unsigned, int device) {
  *context = deviceOf(device);
  currentContext() = *context;
  return *context ? kSuccess : kInvalidDevice;
}
CUresult cuCtxDestroy_v2(CUctx_st *) { return kSuccess; }
CUresult cuCtxSetCurrent(CUctx_st *context) {
  currentContext() = context;
  return kSuccess;
}
CUresult cuCtxGetCurrent(CUctx_st **context) {
  *context = currentContext();
  return kSuccess;
}
CUresult cuCtxGetDevice(int *device) {
  if (!currentContext())
    return kInvalidContext;
  *device = currentContext()->ordinal;
  return kSuccess;
}
CUresult cuCtxSynchronize() { return ready(); }

/// NVRTC asks for tables that no document knows, and takes an error.
CUresult cuGetExportTable(const void **table, const void *) {
  *table = nullptr;
  return kNotFound;
}

CUresult cuGetProcAddress_v2(const char *symbol, void **function, int, uint64_t,
                             int *status) {
  *function = dlsym(RTLD_DEFAULT, symbol);
  if (status)
    *status = *function ? 0 : 1;
  return *function ? kSuccess : kNotFound;
}

} // extern "C"
