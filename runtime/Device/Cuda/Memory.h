//===- Memory.h - memory of a device, and of the host for its copies ------===//
//
//   auto arena = DeviceMemory::reserve(device, bytes, "the arena");
//   auto pinned = PinnedMemory::reserve(device, bytes, "staging");
//   api.cuMemcpyHtoDAsync_v2(arena->address(), pinned->data(), bytes, stream);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_MEMORY_H
#define TENON_RUNTIME_DEVICE_CUDA_MEMORY_H

#include "runtime/Device/Cuda/Device.h"

#include <cstddef>
#include <utility>

namespace tenon::rt {

/// Owns one allocation of a device, of its pool where it has one; empty by
/// default. What a plan needs is one of these, so the driver's allocator is not
/// asked during runs. No work that uses it may be under way when it is given
/// back.
class DeviceMemory {
public:
  DeviceMemory() = default;
  DeviceMemory(DeviceMemory &&other) noexcept { *this = std::move(other); }
  DeviceMemory &operator=(DeviceMemory &&other) noexcept;
  ~DeviceMemory();

  /// Aligned to 256 bytes; at least one byte, so that the address is never 0.
  /// NoMemory: "cannot reserve 123 bytes for the arena on CUDA device 0: ...".
  static Result<DeviceMemory> reserve(std::shared_ptr<Device> device,
                                      uint64_t bytes, const char *purpose);

  /// At least `bytes` afterwards; what was there is lost. First gives back, so
  /// that the peak is the larger of both.
  Result<void> growTo(const std::shared_ptr<Device> &device, uint64_t bytes,
                      const char *purpose);

  /// Tells a virtual device that these bytes are a buffer of their own, so that
  /// a kernel that leaves it is reported. Elsewhere it does nothing.
  void announce(uint64_t offset, uint64_t bytes, const std::string &name) const;

  cuda::CUdeviceptr address() const { return start; }
  uint64_t sizeBytes() const { return length; }

private:
  std::shared_ptr<Device> device;
  cuda::CUdeviceptr start = 0;
  uint64_t length = 0;
};

/// Host memory that copies read and write while the host goes on.
class PinnedMemory {
public:
  PinnedMemory() = default;
  PinnedMemory(PinnedMemory &&other) noexcept { *this = std::move(other); }
  PinnedMemory &operator=(PinnedMemory &&other) noexcept;
  ~PinnedMemory();

  static Result<PinnedMemory> reserve(std::shared_ptr<Device> device,
                                      uint64_t bytes, const char *purpose);
  Result<void> growTo(const std::shared_ptr<Device> &device, uint64_t bytes,
                      const char *purpose);

  std::byte *data() const { return start; }
  uint64_t sizeBytes() const { return length; }

private:
  std::shared_ptr<Device> device;
  std::byte *start = nullptr;
  uint64_t length = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_MEMORY_H
