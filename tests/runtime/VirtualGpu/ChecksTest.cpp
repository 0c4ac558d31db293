// Each check with a planted defect, and the exact text of its report.

#include "TestDevice.h"

namespace tenon::vgpu {
namespace {

/// %i: thread, %w: warp, %p: p0, %q: p0 + 4 i, %s: shared address 4 i.
constexpr const char *kHead = R"(
  .reg .pred %c<4>; .reg .b32 %i, %w, %s, %r<8>; .reg .b64 %p, %q, %d<4>; .reg .f32 %f<4>;
  .shared .align 16 .b8 tile[1024];
  mov.u32 %i, %tid.x;
  shr.u32 %w, %i, 5;
  ld.param.u64 %p, [p0];
  mul.wide.u32 %d0, %i, 4;
  add.s64 %q, %p, %d0;
  mov.u32 %s, tile;
  mad.lo.s32 %s, %i, 4, %s;
)";

struct ChecksTest : testing::Test {
  std::string run(const std::string &body, uint32_t numThreads = 64,
                  Dim3 grid = {1}) {
    device.loadBody(kHead + body);
    LaunchResult result = device.run("k", grid, {numThreads}, buffer);
    fault = result.fault;
    // The place is the line of PTX, which is not what these tests are about.
    std::string all;
    for (const Report &report : result.reports) {
      std::string text = reportText(report);
      all += text.substr(text.find(": ") + 2) + "\n";
    }
    return all;
  }
  TestDevice device;
  Address buffer = device.upload("buffer", std::vector<uint32_t>(256));
  Fault fault = Fault::None;
};

TEST_F(ChecksTest, NothingIsReportedWithoutADefect) {
  EXPECT_EQ(run("st.shared.u32 [%s], %i; bar.sync 0; xor.b32 %r0, %s, 128;"
                "ld.shared.u32 %r1, [%r0]; st.global.u32 [%q], %r1;"),
            "");
  EXPECT_EQ(device.download<uint32_t>(buffer, 64)[40], 8u);
}

TEST_F(ChecksTest, OutOfBounds) {
  EXPECT_EQ(run("st.global.u32 [%q+896], %i;"),
            "out of bounds: writes 4 bytes, 0 bytes after the end of 'buffer' "
            "(1024 bytes); "
            "kernel 'k', block (0,0,0), thread (32,0,0), lane 0\n");
  EXPECT_EQ(fault, Fault::IllegalAddress);
}

TEST_F(ChecksTest, OutOfABufferInsideItsArena) {
  ASSERT_TRUE(device.memory->announce(buffer, 64, "q"));
  ASSERT_TRUE(device.memory->announce(buffer + 128, 512, "k"));
  EXPECT_EQ(run("ld.global.u32 %r0, [%q];"),
            "out of bounds: reads 4 bytes, 0 bytes after the end of 'q' (64 "
            "bytes) in 'buffer'; "
            "kernel 'k', block (0,0,0), thread (16,0,0), lane 16\n");
}

TEST_F(ChecksTest, SharedOutOfBounds) {
  EXPECT_EQ(run("st.shared.u32 [%s+1020], %i;"),
            "out of bounds: writes 4 bytes at byte 1024 of shared memory, "
            "which has 1024 bytes; "
            "kernel 'k', block (0,0,0), thread (1,0,0), lane 1\n");
}

TEST_F(ChecksTest, UseAfterFree) {
  ASSERT_TRUE(device.memory->free(buffer));
  EXPECT_EQ(run("ld.global.u32 %r0, [%q];"),
            "use after free: reads 4 bytes, at byte 0 of 'buffer' (1024 "
            "bytes), which was "
            "freed; kernel 'k', block (0,0,0), thread (0,0,0), lane 0\n");
}

TEST_F(ChecksTest, Misaligned) {
  EXPECT_EQ(
      run("ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%q];"),
      "misaligned: reads 16 bytes at byte 4 of 'buffer' (1024 bytes): the "
      "address is no "
      "multiple of 16; kernel 'k', block (0,0,0), thread (1,0,0), lane 1\n");
  EXPECT_EQ(fault, Fault::MisalignedAddress);
}

TEST_F(ChecksTest, ConstantsAreNotWritten) {
  device.loadBody(std::string(kHead) +
                      "mov.u64 %d0, table; st.global.u32 [%d0], %i;",
                  1, ".const .align 4 .b8 table[8];");
  EXPECT_EQ(texts(device.run("k", {1}, {1}, buffer)),
            "PTX line 17: read only: writes 4 bytes at byte 0 of 'table' (8 "
            "bytes), which is "
            "constant; kernel 'k', block (0,0,0), thread (0,0,0), lane 0\n");
}

TEST_F(ChecksTest, UninitialisedValuesAreReportedWhereTheyShow) {
  Address fresh = device.allocate("fresh", 1024);
  buffer = fresh;
  // Loaded, moved and dropped: nothing.
  EXPECT_EQ(run("ld.global.u32 %r0, [%q]; add.s32 %r0, %r0, 1; st.shared.u32 "
                "[%s], %r0;"),
            "");
  EXPECT_EQ(run("ld.global.u32 %r0, [%q]; st.shared.u32 [%s], %r0; "
                "ld.shared.u32 %r1, [%s];"
                "add.s32 %r1, %r1, 1; st.global.u32 [%q], %r1;"),
            "uninitialised: stores a value made from bytes never written; "
            "kernel 'k', block "
            "(0,0,0), thread (0,0,0), lane 0 (64 times)\n");
}

TEST_F(ChecksTest, UninitialisedDecisions) {
  buffer = device.allocate("fresh", 1024);
  EXPECT_EQ(
      run("ld.global.u32 %r0, [%q]; setp.eq.s32 %c0, %r0, 1; @%c0 bra L; L:",
          32),
      "uninitialised: a value made from bytes never written decides what is "
      "executed; "
      "kernel 'k', block (0,0,0), thread (0,0,0), lane 0\n");
  EXPECT_EQ(run("ld.shared.u32 %r0, [%s]; and.b32 %r0, %r0, 60; ld.shared.u32 "
                "%r1, [%r0];",
                32),
            "uninitialised: an address is made from bytes never written; "
            "kernel 'k', block "
            "(0,0,0), thread (0,0,0), lane 0\n");
}

TEST_F(ChecksTest, ASelectedValueIsOnlyItsOwn) {
  Address fresh = device.allocate("fresh", 1024);
  device.loadBody(std::string(kHead) +
                      "ld.param.u64 %d1, [p1]; ld.global.u32 %r0, [%d1];"
                      "setp.lt.u32 %c0, %i, 100; selp.b32 %r1, 7, %r0, %c0;"
                      "st.global.u32 [%q], %r1;",
                  2);
  EXPECT_EQ(texts(device.run("k", {1}, {64}, buffer, fresh)), "");
}

TEST_F(ChecksTest, RaceOfAReader) {
  EXPECT_EQ(run("setp.eq.u32 %c0, %w, 0; @%c0 st.shared.u32 [%s], %i;"
                "and.b32 %r0, %s, 127; ld.shared.u32 %r1, [%r0];"),
            "race: warp 1 reads shared bytes [0, 4) that warp 0 wrote, with "
            "nothing between; "
            "kernel 'k', block (0,0,0), thread (32,0,0), lane 0 (32 times)\n");
}

TEST_F(ChecksTest, RaceOfTwoWriters) {
  EXPECT_EQ(run("and.b32 %r0, %s, 127; st.shared.u32 [%r0], %i;"),
            "race: warp 1 overwrites shared bytes [0, 4) that warp 0 wrote, "
            "with nothing "
            "between; kernel 'k', block (0,0,0), thread (32,0,0), lane 0 (32 "
            "times)\n");
  // Who wins does not matter when all store the same.
  EXPECT_EQ(run("and.b32 %r0, %s, 127; st.shared.u32 [%r0], 5;"), "");
  EXPECT_EQ(run("st.shared.u32 [%s], 0; bar.sync 0; and.b32 %r0, %s, 127;"
                "red.shared.add.u32 [%r0], %i;"),
            "");
}

TEST_F(ChecksTest, RaceOfAWriterWithReaders) {
  EXPECT_EQ(run("st.shared.u32 [%s], %i; bar.sync 0; and.b32 %r0, %s, 127;"
                "ld.shared.u32 %r1, [%r0]; setp.eq.u32 %c0, %w, 0; @%c0 "
                "st.shared.u32 [%r0], -1;"),
            "race: warp 0 overwrites shared bytes [0, 4) that warp 1 reads, "
            "with nothing between; kernel 'k', block (0,0,0), thread (0,0,0), "
            "lane 0 (32 "
            "times)\n");
}

TEST_F(ChecksTest, NeighboursInAWordDoNotRace) {
  EXPECT_EQ(run("mov.u32 %r0, tile; mad.lo.s32 %r0, %i, 1, %r0; st.shared.u8 "
                "[%r0], %i;"
                "bar.sync 0; ld.shared.u8 %r1, [%r0];",
                33),
            "");
}

// Warp 0 fills, warps 1 and 2 use and say so; nobody meets all others at once.
const char *kProducer =
    "setp.ne.u32 %c0, %w, 0; @%c0 bra USE;"
    "st.shared.u32 [%s], 1; bar.arrive 1, 96; bar.sync 2, 96;"
    "st.shared.u32 [%s], 2; bra END;"
    "USE: bar.sync 1, 96; and.b32 %r0, %s, 127; ld.shared.u32 %r1, [%r0];";

TEST_F(ChecksTest, NamedBarriersOrderWhoMeets) {
  EXPECT_EQ(run(std::string(kProducer) + "bar.arrive 2, 96; END:", 96), "");
}

TEST_F(ChecksTest, AnArrivalBeforeTheUseIsARace) {
  std::string body = kProducer;
  std::string use = "ld.shared.u32 %r1, [%r0];";
  body.replace(body.find(use), use.size(), "bar.arrive 2, 96; " + use);
  std::string found = run(body + "END:", 96);
  EXPECT_NE(
      found.find(
          "race: warp 0 overwrites shared bytes [0, 4) that warp 1 reads") &
          found.find(
              "race: warp 1 reads shared bytes [0, 4) that warp 0 wrote"),
      std::string::npos)
      << found;
}

TEST_F(ChecksTest, DivergentBarriers) {
  EXPECT_EQ(
      run("setp.lt.u32 %c0, %i, 16; @%c0 bar.sync 0;", 32),
      "divergent barrier: bar.sync is executed by lanes 0xffff of a warp in "
      "which "
      "0xffffffff live; kernel 'k', block (0,0,0), thread (0,0,0), lane 0\n");
  EXPECT_EQ(run("setp.lt.u32 %c0, %i, 16; @%c0 bra L; bar.sync 0; bra M; L: "
                "bar.sync 0; M:",
                32),
            "divergent barrier: no warp can go on: warp 0 lanes 0xffff0000 "
            "wait at bar.sync "
            "(PTX line 17), warp 0 lanes 0xffff wait at bar.sync (PTX line "
            "17); kernel 'k', "
            "block (0,0,0), thread (16,0,0), lane 16\n");
}

TEST_F(ChecksTest, LanesOfACollective) {
  EXPECT_EQ(run("shfl.sync.idx.b32 %r0, %i, 0, 31, 65535;", 32),
            "lane mask: lanes 0xffffffff execute shfl.sync.idx.b32 with the "
            "mask 0xffff, which "
            "does not name them all; kernel 'k', block (0,0,0), thread "
            "(16,0,0), lane 16\n");
  EXPECT_EQ(
      run("setp.lt.u32 %c0, %i, 16; @%c0 shfl.sync.idx.b32 %r0, %i, 0, 31, -1;",
          32),
      "lane mask: shfl.sync.idx.b32 names lanes 0xffffffff, of which "
      "0xffff0000 do not "
      "execute it; kernel 'k', block (0,0,0), thread (16,0,0), lane 16\n");
  EXPECT_EQ(run("setp.lt.u32 %c0, %i, 16;"
                "@%c0 shfl.sync.idx.b32 %r0, %i, 20, 31, 65535;",
                32),
            "lane mask: reads lane 20, which does not take part; kernel 'k', "
            "block (0,0,0), "
            "thread (0,0,0), lane 0 (16 times)\n");
}

TEST_F(ChecksTest, ADeadlockSaysWhoWaitsForWhat) {
  EXPECT_EQ(run("setp.eq.u32 %c0, %w, 0; @%c0 exit; bar.sync 1, 96;", 96),
            "deadlock: no warp can go on: warp 1 lanes 0xffffffff wait at "
            "bar.sync (PTX line "
            "17), warp 2 lanes 0xffffffff wait at bar.sync (PTX line 17); "
            "kernel 'k', block "
            "(0,0,0), thread (32,0,0), lane 0\n");
  EXPECT_EQ(fault, Fault::Timeout);
}

TEST_F(ChecksTest, ABarrierOfTwoSizesIsMisuse) {
  EXPECT_EQ(
      run("setp.eq.u32 %c0, %w, 0; @%c0 bra L; bar.sync 1, 96; L: bar.sync 1, "
          "64;",
          64),
      "barrier misuse: barrier 1 is used for 96 threads while others use it "
      "for 64 (0: "
      "the whole block); kernel 'k', block (0,0,0), thread (32,0,0), lane 0\n");
}

TEST_F(ChecksTest, Traps) {
  EXPECT_EQ(run("setp.eq.u32 %c0, %i, 33; @%c0 trap;"),
            "trap: the kernel executed trap; kernel 'k', block (0,0,0), thread "
            "(33,0,0), lane 1\n");
  EXPECT_EQ(fault, Fault::Trap);
}

TEST_F(ChecksTest, AnEndlessLoopMeetsItsLimit) {
  MachineOptions options = device.machine.options();
  options.maxInstructionsPerWarp = 1000;
  device.machine.setOptions(options);
  EXPECT_EQ(run("L: bra L;", 32), "limit: the warp executed more than 1000 "
                                  "instructions; kernel 'k', block (0,0,0), "
                                  "thread (0,0,0), lane 0\n");
}

// A lane that waits for another lane of its warp, which stands at a higher
// instruction.
TEST_F(ChecksTest, ASpinningLaneLetsTheOthersGoOn) {
  EXPECT_EQ(
      run("setp.eq.u32 %c0, %i, 5; @%c0 bra SET;"
          "SPIN: ld.volatile.global.u32 %r0, [%p]; setp.eq.u32 %c1, %r0, 0;"
          "@%c1 bra SPIN; bra END;"
          "SET: st.volatile.global.u32 [%p], 1; END:",
          32),
      "");
}

TEST_F(ChecksTest, ABlockMayWaitForALaterOne) {
  EXPECT_EQ(
      run("mov.u32 %r1, %ctaid.x; setp.eq.u32 %c0, %r1, 3; @%c0 bra SET;"
          "SPIN: ld.acquire.gpu.global.u32 %r0, [%p]; setp.eq.u32 %c1, %r0, 0;"
          "@%c1 bra SPIN; bra END;"
          "SET: st.release.gpu.global.u32 [%p], 1; END:",
          32, {4}),
      "");
}

TEST_F(ChecksTest, LaunchesThatTheDriverWouldRefuse) {
  device.loadBody(std::string(".shared .b8 big[1024];"), 1);
  auto refusal = [&](Dim3 grid, Dim3 block) {
    device.refusal.clear();
    (void)device.run("k", grid, block, buffer);
    return device.refusal;
  };
  EXPECT_EQ(refusal({1}, {1025}),
            "kernel 'k': expected a block of 1 to 1024 threads and at "
            "most 64 along z, got 1025x1x1");
  EXPECT_EQ(refusal({1, 65536}, {32}),
            "kernel 'k': expected a grid of at least one block, at "
            "most 2147483647x65535x65535, got 1x65536x1");
  device.dynamicSharedBytes = 163 * 1024;
  EXPECT_EQ(refusal({1}, {32}),
            "kernel 'k' needs 167936 bytes of shared memory, expected at "
            "most 166912 on sm_80");
  EXPECT_EQ(texts(device.run("k", {1}, {32}, buffer)), "");
}

TEST_F(ChecksTest, WithoutChecksOnlyBoundsAreKept) {
  MachineOptions options = device.machine.options();
  options.checks = false;
  device.machine.setOptions(options);
  EXPECT_EQ(run("and.b32 %r0, %s, 127; st.shared.u32 [%r0], %i;"), "");
  run("st.global.u32 [%q+1024], %i;");
  EXPECT_EQ(fault, Fault::IllegalAddress);
}

} // namespace
} // namespace tenon::vgpu
