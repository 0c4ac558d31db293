// A cache with sectors; the line used longest ago leaves.

#include "runtime/VirtualGpu/Count/L2Cache.h"

#include <algorithm>
#include <bit>

namespace tenon::vgpu {

L2Cache::L2Cache(uint64_t capacityBytes)
    : numLines(std::max<uint64_t>(capacityBytes / kLineBytes, 1)) {}

//===----------------------------------------------------------------------===//
// The table: open addresses, half of them empty at least
//===----------------------------------------------------------------------===//

std::size_t L2Cache::homeOf(uint64_t line) const {
  uint64_t hash = line * 0x9e3779b97f4a7c15;
  return (hash ^ hash >> 32) & (table.size() - 1);
}

std::size_t L2Cache::slotOf(uint64_t line) const {
  std::size_t slot = homeOf(line);
  while (table[slot] != kNone && entries[table[slot]].line != line)
    slot = (slot + 1) & (table.size() - 1);
  return slot;
}

/// Lines behind the slot move up, so that none is behind an empty one.
void L2Cache::removeSlot(std::size_t slot) {
  size_t mask = table.size() - 1;
  for (size_t next = (slot + 1) & mask; table[next] != kNone;
       next = (next + 1) & mask) {
    size_t home = homeOf(entries[table[next]].line);
    if (((next - home) & mask) < ((next - slot) & mask))
      continue;
    table[slot] = table[next];
    slot = next;
  }
  table[slot] = kNone;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

void L2Cache::unlink(Entry &entry) {
  auto &[oldest, newest] = orderOf(entry);
  (entry.older == kNone ? oldest : entries[entry.older].newer) = entry.newer;
  (entry.newer == kNone ? newest : entries[entry.newer].older) = entry.older;
}

void L2Cache::makeNewest(uint32_t number) {
  auto &[oldest, newest] = orderOf(entries[number]);
  entries[number].older = newest;
  entries[number].newer = kNone;
  (newest == kNone ? oldest : entries[newest].newer) = number;
  newest = number;
}

/// One that holds no line; where there is no room, the oldest line leaves, of
/// those not to be kept if there are any.
uint32_t L2Cache::takeEntry() {
  if (entries.size() == numLines) {
    uint32_t number = orders[true].oldest != kNone ? orders[true].oldest
                                                   : orders[false].oldest;
    removeSlot(slotOf(entries[number].line));
    numWritten += std::popcount(entries[number].dirty);
    unlink(entries[number]);
    return number;
  }
  entries.emplace_back();
  if (2 * entries.size() > table.size()) {
    constexpr size_t kFewest = 1024;
    table.assign(std::max(kFewest, 2 * table.size()), kNone);
    for (const Order &order : orders)
      for (uint32_t number = order.oldest; number != kNone;
           number = entries[number].newer)
        table[slotOf(entries[number].line)] = number;
  }
  return entries.size() - 1;
}

L2Cache::Entry &L2Cache::entryOf(uint64_t line, bool streams) {
  uint32_t number = table.empty() ? kNone : table[slotOf(line)];
  if (number == kNone) {
    number = takeEntry();
    table[slotOf(line)] = number;
    entries[number].line = line;
    entries[number].valid = entries[number].dirty = 0;
    entries[number].isStreamed = streams;
  } else {
    unlink(entries[number]);
    entries[number].isStreamed &= streams;
  }
  makeNewest(number);
  return entries[number];
}

void L2Cache::access(uint64_t line, uint8_t sectors, Kind kind) {
  Entry &entry = entryOf(line, kind == Stream);
  if (kind == Read || kind == Update)
    numRead += std::popcount(uint8_t(sectors & ~entry.valid));
  if (kind != Read)
    entry.dirty |= sectors;
  entry.valid |= sectors;
}

void L2Cache::flush() {
  for (Entry &entry : entries) {
    numWritten += std::popcount(entry.dirty);
    entry.dirty = 0;
  }
}

} // namespace tenon::vgpu
