// cuMem*: memory of devices and of the host, and its pools.

#include "runtime/VirtualGpu/Driver/Driver.h"

namespace tenon::cuda {

using vgpu::Address;
using vgpu::Block;
using vgpu::BlockKind;
using vgpu::Entry;

CUresult cuMemGetInfo_v2(size_t *freeBytes, size_t *totalBytes) {
  Entry entry("cuMemGetInfo_v2");
  if (entry.refused)
    return entry.refused;
  uint64_t total = entry.driver.settings().machine.memoryBytes;
  uint64_t live = entry.driver.deviceMemory().liveBytes(entry.context->device);
  if (totalBytes)
    *totalBytes = total;
  if (freeBytes)
    *freeBytes = live < total ? total - live : 0;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Allocations
//===----------------------------------------------------------------------===//

static CUresult allocate(const char *name, BlockKind kind, size_t bytes,
                         CUdeviceptr *address) {
  Entry entry(name);
  if (entry.refused)
    return entry.refused;
  if (!address)
    return CUDA_ERROR_INVALID_VALUE;
  if (CUresult refused = entry.checkNoCapture())
    return refused;
  Address made = 0;
  CUresult result = entry.driver.allocate(*entry.context, kind, bytes, made);
  if (!result)
    *address = made;
  return result;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  return allocate("cuMemAlloc_v2", BlockKind::Device, bytes, address);
}

CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned) {
  return allocate("cuMemAllocManaged", BlockKind::Managed, bytes, address);
}

static CUresult allocateHost(const char *name, void **data, size_t bytes) {
  CUdeviceptr address = 0;
  if (!data)
    return CUDA_ERROR_INVALID_VALUE;
  CUresult result = allocate(name, BlockKind::Pinned, bytes, &address);
  if (!result)
    *data = reinterpret_cast<void *>(address);
  return result;
}

CUresult cuMemHostAlloc(void **data, size_t bytes, unsigned) {
  return allocateHost("cuMemHostAlloc", data, bytes);
}
CUresult cuMemAllocHost_v2(void **data, size_t bytes) {
  return allocateHost("cuMemAllocHost_v2", data, bytes);
}

/// Work that was submitted may use the memory: it is done first.
static CUresult release(const char *name, CUdeviceptr address, bool isHost) {
  Entry entry(name);
  if (entry.refused)
    return entry.refused;
  if (!address)
    return isHost ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  auto block = entry.driver.blocks.find(address);
  if (block == entry.driver.blocks.end() ||
      (block->second.kind == BlockKind::Pinned) != isHost)
    return CUDA_ERROR_INVALID_VALUE;
  if (CUresult refused = entry.checkNoCapture())
    return refused;
  entry.driver.finishContext(entry.lock, *entry.context);
  if (!entry.driver.blocks.erase(address)) // by another thread meanwhile
    return CUDA_ERROR_INVALID_VALUE;
  (void)entry.driver.deviceMemory().free(address);
  return entry.failure();
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  return release("cuMemFree_v2", address, false);
}
CUresult cuMemFreeHost(void *data) {
  return release("cuMemFreeHost", reinterpret_cast<CUdeviceptr>(data), true);
}

//===----------------------------------------------------------------------===//
// In the order of a stream
//===----------------------------------------------------------------------===//

CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream handle) {
  Entry entry("cuMemAllocAsync");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!address)
    return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture)
    return CUDA_ERROR_NOT_SUPPORTED;
  Address made = 0;
  CUresult result =
      entry.driver.allocate(*entry.context, BlockKind::Device, bytes, made);
  if (!result)
    *address = made;
  return result;
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr *address, size_t bytes,
                                 CUmemoryPool, CUstream stream) {
  return cuMemAllocAsync(address, bytes, stream);
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream handle) {
  Entry entry("cuMemFreeAsync");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  auto block = entry.driver.blocks.find(address);
  if (block == entry.driver.blocks.end() ||
      block->second.kind == BlockKind::Pinned)
    return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture)
    return CUDA_ERROR_NOT_SUPPORTED;
  entry.driver.blocks.erase(block);
  return entry.driver.submit(entry.lock, stream, vgpu::FreeCommand{address});
}

/// There is one pool for each device, and it keeps nothing.
static CUresult poolOf(const char *name, CUmemoryPool *pool, CUdevice device) {
  Entry entry(name, Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!pool)
    return CUDA_ERROR_INVALID_VALUE;
  if (!entry.driver.isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  *pool = reinterpret_cast<CUmemoryPool>(uintptr_t(device) + 1);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) {
  return poolOf("cuDeviceGetDefaultMemPool", pool, device);
}
CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
  return poolOf("cuDeviceGetMemPool", pool, device);
}

static CUresult checkPool(Entry &entry, CUmemoryPool pool) {
  if (entry.refused)
    return entry.refused;
  auto number = reinterpret_cast<uintptr_t>(pool);
  return number && entry.driver.isDevice(CUdevice(number - 1))
             ? CUDA_SUCCESS
             : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  Entry entry("cuMemPoolTrimTo", Entry::Needs::Start);
  return checkPool(entry, pool);
}
CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute, void *) {
  Entry entry("cuMemPoolSetAttribute", Entry::Needs::Start);
  return checkPool(entry, pool);
}
CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute,
                               void *value) {
  Entry entry("cuMemPoolGetAttribute", Entry::Needs::Start);
  if (CUresult refused = checkPool(entry, pool))
    return refused;
  if (!value || attribute < CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)
    return CUDA_ERROR_INVALID_VALUE;
  int device = int(reinterpret_cast<uintptr_t>(pool) - 1);
  bool isUsed = attribute >= CU_MEMPOOL_ATTR_USED_MEM_CURRENT;
  *static_cast<uint64_t *>(value) =
      isUsed ? entry.driver.deviceMemory().liveBytes(device) : 0;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Memory of the host
//===----------------------------------------------------------------------===//

CUresult cuMemHostRegister_v2(void *data, size_t bytes, unsigned) {
  Entry entry("cuMemHostRegister_v2");
  if (entry.refused)
    return entry.refused;
  if (!data || !bytes)
    return CUDA_ERROR_INVALID_VALUE;
  auto [place, isNew] = entry.driver.registeredBytes.emplace(
      reinterpret_cast<uintptr_t>(data), bytes);
  return isNew ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
}

CUresult cuMemHostUnregister(void *data) {
  Entry entry("cuMemHostUnregister");
  if (entry.refused)
    return entry.refused;
  entry.driver.finishContext(entry.lock, *entry.context);
  return entry.driver.registeredBytes.erase(reinterpret_cast<uintptr_t>(data))
             ? entry.failure()
             : CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
}

/// Kernels cannot reach registered memory: only what the driver allocated.
CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address, void *data,
                                      unsigned flags) {
  Entry entry("cuMemHostGetDevicePointer_v2");
  if (entry.refused)
    return entry.refused;
  if (!address || flags)
    return CUDA_ERROR_INVALID_VALUE;
  auto at = reinterpret_cast<uintptr_t>(data);
  const Block *block = entry.driver.blockAt(at);
  if (!block || block->kind == BlockKind::Device)
    return entry.driver.registeredBytes.count(at) ? CUDA_ERROR_NOT_SUPPORTED
                                                  : CUDA_ERROR_INVALID_VALUE;
  *address = at;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes,
                                 CUdeviceptr address) {
  Entry entry("cuMemGetAddressRange_v2");
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.holds(address, 1))
    return CUDA_ERROR_NOT_FOUND;
  auto allocation = entry.driver.deviceMemory().find(address);
  if (base)
    *base = allocation->base;
  if (bytes)
    *bytes = allocation->sizeBytes;
  return CUDA_SUCCESS;
}

CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute,
                               CUdeviceptr address) {
  Entry entry("cuPointerGetAttribute", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  const Block *block = entry.driver.blockAt(address);
  if (!data || !block)
    return CUDA_ERROR_INVALID_VALUE;
  Address base = entry.driver.deviceMemory().find(address)->base;
  bool isPinned = block->kind == BlockKind::Pinned;
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_CONTEXT:
    *static_cast<CUcontext *>(data) = block->context;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    *static_cast<uint32_t *>(data) =
        isPinned ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
    *static_cast<CUdeviceptr *>(data) = address;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_HOST_POINTER:
    if (block->kind == BlockKind::Device)
      return CUDA_ERROR_INVALID_VALUE;
    *static_cast<void **>(data) = reinterpret_cast<void *>(address);
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    *static_cast<uint32_t *>(data) = block->kind == BlockKind::Managed;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    *static_cast<int *>(data) = block->device;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    *static_cast<CUdeviceptr *>(data) = base;
    return CUDA_SUCCESS;
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    *static_cast<size_t *>(data) = block->sizeBytes;
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_NOT_SUPPORTED;
}

/// Ours alone: see DriverAbi.h.
CUresult cuTenonAnnounce(CUdeviceptr address, size_t bytes, const char *name) {
  Entry entry("cuTenonAnnounce");
  if (entry.refused)
    return entry.refused;
  if (!name || !bytes || !entry.driver.holds(address, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  auto done = entry.driver.deviceMemory().announce(address, bytes, name);
  return done ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

} // namespace tenon::cuda
