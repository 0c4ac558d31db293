//===- Memory.h - the memory of virtual devices ---------------------------===//
//
//   auto memory = *Memory::create();
//   Address weights = *memory->allocate(0, 4096, 256, "weights");
//   memory->announce(weights, 1024, "layer 0 bias");
//   memory->copyIn(weights, host, 4096);
//   memory->free(weights);
//
// All devices of a process share one Memory, so that a peer's pointer is a
// plain address. An address is a plain number and at the same time the host's
// address of the bytes, which is what pinned and managed memory ask for.
// Addresses are never used twice: what was freed stays known, for reports of
// use after free.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_MEMORY_H
#define TENON_RUNTIME_VIRTUALGPU_MEMORY_H

#include "runtime/Core/Status.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::vgpu {

using Address = uint64_t;

/// A named part of an allocation: a buffer that a planner placed in an arena.
struct Buffer {
  uint64_t offsetBytes = 0, sizeBytes = 0;
  std::string name;
};

struct Allocation {
  Address base = 0;
  uint64_t sizeBytes = 0;
  std::string name;
  int device = 0;
  bool isFreed = false;
  bool isReadOnly = false; ///< constants: kernels may not write
  /// By offset. When there are any, kernels may touch only their bytes.
  std::map<uint64_t, Buffer> buffers;
};

class Memory {
public:
  static rt::Result<std::shared_ptr<Memory>> create();
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// Fresh bytes count as uninitialised; up to 64 MiB they hold 0xFF, a NaN of
  /// every type (filling more would make pages of it that nobody asked for).
  /// `alignBytes` is a power of two, or 0 for the driver's 256.
  rt::Result<Address> allocate(int device, uint64_t sizeBytes,
                               uint64_t alignBytes, std::string name,
                               bool isReadOnly = false);
  /// `base` is what allocate returned.
  rt::Result<void> free(Address base);
  /// Renames an allocation; base as for free.
  rt::Result<void> rename(Address base, std::string name);

  /// Says that [address, address + sizeBytes) of a live allocation is a buffer
  /// of its own. Older announcements that it overlaps end: a planner uses bytes
  /// again.
  rt::Result<void> announce(Address address, uint64_t sizeBytes,
                            std::string name);
  /// Ends the announcements that lie in the range.
  void forgetBuffers(Address address, uint64_t sizeBytes);

  /// Host access. Each checks that one live allocation holds the bytes.
  rt::Result<void> copyIn(Address to, const void *from, uint64_t sizeBytes);
  rt::Result<void> copyOut(void *to, Address from, uint64_t sizeBytes) const;
  rt::Result<void> copy(Address to, Address from, uint64_t sizeBytes);
  /// `count` elements of 1, 2 or 4 bytes, each the low bytes of `value`.
  rt::Result<void> fill(Address to, uint32_t value, uint32_t elementBytes,
                        uint64_t count);
  /// For bytes that the host wrote through its pointer, or that come from
  /// elsewhere.
  rt::Result<void> markInitialised(Address address, uint64_t sizeBytes);
  /// True when a kernel or the host wrote each of the bytes.
  bool isInitialised(Address address, uint64_t sizeBytes) const;

  /// The allocation, live or freed, that holds the address; of several none is
  /// live but the last. An address right behind an allocation is not in it.
  std::optional<Allocation> find(Address address) const;
  /// Live bytes of a device.
  uint64_t liveBytes(int device) const;

  //===--- For the kernels' handlers
  //----------------------------------------===//

  /// A range that may be touched as a whole: a live allocation without buffers,
  /// or one buffer. Empty when nothing live is at the address.
  struct Range {
    Address begin = 0, end = 0;
    bool isReadOnly = false;
  };
  Range rangeAt(Address address) const;
  /// One byte for each byte of memory: 1 once written.
  uint8_t *initialisedBytes(Address address) const {
    return shadow + (address - arena);
  }
  /// "4 bytes after the end of 'weights' (4096 bytes)".
  std::string describe(Address address) const;
  bool isFreedAt(Address address) const;
  /// Changes with every allocate, free and announcement, so that ranges can be
  /// kept.
  uint64_t version() const { return versionNumber; }

private:
  Memory() = default;
  const Allocation *findLocked(Address address) const;
  rt::Result<const Allocation *> checkHostAccess(Address address,
                                                 uint64_t sizeBytes,
                                                 std::string_view what) const;

  mutable std::mutex mutex;
  Address arena = 0;
  uint8_t *shadow = nullptr;
  uint64_t arenaBytes = 0, usedBytes = 0;
  uint64_t versionNumber = 0;
  std::map<Address, Allocation> allocations; ///< freed ones included
  std::map<int, uint64_t> liveByDevice;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_MEMORY_H
