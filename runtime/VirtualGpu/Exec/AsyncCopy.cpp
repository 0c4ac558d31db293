// cp.async. The bytes are read when the copy is issued and stand in shared
// memory from the wait on: a kernel that reads them before meets the old ones,
// and a report.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

/// Most copies are of 16 bytes, which need no call.
static void copyFew(uint8_t *to, const uint8_t *from, uint32_t sizeBytes) {
  constexpr uint32_t kMost = 16;
  if (sizeBytes == kMost)
    std::memcpy(to, from, kMost);
  else
    std::memcpy(to, from, sizeBytes);
}

void copyAsync(Warp &warp, const Instruction &inst, uint32_t mask) {
  Instruction source = inst;
  source.space = ptx::Space::Global;
  uint32_t size = inst.elementBytes;
  Block &block = *warp.block;
  Address from[kWarpSize], to[kWarpSize];
  uint32_t readers = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    from[lane] = warp.lanes<uint64_t>(inst.slot[2])[lane] +
                 warp.lanes<uint64_t>(inst.slot[4])[lane];
    uint32_t read = std::min(warp.lanes<uint32_t>(inst.slot[3])[lane], size);
    LaneBytes target =
        resolve(warp, inst, lane, to[lane] = laneAddress(warp, inst, lane),
                size, AccessKind::Write);
    if (!target.bytes)
      return;
    PendingCopy copy;
    copy.sharedOffset = target.offset;
    copy.lane = lane;
    copy.sizeBytes = size;
    copy.groupNumber = warp.numCopyGroups[lane];
    std::memset(copy.defined, 1, sizeof(copy.defined));
    // Nothing is read for a source size of 0: such an address need not be one.
    if (read) {
      LaneBytes bytes =
          resolve(warp, source, lane, from[lane], read, AccessKind::Read, size);
      if (!bytes.bytes)
        return;
      readers |= 1u << lane;
      checkGlobal(warp, inst, lane, bytes.bytes, read, false, nullptr);
      copyFew(copy.bytes, bytes.bytes, read);
      if (bytes.defined)
        copyFew(copy.defined, bytes.defined, read);
    }
    if (block.clocks) {
      SharedClocks::Result found = block.clocks->startCopy(
          warp.clock, target.offset, size, SharedClocks::Proxy::Generic);
      if (found.finding != SharedClocks::Finding::None)
        reportSharedFinding(warp, inst, lane, target.offset, size, found);
    }
    warp.copies.push_back(copy);
  }
  if (readers)
    countGlobalAccess(warp, from, readers, size, Trace::Bypass);
  countSharedAccess(*warp.worker, to, mask, size);
}

void commitCopies(Warp &warp, const Instruction &, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    ++warp.numCopyGroups[firstLane(rest)];
}

static void finish(Warp &warp, const PendingCopy &copy) {
  Block &block = *warp.block;
  copyFew(block.shared.data() + copy.sharedOffset, copy.bytes, copy.sizeBytes);
  if (!block.clocks)
    return;
  copyFew(block.sharedDefined.data() + copy.sharedOffset, copy.defined,
          copy.sizeBytes);
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
