// What is reported of tensor memory: each check with a planted defect, in a
// kernel that is silent without it.

#include "tests/runtime/VirtualGpu/TestDevice.h"

namespace tenon::vgpu {
namespace {

// Two products of 128 rows, 32 columns and 16 bf16: A stands in tensor memory,
// B in shared memory.
constexpr const char *kHead = R"(
  .reg .pred %c<4>; .reg .b32 %i, %w, %t, %u, %s, %z, %e, %r<32>;
  .reg .b64 %o, %b; .reg .b64 %d;
  .shared .align 1024 .b8 right[1024]; .shared .align 8 .b8 bars[8];
  .shared .align 4 .b8 place[8];
  mov.u32 %i, %tid.x; shr.u32 %w, %i, 5; mov.b32 %z, 0;
  mov.b32 %e, 134743184; mov.b64 %b, 70403106013184;
  ld.param.u64 %o, [p0]; mul.wide.u32 %d, %i, 4; add.s64 %o, %o, %d;
  setp.eq.u32 %c0, %w, 0; setp.eq.u32 %c1, %i, 0;
)";
constexpr const char *kAllocate =
    "@%c0 tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [place], 64;";
constexpr const char *kInit =
    "@%c1 mbarrier.init.shared::cta.b64 [bars], 1; bar.sync 0;"
    "ld.shared.b32 %t, [place]; shl.b32 %u, %w, 21; add.s32 %u, %u, %t;";
constexpr const char *kFillRight =
    "mov.u32 %s, right; mad.lo.u32 %s, %i, 8, %s;"
    "st.shared.v2.b32 [%s], {%z, %z};";
constexpr const char *kFillLeft =
    "tcgen05.st.sync.aligned.32x32b.x8.b32 [%u+32],"
    " {%z, %z, %z, %z, %z, %z, %z, %z};";
constexpr const char *kWaitStores = "tcgen05.wait::st.sync.aligned;";
constexpr const char *kFence = "fence.proxy.async.shared::cta;";
constexpr const char *kSync = "bar.sync 0;";
constexpr const char *kFirst =
    "setp.ne.u32 %c2, %z, 0;"
    "@%c1 tcgen05.mma.cta_group::1.kind::f16 [%t], [%t+32], %b, %e, %c2;";
constexpr const char *kSecond =
    "setp.eq.u32 %c2, %z, 0;"
    "@%c1 tcgen05.mma.cta_group::1.kind::f16 [%t], [%t+32], %b, %e, %c2;";
constexpr const char *kCommit =
    "@%c1 tcgen05.commit.cta_group::1.mbarrier::arrive::one."
    "shared::cluster.b64 [bars];";
constexpr const char *kWaitFirst =
    "W: mbarrier.try_wait.parity.shared::cta.b64 %c3, [bars], 0; @!%c3 bra W;";
constexpr const char *kWaitSecond =
    "V: mbarrier.try_wait.parity.shared::cta.b64 %c3, [bars], 1; @!%c3 bra V;";
constexpr const char *kLoad =
    "tcgen05.ld.sync.aligned.32x32b.x4.b32 {%r0, %r1, %r2, %r3}, [%u];";
constexpr const char *kWaitLoads = "tcgen05.wait::ld.sync.aligned;";
constexpr const char *kStoreResult = "st.global.b32 [%o], %r0;";
constexpr const char *kRelease =
    "@%c0 tcgen05.dealloc.cta_group::1.sync.aligned.b32 %t, 64;";

struct TensorChecks : testing::Test {
  TensorChecks() { device.target = "sm_100a"; }
  std::string run(std::initializer_list<std::string> parts) {
    std::string body = kHead;
    for (const std::string &part : parts)
      body += part;
    device.loadBody(body);
    LaunchResult result = device.run("k", {1}, {128}, buffer);
    std::string all;
    for (const Report &report : result.reports) {
      std::string text = reportText(report);
      text = text.substr(text.find(": ") + 2);
      all += text.substr(0, text.find("; kernel")) + "\n";
    }
    return all;
  }
  std::string loadError(const std::string &statement) {
    std::string text = ".version 9.0\n.target " + device.target +
                       "\n.address_size 64\n.visible .entry k()\n{\n"
                       ".reg .b32 %r<4>; .reg .b64 %d<2>; .reg .pred %p;\n" +
                       statement + "\n}\n";
    auto loaded = device.machine.load(text, "x.ptx");
    return loaded ? "" : loaded.error().message;
  }
  TestDevice device{{.arch = 100}};
  Address buffer = device.upload("buffer", std::vector<uint32_t>(1024));
};

std::string with(std::string text, const std::string &from,
                 const std::string &to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(TensorChecks, NothingIsReportedOfAKernelThatWaits) {
  for (Schedule schedule :
       {Schedule::InOrder, Schedule::Random, Schedule::Adversarial}) {
    device.machine.setOptions({.arch = 100, .schedule = schedule, .seed = 3});
    EXPECT_EQ(
        run({kAllocate, kInit,       kFillRight,   kFillLeft,  kWaitStores,
             kFence,    kSync,       kFirst,       kCommit,    kWaitFirst,
             kLoad,     kWaitLoads,  kStoreResult, kSync,      kSecond,
             kCommit,   kWaitSecond, kLoad,        kWaitLoads, kStoreResult,
             kSync,     kRelease}),
        "");
  }
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

// A barrier of the threads is no wait for the unit.
TEST_F(TensorChecks, SumsAreReadBehindTheirMbarrier) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kFirst, kCommit, kSync, kLoad, kWaitLoads, kWaitFirst,
                 kSync, kRelease}),
            "race: warp 1 reads columns [0, 4) of lanes [32, 48) of tensor "
            "memory that the tensor unit wrote, with nothing between\n");
}

// Where warps do not run in turn, a commit arrives when everybody waits.
TEST_F(TensorChecks, AWaitThatIsNotOverIsTriedAgain) {
  device.machine.setOptions({.arch = 100, .schedule = Schedule::Adversarial});
  std::string once = with(kWaitFirst, "@!%c3 bra W;", "");
  EXPECT_EQ(
      run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence, kSync,
           kFirst, kCommit, kSync, once, kLoad, kWaitLoads, kSync, kRelease})
          .substr(0, 34),
      "race: warp 2 reads columns [0, 4) ");
}

TEST_F(TensorChecks, ProductsAreWaitedForBeforeTheBlockEnds) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kFirst, kCommit}),
            "async in flight: the block ends while nobody has waited for these "
            "products, at the mbarrier at byte 1024 of shared memory\n"
            "tensor misuse: the block ends while 64 columns of tensor memory "
            "from column 0 on are allocated: nobody gave them back "
            "(tcgen05.dealloc)\n");
}

TEST_F(TensorChecks, AMbarrierOutlivesItsProducts) {
  device.machine.setOptions({.arch = 100, .schedule = Schedule::Adversarial});
  EXPECT_EQ(
      run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence, kSync,
           kFirst, kCommit, "@%c1 mbarrier.inval.shared::cta.b64 [bars];"}),
      "barrier misuse: no mbarrier was initialised at byte 1024 of "
      "shared memory\n");
}

TEST_F(TensorChecks, StoresAreWaitedFor) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kFence, kSync, kFirst,
                 kCommit, kWaitFirst, kWaitStores, kSync, kRelease}),
            "async in flight: the tensor unit reads columns [32, 40) of lanes "
            "[0, 16) of tensor memory while a store of warp 0 is in flight: no "
            "tcgen05.wait::st stands between\n");
}

TEST_F(TensorChecks, LoadsAreWaitedFor) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kFirst, kCommit, kWaitFirst, kLoad, kSync, kSecond,
                 kCommit, kWaitSecond, kWaitLoads, kSync, kRelease}),
            "async in flight: the tensor unit overwrites columns [0, 32) of "
            "lanes [0, 16) of tensor memory while a load of warp 0 is in "
            "flight: no tcgen05.wait::ld stands between\n");
}

TEST_F(TensorChecks, AProductKnowsOfStores) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFence, kSync, kFillLeft,
                 kWaitStores, kFirst, kCommit, kWaitFirst, kSync, kRelease}),
            "race: the tensor unit reads columns [32, 40) of lanes [64, 80) of "
            "tensor memory that warp 2 wrote, with nothing between\n");
}

TEST_F(TensorChecks, AProductSeesSharedMemoryBehindAFence) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kSync,
                 kFirst, kCommit, kWaitFirst, kSync, kRelease}),
            "missing fence: takes shared bytes [0, 16) through the async "
            "proxy, which warp 0 wrote with no fence.proxy.async behind\n");
}

TEST_F(TensorChecks, AProductReadsSharedMemoryUntilItsMbarrier) {
  const char *refill = "st.shared.b32 [%s], %i;";
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kFirst, kCommit, kWaitFirst, refill, kSync, kRelease}),
            "");
  EXPECT_EQ(
      run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence, kSync,
           kFirst, kCommit, kSync, refill, kWaitFirst, kSync, kRelease}),
      "race: warp 1 overwrites shared bytes [256, 260) that the tensor unit "
      "reads, with nothing between\n");
}

TEST_F(TensorChecks, ColumnsAreGivenBackAfterTheirLastUse) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kFirst, kCommit, kRelease, kWaitFirst}),
            "race: warp 0 gives back columns [0, 64) of lanes [0, 16) of "
            "tensor memory that the tensor unit reads, with nothing between\n");
}

TEST_F(TensorChecks, ACommitReachesTheBlocksOfItsMask) {
  const char *meet = "barrier.cluster.arrive.release.aligned;"
                     "barrier.cluster.wait.acquire.aligned;";
  device.cluster = {2};
  device.loadBody(
      std::string(kHead) +
      "@%c1 mbarrier.init.shared::cta.b64 [bars], 1;"
      "@%c1 fence.mbarrier_init.release.cluster;" +
      meet +
      ".reg .b16 %h; .reg .pred %k; .reg .b32 %rank; mov.b16 %h, 3;"
      "mov.u32 %rank, %cluster_ctarank; setp.eq.and.u32 %k, %rank, 0, %c1;"
      "@%k tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster"
      ".multicast::cluster.b64 [bars], %h;" +
      kWaitFirst + meet);
  for (Schedule schedule :
       {Schedule::InOrder, Schedule::Random, Schedule::Adversarial}) {
    device.machine.setOptions({.arch = 100, .schedule = schedule, .seed = 3});
    EXPECT_EQ(texts(device.run("k", {4}, {128}, buffer)), "");
    EXPECT_EQ(device.refusal, "");
  }
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

constexpr const char *kUseOfUnwritten =
    "uninitialised: stores a value made from bytes never written\n";

TEST_F(TensorChecks, CellsNeverWrittenAreFollowedToTheirUse) {
  EXPECT_EQ(run({kAllocate, kInit, kLoad, kWaitLoads, kSync, kRelease}), "");
  EXPECT_EQ(
      run({kAllocate, kInit, kLoad, kWaitLoads, kStoreResult, kSync, kRelease}),
      kUseOfUnwritten);
}

TEST_F(TensorChecks, SumsAreAsGoodAsWhatTheyAreMadeOf) {
  // Added to what nobody wrote; of an A that nobody wrote; of such a B.
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, kSecond, kCommit, kWaitFirst, kLoad, kWaitLoads,
                 kStoreResult, kSync, kRelease}),
            kUseOfUnwritten);
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFence, kSync, kFirst, kCommit,
                 kWaitFirst, kLoad, kWaitLoads, kStoreResult, kSync, kRelease}),
            kUseOfUnwritten);
  EXPECT_EQ(run({kAllocate, kInit, kFillLeft, kWaitStores, kFence, kSync,
                 kFirst, kCommit, kWaitFirst, kLoad, kWaitLoads, kStoreResult,
                 kSync, kRelease}),
            kUseOfUnwritten);
}

TEST_F(TensorChecks, StoresKeepWhatTheirValuesAre) {
  EXPECT_EQ(
      run({kAllocate, kInit, kLoad, kWaitLoads,
           "tcgen05.st.sync.aligned.32x32b.x1.b32 [%u+8], {%r0};", kWaitStores,
           "tcgen05.ld.sync.aligned.32x32b.x1.b32 {%r1}, [%u+8];", kWaitLoads,
           "st.global.b32 [%o], %r1;", kSync, kRelease}),
      kUseOfUnwritten);
}

TEST_F(TensorChecks, OperandsOfProductsAreWritten) {
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, "ld.shared.b32 %r4, [place+4]; and.b32 %r4, %r4, 0;",
                 "add.s32 %e, %e, %r4;", kFirst, kCommit, kWaitFirst, kSync,
                 kRelease}),
            "uninitialised: an operand of a product is made from bytes never "
            "written\n");
}

//===----------------------------------------------------------------------===//
// Allocation
//===----------------------------------------------------------------------===//

TEST_F(TensorChecks, AccessesStayInTheirAllocation) {
  EXPECT_EQ(
      run({kAllocate, kInit, with(kLoad, "[%u]", "[%u+62]")}),
      "out of bounds: reads columns [62, 66) of lanes [96, 128) of tensor "
      "memory, allocated: columns [0, 64)\n");
  EXPECT_EQ(
      run({kAllocate, kInit, with(kFillLeft, "[%u+32]", "[%u+64]")}),
      "out of bounds: writes columns [64, 72) of lanes [96, 128) of tensor "
      "memory, allocated: columns [0, 64)\n");
  EXPECT_EQ(run({kAllocate, kInit,
                 "tcgen05.ld.sync.aligned.16x32bx2.x1.b32 {%r0}, [%u], "
                 "4294967295;"}),
            "out of bounds: reads columns [4294967295, 0) of lanes [96, 112) "
            "of tensor memory, allocated: columns [0, 64)\n");
  EXPECT_EQ(run({kAllocate, kInit, kSync, kRelease, kSync, kLoad}),
            "out of bounds: reads columns [0, 4) of lanes [32, 64) of tensor "
            "memory, allocated: none\n");
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, with(kFirst, "[%t]", "[%t+40]")}),
            "out of bounds: writes columns [40, 72) of lanes [0, 128) of "
            "tensor memory, allocated: columns [0, 64)\n");
}

TEST_F(TensorChecks, ColumnsAreAskedForInPowersOfTwo) {
  EXPECT_EQ(run({with(kAllocate, "64;", "48;")}),
            "tensor misuse: asks for 48 columns of tensor memory: expected a "
            "power of two from 32 to 512\n");
  EXPECT_EQ(run({with(kAllocate, "64;", "16;")}),
            "tensor misuse: asks for 16 columns of tensor memory: expected a "
            "power of two from 32 to 512\n");
}

TEST_F(TensorChecks, APermitIsGivenUpOnce) {
  EXPECT_EQ(
      run({"@%c0 tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;",
           kAllocate}),
      "tensor misuse: allocates tensor memory after the block gave up its "
      "permit (tcgen05.relinquish_alloc_permit)\n");
}

TEST_F(TensorChecks, ColumnsAreGivenBack) {
  EXPECT_EQ(run({kAllocate, kInit}),
            "tensor misuse: the block ends while 64 columns of tensor memory "
            "from column 0 on are allocated: nobody gave them back "
            "(tcgen05.dealloc)\n");
  EXPECT_EQ(run({kAllocate, kInit, with(kRelease, "64;", "32;")}),
            "tensor misuse: gives back 32 columns of tensor memory from lane "
            "0, column 0 on, allocated: columns [0, 64)\n");
}

TEST_F(TensorChecks, WhatThereIsNoRoomForIsWaitedFor) {
  // Another warp takes all as soon as the first gives back its half.
  std::string takeHalf = with(kAllocate, "64;", "256;"),
              giveHalf = with(kRelease, "64;", "256;");
  const char *takeAll =
      "setp.eq.u32 %c2, %w, 1;"
      "@%c2 tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [place+4],"
      " 512;";
  const char *giveAll =
      "ld.shared.b32 %t, [place+4];"
      "@%c2 tcgen05.dealloc.cta_group::1.sync.aligned.b32 %t, 512;";
  EXPECT_EQ(run({takeHalf, kInit, giveHalf, takeAll, kSync, giveAll}), "");
  std::string found = run({takeHalf, kInit, takeAll, kSync, giveHalf});
  EXPECT_TRUE(found.starts_with("deadlock: no warp can go on: ")) << found;
  EXPECT_NE(found.find("warp 1 lanes 0xffffffff wait at tcgen05.alloc"),
            found.npos)
      << found;
}

TEST_F(TensorChecks, EverySecondBlockFindsColumnsTaken) {
  device.loadBody(std::string(kHead) + kAllocate + kInit +
                  "mov.u32 %r0, %ctaid.x; mad.wide.u32 %o, %r0, 512, %o;"
                  "st.global.b32 [%o], %t;" +
                  kSync + kRelease);
  EXPECT_EQ(texts(device.run("k", {2}, {128}, buffer)), "");
  auto found = device.download<uint32_t>(buffer, 256);
  EXPECT_EQ(found[0], 0u);
  EXPECT_EQ(found[128], 448u);
}

//===----------------------------------------------------------------------===//
// Addresses and descriptors
//===----------------------------------------------------------------------===//

TEST_F(TensorChecks, WarpsReachTheirLanes) {
  EXPECT_EQ(run({kAllocate, kInit, with(kLoad, "[%u]", "[%t]")}),
            "tensor misuse: accesses lanes [0, 32) of tensor memory: warp 3 "
            "reaches [96, 128), from multiples of 32 on\n");
  EXPECT_EQ(run({kAllocate, kInit, "add.s32 %u, %t, %i;", kLoad}),
            "tensor misuse: lanes name different addresses of tensor memory, "
            "0x60 and 0x61\n");
  EXPECT_EQ(run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                 kSync, with(kFirst, "[%t]", "[%t+1048576]")}),
            "tensor misuse: a product of 128 rows begins at lane 16 of tensor "
            "memory: expected lane 0\n");
}

TEST_F(TensorChecks, DescriptorsAreOfWhatIsExecuted) {
  auto found = [&](const std::string &change) {
    return run({kAllocate, kInit, kFillRight, kFillLeft, kWaitStores, kFence,
                kSync, change, kFirst});
  };
  EXPECT_EQ(found("mov.b64 %b, 34361835520;"),
            "tensor misuse: the descriptor 0x800200000 of a matrix has no 1 in "
            "bits 46 to 48\n");
  EXPECT_EQ(found("or.b64 %b, %b, 2305843009213693952;"),
            "tensor misuse: the descriptor 0x2000400800200000 of a matrix has "
            "swizzle 1: 0, 2, 4 and 6 are executed\n");
  EXPECT_EQ(found("or.b64 %b, %b, 4503599627370496;"),
            "tensor misuse: the descriptor 0x10400800200000 of a matrix has a "
            "base offset or absolute strides (bits 49 to 52), which are not "
            "executed\n");
  EXPECT_EQ(found("xor.b32 %e, %e, 16;"),
            "tensor misuse: the instruction descriptor 0x8080480 names types "
            "or modes that are not executed: D 0, A 1, B 1\n");
  EXPECT_EQ(found("or.b32 %e, %e, 4;"),
            "tensor misuse: the instruction descriptor 0x8080494 names types "
            "or modes that are not executed: D 1, A 1, B 1\n");
  EXPECT_EQ(found("add.s32 %e, %e, 131072;"),
            "tensor misuse: the instruction descriptor 0x80a0490 is of 128 "
            "rows and 40 columns: expected 64 rows and a multiple of 8 "
            "columns, or 128 rows and a multiple of 16, up to 256\n");
}

TEST_F(TensorChecks, OtherFormsAreRefusedWithTheirLine) {
  EXPECT_EQ(loadError("tcgen05.alloc.cta_group::2.sync.aligned.b32 [%d0], 32;"),
            "x.ptx:7: unknown opcode "
            "'tcgen05.alloc.cta_group::2.sync.aligned.b32'");
  EXPECT_EQ(loadError("tcgen05.cp.cta_group::1.128x256b [%r0], %d0;"),
            "x.ptx:7: unknown opcode 'tcgen05.cp.cta_group::1.128x256b'");
  EXPECT_EQ(
      loadError(
          "tcgen05.ld.sync.aligned.32x32b.x1.pack::16b.b32 {%r0}, [%r1];"),
      "x.ptx:7: unknown modifier '.pack::16b' of "
      "'tcgen05.ld.sync.aligned.32x32b.x1.pack::16b.b32'");
  EXPECT_EQ(loadError("tcgen05.ld.sync.aligned.16x256b.x64.b32 {%r0}, [%r1];"),
            "x.ptx:7: unknown opcode "
            "'tcgen05.ld.sync.aligned.16x256b.x64.b32'");
  EXPECT_EQ(loadError("tcgen05.ld.sync.aligned.32x32b.x2.b32 {%r0}, [%r1];"),
            "x.ptx:7: 'tcgen05.ld.sync.aligned.32x32b.x2.b32' needs 2 "
            "registers, found 1");
  EXPECT_EQ(loadError("tcgen05.ld.sync.aligned.32x32b.x1.b32 {%r0}, [%d1];"),
            "x.ptx:7: an address of tensor memory has 4 bytes, in "
            "'tcgen05.ld.sync.aligned.32x32b.x1.b32'");
  EXPECT_EQ(loadError("tcgen05.mma.ws.cta_group::1.kind::f16 [%r0], %d0, %d1, "
                      "%r1, %p;"),
            "x.ptx:7: unknown opcode "
            "'tcgen05.mma.ws.cta_group::1.kind::f16'");
  EXPECT_EQ(loadError("tcgen05.mma.cta_group::1.kind::f16 [%r0], %d0, %d1, %r1,"
                      " %p, 2;"),
            "x.ptx:7: 'tcgen05.mma.cta_group::1.kind::f16' needs 4 masks of "
            "lanes before its last operand, found 0");
  device.target = "sm_90a";
  EXPECT_EQ(loadError("tcgen05.wait::ld.sync.aligned;"),
            "x.ptx:7: 'tcgen05.wait::ld.sync.aligned' needs a target with "
            "tensor memory, such as sm_100a, found sm_90a");
}

} // namespace
} // namespace tenon::vgpu
