// A cache with sectors; the line used longest ago leaves.

#include "runtime/VirtualGpu/Count/L2Cache.h"

#include <algorithm>
#include <bit>

namespace tenon::vgpu {

L2Cache::L2Cache(uint64_t capacityBytes)
    : numSets(std::max<uint64_t>(capacityBytes / (kNumWays * kLineBytes), 1)) {
  ways.reset(static_cast<Way *>(std::calloc(numSets * kNumWays, sizeof(Way))));
}

/// The way that holds the line, made free for it when none does.
L2Cache::Way &L2Cache::wayOf(uint64_t line) {
  uint64_t hash = line * 0x9e3779b97f4a7c15;
  uint64_t number = (hash ^ hash >> 32) % numSets;
  Way *set = &ways[number * kNumWays];
  Way *oldest = set;
  for (Way *way = set; way != set + kNumWays; ++way) {
    if (way->lastUse && way->line == line)
      return *way;
    if (way->lastUse < oldest->lastUse)
      oldest = way;
  }
  if (oldest == set && !oldest->lastUse)
    usedSets.push_back(number);
  numWritten += std::popcount(oldest->dirty);
  *oldest = {line, 0, 0, 0};
  return *oldest;
}

void L2Cache::access(uint64_t line, uint8_t sectors, Kind kind) {
  Way &way = wayOf(line);
  way.lastUse = ++now;
  if (kind != Write)
    numRead += std::popcount(uint8_t(sectors & ~way.valid));
  if (kind != Read)
    way.dirty |= sectors;
  way.valid |= sectors;
}

void L2Cache::flush() {
  for (uint64_t number : usedSets)
    for (unsigned i = 0; i < kNumWays; ++i) {
      Way &way = ways[number * kNumWays + i];
      numWritten += std::popcount(way.dirty);
      way.dirty = 0;
    }
}

} // namespace tenon::vgpu
