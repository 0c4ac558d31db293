// ld and st.
//
// Most warps touch one allocation with aligned lanes in global memory: that is
// seen once for all lanes, and the bytes are copied without asking again.
// Everything else goes lane by lane through resolve.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

using ptx::Space;

namespace {

uint64_t extended(uint64_t bits, unsigned sizeBytes) {
  unsigned unused = 64 - 8 * sizeBytes;
  return uint64_t(int64_t(bits << unused) >> unused);
}

template <typename T> T read(const uint8_t *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

uint64_t readElement(const uint8_t *from, unsigned sizeBytes) {
  switch (sizeBytes) {
  case 1:
    return *from;
  case 2:
    return read<uint16_t>(from);
  case 4:
    return read<uint32_t>(from);
  default:
    return read<uint64_t>(from);
  }
}

void writeElement(uint8_t *to, unsigned sizeBytes, uint64_t bits) {
  switch (sizeBytes) {
  case 1:
    *to = uint8_t(bits);
    break;
  case 2:
    std::memcpy(to, &bits, 2);
    break;
  case 4:
    std::memcpy(to, &bits, 4);
    break;
  default:
    std::memcpy(to, &bits, 8);
  }
}

void loadLane(Warp &warp, const Instruction &inst, unsigned lane,
              const uint8_t *from) {
  unsigned size = inst.elementBytes, registerBytes = inst.flags & 0xff;
  for (unsigned i = 0; i < inst.numElements; ++i) {
    uint8_t *to = warp.registers + inst.list[i] + lane * registerBytes;
    uint64_t bits = readElement(from + i * size, size);
    if (inst.flags & kSignedLoad)
      bits = extended(bits, size);
    writeElement(to, registerBytes, bits);
  }
}

void gatherLane(const Warp &warp, const Instruction &inst, unsigned lane,
                uint8_t *to) {
  unsigned size = inst.elementBytes, registerBytes = inst.flags & 0xff;
  for (unsigned i = 0; i < inst.numElements; ++i)
    writeElement(
        to + i * size, size,
        readElement(warp.registers + inst.list[i] + lane * registerBytes,
                    registerBytes));
}

void noteUndefined(Warp &warp, const Instruction &inst, unsigned lane,
                   const uint8_t *defined) {
  for (unsigned i = 0; i < inst.numElements; ++i)
    if (!allDefined(defined + i * inst.elementBytes, inst.elementBytes))
      markUndefined(warp, inst.list[i], 1u << lane);
}

/// The addresses of the lanes; whether all are aligned and in the range that
/// this instruction touched last.
bool gatherAddresses(Warp &warp, const Instruction &inst, uint32_t mask,
                     uint32_t sizeBytes, Address *addresses) {
  Address least = ~Address(0), most = 0, all = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    Address address = laneAddress(warp, inst, lane);
    addresses[lane] = address;
    least = std::min(least, address);
    most = std::max(most, address);
    all |= address;
  }
  if (all % sizeBytes || (inst.space != Space::Global && least < kFirstGlobal))
    return false;
  if (inst.space != Space::Global && inst.space != Space::Generic &&
      inst.space != Space::Constant)
    return false;
  const Memory::Range &range = warp.worker->ranges[inst.id];
  return least >= range.begin && most < range.end &&
         sizeBytes <= range.end - most;
}

void count(Warp &warp, const Instruction &inst, const Address *addresses,
           uint32_t mask, uint32_t sizeBytes, Trace::Kind kind) {
  Address first = addresses[firstLane(mask)];
  Space space = resolveSpace(inst.space, first);
  if (space == Space::Shared)
    countSharedAccess(*warp.worker, addresses, mask, sizeBytes);
  else if (space == Space::Global || space == Space::Constant)
    countGlobalAccess(warp, addresses, mask, sizeBytes, kind);
}

} // namespace

void loadMemory(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t sizeBytes = inst.elementBytes * inst.numElements;
  Address addresses[kWarpSize];
  bool isFast = gatherAddresses(warp, inst, mask, sizeBytes, addresses);
  count(warp, inst, addresses, mask, sizeBytes, Trace::Load);
  const Launch &launch = *warp.block->launch;
  bool isAlone =
      isFast && areAloneInGlobal(warp, addresses, mask, sizeBytes, false);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    LaneBytes at;
    if (isFast) {
      at.bytes = reinterpret_cast<uint8_t *>(addresses[lane]);
      at.defined = launch.options.checks
                       ? launch.memory->initialisedBytes(addresses[lane])
                       : nullptr;
    } else {
      at = resolve(warp, inst, lane, addresses[lane], sizeBytes,
                   AccessKind::Read);
      if (!at.bytes)
        return;
    }
    loadLane(warp, inst, lane, at.bytes);
    if (launch.races && !isAlone && (isFast || at.space == Space::Global))
      checkGlobal(warp, inst, lane, at.bytes, sizeBytes, false, nullptr);
    if (at.defined && !allDefined(at.defined, sizeBytes))
      noteUndefined(warp, inst, lane, at.defined);
  }
}

// Undefined data is reported where it leaves for global memory.
static void checkStored(Warp &warp, const Instruction &inst, unsigned lane,
                        LaneBytes at) {
  uint32_t sizeBytes = inst.elementBytes;
  for (unsigned i = 0; i < inst.numElements; ++i) {
    bool isUndefined = hasLane(undefinedLanes(warp, inst.list[i]), lane);
    if (at.defined)
      std::memset(at.defined + i * sizeBytes,
                  !isUndefined || at.space == Space::Global, sizeBytes);
    if (isUndefined && at.space == Space::Global)
      report(warp, inst, lane, ReportKind::Uninitialised,
             "stores a value made from bytes never written");
  }
}

void storeMemory(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t sizeBytes = inst.elementBytes * inst.numElements;
  Address addresses[kWarpSize];
  bool isFast = gatherAddresses(warp, inst, mask, sizeBytes, addresses) &&
                !warp.worker->ranges[inst.id].isReadOnly;
  count(warp, inst, addresses, mask, sizeBytes,
        inst.flags & kStreamedStore ? Trace::Stream : Trace::Store);
  Block &block = *warp.block;
  bool isAlone =
      isFast && areAloneInGlobal(warp, addresses, mask, sizeBytes, true);
  ++block.progress;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    uint8_t data[64];
    gatherLane(warp, inst, lane, data);
    LaneBytes at;
    if (isFast) {
      at.space = Space::Global;
      at.bytes = reinterpret_cast<uint8_t *>(addresses[lane]);
      at.defined = block.clocks
                       ? block.launch->memory->initialisedBytes(addresses[lane])
                       : nullptr;
    } else {
      at = resolve(warp, inst, lane, addresses[lane], sizeBytes,
                   AccessKind::Write);
      if (!at.bytes)
        return;
      if (at.space == Space::Shared)
        checkSharedWrite(warp, inst, lane, at.offset, sizeBytes, data, false);
    }
    if (block.launch->races && !isAlone && at.space == Space::Global)
      checkGlobal(warp, inst, lane, at.bytes, sizeBytes, true, data);
    std::memcpy(at.bytes, data, sizeBytes);
    if (!warp.undefined.empty())
      checkStored(warp, inst, lane, at);
    else if (at.defined)
      std::memset(at.defined, 1, sizeBytes);
  }
}

// Parameters are the same for all lanes, and so, nearly always, is the address.
void loadParameter(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t sizeBytes = inst.elementBytes * inst.numElements;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    LaneBytes at = resolve(warp, inst, lane, laneAddress(warp, inst, lane),
                           sizeBytes, AccessKind::Read);
    if (!at.bytes)
      return;
    loadLane(warp, inst, lane, at.bytes);
  }
}

} // namespace tenon::vgpu
