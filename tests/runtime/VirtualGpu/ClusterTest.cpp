// Clusters of two blocks: each other's shared memory, barriers and mbarriers.

#include "tests/runtime/VirtualGpu/TestDevice.h"

namespace tenon::vgpu {
namespace {

/// %i: thread, %k: block, %o: the other block; %q: this thread's place in p0.
constexpr const char *kHead = R"(
  .reg .pred %c<4>; .reg .b32 %i, %k, %o, %s, %r<8>; .reg .b64 %p, %q, %d<4>;
  .shared .align 8 .b8 tile[256];
  mov.u32 %i, %tid.x; mov.u32 %k, %cluster_ctarank; xor.b32 %o, %k, 1;
  ld.param.u64 %p, [p0];
  mov.u32 %r0, %ctaid.x; mad.lo.s32 %r0, %r0, 32, %i;
  mul.wide.u32 %d0, %r0, 4; add.s64 %q, %p, %d0;
  mov.u32 %s, tile; mad.lo.s32 %s, %i, 4, %s;
)";
constexpr const char *kMeet =
    "barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire"
    ".aligned;";
constexpr const char *kWrite =
    "mad.lo.s32 %r1, %k, 100, %i; st.shared.u32 [%s], %r1;";
constexpr const char *kReadOther =
    "mapa.shared::cluster.u32 %r2, %s, %o;"
    "ld.shared::cluster.u32 %r3, [%r2]; st.global.u32 [%q], %r3;";

struct ClusterTest : testing::TestWithParam<Schedule> {
  ClusterTest() {
    device.machine.setOptions({.arch = 90, .schedule = GetParam(), .seed = 3});
    device.cluster = {2};
  }
  std::string run(const std::string &body, Dim3 grid = {4}) {
    device.loadBody(kHead + body);
    LaunchResult result = device.run("k", grid, {32}, buffer);
    std::string all;
    for (const Report &report : result.reports)
      all += reportText(report) + "\n";
    return all;
  }
  TestDevice device;
  Address buffer = device.upload("buffer", std::vector<uint32_t>(128));
};

TEST_P(ClusterTest, BlocksReadEachOther) {
  EXPECT_EQ(run(std::string(kWrite) + kMeet + kReadOther + kMeet), "");
  auto found = device.download<uint32_t>(buffer, 128);
  for (uint32_t at = 0; at < 128; ++at)
    ASSERT_EQ(found[at], (1 - at / 32 % 2) * 100 + at % 32) << at;
}

TEST_P(ClusterTest, BlocksThatDoNotMeetRace) {
  EXPECT_NE(run(std::string(kWrite) + kReadOther + kMeet).find("race: warp 0"),
            std::string::npos);
}

TEST_P(ClusterTest, ABlockThatHasEndedHasNoMemory) {
  std::string found = run(std::string(kWrite) + kMeet +
                          "setp.eq.u32 %c0, %k, 1; @%c0 bra END; nanosleep.u32 "
                          "100; L: add.u32 %r7, %r7, 1; setp.lt.u32 %c1, %r7, "
                          "100000; @%c1 bra L;" +
                          kReadOther + "END:");
  EXPECT_NE(found.find("another block's shared memory, which is not in the "
                       "cluster or has ended"),
            std::string::npos)
      << found;
}

constexpr const char *kInit =
    "setp.eq.u32 %c0, %i, 0; @%c0 mbarrier.init.shared::cta.b64 [tile], 32;"
    "@%c0 fence.mbarrier_init.release.cluster;";
constexpr const char *kWait =
    "W: mbarrier.try_wait.parity.shared::cta.b64 %c1, [tile], 0;"
    "@!%c1 bra W; st.global.u32 [%q], %i;";

TEST_P(ClusterTest, BlocksArriveAtEachOthersBarriers) {
  EXPECT_EQ(
      run(std::string(kInit) + kMeet +
          "mov.u32 %r1, tile; mapa.shared::cluster.u32 %r2, %r1, %o;"
          "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r2];" +
          kWait + kMeet),
      "");
}

TEST_P(ClusterTest, BlocksThatWaitForEachOtherAreADeadlock) {
  std::string found = run(std::string(kInit) + kMeet + kWait + kMeet);
  EXPECT_NE(found.find("deadlock: no warp can go on"), std::string::npos)
      << found;
  EXPECT_NE(found.find("32 arrivals have not come"), std::string::npos)
      << found;
}

TEST_P(ClusterTest, StoresElsewhereAreRefused) {
  std::string found = run(std::string(kMeet) +
                          "mapa.shared::cluster.u32 %r2, %s, %o;"
                          "st.shared::cluster.u32 [%r2], %i;" +
                          kMeet);
  EXPECT_NE(found.find("only loads, arrivals and bulk copies there are "
                       "executed"),
            std::string::npos)
      << found;
}

TEST_P(ClusterTest, LargeClustersAreRefused) {
  device.loadBody(kHead);
  device.cluster = {4};
  (void)device.run("k", {4}, {1024}, buffer);
  EXPECT_EQ(device.refusal, "kernel 'k' asks for clusters of 128 warps: those "
                            "of at most 64 are executed");
}

INSTANTIATE_TEST_SUITE_P(All, ClusterTest,
                         testing::Values(Schedule::InOrder, Schedule::Random,
                                         Schedule::Adversarial));

} // namespace
} // namespace tenon::vgpu
