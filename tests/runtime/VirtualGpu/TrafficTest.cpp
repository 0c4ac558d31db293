// L2, the order of blocks, and bounds, against numbers worked out by hand.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include <algorithm>
#include <list>
#include <random>

namespace tenon::vgpu {
namespace {

uint64_t dramBytes(const TrafficCounters &counters) {
  return counters.dram[0].readBytes + counters.dram[0].writeBytes;
}

/// Reads of whole lines [first, last).
Trace reads(uint64_t first, uint64_t last) {
  Trace trace;
  for (uint64_t line = first; line < last; ++line)
    trace.add(line, Trace::Load, 15);
  return trace;
}

TEST(L2Cache, FetchesOnlySectorsThatAreAskedFor) {
  L2Cache cache(1 << 20);
  cache.access(7, 0b0001, L2Cache::Read);
  cache.access(7, 0b0011, L2Cache::Read);
  EXPECT_EQ(cache.readSectors(), 2u);
  cache.access(7, 0b0011, L2Cache::Write);
  cache.access(8, 0b1111, L2Cache::Write);
  cache.access(9, 0b0100, L2Cache::Update);
  EXPECT_EQ(cache.readSectors(), 3u);
  EXPECT_EQ(cache.writtenSectors(), 0u);
  cache.flush();
  cache.flush();
  EXPECT_EQ(cache.writtenSectors(), 2u + 4 + 1);
}

TEST(L2Cache, TheLineUsedLongestAgoLeaves) {
  L2Cache cache(16 * kLineBytes);
  for (uint64_t line = 0; line < 16; ++line)
    cache.access(line, 1, L2Cache::Write);
  cache.access(0, 1, L2Cache::Read); // 1 is the oldest now
  cache.access(16, 1, L2Cache::Read);
  EXPECT_EQ(cache.writtenSectors(), 1u);
  uint64_t before = cache.readSectors();
  cache.access(0, 1, L2Cache::Read);
  EXPECT_EQ(cache.readSectors(), before);
  cache.access(1, 1, L2Cache::Read);
  EXPECT_EQ(cache.readSectors(), before + 1);
}

TEST(L2Cache, WhatIsStreamedLeavesFirst) {
  L2Cache cache(16 * kLineBytes);
  for (uint64_t line = 0; line < 14; ++line)
    cache.access(line, 1, L2Cache::Read);
  for (uint64_t line = 100; line < 200; ++line)
    cache.access(line, 1, L2Cache::Stream);
  EXPECT_EQ(cache.writtenSectors(), 98u);
  for (uint64_t line = 0; line < 14; ++line)
    cache.access(line, 1, L2Cache::Read);
  EXPECT_EQ(cache.readSectors(), 14u);
  cache.access(199, 1, L2Cache::Read); // and is to be kept from now on
  cache.access(300, 1, L2Cache::Stream);
  cache.access(301, 1, L2Cache::Stream);
  cache.access(199, 1, L2Cache::Read);
  EXPECT_EQ(cache.readSectors(), 14u);
  cache.flush();
  EXPECT_EQ(cache.writtenSectors(), 102u);
}

TEST(L2Cache, IsAListOfWhatWasUsed) {
  constexpr size_t kLines = 1500;
  L2Cache cache(kLines * kLineBytes);
  std::list<uint64_t> used; // the newest first
  std::mt19937 random(7);
  uint64_t numMisses = 0;
  for (int i = 0; i < 20000; ++i) {
    uint64_t line = random() % 2000 * (i % 2 ? 1 : 4096);
    auto found = std::find(used.begin(), used.end(), line);
    if (found != used.end())
      used.erase(found);
    else
      ++numMisses;
    used.push_front(line);
    if (used.size() > kLines)
      used.pop_back();
    cache.access(line, 1, L2Cache::Read);
    ASSERT_EQ(cache.readSectors(), numMisses) << i;
  }
}

TEST(Traffic, WhatFitsIsFetchedOnce) {
  Traffic traffic(3, {{1 << 20, 1}});
  for (uint64_t block = 0; block < 3; ++block)
    traffic.add(block, reads(0, 1000));
  TrafficCounters counters = traffic.finish();
  EXPECT_EQ(counters.compulsoryBytes, 1000u * 128);
  EXPECT_EQ(dramBytes(counters), 1000u * 128);
  EXPECT_EQ(counters.l2ReadBytes, 3000u * 128);
}

TEST(Traffic, WhatDoesNotFitIsFetchedAgain) {
  Traffic traffic(2, {{64 << 10, 1}}); // 512 lines
  traffic.add(0, reads(0, 8000));
  traffic.add(1, reads(0, 8000));
  TrafficCounters counters = traffic.finish();
  EXPECT_EQ(counters.compulsoryBytes, 8000u * 128);
  EXPECT_EQ(dramBytes(counters), 16000u * 128);
}

// Side by side two blocks read each line at about the same time.
TEST(Traffic, BlocksThatAreThereTogetherShare) {
  Traffic traffic(2, {{64 << 10, 2}});
  traffic.add(1, reads(0, 8000));
  traffic.add(0, reads(0, 8000));
  EXPECT_EQ(dramBytes(traffic.finish()), 8000u * 128);
}

TEST(Traffic, TheOrderOfAddingMakesNoDifference) {
  std::vector<uint64_t> orders[] = {
      {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 5, 1, 4, 3}};
  std::vector<uint64_t> bytes;
  for (const auto &order : orders) {
    Traffic traffic(6, {{64 << 10, 2}, {128 << 10, 3}});
    for (uint64_t block : order)
      traffic.add(block, reads(block % 3 * 300, 700 + block * 100));
    TrafficCounters counters = traffic.finish();
    bytes.push_back(counters.dram[0].readBytes);
    bytes.push_back(counters.dram[1].readBytes);
  }
  EXPECT_EQ(bytes[2], bytes[0]);
  EXPECT_EQ(bytes[4], bytes[0]);
  EXPECT_EQ(bytes[3], bytes[1]);
  EXPECT_EQ(bytes[5], bytes[1]);
}

TEST(Traffic, CompulsoryBytesAreReadOrWrittenOnce) {
  Traffic traffic(3, {{1 << 20, 1}});
  Trace inPlace, writes, readsThem;
  inPlace.add(1, Trace::Load, 1); // x += y: fetched, and written back
  inPlace.add(1, Trace::Store, 1);
  inPlace.add(1, Trace::Load, 1);
  writes.add(2, Trace::Store, 3);
  readsThem.add(2, Trace::Bypass, 3); // of another block: need not be fetched
  traffic.add(0, inPlace);
  traffic.add(1, writes);
  traffic.add(2, readsThem);
  TrafficCounters counters = traffic.finish();
  EXPECT_EQ(counters.compulsoryBytes, (2 + 2) * 32u);
  EXPECT_EQ(dramBytes(counters), (2 + 2) * 32u);
  EXPECT_EQ(counters.l2ReadBytes, (1 + 2) * 32u);
  EXPECT_EQ(counters.l2WriteBytes, (1 + 2) * 32u);
}

//===----------------------------------------------------------------------===//
// Occupancy and bounds
//===----------------------------------------------------------------------===//

TEST(Occupancy, NamesWhatHasNoRoomForMore) {
  auto check = [](int arch, uint64_t threads, uint32_t registers,
                  uint64_t shared, uint32_t blocks, std::string_view limit) {
    Occupancy found =
        occupancyOf(*archLimits(arch), threads, registers, shared);
    EXPECT_EQ(found.blocksPerSm, blocks);
    EXPECT_EQ(found.limit, limit);
  };
  check(80, 256, 128, 48 << 10, 2, "registers");
  check(80, 128, 97, 0, 4, "registers"); // 97 take as much as 104
  check(80, 1024, 32, 0, 2, "threads");
  check(80, 32, 0, 0, 32, "blocks");
  check(80, 128, 32, 48 << 10, 3, "shared memory");
  check(90, 384, 168, 128 << 10, 1, "registers");
  check(80, 128, 32, 200 << 10, 0, "shared memory");
}

const DeviceBound *boundFor(const std::vector<DeviceBound> &bounds,
                            std::string_view device) {
  for (const DeviceBound &bound : bounds)
    if (bound.device->name == device)
      return &bound;
  return nullptr;
}

TEST(Bounds, ArchitecturesOfTheirOwnRunNowhereElse) {
  auto names = [](std::string_view target, uint64_t sharedBytes) {
    std::string all;
    for (const DeviceModel *device :
         devicesFor({target, 1, 128, 0, sharedBytes}))
      all += std::string(device->name) + " ";
    return all;
  };
  EXPECT_EQ(names("sm_80", 0), "A100 H100 H200 B200 ");
  EXPECT_EQ(names("sm_90a", 0), "H100 H200 ");
  EXPECT_EQ(names("sm_90", 0), "H100 H200 B200 ");
  EXPECT_EQ(names("sm_120", 0), "");
  EXPECT_EQ(names("sm_80", 200 << 10), "H100 H200 B200 ");
}

// 264 blocks of 2^30 flops of wgmma: two for each SM of an H100.
TEST(Bounds, TheBusiestUnitBinds) {
  LaunchShape shape{"sm_90a", 264, 128, 168, 1024};
  Counters counters;
  counters.wgmmaFlops[unsigned(MmaType::Bf16)] = uint64_t(1) << 30;
  WorkSpread work;
  for (int i = 0; i < 264; ++i)
    work.add(workOf(counters));
  TrafficCounters traffic;
  traffic.dram = {{3'352'000'000, 0}, {0, 0}};
  std::vector<DeviceBound> bounds = boundsOf(shape, work, traffic);
  ASSERT_EQ(bounds.size(), 2u);
  const DeviceBound *h100 = boundFor(bounds, "H100");
  EXPECT_EQ(h100->pipes[0].name, "DRAM");
  EXPECT_NEAR(h100->microseconds, 1000, 1e-6);
  EXPECT_EQ(h100->pipes[1].name, "tensor");
  const double us = 2.0 * (1 << 30) / 4096 / 1830;
  EXPECT_NEAR(h100->pipes[1].microseconds, us, 1e-6);
  EXPECT_NEAR(h100->tensorShare, us / 1000, 1e-9);
  const DeviceBound *h200 = boundFor(bounds, "H200");
  EXPECT_EQ(h200->pipes[0].name, "tensor");
  EXPECT_DOUBLE_EQ(h200->tensorShare, 1);
}

// One block more than SMs: somebody has two.
TEST(Bounds, ABlockStaysOnItsSm) {
  LaunchShape shape{"sm_80", 109, 128, 32, 0};
  Counters counters;
  counters.mmaSyncFlops[unsigned(MmaType::F16)] = 2048 * 1410;
  WorkSpread work;
  for (int i = 0; i < 109; ++i)
    work.add(workOf(counters));
  TrafficCounters traffic;
  traffic.dram.resize(4);
  std::vector<DeviceBound> bounds = boundsOf(shape, work, traffic);
  const DeviceBound *a100 = boundFor(bounds, "A100");
  EXPECT_NEAR(a100->microseconds, 2, 1e-9);
  EXPECT_NEAR(a100->tensorShare, 109.0 / 216, 1e-9);
  // wgmma's rate is not mma.sync's.
  const DeviceBound *h100 = boundFor(bounds, "H100");
  EXPECT_NEAR(h100->tensorShare, 0.62 * 109 / 132, 1e-9);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

constexpr const char *kCopy = R"(
  .reg .b32 %i, %n, %b, %r; .reg .b64 %p, %q, %d;
  mov.u32 %i, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %n, %ntid.x;
  mad.lo.u32 %i, %b, %n, %i;
  mul.wide.u32 %d, %i, 4;
  ld.param.u64 %p, [p0]; ld.param.u64 %q, [p1];
  add.s64 %p, %p, %d; add.s64 %q, %q, %d;
  ld.global.u32 %r, [%p]; add.u32 %r, %r, 1; st.global.u32 [%q], %r;
)";

struct MeasuresTest : testing::Test {
  LaunchResult run(int numWorkers) {
    MachineOptions options{.arch = 90, .numWorkers = numWorkers};
    options.measures = true;
    device.machine.setOptions(options);
    return device.run("k", {64}, {128}, from, to);
  }
  TestDevice device;
  Address from = device.upload("from", std::vector<uint32_t>(64 * 128));
  Address to = device.allocate("to", 64 * 128 * 4);
};

TEST_F(MeasuresTest, ACopyMovesItsBytesOnce) {
  device.loadBody(kCopy, 2);
  LaunchResult result = run(1);
  ASSERT_TRUE(result.measures);
  const TrafficCounters &traffic = result.measures->traffic;
  constexpr uint64_t kBytes = 64 * 128 * 4;
  EXPECT_EQ(traffic.compulsoryBytes, 2 * kBytes);
  EXPECT_EQ(traffic.l2ReadBytes, kBytes);
  EXPECT_EQ(traffic.l2WriteBytes, kBytes);
  ASSERT_EQ(result.measures->bounds.size(), 2u); // of sm_90a
  EXPECT_EQ(result.measures->bounds[0].dramBytes, 2 * kBytes);
  EXPECT_EQ(result.counters.globalSectors, 2 * kBytes / 32);
  EXPECT_EQ(result.counters.globalLines, 2 * kBytes / 128);
  // Three sums (of 64 bits twice), and two products.
  EXPECT_EQ(result.counters.numAdd, 3u * 64 * 4);
  EXPECT_EQ(result.counters.numMultiply, 2u * 64 * 4);
}

TEST_F(MeasuresTest, ThreadsOfTheHostMakeNoDifference) {
  device.loadBody(kCopy, 2);
  LaunchResult one = run(1), two = run(2);
  ASSERT_TRUE(one.measures && two.measures);
  for (size_t i = 0; i < one.measures->bounds.size(); ++i) {
    EXPECT_EQ(one.measures->bounds[i].dramBytes,
              two.measures->bounds[i].dramBytes);
    EXPECT_EQ(one.measures->bounds[i].microseconds,
              two.measures->bounds[i].microseconds);
  }
  EXPECT_EQ(one.counters.numInstructions, two.counters.numInstructions);
}

TEST_F(MeasuresTest, NothingIsMeasuredUnlessAskedFor) {
  device.loadBody(kCopy, 2);
  EXPECT_FALSE(device.run("k", {64}, {128}, from, to).measures);
}

TEST_F(MeasuresTest, ALaunchThatStopsHasNone) {
  device.loadBody(std::string(kCopy) + "ld.global.u32 %r, [%q+65536];", 2);
  LaunchResult result = run(2);
  EXPECT_EQ(result.fault, Fault::IllegalAddress);
  EXPECT_FALSE(result.measures);
}

TEST(PtxasComment, SaysRegistersAndSpills) {
  TestDevice device;
  std::string body = "(.param .u64 p) { ret; }\n";
  device.load(".version 9.0\n.target sm_80\n.address_size 64\n"
              ".visible .entry a" +
              body + ".visible .entry b" + body +
              "// ptxas b: 168 registers, 12 bytes spilled\n");
  EXPECT_FALSE(device.module->kernel("a")->info().ptxasRegisters);
  EXPECT_EQ(device.module->kernel("b")->info().ptxasRegisters, 168u);
  EXPECT_EQ(device.module->kernel("b")->info().ptxasSpillBytes, 12u);
  EXPECT_EQ(device.module->kernel("b")->info().target, "sm_80");
}

} // namespace
} // namespace tenon::vgpu
