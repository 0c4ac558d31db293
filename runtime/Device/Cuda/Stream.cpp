// Puts work into streams and says what failed there.

#include "runtime/Device/Cuda/Stream.h"

#include <cstdlib>
#include <cstring>

namespace tenon::rt {

using namespace cuda;

//===----------------------------------------------------------------------===//
// Names of what was launched
//===----------------------------------------------------------------------===//

void LaunchedKernels::add(const CudaKernel &kernel) {
  add(LaunchedKernels{&kernel, &kernel, 1});
}

void LaunchedKernels::add(const LaunchedKernels &others) {
  if (!others.count)
    return;
  if (!count)
    first = others.first;
  last = others.last;
  count += others.count;
}

std::string LaunchedKernels::text() const {
  if (!count)
    return "work of another stream";
  if (count == 1)
    return "kernel " + kernelText(first->info);
  return message("one of ", count, " kernels, ", kernelText(first->info),
                 " to ", kernelText(last->info), ",");
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

Stream &Stream::operator=(Stream &&other) noexcept {
  std::swap(owner, other.owner);
  std::swap(stream, other.stream);
  std::swap(recent, other.recent);
  std::swap(isBlocking, other.isBlocking);
  std::swap(isCapturing, other.isCapturing);
  return *this;
}

Stream::~Stream() {
  if (!stream)
    return;
  Device::Scope scope(*owner);
  owner->api().cuStreamSynchronize(stream);
  owner->api().cuStreamDestroy_v2(stream);
}

static bool isBlockingAskedFor() {
  const char *value = std::getenv("TENON_CUDA_BLOCKING");
  return value && std::strcmp(value, "1") == 0;
}

Result<Stream> Stream::create(std::shared_ptr<Device> device) {
  Device::Scope scope(*device);
  Stream made;
  // Our streams do not wait for what else the process does with CUDA.
  CUresult result =
      device->api().cuStreamCreate(&made.stream, CU_STREAM_NON_BLOCKING);
  if (result) {
    made.stream = nullptr;
    return device->failed(result, "cannot create a stream");
  }
  made.isBlocking = device->properties().isVirtual || isBlockingAskedFor();
  made.owner = std::move(device);
  return made;
}

Result<void> Stream::launch(const CudaKernel &kernel, int64_t numBlocks,
                            void **parameters) {
  if (numBlocks == 0)
    return {};
  constexpr int64_t kMostBlocks = 0x7fffffff; // of CUDA, along x
  if (numBlocks > kMostBlocks)
    return Error{Code::NoKernel,
                 message("kernel ", kernelText(kernel.info), " has ", numBlocks,
                         " instances, the device takes ", kMostBlocks)};
  const CudaKernelInfo &info = kernel.info;
  LaunchedKernels one;
  one.add(kernel);
  CUresult result = owner->api().cuLaunchKernel(
      kernel.function, unsigned(numBlocks), 1, 1, info.threads, 1, 1,
      info.sharedBytes, stream, parameters, nullptr);
  return afterLaunch(result, one);
}

Result<void> Stream::afterLaunch(CUresult result, const LaunchedKernels &what) {
  // An error that an earlier kernel left may come first at a launch.
  if (Device::isSticky(result)) {
    recent.add(what);
    return owner->failed(result, recent.text(), " failed on CUDA device ",
                         owner->ordinal());
  }
  if (result)
    return owner->failed(result, "cannot launch ", what.text());
  recent.add(what);
  if (isBlocking && !isCapturing)
    return wait();
  return {};
}

Result<void> Stream::wait() {
  CUresult result = owner->api().cuStreamSynchronize(stream);
  if (!result) {
    recent = {};
    return {};
  }
  std::string hint =
      recent.count > 1 ? " (TENON_CUDA_BLOCKING=1 says which)" : "";
  std::string what = recent.text();
  recent = {};
  return owner->failed(result, what, " failed on CUDA device ",
                       owner->ordinal(), hint);
}

Error Stream::copyFailed(CUresult result, uint64_t bytes) {
  if (Device::isSticky(result))
    return owner->failed(result, recent.text(), " failed on CUDA device ",
                         owner->ordinal());
  return owner->failed(result, "cannot copy ", bytes, " bytes on CUDA device ",
                       owner->ordinal());
}

Result<void> Stream::copyIn(CUdeviceptr to, const void *from, uint64_t bytes) {
  if (!bytes)
    return {};
  CUresult result = owner->api().cuMemcpyHtoDAsync_v2(to, from, bytes, stream);
  if (result)
    return copyFailed(result, bytes);
  return {};
}

Result<void> Stream::copyOut(void *to, CUdeviceptr from, uint64_t bytes) {
  if (!bytes)
    return {};
  CUresult result = owner->api().cuMemcpyDtoHAsync_v2(to, from, bytes, stream);
  if (result)
    return copyFailed(result, bytes);
  return {};
}

Result<void> Stream::copy(CUdeviceptr to, CUdeviceptr from, uint64_t bytes) {
  if (!bytes)
    return {};
  CUresult result = owner->api().cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
  if (result)
    return copyFailed(result, bytes);
  return {};
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

Event &Event::operator=(Event &&other) noexcept {
  std::swap(device, other.device);
  std::swap(event, other.event);
  return *this;
}

Event::~Event() {
  if (!event)
    return;
  Device::Scope scope(*device);
  device->api().cuEventDestroy_v2(event);
}

Result<Event> Event::create(std::shared_ptr<Device> device, bool isTimed) {
  Device::Scope scope(*device);
  Event made;
  CUresult result = device->api().cuEventCreate(
      &made.event, isTimed ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING);
  if (result) {
    made.event = nullptr;
    return device->failed(result, "cannot create an event");
  }
  made.device = std::move(device);
  return made;
}

Result<void> Event::record(const Stream &stream) {
  if (CUresult result = device->api().cuEventRecord(event, stream.handle()))
    return device->failed(result, "cannot record an event");
  return {};
}

Result<void> Event::wait() {
  if (CUresult result = device->api().cuEventSynchronize(event))
    return device->failed(result, "cannot wait for an event");
  return {};
}

Result<void> Event::holdUp(const Stream &stream) {
  CUresult result = device->api().cuStreamWaitEvent(stream.handle(), event, 0);
  if (result)
    return device->failed(result, "cannot let a stream wait");
  return {};
}

Result<double> Event::secondsSince(const Event &start) const {
  float milliseconds = 0;
  CUresult result =
      device->api().cuEventElapsedTime(&milliseconds, start.event, event);
  if (result)
    return device->failed(result, "cannot read the time between two events");
  return double(milliseconds) * 1e-3;
}

} // namespace tenon::rt
