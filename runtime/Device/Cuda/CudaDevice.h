//===- CudaDevice.h - one GPU, or a virtual one ---------------------------===//
//
//   auto device = CudaDevice::open("cuda:0", "sm_90a");
//   auto arena = (*device)->allocate(4096, "arena");
//   auto module = (*device)->load(ptxText, "layer_norm");
//   auto function = (*device)->function(*module, "tenon_layer_norm", shared);
//   (*device)->launch(*function, grid, threads, shared, parameters, "...");
//   (*device)->synchronize("...");
//
// Launches and copies are asynchronous, in the order of the calls.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_CUDADEVICE_H
#define TENON_RUNTIME_DEVICE_CUDA_CUDADEVICE_H

#include "runtime/Device/Cuda/Driver.h"

#include <memory>
#include <span>
#include <string_view>

namespace tenon::rt {

/// "cuda:N", or "vgpu" and "vgpu:N": N counts devices from 0.
bool isCudaName(std::string_view device);

class CudaDevice;

/// Memory of a device; freed with this.
class CudaMemory {
public:
  CudaMemory() = default;
  CudaMemory(std::shared_ptr<const CudaDevice> device, cu::Address address,
             uint64_t bytes)
      : device(std::move(device)), first(address), bytes(bytes) {}
  CudaMemory(CudaMemory &&other) noexcept { swap(other); }
  CudaMemory &operator=(CudaMemory &&other) noexcept {
    swap(other);
    return *this;
  }
  ~CudaMemory();

  cu::Address address() const { return first; }
  uint64_t sizeBytes() const { return bytes; }

private:
  void swap(CudaMemory &other) noexcept {
    std::swap(device, other.device);
    std::swap(first, other.first);
    std::swap(bytes, other.bytes);
  }
  std::shared_ptr<const CudaDevice> device;
  cu::Address first = 0;
  uint64_t bytes = 0;
};

class CudaDevice : public std::enable_shared_from_this<CudaDevice> {
public:
  /// The device of a name, once for each. A virtual one has the architecture
  /// `arch`, unless TENON_VGPU_ARCH says another. BadInput on a name that is
  /// none, NoKernel when there is no such device.
  static Result<std::shared_ptr<const CudaDevice>>
  open(const std::string &name, const std::string &arch);
  ~CudaDevice();

  const std::string &name() const { return deviceName; }
  /// Ten times the compute capability: 90.
  int compute() const { return computeCapability; }
  /// Whether our stand-in for the driver is behind it, which takes no cubin.
  bool isVirtual() const { return driver.announce != nullptr; }

  /// NoMemory when the device has not so much. What it is for is named by
  /// messages.
  Result<CudaMemory> allocate(uint64_t bytes, const char *purpose) const;
  /// To a checking driver: a part of an allocation that is a buffer by itself.
  void announce(cu::Address address, uint64_t bytes, const char *name) const;
  Result<void> copyIn(cu::Address to, const void *from, uint64_t bytes) const;
  Result<void> copyOut(void *to, cu::Address from, uint64_t bytes) const;
  Result<void> copy(cu::Address to, cu::Address from, uint64_t bytes) const;

  /// A cubin, or PTX text with a zero behind it. Lives as long as the device.
  Result<cu::Module> load(const void *code, const std::string &kernel) const;
  Result<cu::Function> function(cu::Module module, const std::string &entry,
                                uint32_t sharedBytes) const;
  Result<void> launch(cu::Function function, uint32_t numBlocks,
                      uint32_t blockThreads, uint32_t sharedBytes,
                      std::span<void *> parameters,
                      const std::string &kernel) const;
  /// Waits for all that was begun; `work` names it in an error.
  Result<void> synchronize(const std::string &work) const;

private:
  friend class CudaMemory;
  CudaDevice(const Driver &driver, std::string name)
      : driver(driver), deviceName(std::move(name)) {}
  Result<void> start(int number);
  Result<void> makeCurrent() const;

  const Driver &driver;
  std::string deviceName;
  cu::Ordinal ordinal = 0;
  cu::Context context = nullptr;
  cu::Stream stream = nullptr;
  int computeCapability = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_CUDADEVICE_H
