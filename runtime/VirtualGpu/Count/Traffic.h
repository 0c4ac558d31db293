//===- Traffic.h - from the sectors that blocks ask for to memory's bytes -===//
//
//   Traffic traffic(numBlocks, {{40 << 20, 216}});
//   traffic.add(blockNumber, std::move(trace));   // in any order, any thread
//   TrafficCounters counters = traffic.finish();
//
// The order in which blocks reach L2 is a stated one and has nothing to do with
// the host's threads: a device has room for so many blocks at a time; blocks
// take room in the order of their numbers, the ones that are there go on in
// turn by kTurn lines each, and one that ends makes room for the next. A launch
// finds L2 empty, and what it wrote is in memory at its end.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_COUNT_TRAFFIC_H
#define TENON_RUNTIME_VIRTUALGPU_COUNT_TRAFFIC_H

#include "runtime/VirtualGpu/Count/L2Cache.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace tenon::vgpu {

/// A block's accesses to global memory by lines, in its order.
class Trace {
public:
  enum Kind : uint8_t {
    Load,   ///< may be found in L1
    Bypass, ///< a read that goes to L2
    Store,
    Stream, ///< a store whose line leaves L2 before others (st.cs)
    Atomic,
  };
  struct Entry {
    uint64_t line;
    Kind kind;
    uint8_t sectors;
  };
  void add(uint64_t line, Kind kind, uint8_t sectors) {
    packed.push_back(line << 7 | uint64_t(kind) << 4 | sectors);
  }
  size_t size() const { return packed.size(); }
  Entry operator[](size_t i) const {
    return {packed[i] >> 7, Kind(packed[i] >> 4 & 7), uint8_t(packed[i] & 15)};
  }

private:
  std::vector<uint64_t> packed;
};

/// What a device's L2 does to the order of blocks.
struct L2Config {
  uint64_t capacityBytes = 0;
  uint64_t numResident = 1; ///< blocks on the device at a time
  bool operator==(const L2Config &) const = default;
};

struct TrafficCounters {
  /// Bytes between L2 and the SMs, where L1 keeps all that a block loads twice.
  uint64_t l2ReadBytes = 0, l2WriteBytes = 0;
  /// Each sector that is read once, and each that is written once. What a block
  /// reads of what it or another wrote is not among them.
  uint64_t compulsoryBytes = 0;
  struct Dram {
    uint64_t readBytes = 0, writeBytes = 0;
  };
  std::vector<Dram> dram; ///< for each L2Config
};

class Traffic {
public:
  static constexpr size_t kTurn = 32;

  Traffic(uint64_t numBlocks, const std::vector<L2Config> &configs);
  /// Each block once.
  void add(uint64_t block, Trace trace);
  /// All blocks have been added.
  TrafficCounters finish();

private:
  using TracePtr = std::shared_ptr<const Trace>;
  /// One device's view of the launch, as far as the blocks are known.
  struct Replay {
    Replay(const L2Config &config, uint64_t numBlocks)
        : cache(config.capacityBytes),
          slots(std::min(config.numResident, numBlocks)) {}
    struct Slot {
      TracePtr trace;
      size_t at = 0;
    };
    L2Cache cache;
    std::vector<Slot> slots;
    size_t nextSlot = 0, numRunning = 0;
    uint64_t nextBlock = 0;
  };
  /// The sectors of 2 MiB of memory.
  struct Page {
    struct Line {
      uint8_t readFirst = 0, written = 0;
      uint8_t updated = 0; ///< read first and then written by the same block
    };
    std::array<Line, (size_t(2) << 20) / kLineBytes> lines = {};
  };
  void addCompulsory(const Trace &trace);
  void addSeen(uint64_t line, uint8_t readFirst, uint8_t written);
  bool fill(Replay &replay, Replay::Slot &slot);
  void advance(Replay &replay);

  std::mutex mutex;
  uint64_t numBlocks;
  std::vector<Replay> replays;
  std::map<uint64_t, TracePtr> traces; ///< that some replay has still to take
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  TrafficCounters counters;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_COUNT_TRAFFIC_H
