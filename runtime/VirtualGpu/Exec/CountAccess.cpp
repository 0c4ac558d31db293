// Sectors, lines and wavefronts of accesses.

#include "runtime/VirtualGpu/Exec/Access.h"

#include <algorithm>

namespace tenon::vgpu {

/// The sectors of the lanes' bytes, in order and once each.
static unsigned sectorsOf(const Address *addresses, uint32_t mask,
                          uint32_t sizeBytes, Address *sectors) {
  unsigned count = 0;
  bool isSorted = true;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    Address first = addresses[lane] / kSectorBytes;
    Address last = (addresses[lane] + sizeBytes - 1) / kSectorBytes;
    for (Address sector = first; sector <= last; ++sector) {
      if (count && sector == sectors[count - 1])
        continue;
      isSorted &= !count || sector > sectors[count - 1];
      sectors[count++] = sector;
    }
  }
  if (isSorted)
    return count;
  std::sort(sectors, sectors + count);
  return std::unique(sectors, sectors + count) - sectors;
}

/// Adds them to the block's trace, if there is one; returns their lines.
static unsigned noteLines(Block &block, const Address *sectors, unsigned count,
                          Trace::Kind kind) {
  constexpr unsigned kInLine = kLineBytes / kSectorBytes;
  unsigned numLines = 0;
  for (unsigned i = 0; i < count; ++numLines) {
    Address line = sectors[i] / kInLine;
    uint8_t present = 0;
    for (; i < count && sectors[i] / kInLine == line; ++i)
      present |= uint8_t(1u << sectors[i] % kInLine);
    if (block.launch->traffic)
      block.trace.add(line, kind, present);
  }
  return numLines;
}

static void countSectors(Warp &warp, unsigned count, uint64_t bytes,
                         Trace::Kind kind) {
  Counters &counters = warp.worker->counters;
  counters.globalSectors += count;
  // Lanes that read the same bytes need them once.
  counters.globalSectorsIdeal +=
      std::min<uint64_t>((bytes + kSectorBytes - 1) / kSectorBytes, count);
  bool isStore = kind == Trace::Store || kind == Trace::Stream;
  if (!isStore)
    counters.globalLoadBytes += bytes;
  if (isStore || kind == Trace::Atomic)
    counters.globalStoreBytes += bytes;
}

void countGlobalAccess(Warp &warp, const Address *addresses, uint32_t mask,
                       uint32_t sizeBytes, Trace::Kind kind) {
  Address sectors[2 * kWarpSize];
  unsigned count = sectorsOf(addresses, mask, sizeBytes, sectors);
  countSectors(warp, count, uint64_t(__builtin_popcount(mask)) * sizeBytes,
               kind);
  warp.worker->counters.globalLines +=
      noteLines(*warp.block, sectors, count, kind);
}

void countBulkRow(Warp &warp, Address address, uint64_t sizeBytes,
                  Trace::Kind kind) {
  constexpr unsigned kMost = 64;
  Address sector = address / kSectorBytes,
          end = (address + sizeBytes + kSectorBytes - 1) / kSectorBytes;
  warp.worker->counters.bulkCopyBytes += sizeBytes;
  for (uint64_t left = sizeBytes; sector < end;) {
    Address sectors[kMost];
    unsigned count = 0;
    while (count < kMost && sector < end)
      sectors[count++] = sector++;
    uint64_t bytes =
        sector < end ? std::min<uint64_t>(left, kMost * kSectorBytes) : left;
    left -= bytes;
    countSectors(warp, count, bytes, kind);
    noteLines(*warp.block, sectors, count, kind);
  }
}

/// Whether lanes [first, last) ask for words of different banks, the frequent
/// case: an aligned access of `numWords` has as many banks side by side.
static bool areBanksApart(const Address *addresses, uint32_t mask,
                          unsigned first, unsigned last, unsigned numWords) {
  uint32_t used = 0, wanted = uint32_t((uint64_t(1) << numWords) - 1);
  bool isApart = true;
  for (unsigned lane = first; lane < last; ++lane) {
    auto bank = unsigned(addresses[lane] / 4 % kWarpSize / numWords * numWords);
    uint32_t banks = hasLane(mask, lane) ? wanted << bank : 0;
    isApart &= !(used & banks);
    used |= banks;
  }
  return isApart && used;
}

/// The most distinct words that one bank must give to lanes [first, last).
static unsigned wavefronts(const Address *addresses, uint32_t mask,
                           unsigned first, unsigned last, unsigned numWords) {
  uint32_t words[kWarpSize][kWarpSize];
  uint8_t count[kWarpSize] = {};
  unsigned most = 0;
  for (unsigned lane = first; lane < last; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    for (unsigned i = 0; i < numWords; ++i) {
      uint32_t word = uint32_t(addresses[lane] / 4) + i,
               bank = word % kWarpSize;
      unsigned at = 0;
      while (at < count[bank] && words[bank][at] != word)
        ++at;
      if (at == count[bank])
        words[bank][count[bank]++] = word;
      most = std::max<unsigned>(most, count[bank]);
    }
  }
  return most;
}

void countSharedAccess(Worker &worker, const Address *addresses, uint32_t mask,
                       uint32_t sizeBytes) {
  // Wide accesses go in groups of lanes that together ask for 128 bytes.
  unsigned numWords = std::max(sizeBytes / 4, 1u),
           groupLanes = kWarpSize / numWords;
  bool isRow = mask == kFullMask && sizeBytes >= 4;
  for (unsigned lane = 1; isRow && lane < kWarpSize; ++lane)
    isRow = addresses[lane] == addresses[0] + lane * sizeBytes;
  for (unsigned first = 0; first < kWarpSize; first += groupLanes) {
    unsigned last = first + groupLanes;
    unsigned most =
        isRow || areBanksApart(addresses, mask, first, last, numWords)
            ? 1
            : wavefronts(addresses, mask, first, last, numWords);
    worker.counters.sharedWavefronts += most;
    worker.counters.sharedWavefrontsIdeal += most != 0;
  }
}

void countSharedBytes(Worker &worker, uint64_t sizeBytes) {
  constexpr uint64_t kWavefrontBytes = 128;
  uint64_t count = (sizeBytes + kWavefrontBytes - 1) / kWavefrontBytes;
  worker.counters.sharedWavefronts += count;
  worker.counters.sharedWavefrontsIdeal += count;
}

} // namespace tenon::vgpu
