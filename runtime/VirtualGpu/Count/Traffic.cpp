// Blocks in turns through the L2 of each device.

#include "runtime/VirtualGpu/Count/Traffic.h"

#include <bit>

namespace tenon::vgpu {

Traffic::Traffic(uint64_t numBlocks, const std::vector<L2Config> &configs)
    : numBlocks(numBlocks) {
  for (const L2Config &config : configs)
    replays.emplace_back(config, numBlocks);
}

void Traffic::add(uint64_t block, Trace trace) {
  std::lock_guard lock(mutex);
  addCompulsory(trace);
  traces[block] = std::make_shared<const Trace>(std::move(trace));
  for (Replay &replay : replays)
    advance(replay);
  uint64_t taken = numBlocks;
  for (const Replay &replay : replays)
    taken = std::min(taken, replay.nextBlock);
  traces.erase(traces.begin(), traces.lower_bound(taken));
}

void Traffic::addSeen(uint64_t line, uint8_t readFirst, uint8_t written) {
  constexpr uint64_t kLines = std::tuple_size_v<decltype(Page::lines)>;
  std::unique_ptr<Page> &page = pages[line / kLines];
  if (!page)
    page = std::make_unique<Page>();
  Page::Line &seen = page->lines[line % kLines];
  seen.readFirst |= readFirst;
  seen.written |= written;
  seen.updated |= readFirst & written;
}

// What a block reads of what it wrote itself need not come from memory.
void Traffic::addCompulsory(const Trace &trace) {
  struct Seen {
    uint8_t readFirst = 0, written = 0;
  };
  std::unordered_map<uint64_t, Seen> block;
  uint64_t numRead = 0, numWritten = 0;
  for (size_t i = 0; i < trace.size(); ++i) {
    auto [line, kind, sectors] = trace[i];
    Seen &seen = block[line];
    uint8_t known = seen.readFirst | seen.written;
    bool isStore = kind == Trace::Store || kind == Trace::Stream;
    if (!isStore) {
      numRead += std::popcount(kind == Trace::Load ? uint8_t(sectors & ~known)
                                                   : sectors);
      seen.readFirst |= sectors & ~seen.written;
    }
    if (isStore || kind == Trace::Atomic) {
      numWritten += std::popcount(sectors);
      seen.written |= sectors;
    }
  }
  for (const auto &[line, seen] : block)
    addSeen(line, seen.readFirst, seen.written);
  counters.l2ReadBytes += numRead * kSectorBytes;
  counters.l2WriteBytes += numWritten * kSectorBytes;
}

/// Gives the slot a block that has something to do; false when the next one is
/// not known yet. With no block left the slot stays empty.
bool Traffic::fill(Replay &replay, Replay::Slot &slot) {
  while (!slot.trace && replay.nextBlock < numBlocks) {
    auto found = traces.find(replay.nextBlock);
    if (found == traces.end())
      return false;
    ++replay.nextBlock;
    if (found->second->size())
      slot = {found->second, 0};
  }
  replay.numRunning += slot.trace != nullptr;
  return true;
}

void Traffic::advance(Replay &replay) {
  constexpr L2Cache::Kind kKinds[] = {L2Cache::Read, L2Cache::Read,
                                      L2Cache::Write, L2Cache::Stream,
                                      L2Cache::Update};
  while (replay.nextBlock < numBlocks || replay.numRunning) {
    Replay::Slot &slot = replay.slots[replay.nextSlot];
    if (!slot.trace && !fill(replay, slot))
      return;
    if (slot.trace) {
      size_t end = std::min(slot.at + kTurn, slot.trace->size());
      for (; slot.at < end; ++slot.at) {
        auto [line, kind, sectors] = (*slot.trace)[slot.at];
        replay.cache.access(line, sectors, kKinds[kind]);
      }
      if (slot.at == slot.trace->size()) {
        slot = {};
        --replay.numRunning;
      }
    }
    replay.nextSlot = (replay.nextSlot + 1) % replay.slots.size();
  }
}

TrafficCounters Traffic::finish() {
  std::lock_guard lock(mutex);
  uint64_t numSectors = 0;
  for (const auto &[number, page] : pages)
    for (const Page::Line &line : page->lines) {
      auto read = uint8_t((line.readFirst & ~line.written) | line.updated);
      numSectors += std::popcount(read) + std::popcount(line.written);
    }
  counters.compulsoryBytes = numSectors * kSectorBytes;
  for (Replay &replay : replays) {
    replay.cache.flush();
    counters.dram.push_back({replay.cache.readSectors() * kSectorBytes,
                             replay.cache.writtenSectors() * kSectorBytes});
  }
  return counters;
}

} // namespace tenon::vgpu
