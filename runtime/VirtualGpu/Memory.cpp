// One reserved range of addresses, handed out from its beginning and never
// again.

#include "runtime/VirtualGpu/Memory.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace tenon::vgpu {

using rt::badInput;
using rt::Error;
using rt::message;
using rt::quoted;
using rt::Result;

namespace {

/// Where the range begins when the process has that free: equal addresses in
/// every run make equal reports. Elsewhere is as good, so it is only a hint.
constexpr Address kArenaHint = Address(0x2000) << 32;
constexpr uint64_t kMostArenaBytes = uint64_t(4) << 40;
constexpr uint64_t kLeastArenaBytes = uint64_t(16) << 30;
/// Between allocations, so that an overrun meets nobody else's bytes.
constexpr uint64_t kGapBytes = 512;
constexpr uint64_t kDefaultAlign = 256;
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMostPoisonBytes = uint64_t(64) << 20;

void *reserve(Address hint, uint64_t sizeBytes) {
  void *at =
      mmap(reinterpret_cast<void *>(hint), sizeBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

uint64_t roundUp(uint64_t value, uint64_t align) {
  return (value + align - 1) / align * align;
}

} // namespace

Result<std::shared_ptr<Memory>> Memory::create() {
  std::shared_ptr<Memory> memory(new Memory());
  for (uint64_t size = kMostArenaBytes; size >= kLeastArenaBytes; size /= 4) {
    void *bytes = reserve(kArenaHint, size);
    void *shadow = bytes ? reserve(kArenaHint + 2 * size, size) : nullptr;
    if (shadow) {
      memory->arena = reinterpret_cast<Address>(bytes);
      memory->shadow = static_cast<uint8_t *>(shadow);
      memory->arenaBytes = size;
      return memory;
    }
    if (bytes)
      munmap(bytes, size);
  }
  return Error{rt::Code::NoMemory,
               message("a virtual device needs ", 2 * kLeastArenaBytes,
                       " bytes of address space, and the system gives less")};
}

Memory::~Memory() {
  if (arena) {
    munmap(reinterpret_cast<void *>(arena), arenaBytes);
    munmap(shadow, arenaBytes);
  }
}

Result<Address> Memory::allocate(int device, uint64_t sizeBytes,
                                 uint64_t alignBytes, std::string name,
                                 bool isReadOnly) {
  std::lock_guard lock(mutex);
  uint64_t align = alignBytes ? alignBytes : kDefaultAlign;
  if (sizeBytes == 0 || (align & (align - 1)))
    return badInput("an allocation needs bytes and an alignment that is a "
                    "power of two: got ",
                    sizeBytes, " bytes aligned to ", align);
  Address base = roundUp(arena + usedBytes + kGapBytes, align);
  if (sizeBytes > arenaBytes || base - arena > arenaBytes - sizeBytes)
    return Error{rt::Code::NoMemory,
                 message("no addresses for ", sizeBytes, " bytes")};
  usedBytes = base + sizeBytes - arena;
  if (sizeBytes <= kMostPoisonBytes)
    std::memset(reinterpret_cast<void *>(base), 0xFF, sizeBytes);
  Allocation &made = allocations[base];
  made.base = base;
  made.sizeBytes = sizeBytes;
  made.name = std::move(name);
  made.device = device;
  made.isReadOnly = isReadOnly;
  liveByDevice[device] += sizeBytes;
  ++versionNumber;
  return base;
}

Result<void> Memory::free(Address base) {
  std::lock_guard lock(mutex);
  auto found = allocations.find(base);
  if (found == allocations.end())
    return badInput("free needs the address that an allocation began at, got ",
                    rt::hexText(base));
  Allocation &allocation = found->second;
  if (allocation.isFreed)
    return badInput("allocation ", quoted(allocation.name),
                    " was freed before");
  allocation.isFreed = true;
  allocation.buffers.clear();
  liveByDevice[allocation.device] -= allocation.sizeBytes;
  ++versionNumber;
  // Whole pages go back to the system; the addresses stay taken.
  Address first = roundUp(base, kPageBytes);
  Address last = (base + allocation.sizeBytes) / kPageBytes * kPageBytes;
  if (last > first) {
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
    madvise(shadow + (first - arena), last - first, MADV_DONTNEED);
  }
  return {};
}

Result<void> Memory::rename(Address base, std::string name) {
  std::lock_guard lock(mutex);
  auto found = allocations.find(base);
  if (found == allocations.end())
    return badInput("no allocation begins at ", rt::hexText(base));
  found->second.name = std::move(name);
  return {};
}

const Allocation *Memory::findLocked(Address address) const {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin())
    return nullptr;
  const Allocation &allocation = std::prev(after)->second;
  return address - allocation.base < allocation.sizeBytes ? &allocation
                                                          : nullptr;
}

Result<const Allocation *>
Memory::checkHostAccess(Address address, uint64_t sizeBytes,
                        std::string_view what) const {
  const Allocation *allocation = findLocked(address);
  if (!allocation)
    return badInput(what, " needs a device address: no allocation holds ",
                    rt::hexText(address));
  if (allocation->isFreed)
    return badInput(what, " of ", sizeBytes, " bytes in ",
                    quoted(allocation->name), ", which was freed");
  uint64_t offset = address - allocation->base;
  if (sizeBytes > allocation->sizeBytes - offset)
    return badInput(what, " of ", sizeBytes, " bytes at offset ", offset,
                    " leaves ", quoted(allocation->name), ", which has ",
                    allocation->sizeBytes, " bytes");
  return allocation;
}

Result<void> Memory::announce(Address address, uint64_t sizeBytes,
                              std::string name) {
  std::lock_guard lock(mutex);
  Result<const Allocation *> checked =
      checkHostAccess(address, sizeBytes, "a buffer");
  if (!checked)
    return checked.error();
  Allocation &allocation = allocations[(*checked)->base];
  uint64_t offset = address - allocation.base;
  std::erase_if(allocation.buffers, [&](const auto &entry) {
    const Buffer &old = entry.second;
    return old.offsetBytes < offset + sizeBytes &&
           offset < old.offsetBytes + old.sizeBytes;
  });
  allocation.buffers[offset] = {offset, sizeBytes, std::move(name)};
  ++versionNumber;
  return {};
}

void Memory::forgetBuffers(Address address, uint64_t sizeBytes) {
  std::lock_guard lock(mutex);
  for (auto &[base, allocation] : allocations)
    std::erase_if(allocation.buffers, [&, base = base](const auto &entry) {
      Address begin = base + entry.second.offsetBytes;
      return begin >= address &&
             begin + entry.second.sizeBytes <= address + sizeBytes;
    });
  ++versionNumber;
}

Result<void> Memory::copyIn(Address to, const void *from, uint64_t sizeBytes) {
  std::lock_guard lock(mutex);
  Result<const Allocation *> checked =
      checkHostAccess(to, sizeBytes, "a copy to the device");
  if (!checked)
    return checked.error();
  std::memcpy(reinterpret_cast<void *>(to), from, sizeBytes);
  std::memset(initialisedBytes(to), 1, sizeBytes);
  return {};
}

Result<void> Memory::copyOut(void *to, Address from, uint64_t sizeBytes) const {
  std::lock_guard lock(mutex);
  Result<const Allocation *> checked =
      checkHostAccess(from, sizeBytes, "a copy from the device");
  if (!checked)
    return checked.error();
  std::memcpy(to, reinterpret_cast<const void *>(from), sizeBytes);
  return {};
}

Result<void> Memory::copy(Address to, Address from, uint64_t sizeBytes) {
  std::lock_guard lock(mutex);
  Result<const Allocation *> source =
      checkHostAccess(from, sizeBytes, "the source of a copy");
  if (!source)
    return source.error();
  Result<const Allocation *> target =
      checkHostAccess(to, sizeBytes, "the target of a copy");
  if (!target)
    return target.error();
  std::memmove(reinterpret_cast<void *>(to),
               reinterpret_cast<const void *>(from), sizeBytes);
  std::memmove(initialisedBytes(to), initialisedBytes(from), sizeBytes);
  return {};
}

Result<void> Memory::fill(Address to, uint32_t value, uint32_t elementBytes,
                          uint64_t count) {
  std::lock_guard lock(mutex);
  if ((elementBytes != 1 && elementBytes != 2 && elementBytes != 4) ||
      to % elementBytes)
    return badInput("a fill needs aligned elements of 1, 2 or 4 bytes, got ",
                    elementBytes, " bytes at ", rt::hexText(to));
  if (count > arenaBytes / elementBytes)
    return badInput("a fill of ", count, " elements leaves every allocation");
  Result<const Allocation *> checked =
      checkHostAccess(to, count * elementBytes, "a fill");
  if (!checked)
    return checked.error();
  auto *bytes = reinterpret_cast<uint8_t *>(to);
  for (uint64_t i = 0; i < count; ++i)
    std::memcpy(bytes + i * elementBytes, &value, elementBytes);
  std::memset(initialisedBytes(to), 1, count * elementBytes);
  return {};
}

Result<void> Memory::markInitialised(Address address, uint64_t sizeBytes) {
  std::lock_guard lock(mutex);
  Result<const Allocation *> checked =
      checkHostAccess(address, sizeBytes, "a mark");
  if (!checked)
    return checked.error();
  std::memset(initialisedBytes(address), 1, sizeBytes);
  return {};
}

bool Memory::isInitialised(Address address, uint64_t sizeBytes) const {
  std::lock_guard lock(mutex);
  if (!checkHostAccess(address, sizeBytes, "a query"))
    return false;
  const uint8_t *bytes = initialisedBytes(address);
  return std::all_of(bytes, bytes + sizeBytes,
                     [](uint8_t byte) { return byte == 1; });
}

std::optional<Allocation> Memory::find(Address address) const {
  std::lock_guard lock(mutex);
  const Allocation *allocation = findLocked(address);
  return allocation ? std::optional(*allocation) : std::nullopt;
}

uint64_t Memory::liveBytes(int device) const {
  std::lock_guard lock(mutex);
  auto found = liveByDevice.find(device);
  return found == liveByDevice.end() ? 0 : found->second;
}

Memory::Range Memory::rangeAt(Address address) const {
  std::lock_guard lock(mutex);
  const Allocation *allocation = findLocked(address);
  if (!allocation || allocation->isFreed)
    return {};
  if (allocation->buffers.empty())
    return {allocation->base, allocation->base + allocation->sizeBytes,
            allocation->isReadOnly};
  auto after = allocation->buffers.upper_bound(address - allocation->base);
  if (after == allocation->buffers.begin())
    return {};
  const Buffer &buffer = std::prev(after)->second;
  Address begin = allocation->base + buffer.offsetBytes;
  if (address - begin >= buffer.sizeBytes)
    return {};
  return {begin, begin + buffer.sizeBytes, allocation->isReadOnly};
}

bool Memory::isFreedAt(Address address) const {
  std::lock_guard lock(mutex);
  const Allocation *allocation = findLocked(address);
  return allocation && allocation->isFreed;
}

std::string Memory::describe(Address address) const {
  std::lock_guard lock(mutex);
  auto after = allocations.upper_bound(address);
  const Allocation *below =
      after == allocations.begin() ? nullptr : &std::prev(after)->second;
  if (!below || address - below->base > below->sizeBytes + (uint64_t(1) << 30))
    return message("at ", rt::hexText(address), ", far from every allocation");
  uint64_t offset = address - below->base;
  auto sized = [](std::string_view name, uint64_t size) {
    return message(quoted(name), " (", size, " bytes)");
  };
  // The nearest buffer that begins at or below says more than its arena does.
  auto behind = below->buffers.upper_bound(offset);
  if (behind != below->buffers.begin()) {
    const Buffer &buffer = std::prev(behind)->second;
    uint64_t inside = offset - buffer.offsetBytes;
    std::string text =
        inside < buffer.sizeBytes
            ? message("at byte ", inside)
            : message(inside - buffer.sizeBytes, " bytes after the end");
    return message(text, " of ", sized(buffer.name, buffer.sizeBytes), " in ",
                   quoted(below->name));
  }
  if (!below->buffers.empty() && offset < below->sizeBytes)
    return message("at byte ", offset, " of ",
                   sized(below->name, below->sizeBytes),
                   ", in none of its buffers");
  if (offset < below->sizeBytes)
    return message("at byte ", offset, " of ",
                   sized(below->name, below->sizeBytes),
                   below->isFreed ? ", which was freed" : "");
  if (after != allocations.end() && after->first - address < kGapBytes &&
      after->first - address < offset - below->sizeBytes)
    return message(after->first - address, " bytes before ",
                   sized(after->second.name, after->second.sizeBytes));
  return message(offset - below->sizeBytes, " bytes after the end of ",
                 sized(below->name, below->sizeBytes),
                 below->isFreed ? ", which was freed" : "");
}

} // namespace tenon::vgpu
