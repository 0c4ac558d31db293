// cuMemcpy*, cuMemset*.

#include "runtime/VirtualGpu/Driver/Driver.h"

namespace tenon::cuda {

using vgpu::Address;
using vgpu::Block;
using vgpu::BlockKind;
using vgpu::CopyCommand;
using vgpu::Driver;
using vgpu::Entry;
using vgpu::FillCommand;

/// Who owns the bytes of one side of a copy.
enum class Side { Device, Host, Unknown };

namespace {
struct Copy {
  CUdeviceptr to, from;
  size_t bytes;
  Side toSide, fromSide;
};
} // namespace

static bool isPinned(const Driver &driver, Address address) {
  const Block *block = driver.blockAt(address);
  if (block)
    return block->kind != BlockKind::Device;
  auto after = driver.registeredBytes.upper_bound(address);
  if (after == driver.registeredBytes.begin())
    return false;
  const auto &[base, bytes] = *std::prev(after);
  return address - base < bytes;
}

/// Of an address that is not said to be either: memory that the driver knows is
/// a device's, whose host side is the same bytes.
static bool isHost(Driver &driver, Side side, Address address) {
  if (side != Side::Unknown)
    return side == Side::Host;
  return !driver.deviceMemory().find(address);
}

/// What the driver can refuse before anything runs.
static bool isValid(Driver &driver, const Copy &copy) {
  for (auto [side, address] :
       {std::pair(copy.toSide, copy.to), std::pair(copy.fromSide, copy.from)})
    if (isHost(driver, side, address) ? !address
                                      : !driver.holds(address, copy.bytes))
      return false;
  return true;
}

/// In order with the stream; the host waits where `isSynchronous`, and where
/// ordinary memory of its own is written. What it may change of ordinary memory
/// is read now.
static CUresult submitCopy(Entry &entry, const Copy &copy, CUstream handle,
                           bool isSynchronous) {
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (isSynchronous)
    if (CUresult refused = entry.checkNoCapture())
      return refused;
  if (!copy.bytes)
    return CUDA_SUCCESS;
  if (!isValid(entry.driver, copy))
    return CUDA_ERROR_INVALID_VALUE;
  CopyCommand command{copy.to,
                      copy.from,
                      copy.bytes,
                      isHost(entry.driver, copy.toSide, copy.to),
                      isHost(entry.driver, copy.fromSide, copy.from),
                      nullptr};
  bool isCaptured = stream->capture != nullptr;
  // A graph reads its sources whenever it is launched.
  if (command.isFromHost && !isCaptured && !isPinned(entry.driver, copy.from)) {
    auto *source = reinterpret_cast<const std::byte *>(copy.from);
    command.bytes = std::make_shared<const std::vector<std::byte>>(
        source, source + copy.bytes);
  }
  bool waits =
      isSynchronous || (command.isToHost && !isPinned(entry.driver, copy.to));
  CUresult result = entry.driver.submit(entry.lock, stream, std::move(command));
  if (!result && waits && !isCaptured)
    entry.driver.finishStream(entry.lock, stream);
  return result ? result : entry.failure();
}

static CUdeviceptr addressOf(const void *data) {
  return reinterpret_cast<CUdeviceptr>(data);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream stream) {
  Entry entry("cuMemcpyHtoDAsync_v2");
  return submitCopy(entry,
                    {to, addressOf(from), bytes, Side::Device, Side::Host},
                    stream, false);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  Entry entry("cuMemcpyDtoHAsync_v2");
  return submitCopy(entry,
                    {addressOf(to), from, bytes, Side::Host, Side::Device},
                    stream, false);
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  Entry entry("cuMemcpyDtoDAsync_v2");
  return submitCopy(entry, {to, from, bytes, Side::Device, Side::Device},
                    stream, false);
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                       CUstream stream) {
  Entry entry("cuMemcpyAsync");
  return submitCopy(entry, {to, from, bytes, Side::Unknown, Side::Unknown},
                    stream, false);
}
CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  Entry entry("cuMemcpyHtoD_v2");
  return submitCopy(entry,
                    {to, addressOf(from), bytes, Side::Device, Side::Host},
                    nullptr, true);
}
CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  Entry entry("cuMemcpyDtoH_v2");
  return submitCopy(entry,
                    {addressOf(to), from, bytes, Side::Host, Side::Device},
                    nullptr, true);
}
CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  Entry entry("cuMemcpyDtoD_v2");
  // CUDA returns before it is done.
  return submitCopy(entry, {to, from, bytes, Side::Device, Side::Device},
                    nullptr, false);
}
CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  Entry entry("cuMemcpy");
  return submitCopy(entry, {to, from, bytes, Side::Unknown, Side::Unknown},
                    nullptr, true);
}

static CUresult copyPeer(Entry &entry, const Copy &copy, CUcontext toContext,
                         CUcontext fromContext, CUstream stream) {
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.isContext(toContext) ||
      !entry.driver.isContext(fromContext))
    return CUDA_ERROR_INVALID_CONTEXT;
  return submitCopy(entry, copy, stream, false);
}
CUresult cuMemcpyPeer(CUdeviceptr to, CUcontext toContext, CUdeviceptr from,
                      CUcontext fromContext, size_t bytes) {
  Entry entry("cuMemcpyPeer");
  return copyPeer(entry, {to, from, bytes, Side::Device, Side::Device},
                  toContext, fromContext, nullptr);
}
CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext toContext,
                           CUdeviceptr from, CUcontext fromContext,
                           size_t bytes, CUstream stream) {
  Entry entry("cuMemcpyPeerAsync");
  return copyPeer(entry, {to, from, bytes, Side::Device, Side::Device},
                  toContext, fromContext, stream);
}

//===----------------------------------------------------------------------===//
// Fills
//===----------------------------------------------------------------------===//

static CUresult submitFill(Entry &entry, const FillCommand &fill,
                           CUstream handle) {
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!fill.count)
    return CUDA_SUCCESS;
  uint64_t bytes = fill.count * fill.elementBytes;
  if (fill.to % fill.elementBytes || bytes / fill.elementBytes != fill.count ||
      !entry.driver.holds(fill.to, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  CUresult result = entry.driver.submit(entry.lock, stream, fill);
  return result ? result : entry.failure();
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count,
                         CUstream stream) {
  Entry entry("cuMemsetD8Async");
  return submitFill(entry, {to, value, 1, count}, stream);
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count,
                          CUstream stream) {
  Entry entry("cuMemsetD16Async");
  return submitFill(entry, {to, value, 2, count}, stream);
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                          CUstream stream) {
  Entry entry("cuMemsetD32Async");
  return submitFill(entry, {to, value, 4, count}, stream);
}
CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  Entry entry("cuMemsetD8_v2");
  return submitFill(entry, {to, value, 1, count}, nullptr);
}
CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) {
  Entry entry("cuMemsetD16_v2");
  return submitFill(entry, {to, value, 2, count}, nullptr);
}
CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  Entry entry("cuMemsetD32_v2");
  return submitFill(entry, {to, value, 4, count}, nullptr);
}

} // namespace tenon::cuda
