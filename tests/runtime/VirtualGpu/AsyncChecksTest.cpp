// Units that work beside the threads: copies, products, mbarriers. Each check
// with a planted defect, and silent without it.

#include "tests/runtime/VirtualGpu/TestDevice.h"

namespace tenon::vgpu {
namespace {

/// %i: thread, %w: warp, %p: p0; a tile of 4 KiB at 0, barriers behind it.
constexpr const char *kHead = R"(
  .reg .pred %c<4>; .reg .b32 %i, %w, %s, %r<8>; .reg .b64 %p, %q, %d<4>; .reg .f32 %f<16>;
  .shared .align 1024 .b8 tile[4096]; .shared .align 8 .b8 bars[64];
  mov.u32 %i, %tid.x; shr.u32 %w, %i, 5;
  ld.param.u64 %p, [p0];
  mul.wide.u32 %d0, %i, 4; add.s64 %q, %p, %d0;
  mov.u32 %s, tile; mad.lo.s32 %s, %i, 4, %s;
)";
constexpr const char *kInit =
    "setp.eq.u32 %c0, %i, 0; @%c0 mbarrier.init.shared::cta.b64 [bars], 1;"
    "@%c0 fence.mbarrier_init.release.cluster; bar.sync 0;";
constexpr const char *kCopy =
    "@%c0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [bars], 1024;"
    "@%c0 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes"
    " [tile], [%p], 1024, [bars];";
constexpr const char *kWait =
    "W: mbarrier.try_wait.parity.shared::cta.b64 %c1, [bars], 0;"
    "@!%c1 bra W;";

struct AsyncChecks : testing::Test {
  AsyncChecks() {
    MachineOptions options{.arch = 90};
    device.machine.setOptions(options);
  }
  std::string run(const std::string &body, uint32_t numThreads = 128,
                  Dim3 grid = {1}) {
    device.loadBody(kHead + body);
    LaunchResult result = device.run("k", grid, {numThreads}, buffer);
    std::string all;
    for (const Report &report : result.reports) {
      std::string text = reportText(report);
      text = text.substr(text.find(": ") + 2);
      all += text.substr(0, text.find("; kernel")) + "\n";
    }
    return all;
  }
  TestDevice device;
  Address buffer = device.upload("buffer", std::vector<uint32_t>(1024));
};

std::string text(std::initializer_list<const char *> parts) {
  std::string all;
  for (const char *part : parts)
    all += part;
  return all;
}

//===----------------------------------------------------------------------===//
// Bulk copies
//===----------------------------------------------------------------------===//

TEST_F(AsyncChecks, ACopyThatIsWaitedForIsSilent) {
  EXPECT_EQ(run(text({kInit, kCopy, kWait, "ld.shared.u32 %r0, [%s];"})), "");
}

TEST_F(AsyncChecks, ACopyThatNobodyWaitsForIsFoundAtTheEnd) {
  EXPECT_EQ(run(text({kInit, kCopy})),
            "async in flight: the block ends while nobody has waited for this "
            "copy, at the mbarrier at byte 4096 of shared memory\n");
}

TEST_F(AsyncChecks, AnMbarrierThatCopiesMayNotSee) {
  EXPECT_EQ(run(text({"setp.eq.u32 %c0, %i, 0;"
                      "@%c0 mbarrier.init.shared::cta.b64 [bars], 1;"
                      "bar.sync 0;",
                      kCopy, kWait})),
            "missing fence: counts its bytes at an mbarrier that was "
            "initialised with no fence behind (fence.mbarrier_init or "
            "fence.proxy.async)\n");
}

TEST_F(AsyncChecks, AnMbarrierThatOthersMayNotSee) {
  std::string body = text({kInit, kCopy, kWait});
  body.replace(body.find("bar.sync 0;"), 11, "");
  EXPECT_EQ(run(body, 64).substr(0, 55),
            "race: warp 1 uses the mbarrier at byte 4096 of shared m");
}

TEST_F(AsyncChecks, AnMbarrierInitialisedTwice) {
  EXPECT_EQ(run(text({kInit, "@%c0 mbarrier.init.shared::cta.b64 [bars], 2;"})),
            "barrier misuse: initialises the mbarrier at byte 4096 of shared "
            "memory, which is in use: 1 of 1 arrivals have not come in its "
            "phase 0\n");
  EXPECT_EQ(run(text({kInit, "@%c0 mbarrier.inval.shared::cta.b64 [bars];"
                             "@%c0 mbarrier.init.shared::cta.b64 [bars], 2;"})),
            "");
}

TEST_F(AsyncChecks, AnArrivalTooMuch) {
  EXPECT_EQ(
      run(text({kInit,
                "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bars], 8;"}),
          32),
      "barrier misuse: arrives 1 times at an mbarrier that expects 0 "
      "more of 1\n");
}

TEST_F(AsyncChecks, ADeadlockSaysWhatHasNotCome) {
  std::string body = text({kInit, kCopy, kWait});
  body.replace(body.find("[bars], 1024;@"), 13, "[bars], 1040;");
  EXPECT_NE(run(body, 32).find(": at the mbarrier at byte 4096 in phase 0 0 "
                               "arrivals have not come, and 16 bytes have not"),
            std::string::npos);
  body.replace(body.find("[bars], 1040;@"), 13, "[bars], 512;");
  EXPECT_NE(run(body, 32).find("512 bytes more than expected have come"),
            std::string::npos);
}

TEST_F(AsyncChecks, AWaitForTheWrongParityIsADeadlock) {
  std::string body = text({kInit, kCopy, kWait, "bar.sync 0;"});
  body += "V: mbarrier.try_wait.parity.shared::cta.b64 %c1, [bars], 1;"
          "@!%c1 bra V;";
  EXPECT_NE(run(body, 32).find(
                "deadlock: no warp can go on: warp 0 lanes 0xffffffff wait at "
                "mbarrier.try_wait.parity.shared::cta.b64"),
            std::string::npos);
}

constexpr const char *kStore =
    "setp.eq.u32 %c0, %i, 0; st.shared.u32 [%s], %i;"
    "fence.proxy.async.shared::cta; bar.sync 0;"
    "@%c0 cp.async.bulk.global.shared::cta.bulk_group [%p], [tile], 512;"
    "@%c0 cp.async.bulk.commit_group;";

TEST_F(AsyncChecks, AStoreOfWhatThreadsWrote) {
  EXPECT_EQ(run(text({kStore, "@%c0 cp.async.bulk.wait_group.read 0;"})), "");
  EXPECT_EQ(device.download<uint32_t>(buffer, 128)[77], 77u);
}

TEST_F(AsyncChecks, AStoreWithoutAFence) {
  std::string body = text({kStore, "@%c0 cp.async.bulk.wait_group.read 0;"});
  std::string fence = "fence.proxy.async.shared::cta;";
  body.replace(body.find(fence), fence.size(), "");
  EXPECT_EQ(run(body),
            "missing fence: takes shared bytes [0, 16) through the async "
            "proxy, which warp 0 wrote with no fence.proxy.async behind\n");
}

// Behind the barrier one thread's fence is for what it knows of all.
TEST_F(AsyncChecks, AFenceOfTheThreadThatAsks) {
  std::string body = text({kStore, "@%c0 cp.async.bulk.wait_group.read 0;"});
  std::string order = "fence.proxy.async.shared::cta; bar.sync 0;";
  body.replace(body.find(order), order.size(),
               "bar.sync 0; @%c0 fence.proxy.async.shared::cta;");
  EXPECT_EQ(run(body), "");
}

TEST_F(AsyncChecks, BytesThatAStoreStillReads) {
  EXPECT_EQ(run(text({kStore, "bar.sync 0; st.shared.u32 [%s], 9;"
                              "@%c0 cp.async.bulk.wait_group.read 0;"}))
                .substr(0, 42),
            "async in flight: overwrites shared bytes [");
  EXPECT_EQ(run(text({kStore, "@%c0 cp.async.bulk.wait_group.read 0;"
                              "bar.sync 0; st.shared.u32 [%s], 9;"})),
            "");
}

TEST_F(AsyncChecks, AStoreThatNobodyWaitsFor) {
  EXPECT_EQ(run(kStore).substr(0, 75),
            "async in flight: the block ends while nobody has waited for this "
            "copy to ha");
}

//===----------------------------------------------------------------------===//
// Products of warpgroups
//===----------------------------------------------------------------------===//

// Both sides are the tile: zeros. Without swizzle: 8 rows are 128 bytes, and 16
// bytes along k 1024 away.
constexpr const char *kFill =
    "mad.lo.s32 %s, %i, 12, %s;"
    "mov.u32 %r7, 0;"
    "st.shared.v4.b32 [%s], {%r7, %r7, %r7, %r7};"
    "st.shared.v4.b32 [%s+2048], {%r7, %r7, %r7, %r7};"
    "fence.proxy.async.shared::cta; bar.sync 0;";
constexpr const char *kSums =
    "mov.b64 %d1, 34363932672; mov.f32 %f0, 0f00000000; mov.f32 %f1, %f0;"
    "mov.f32 %f2, %f0; mov.f32 %f3, %f0; wgmma.fence.sync.aligned;";
constexpr const char *kMultiply =
    "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, %f3},"
    " %d1, %d1, 1, 1, 1, 0, 0;";
constexpr const char *kCommit = "wgmma.commit_group.sync.aligned;";
constexpr const char *kDone = "wgmma.wait_group.sync.aligned 0;";
constexpr const char *kUse = "st.global.f32 [%q], %f3;";

TEST_F(AsyncChecks, AProductThatIsWaitedForIsSilent) {
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kMultiply, kCommit, kDone, kUse,
                      "bar.sync 0; st.shared.u32 [%s], 9;"})),
            "");
}

TEST_F(AsyncChecks, SumsReadBeforeTheWait) {
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kCommit, kUse, kDone})),
            "async in flight: reads a register of a product in flight: no "
            "wgmma.wait_group stands between\n");
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kCommit,
                      "mul.f32 %f3, 0f40000000, 0f40000000;", kDone, kUse}))
                .substr(0, 55),
            "async in flight: writes a register of a product in flig");
}

TEST_F(AsyncChecks, ARenamedSumIsInFlightToo) {
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kCommit, "mov.f32 %f5, %f3;",
                      "st.global.f32 [%q], %f5;", kDone}))
                .substr(0, 54),
            "async in flight: reads a register of a product in flig");
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kCommit, "mov.f32 %f5, %f3;",
                      kDone, "st.global.f32 [%q], %f5;"})),
            "");
}

TEST_F(AsyncChecks, SumsWrittenBehindTheFence) {
  std::string found =
      "missing fence: multiplies with registers that the threads wrote with no "
      "wgmma.fence behind\n";
  EXPECT_EQ(run(text({kFill, kSums, "mov.f32 %f2, 0f3F800000;", kMultiply,
                      kCommit, kDone, kUse})),
            found);
  std::string none = kSums;
  none.replace(none.find("wgmma.fence.sync.aligned;"), 25, "");
  EXPECT_EQ(run(text({kFill, none.c_str(), kMultiply, kCommit, kDone, kUse})),
            found);
}

TEST_F(AsyncChecks, SidesThatNoFencePublished) {
  std::string fill = kFill;
  fill.replace(fill.find("fence.proxy.async.shared::cta;"), 30, "");
  EXPECT_EQ(run(text({fill.c_str(), kSums, kMultiply, kCommit, kDone, kUse}))
                .substr(0, 35),
            "missing fence: takes shared bytes [");
}

TEST_F(AsyncChecks, SidesOverwrittenBeforeTheWait) {
  EXPECT_EQ(run(text({kFill, kSums, kMultiply, kCommit,
                      "bar.sync 0; st.shared.u32 [%s], 9;", kDone, kUse}))
                .substr(0, 42),
            "async in flight: overwrites shared bytes [");
}

// Warp 0 says that the tile is free before it has waited; whoever overwrites it
// later is found, although all products are done by then.
TEST_F(AsyncChecks, ATileGivenUpBeforeTheWait) {
  const char *produce = "setp.eq.u32 %c2, %w, 4; @%c2 bra PRODUCE;";
  const char *overwrite = "bra END; PRODUCE: bar.sync 0; bar.sync 1, 160;"
                          "st.shared.u32 [tile], 7; END:";
  auto kernel = [&](bool isEarly) {
    const char *free = "setp.eq.u32 %c3, %w, 0; @%c3 bar.arrive 1, 160;"
                       "@!%c3 bar.arrive 1, 160;";
    return text({produce, kFill, kSums, kMultiply, kCommit, isEarly ? free : "",
                 kDone, isEarly ? "" : free, kUse, overwrite});
  };
  buffer = device.upload("wide", std::vector<uint32_t>(1024));
  EXPECT_EQ(run(kernel(false), 160), "");
  EXPECT_NE(run(kernel(true), 160).find("overwrites shared bytes [0, 4)"),
            std::string::npos);
}

TEST_F(AsyncChecks, RegistersThatAWarpGivesUp) {
  EXPECT_EQ(run("setmaxnreg.dec.sync.aligned.u32 40;"), "");
  EXPECT_EQ(run("setmaxnreg.inc.sync.aligned.u32 236;"),
            "barrier misuse: asks for 236 registers: expected a multiple of 8 "
            "from 24 to 256\n");
}

//===----------------------------------------------------------------------===//
// Blocks and global memory
//===----------------------------------------------------------------------===//

TEST_F(AsyncChecks, BlocksThatWriteTheSameBytes) {
  EXPECT_EQ(run("mov.u32 %r0, %ctaid.x; st.global.u32 [%q], %r0;", 32, {2}),
            "race: writes 4 bytes at byte 0 of 'buffer' (4096 bytes), which "
            "block number 0 wrote in the same launch\n");
  // Who wins does not matter when all store the same.
  EXPECT_EQ(run("st.global.u32 [%q], 5;", 32, {2}), "");
}

TEST_F(AsyncChecks, BlocksThatReadWhatAnotherWrites) {
  const char *write = "mov.u32 %r0, %ctaid.x; setp.eq.u32 %c0, %r0, 0;"
                      "@%c0 st.global.u32 [%q], 7;"
                      "@!%c0 ld.global.u32 %r1, [%q];";
  EXPECT_EQ(run(write, 32, {2}),
            "race: reads 4 bytes at byte 0 of 'buffer' (4096 bytes), which "
            "block number 0 wrote in the same launch\n");
  const char *read = "mov.u32 %r0, %ctaid.x; setp.eq.u32 %c0, %r0, 2;"
                     "@%c0 st.global.u32 [%q], 8;"
                     "@!%c0 ld.global.u32 %r1, [%q];";
  EXPECT_EQ(run(read, 32, {3}),
            "race: writes 4 bytes at byte 0 of 'buffer' (4096 bytes), which "
            "other blocks read in the same launch\n");
}

TEST_F(AsyncChecks, NeighboursInAWordOfGlobalMemory) {
  EXPECT_EQ(run("mov.u32 %r0, %ctaid.x; cvt.u64.u32 %d1, %r0; add.s64 %d1, %p, "
                "%d1; st.global.u8 [%d1], %r0;",
                1, {8}),
            "");
}

//===----------------------------------------------------------------------===//
// Carries
//===----------------------------------------------------------------------===//

TEST_F(AsyncChecks, CarriesTravel) {
  EXPECT_EQ(run("mov.u32 %r0, 4294967295; add.cc.u32 %r1, %r0, 1;"
                "addc.cc.u32 %r2, %r0, 0; addc.u32 %r3, 5, 6;"
                "sub.cc.u32 %r4, 0, 1; subc.u32 %r5, 9, 2;"
                "mad.lo.cc.u32 %r6, %r0, %r0, %r0;"
                "madc.hi.u32 %r7, %r0, %r0, 0;"
                "st.global.v4.u32 [%p], {%r1, %r2, %r3, %r4};"
                "st.global.v4.u32 [%p+16], {%r5, %r6, %r7, %r7};",
                1),
            "");
  EXPECT_EQ(device.download<uint32_t>(buffer, 7),
            (std::vector<uint32_t>{0, 0, 12, 0xffffffff, 6, 0, 0xffffffff}));
}

TEST_F(AsyncChecks, TheGreatestFloatOfAWarp) {
  EXPECT_EQ(run("cvt.rn.f32.u32 %f0, %i; neg.f32 %f1, %f0;"
                "redux.sync.max.f32 %f2, %f0, -1;"
                "redux.sync.max.abs.f32 %f3, %f1, -1;"
                "redux.sync.min.f32 %f4, %f1, -1;"
                "setp.eq.u32 %c0, %i, 5; @%c0 mov.f32 %f0, 0f7FC00000;"
                "redux.sync.max.f32 %f5, %f0, -1;"
                "st.global.v4.f32 [%p], {%f2, %f3, %f4, %f5};"
                "redux.sync.max.NaN.f32 %f6, %f0, -1;"
                "st.global.f32 [%p+16], %f6;",
                32),
            "");
  EXPECT_EQ(device.download<float>(buffer, 4),
            (std::vector<float>{31, 31, -31, 31}));
  EXPECT_EQ(device.download<uint32_t>(buffer, 5)[4], 0x7fc00000u);
}

TEST_F(AsyncChecks, TheGreatestOfThree) {
  EXPECT_EQ(run("mov.f32 %f0, 0f3F800000; mov.f32 %f1, 0f40000000;"
                "mov.f32 %f2, 0f40400000; max.f32 %f3, %f1, %f0, %f2;"
                "min.f32 %f4, %f1, %f2, %f0;"
                "st.global.v2.f32 [%p], {%f3, %f4};",
                1),
            "");
  EXPECT_EQ(device.download<float>(buffer, 2), (std::vector<float>{3, 1}));
}

} // namespace
} // namespace tenon::vgpu
