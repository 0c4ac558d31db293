// cp.async. The bytes are read when the copy is issued and stand in shared
// memory from the wait on: a kernel that reads them before meets the old ones,
// and a report.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

using ptx::Space;

namespace {

/// The most that one copy takes, and what nearly all take.
constexpr uint32_t kRowBytes = 16;
constexpr uint16_t kAllDefined = 0xffff;

/// Global and shared addresses of the lanes, and what they read.
struct Ends {
  Address from[kWarpSize], to[kWarpSize];
  uint32_t readBytes[kWarpSize];
};

void gatherEnds(const Warp &warp, const Instruction &inst, uint32_t mask,
                Ends &ends) {
  uint32_t size = inst.elementBytes;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    ends.from[lane] = warp.lanes<uint64_t>(inst.slot[2])[lane] +
                      warp.lanes<uint64_t>(inst.slot[4])[lane];
    ends.to[lane] = laneAddress(warp, inst, lane);
    ends.readBytes[lane] =
        std::min(warp.lanes<uint32_t>(inst.slot[3])[lane], size);
  }
}

/// Whether all lanes copy rows, from the range that this instruction touched
/// last and which no other block touches, to the block's own shared memory:
/// then nothing has to be resolved.
bool areRows(Warp &warp, const Instruction &inst, uint32_t mask,
             const Ends &ends) {
  if (inst.elementBytes != kRowBytes || inst.space != Space::Shared)
    return false;
  Address least = ~Address(0), most = 0, farthest = 0, all = 0;
  uint32_t fewest = kRowBytes;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    least = std::min(least, ends.from[lane]);
    most = std::max(most, ends.from[lane]);
    farthest = std::max(farthest, ends.to[lane]);
    fewest = std::min(fewest, ends.readBytes[lane]);
    all |= ends.from[lane] | ends.to[lane];
  }
  const Memory::Range &range = warp.worker->ranges[inst.id];
  size_t sharedBytes = warp.block->shared.size();
  bool isInside = least >= range.begin && most < range.end &&
                  range.end - most >= kRowBytes && farthest < sharedBytes &&
                  sharedBytes - farthest >= kRowBytes;
  return isInside && all % kRowBytes == 0 && fewest == kRowBytes &&
         areAloneInGlobal(warp, ends.from, mask, kRowBytes, false);
}

uint16_t definedBits(const uint8_t *defined, uint32_t sizeBytes) {
  uint16_t bits = kAllDefined;
  for (uint32_t i = 0; i < sizeBytes; ++i)
    bits &= ~(!defined[i] << i);
  return bits;
}

PendingCopy &addCopy(Warp &warp, const Instruction &inst, unsigned lane,
                     uint32_t sharedOffset) {
  PendingCopy &copy = warp.copies.emplace_back();
  copy.sharedOffset = sharedOffset;
  copy.lane = lane;
  copy.sizeBytes = inst.elementBytes;
  copy.groupNumber = warp.numCopyGroups[lane];
  copy.defined = kAllDefined;
  return copy;
}

void startCopy(Warp &warp, const Instruction &inst, unsigned lane,
               uint32_t sharedOffset) {
  SharedClocks *clocks = warp.block->clocks.get();
  if (!clocks)
    return;
  uint32_t size = inst.elementBytes;
  SharedClocks::Result found = clocks->startCopy(warp.clock, sharedOffset, size,
                                                 SharedClocks::Proxy::Generic);
  if (found.finding != SharedClocks::Finding::None)
    reportSharedFinding(warp, inst, lane, sharedOffset, size, found);
}

void copyRows(Warp &warp, const Instruction &inst, uint32_t mask,
              const Ends &ends) {
  const Launch &launch = *warp.block->launch;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    auto offset = uint32_t(ends.to[lane]);
    PendingCopy &copy = addCopy(warp, inst, lane, offset);
    std::memcpy(copy.bytes, reinterpret_cast<uint8_t *>(ends.from[lane]),
                kRowBytes);
    if (launch.options.checks) {
      const uint8_t *defined = launch.memory->initialisedBytes(ends.from[lane]);
      if (!allDefined(defined, kRowBytes))
        copy.defined = definedBits(defined, kRowBytes);
    }
    startCopy(warp, inst, lane, offset);
  }
}

/// False after a report that ends the launch.
bool copyLane(Warp &warp, const Instruction &inst, unsigned lane,
              const Ends &ends) {
  Instruction source = inst;
  source.space = Space::Global;
  uint32_t size = inst.elementBytes, read = ends.readBytes[lane];
  LaneBytes target =
      resolve(warp, inst, lane, ends.to[lane], size, AccessKind::Write);
  if (!target.bytes)
    return false;
  PendingCopy &copy = addCopy(warp, inst, lane, target.offset);
  // Nothing is read for a source size of 0: such an address need not be one.
  if (read) {
    LaneBytes bytes = resolve(warp, source, lane, ends.from[lane], read,
                              AccessKind::Read, size);
    if (!bytes.bytes)
      return false;
    checkGlobal(warp, inst, lane, bytes.bytes, read, false, nullptr);
    std::memcpy(copy.bytes, bytes.bytes, read);
    if (bytes.defined)
      copy.defined = definedBits(bytes.defined, read);
  }
  startCopy(warp, inst, lane, target.offset);
  return true;
}

} // namespace

void copyAsync(Warp &warp, const Instruction &inst, uint32_t mask) {
  Ends ends;
  gatherEnds(warp, inst, mask, ends);
  uint32_t readers = mask;
  if (areRows(warp, inst, mask, ends)) {
    copyRows(warp, inst, mask, ends);
  } else {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = firstLane(rest);
      if (!copyLane(warp, inst, lane, ends))
        return;
      if (!ends.readBytes[lane])
        readers &= ~(1u << lane);
    }
  }
  if (readers)
    countGlobalAccess(warp, ends.from, readers, inst.elementBytes,
                      Trace::Bypass);
  countSharedAccess(*warp.worker, ends.to, mask, inst.elementBytes);
}

void commitCopies(Warp &warp, const Instruction &, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    ++warp.numCopyGroups[firstLane(rest)];
}

static void finish(Warp &warp, const PendingCopy &copy) {
  Block &block = *warp.block;
  uint8_t *to = block.shared.data() + copy.sharedOffset;
  if (copy.sizeBytes == kRowBytes && copy.defined == kAllDefined) {
    std::memcpy(to, copy.bytes, kRowBytes);
    if (block.clocks)
      std::memset(block.sharedDefined.data() + copy.sharedOffset, 1, kRowBytes);
  } else {
    for (uint32_t i = 0; i < copy.sizeBytes; ++i) {
      to[i] = copy.bytes[i];
      if (block.clocks)
        block.sharedDefined[copy.sharedOffset + i] = copy.defined >> i & 1;
    }
  }
  if (block.clocks)
    block.clocks->finishCopy(warp.clock, copy.sharedOffset, copy.sizeBytes,
                             SharedClocks::Proxy::Generic);
}

void waitForCopies(Warp &warp, const Instruction &inst, uint32_t mask) {
  std::erase_if(warp.copies, [&](const PendingCopy &copy) {
    // The group that is open has the number of those committed.
    int64_t numBehind =
        int64_t(warp.numCopyGroups[copy.lane]) - copy.groupNumber;
    bool isDone = inst.immediate < 0 || numBehind > inst.immediate;
    if (!hasLane(mask, copy.lane) || !isDone)
      return false;
    finish(warp, copy);
    return true;
  });
}

} // namespace tenon::vgpu
