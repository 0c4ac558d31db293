// Reserves memory and gives it back.

#include "runtime/Device/Cuda/Memory.h"

#include <algorithm>

namespace tenon::rt {

using namespace cuda;

//===----------------------------------------------------------------------===//
// Of the device
//===----------------------------------------------------------------------===//

DeviceMemory &DeviceMemory::operator=(DeviceMemory &&other) noexcept {
  std::swap(device, other.device);
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

DeviceMemory::~DeviceMemory() {
  if (!start)
    return;
  Device::Scope scope(*device);
  device->free(start);
  device->countMemory(-int64_t(length));
}

Result<DeviceMemory> DeviceMemory::reserve(std::shared_ptr<Device> device,
                                           uint64_t bytes,
                                           const char *purpose) {
  Device::Scope scope(*device);
  DeviceMemory memory;
  CUresult result =
      device->allocate(memory.start, std::max<uint64_t>(bytes, 1));
  if (result) {
    memory.start = 0;
    return device->failed(result, "cannot reserve ", bytes, " bytes for ",
                          purpose, " on CUDA device ", device->ordinal());
  }
  memory.length = bytes;
  device->countMemory(int64_t(bytes));
  memory.device = std::move(device);
  return memory;
}

Result<void> DeviceMemory::growTo(const std::shared_ptr<Device> &device,
                                  uint64_t bytes, const char *purpose) {
  if (start && length >= bytes)
    return {};
  *this = DeviceMemory();
  auto grown = reserve(device, bytes, purpose);
  if (!grown)
    return grown.error();
  *this = std::move(*grown);
  return {};
}

void DeviceMemory::announce(uint64_t offset, uint64_t bytes,
                            const std::string &name) const {
  if (!device || !device->api().announce || !bytes)
    return;
  Device::Scope scope(*device);
  device->api().announce(start + offset, bytes, name.c_str());
}

//===----------------------------------------------------------------------===//
// Of the host
//===----------------------------------------------------------------------===//

PinnedMemory &PinnedMemory::operator=(PinnedMemory &&other) noexcept {
  std::swap(device, other.device);
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

PinnedMemory::~PinnedMemory() {
  if (!start)
    return;
  Device::Scope scope(*device);
  device->api().cuMemFreeHost(start);
}

Result<PinnedMemory> PinnedMemory::reserve(std::shared_ptr<Device> device,
                                           uint64_t bytes,
                                           const char *purpose) {
  Device::Scope scope(*device);
  PinnedMemory memory;
  void *data = nullptr;
  CUresult result =
      device->api().cuMemHostAlloc(&data, std::max<uint64_t>(bytes, 1), 0);
  if (result)
    return device->failed(result, "cannot pin ", bytes, " bytes for ", purpose);
  memory.start = static_cast<std::byte *>(data);
  memory.length = bytes;
  memory.device = std::move(device);
  return memory;
}

Result<void> PinnedMemory::growTo(const std::shared_ptr<Device> &device,
                                  uint64_t bytes, const char *purpose) {
  if (start && length >= bytes)
    return {};
  *this = PinnedMemory();
  auto grown = reserve(device, bytes, purpose);
  if (!grown)
    return grown.error();
  *this = std::move(*grown);
  return {};
}

} // namespace tenon::rt
