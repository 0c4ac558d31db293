// Two pinned pieces in turn.

#include "runtime/Device/Cuda/Staging.h"

#include <algorithm>
#include <cstring>

namespace tenon::rt {

Result<Staging> Staging::create(std::shared_ptr<Device> device) {
  Staging staging;
  for (Piece &piece : staging.pieces) {
    auto memory = PinnedMemory::reserve(device, kPieceBytes, "copies");
    if (!memory)
      return memory.error();
    auto event = Event::create(device);
    if (!event)
      return event.error();
    piece.memory = std::move(*memory);
    piece.isFree = std::move(*event);
  }
  return staging;
}

Result<void> Staging::upload(Stream &stream, cuda::CUdeviceptr to,
                             std::span<const std::byte> from) {
  while (!from.empty()) {
    Piece &piece = pieces[next];
    next ^= 1;
    // An event that was never recorded is done.
    if (auto waited = piece.isFree.wait(); !waited)
      return waited;
    uint64_t bytes = std::min<uint64_t>(from.size(), kPieceBytes);
    std::memcpy(piece.memory.data(), from.data(), bytes);
    if (auto copied = stream.copyIn(to, piece.memory.data(), bytes); !copied)
      return copied;
    if (auto recorded = piece.isFree.record(stream); !recorded)
      return recorded;
    from = from.subspan(bytes);
    to += bytes;
  }
  return {};
}

Result<void> Staging::download(Stream &stream, std::span<std::byte> to,
                               cuda::CUdeviceptr from) {
  std::span<std::byte> waiting; // for what the other piece holds
  for (uint64_t at = 0; at < to.size() || !waiting.empty();) {
    Piece &piece = pieces[next], &other = pieces[next ^ 1];
    next ^= 1;
    uint64_t bytes = std::min<uint64_t>(to.size() - at, kPieceBytes);
    if (bytes) {
      if (auto waited = piece.isFree.wait(); !waited)
        return waited;
      auto copied = stream.copyOut(piece.memory.data(), from + at, bytes);
      if (!copied)
        return copied;
      if (auto recorded = piece.isFree.record(stream); !recorded)
        return recorded;
    }
    if (!waiting.empty()) {
      if (auto waited = other.isFree.wait(); !waited)
        return waited;
      std::memcpy(waiting.data(), other.memory.data(), waiting.size());
    }
    waiting = to.subspan(at, bytes);
    at += bytes;
  }
  return {};
}

} // namespace tenon::rt
