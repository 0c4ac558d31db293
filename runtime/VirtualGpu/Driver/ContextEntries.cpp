// cuCtx*, cuDevicePrimaryCtx*.

#include "runtime/VirtualGpu/Driver/Driver.h"

namespace tenon::cuda {

using vgpu::Driver;
using vgpu::Entry;

//===----------------------------------------------------------------------===//
// Primary contexts
//===----------------------------------------------------------------------===//

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Entry entry("cuDevicePrimaryCtxRetain", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  Driver::DeviceState &state = entry.driver.devices[size_t(device)];
  if (!state.primary) {
    state.primary = entry.driver.makeContext(device);
    state.primary->flags = state.primaryFlags;
  }
  ++state.primary->numUses;
  *context = state.primary.get();
  return CUDA_SUCCESS;
}

static void endPrimary(Entry &entry, Driver::DeviceState &state) {
  if (!state.primary)
    return;
  entry.driver.endContext(entry.lock, *state.primary);
  state.primary.reset();
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Entry entry("cuDevicePrimaryCtxRelease_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  Driver::DeviceState &state = entry.driver.devices[size_t(device)];
  if (!state.primary)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (--state.primary->numUses == 0)
    endPrimary(entry, state);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
  Entry entry("cuDevicePrimaryCtxReset_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  endPrimary(entry, entry.driver.devices[size_t(device)]);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags,
                                    int *active) {
  Entry entry("cuDevicePrimaryCtxGetState", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  const Driver::DeviceState &state = entry.driver.devices[size_t(device)];
  if (flags)
    *flags = state.primaryFlags;
  if (active)
    *active = state.primary != nullptr;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
  Entry entry("cuDevicePrimaryCtxSetFlags_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  entry.driver.devices[size_t(device)].primaryFlags = flags;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Other contexts
//===----------------------------------------------------------------------===//

CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device) {
  Entry entry("cuCtxCreate_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  auto made = entry.driver.makeContext(device);
  made->flags = flags;
  *context = made.get();
  entry.driver.contexts[made.get()] = std::move(made);
  vgpu::contextStack().push_back(*context);
  return CUDA_SUCCESS;
}

CUresult cuCtxCreate_v4(CUcontext *context, CUctxCreateParams_st *params,
                        unsigned flags, CUdevice device) {
  if (params)
    return CUDA_ERROR_NOT_SUPPORTED;
  return cuCtxCreate_v2(context, flags, device);
}

CUresult cuCtxDestroy_v2(CUcontext context) {
  Entry entry("cuCtxDestroy_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.contexts.count(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  entry.driver.endContext(entry.lock, *context);
  entry.driver.contexts.erase(context);
  std::vector<CUcontext> &stack = vgpu::contextStack();
  if (!stack.empty() && stack.back() == context)
    stack.pop_back();
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// The current context
//===----------------------------------------------------------------------===//

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  Entry entry("cuCtxPushCurrent_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isContext(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  vgpu::contextStack().push_back(context);
  return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  Entry entry("cuCtxPopCurrent_v2", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  std::vector<CUcontext> &stack = vgpu::contextStack();
  if (stack.empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  if (context)
    *context = stack.back();
  stack.pop_back();
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  Entry entry("cuCtxSetCurrent", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (context && !entry.driver.isContext(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  std::vector<CUcontext> &stack = vgpu::contextStack();
  if (!stack.empty())
    stack.pop_back();
  if (context)
    stack.push_back(context);
  return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  Entry entry("cuCtxGetCurrent", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  *context = entry.context;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device) {
  Entry entry("cuCtxGetDevice", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  if (!entry.context)
    return CUDA_ERROR_INVALID_CONTEXT;
  *device = entry.context->device;
  return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize() {
  Entry entry("cuCtxSynchronize");
  if (entry.refused)
    return entry.refused;
  if (CUresult refused = entry.checkNoCapture())
    return refused;
  entry.driver.finishContext(entry.lock, *entry.context);
  return entry.failure();
}

//===----------------------------------------------------------------------===//
// Settings of a context that change nothing here
//===----------------------------------------------------------------------===//

CUresult cuCtxGetApiVersion(CUcontext context, unsigned *version) {
  Entry entry("cuCtxGetApiVersion", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  if (context && !entry.driver.isContext(context))
    return CUDA_ERROR_INVALID_CONTEXT;
  *version = 3020;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetFlags(unsigned *flags) {
  Entry entry("cuCtxGetFlags");
  if (entry.refused)
    return entry.refused;
  if (!flags)
    return CUDA_ERROR_INVALID_VALUE;
  *flags = entry.context->flags;
  return CUDA_SUCCESS;
}

static constexpr size_t kLimits[] = {1024, 1 << 20, 8 << 20};

CUresult cuCtxGetLimit(size_t *value, CUlimit limit) {
  Entry entry("cuCtxGetLimit");
  if (entry.refused)
    return entry.refused;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  if (limit > CU_LIMIT_MALLOC_HEAP_SIZE)
    return CUDA_ERROR_UNSUPPORTED_LIMIT;
  *value = kLimits[limit];
  return CUDA_SUCCESS;
}

CUresult cuCtxSetLimit(CUlimit limit, size_t) {
  Entry entry("cuCtxSetLimit");
  if (entry.refused)
    return entry.refused;
  return limit > CU_LIMIT_MALLOC_HEAP_SIZE ? CUDA_ERROR_UNSUPPORTED_LIMIT
                                           : CUDA_SUCCESS;
}

CUresult cuCtxSetCacheConfig(CUfunc_cache) {
  Entry entry("cuCtxSetCacheConfig");
  return entry.refused;
}

CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  Entry entry("cuCtxGetStreamPriorityRange");
  if (entry.refused)
    return entry.refused;
  if (least)
    *least = 0;
  if (greatest)
    *greatest = -5;
  return CUDA_SUCCESS;
}

/// All devices have one memory, so a peer's is always there.
CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags) {
  Entry entry("cuCtxEnablePeerAccess");
  if (entry.refused)
    return entry.refused;
  if (flags)
    return CUDA_ERROR_INVALID_VALUE;
  return entry.driver.isContext(peer) ? CUDA_SUCCESS
                                      : CUDA_ERROR_INVALID_CONTEXT;
}

} // namespace tenon::cuda
