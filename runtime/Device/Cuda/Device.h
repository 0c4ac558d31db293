//===- Device.h - one GPU: its properties, its context, its failure -------===//
//
//   auto device = Device::open(driver, 0);
//   Device::Scope scope(**device); // CUDA calls of this thread go there
//   if (CUresult result = api.cuMemAlloc_v2(&address, bytes))
//     return (*device)->failed(result, "cannot reserve ", bytes, " bytes");
//
// Everything of a device is used within a Scope; what has a destructor opens
// one there by itself. A device holds its primary context, which it shares with
// whatever else uses CUDA in the process.
//
// A kernel that fails leaves the context useless: CUDA answers every later call
// with the same error. So the first such error is kept, with the kernel that
// caused it, and is what every later call of ours returns.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_DEVICE_H
#define TENON_RUNTIME_DEVICE_CUDA_DEVICE_H

#include "runtime/Core/Status.h"
#include "runtime/Device/Cuda/Driver.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tenon::rt {

struct DeviceProperties {
  std::string name; ///< "NVIDIA H100 80GB HBM3"
  int major = 0, minor = 0;
  uint64_t memoryBytes = 0;
  unsigned numSms = 0;
  unsigned warpSize = 0;
  unsigned maxThreadsPerBlock = 0;
  unsigned sharedPerBlockBytes = 0; ///< what a kernel gets without asking
  unsigned sharedOptInBytes = 0;    ///< the most that it may ask for
  bool hasPools = false; ///< takes and gives back memory in a stream's order
  bool isVirtual = false;

  /// 90 for compute capability 9.0.
  int capability() const { return 10 * major + minor; }
};

/// Bytes of device memory that this process holds through us.
struct DeviceMemoryFigures {
  uint64_t liveBytes = 0, peakBytes = 0;
};

class Device {
public:
  /// BadInput when there is no device `ordinal`.
  static Result<std::shared_ptr<Device>>
  open(std::shared_ptr<const Driver> driver, int ordinal);
  /// The same, once for all who use the device at a time.
  static Result<std::shared_ptr<Device>>
  shared(const std::shared_ptr<const Driver> &driver, int ordinal);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const Driver &driver() const { return *library; }
  const DriverFunctions &api() const { return library->api(); }
  const DeviceProperties &properties() const { return facts; }
  int ordinal() const { return number; }
  DeviceMemoryFigures memory() const;

  /// Makes the device's context the thread's, and puts back what was there.
  class Scope {
  public:
    explicit Scope(const Device &device);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    const Device &device;
    bool isPushed;
  };

  /// The error of a call that did not succeed. When a kernel has failed before,
  /// or `result` says that one has now, it is that kernel's.
  template <typename... Pieces>
  Error failed(cuda::CUresult result, const Pieces &...attempt) {
    return failedError(result, library->errorOf(result, attempt...));
  }

  /// Keeps `error` as the device's, unless there is an earlier one, which is
  /// returned then.
  Error fail(Error error);
  /// The first failure that made the context useless.
  std::optional<Error> failure() const;

  /// Whether CUDA answers every call with `result` from now on.
  static bool isSticky(cuda::CUresult result);

private:
  friend class DeviceMemory;
  Device(std::shared_ptr<const Driver> driver, int ordinal)
      : library(std::move(driver)), number(ordinal) {}
  Result<void> readProperties();
  Error failedError(cuda::CUresult result, Error error);
  Result<void> openPool();
  cuda::CUresult allocate(cuda::CUdeviceptr &address, uint64_t bytes);
  void free(cuda::CUdeviceptr address);
  void countMemory(int64_t bytes);

  std::shared_ptr<const Driver> library;
  int number;
  cuda::CUdevice handle = 0;
  cuda::CUcontext context = nullptr;
  cuda::CUstream memoryStream = nullptr; ///< null where there are no pools
  DeviceProperties facts;
  std::atomic<uint64_t> liveBytes{0}, peakBytes{0};
  mutable std::mutex mutex;
  std::optional<Error> firstFailure;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_DEVICE_H
