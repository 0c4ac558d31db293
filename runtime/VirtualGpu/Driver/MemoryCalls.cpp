// Memory, copies, streams and events.

#include "runtime/VirtualGpu/Driver/State.h"

#include <chrono>
#include <cstdlib>

using namespace tenon::vgpu;

namespace {

CUresult statusOf(const tenon::rt::Result<void> &done) {
  if (done)
    return kSuccess;
  complain(done.error().message);
  return done.error().code == tenon::rt::Code::NoMemory ? kOutOfMemory
                                                        : kInvalidValue;
}

Memory &memory() { return *State::get()->memory; }

CUresult allocateOn(uint64_t *address, size_t bytes) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  if (!bytes)
    return kInvalidValue;
  auto made = memory().allocate(currentContext()->ordinal, bytes, 0, "memory");
  if (!made)
    return kOutOfMemory;
  *address = *made;
  return kSuccess;
}

CUresult copyIn(uint64_t to, const void *from, size_t bytes) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  return statusOf(memory().copyIn(to, from, bytes));
}
CUresult copyOut(void *to, uint64_t from, size_t bytes) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  return statusOf(memory().copyOut(to, from, bytes));
}
CUresult copyOn(uint64_t to, uint64_t from, size_t bytes) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  return statusOf(memory().copy(to, from, bytes));
}
CUresult fillOn(uint64_t to, uint32_t value, uint32_t elementBytes,
                size_t count) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  return statusOf(memory().fill(to, value, elementBytes, count));
}

} // namespace

extern "C" {

CUresult cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  return allocateOn(address, bytes);
}
CUresult cuMemAllocAsync(uint64_t *address, size_t bytes, CUstream_st *) {
  return allocateOn(address, bytes);
}
CUresult cuMemFree_v2(uint64_t address) {
  if (!State::get())
    return kNotInitialized;
  return address ? statusOf(memory().free(address)) : kSuccess;
}
CUresult cuMemFreeAsync(uint64_t address, CUstream_st *) {
  return cuMemFree_v2(address);
}
CUresult cuMemAllocHost_v2(void **address, size_t bytes) {
  constexpr size_t kAlignment = 256;
  *address = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) /
                                                kAlignment * kAlignment);
  return *address ? kSuccess : kOutOfMemory;
}
CUresult cuMemFreeHost(void *address) {
  std::free(address);
  return kSuccess;
}
CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  *total = currentContext()->machine->options().memoryBytes;
  *free = *total - memory().liveBytes(currentContext()->ordinal);
  return kSuccess;
}

CUresult cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  return copyIn(to, from, bytes);
}
CUresult cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes,
                              CUstream_st *) {
  return copyIn(to, from, bytes);
}
CUresult cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  return copyOut(to, from, bytes);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes,
                              CUstream_st *) {
  return copyOut(to, from, bytes);
}
CUresult cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) {
  return copyOn(to, from, bytes);
}
CUresult cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes,
                              CUstream_st *) {
  return copyOn(to, from, bytes);
}
CUresult cuMemsetD8_v2(uint64_t to, unsigned char value, size_t count) {
  return fillOn(to, value, 1, count);
}
CUresult cuMemsetD8Async(uint64_t to, unsigned char value, size_t count,
                         CUstream_st *) {
  return fillOn(to, value, 1, count);
}
CUresult cuMemsetD32_v2(uint64_t to, unsigned value, size_t count) {
  return fillOn(to, value, 4, count);
}
CUresult cuMemsetD32Async(uint64_t to, unsigned value, size_t count,
                          CUstream_st *) {
  return fillOn(to, value, 4, count);
}

/// Ours: bytes of an allocation that are a buffer by themselves.
CUresult cuVgpuAnnounce(uint64_t address, size_t bytes, const char *name) {
  if (!State::get())
    return kNotInitialized;
  return statusOf(memory().announce(address, bytes, name));
}

CUresult cuStreamCreate(CUstream_st **stream, unsigned) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  *stream = new CUstream_st{currentContext()};
  return kSuccess;
}
CUresult cuStreamDestroy_v2(CUstream_st *stream) {
  delete stream;
  return kSuccess;
}
CUresult cuStreamSynchronize(CUstream_st *) { return ready(); }
CUresult cuStreamQuery(CUstream_st *) { return ready(); }
CUresult cuStreamWaitEvent(CUstream_st *, CUevent_st *, unsigned) {
  return ready();
}

CUresult cuEventCreate(CUevent_st **event, unsigned) {
  *event = new CUevent_st{0};
  return kSuccess;
}
CUresult cuEventDestroy_v2(CUevent_st *event) {
  delete event;
  return kSuccess;
}
CUresult cuEventRecord(CUevent_st *event, CUstream_st *) {
  using Clock = std::chrono::steady_clock;
  event->milliseconds =
      std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch())
          .count();
  return ready();
}
CUresult cuEventSynchronize(CUevent_st *) { return ready(); }
CUresult cuEventQuery(CUevent_st *) { return ready(); }
CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent_st *from,
                               CUevent_st *to) {
  *milliseconds = float(to->milliseconds - from->milliseconds);
  return kSuccess;
}

} // extern "C"
