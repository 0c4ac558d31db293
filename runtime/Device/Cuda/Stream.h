//===- Stream.h - work in order on a device -------------------------------===//
//
//   auto stream = Stream::create(device);
//   void *parameters[] = {&address, &length};
//   stream->launch(kernel, numBlocks, parameters);
//   stream->wait(); // "kernel 'gelu' (matmul, gelu) failed on CUDA device 0:
//   ..."
//
// Launches are asynchronous, and CUDA does not say which kernel it was that
// failed. A stream remembers what it launched since it was last waited for, and
// names that. With TENON_CUDA_BLOCKING=1 in the environment, and always on a
// virtual device, it waits after every launch, so that the name is exact.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_STREAM_H
#define TENON_RUNTIME_DEVICE_CUDA_STREAM_H

#include "runtime/Device/Cuda/Module.h"

namespace tenon::rt {

/// The kernels of some launches. They outlive it.
struct LaunchedKernels {
  const CudaKernel *first = nullptr, *last = nullptr;
  uint64_t count = 0;

  void add(const CudaKernel &kernel);
  void add(const LaunchedKernels &others);
  /// "kernel 'a' (add)", or "one of 3 kernels, 'a' (add) to 'c' (mul),".
  std::string text() const;
};

class Stream {
public:
  Stream() = default;
  Stream(Stream &&other) noexcept { *this = std::move(other); }
  Stream &operator=(Stream &&other) noexcept;
  /// Waits: what is under way after a failure uses memory that goes next.
  ~Stream();

  static Result<Stream> create(std::shared_ptr<Device> device);

  /// A row of `numBlocks` blocks; none is no launch. `parameters` points to the
  /// kernel's, which are copied. Within a Scope, as all below.
  Result<void> launch(const CudaKernel &kernel, int64_t numBlocks,
                      void **parameters);
  /// Copies that run while the host goes on where its memory is pinned.
  Result<void> copyIn(cuda::CUdeviceptr to, const void *from, uint64_t bytes);
  Result<void> copyOut(void *to, cuda::CUdeviceptr from, uint64_t bytes);
  Result<void> copy(cuda::CUdeviceptr to, cuda::CUdeviceptr from,
                    uint64_t bytes);

  /// Until all that was put in is done.
  Result<void> wait();

  cuda::CUstream handle() const { return stream; }
  const std::shared_ptr<Device> &device() const { return owner; }
  /// Since the latest wait.
  LaunchedKernels launched() const { return recent; }

private:
  friend class LaunchGraph;
  /// After a launch of `what`, which `result` says was accepted or not.
  Result<void> afterLaunch(cuda::CUresult result, const LaunchedKernels &what);
  Error copyFailed(cuda::CUresult result, uint64_t bytes);

  std::shared_ptr<Device> owner;
  cuda::CUstream stream = nullptr;
  LaunchedKernels recent;
  bool isBlocking = false;  ///< waits after every launch
  bool isCapturing = false; ///< launches go into a graph
};

/// A point in a stream.
class Event {
public:
  Event() = default;
  Event(Event &&other) noexcept { *this = std::move(other); }
  Event &operator=(Event &&other) noexcept;
  ~Event();

  static Result<Event> create(std::shared_ptr<Device> device,
                              bool isTimed = false);

  Result<void> record(const Stream &stream);
  Result<void> wait();
  /// Lets later work of `stream` wait.
  Result<void> holdUp(const Stream &stream);
  /// Between two timed events that were waited for.
  Result<double> secondsSince(const Event &start) const;

private:
  std::shared_ptr<Device> device;
  cuda::CUevent event = nullptr;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_STREAM_H
