// States of rows and sectors say what states of single words would, whatever
// accesses come in which order.

#include "runtime/VirtualGpu/Check/GlobalRaces.h"
#include "runtime/VirtualGpu/Check/SharedClocks.h"

#include <gtest/gtest.h>

#include <random>

namespace tenon::vgpu {
namespace {

using Proxy = SharedClocks::Proxy;
using Finding = SharedClocks::Finding;

constexpr uint32_t kNumWarps = 3, kSharedBytes = 72;
constexpr unsigned kNumRounds = 200, kNumAccesses = 2000;

struct Range {
  uint32_t offset, sizeBytes;
};

/// Memory whose accesses are made as they come, beside the same memory whose
/// accesses are made word by word, so that no row is ever whole.
class SharedTwins {
public:
  explicit SharedTwins(unsigned seed) : random(seed) {}

  void step() {
    switch (pick(8)) {
    case 0:
      return synchronise();
    case 1:
      return pass();
    case 2:
      return fence();
    case 3:
      return read();
    case 4:
      return write();
    case 5:
      return copy();
    case 6:
      return readSlowly();
    default:
      return read();
    }
  }

  unsigned numFindings = 0;

private:
  uint32_t pick(uint32_t count) { return random() % count; }
  Proxy pickProxy() { return pick(4) ? Proxy::Generic : Proxy::Async; }

  /// Mostly rows, and words, and bytes anywhere.
  Range pickRange() {
    constexpr uint32_t kSizes[] = {16, 16, 32, 8, 4, 2, 1};
    uint32_t size = kSizes[pick(std::size(kSizes))];
    uint32_t align = pick(4) ? size : 1;
    return {pick((kSharedBytes - size) / align + 1) * align, size};
  }

  /// access(clocks, offset, size) on both; what they find is the same.
  template <typename F> void both(Range range, F access) {
    SharedClocks::Result one = access(whole, range.offset, range.sizeBytes);
    SharedClocks::Result other;
    uint32_t end = range.offset + range.sizeBytes;
    for (uint32_t at = range.offset; at < end;) {
      uint32_t next = std::min(at / 4 * 4 + 4, end);
      SharedClocks::Result found = access(words, at, next - at);
      if (found.finding != Finding::None)
        other = found;
      at = next;
    }
    ASSERT_EQ(one.finding, other.finding);
    ASSERT_EQ(one.otherWarp, other.otherWarp);
    numFindings += one.finding != Finding::None;
  }

  void synchronise() {
    uint64_t mask = pick(2) ? (1u << kNumWarps) - 1 : 1 + pick(7);
    whole.synchronise(mask);
    words.synchronise(mask);
  }
  void pass() {
    uint32_t from = pick(kNumWarps), to = pick(kNumWarps);
    for (SharedClocks *clocks : {&whole, &words}) {
      SharedClocks::Clock clock;
      clocks->release(from, clock);
      clocks->acquire(to, clock);
    }
  }
  void fence() {
    uint32_t warp = pick(kNumWarps);
    whole.fence(warp);
    words.fence(warp);
  }
  void read() {
    uint32_t warp = pick(kNumWarps);
    Proxy proxy = pickProxy();
    both(pickRange(), [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      return clocks.read(warp, at, size, proxy);
    });
  }
  void write() {
    uint32_t warp = pick(kNumWarps);
    bool isSame = pick(4) == 0, isAtomic = pick(4) == 0;
    both(pickRange(), [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      return clocks.write(warp, at, size, isSame, isAtomic);
    });
  }
  void copy() {
    uint32_t warp = pick(kNumWarps);
    Proxy proxy = pickProxy();
    Range range = pickRange();
    both(range, [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      return clocks.startCopy(warp, at, size, proxy);
    });
    if (pick(2))
      read();
    both(range, [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      clocks.finishCopy(warp, at, size, proxy);
      return SharedClocks::Result();
    });
  }
  void readSlowly() {
    uint32_t warp = pick(kNumWarps), waiter = pick(kNumWarps);
    Range range = pickRange();
    both(range, [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      clocks.startRead(warp, at, size);
      return SharedClocks::Result();
    });
    if (pick(2))
      write();
    both(range, [&](SharedClocks &clocks, uint32_t at, uint32_t size) {
      clocks.finishRead(waiter, at, size);
      return SharedClocks::Result();
    });
  }

  std::mt19937 random;
  SharedClocks whole{kSharedBytes,
                     std::make_shared<SharedClocks::Warps>(kNumWarps)};
  SharedClocks words{kSharedBytes,
                     std::make_shared<SharedClocks::Warps>(kNumWarps)};
};

TEST(RaceStateTest, RowsFindWhatTheirWordsWould) {
  unsigned numFindings = 0;
  for (unsigned round = 0; round < kNumRounds; ++round) {
    SharedTwins twins(round);
    for (unsigned i = 0; i < kNumAccesses && !testing::Test::HasFatalFailure();
         ++i)
      twins.step();
    numFindings += twins.numFindings;
  }
  // It is about races: there are many, and many accesses that are none.
  EXPECT_GT(numFindings, kNumRounds);
  EXPECT_LT(numFindings, kNumRounds * kNumAccesses / 2);
}

using Conflict = std::optional<GlobalRaces::Conflict>;

struct Access {
  uint64_t block, address;
  uint32_t sizeBytes;
  bool isWrite;
};

Conflict accessByWords(GlobalRaces &races, GlobalRaces::Cache &cache,
                       const Access &access) {
  Conflict conflict;
  uint64_t end = access.address + access.sizeBytes;
  for (uint64_t at = access.address; at < end;) {
    uint64_t next = std::min(at / 4 * 4 + 4, end);
    if (Conflict met =
            races.access(cache, access.block, at, next - at, access.isWrite))
      conflict = met;
    at = next;
  }
  return conflict;
}

void expectSame(const Conflict &one, const Conflict &other) {
  ASSERT_EQ(one.has_value(), other.has_value());
  if (!one)
    return;
  EXPECT_EQ(one->otherBlock, other->otherBlock);
  EXPECT_EQ(one->otherWrites, other->otherWrites);
}

TEST(RaceStateTest, SectorsFindWhatTheirWordsWould) {
  constexpr uint64_t kBase = (uint64_t(1) << 18) - 64; // across two pages
  constexpr uint32_t kSizes[] = {32, 64, 32, 16, 4, 2, 1};
  unsigned numConflicts = 0;
  for (unsigned round = 0; round < kNumRounds; ++round) {
    std::mt19937 random(round);
    GlobalRaces whole, words, asked;
    GlobalRaces::Cache ofWhole, ofWords, ofAsked;
    for (unsigned i = 0; i < 20; ++i) {
      uint32_t size = kSizes[random() % std::size(kSizes)];
      uint64_t address = kBase + random() % (128 / size) * size;
      Access access{random() % 3, address, size, random() % 3 == 0};
      Conflict met =
          whole.access(ofWhole, access.block, address, size, access.isWrite);
      ASSERT_NO_FATAL_FAILURE(
          expectSame(met, accessByWords(words, ofWords, access)));
      bool isAlone =
          asked.addAlone(ofAsked, access.block, address, size, access.isWrite);
      ASSERT_EQ(isAlone, !met.has_value());
      if (!isAlone)
        expectSame(met, asked.access(ofAsked, access.block, address, size,
                                     access.isWrite));
      numConflicts += met.has_value();
    }
  }
  EXPECT_GT(numConflicts, kNumRounds);
  EXPECT_LT(numConflicts, kNumRounds * 15);
}

} // namespace
} // namespace tenon::vgpu
