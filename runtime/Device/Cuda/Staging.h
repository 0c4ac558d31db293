//===- Staging.h - copies between ordinary host memory and a device -------===//
//
//   auto staging = Staging::create(device);
//   staging->upload(stream, weights.address(), mappedFile);
//   staging->download(stream, result, buffer.address());
//
// A device copies pinned memory by itself while the host works, ordinary memory
// it does not. So ordinary memory goes through two pinned pieces in turn: while
// one is copied by the device, the host fills or empties the other. Pages of a
// mapped file are read as they are needed.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_STAGING_H
#define TENON_RUNTIME_DEVICE_CUDA_STAGING_H

#include "runtime/Device/Cuda/Memory.h"
#include "runtime/Device/Cuda/Stream.h"

#include <span>

namespace tenon::rt {

class Staging {
public:
  /// Large enough that a copy over PCIe takes far longer than its start, small
  /// enough to stay in the last cache.
  static constexpr uint64_t kPieceBytes = uint64_t(4) << 20;

  static Result<Staging> create(std::shared_ptr<Device> device);

  /// `from` may change when it returns; the copy is done when the stream is.
  Result<void> upload(Stream &stream, cuda::CUdeviceptr to,
                      std::span<const std::byte> from);
  /// After the stream's work so far. `to` is written when it returns.
  Result<void> download(Stream &stream, std::span<std::byte> to,
                        cuda::CUdeviceptr from);

private:
  struct Piece {
    PinnedMemory memory;
    Event isFree; ///< the device is done with it
  };
  Piece pieces[2];
  unsigned next = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_STAGING_H
