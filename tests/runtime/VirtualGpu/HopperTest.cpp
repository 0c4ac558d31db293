// Tensor copies, mbarriers and products of warpgroups, as NVRTC prints them for
// sm_90a.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include "runtime/VirtualGpu/TensorMap.h"

#include <random>

namespace tenon::vgpu {
namespace {

constexpr int kRows = 64, kK = 320;

struct alignas(64) MapBytes {
  TensorMap map;
  uint8_t rest[128 - sizeof(TensorMap)] = {};
};

struct HopperTest : testing::TestWithParam<Schedule> {
  HopperTest() : device({.arch = 90, .schedule = GetParam(), .seed = 7}) {
    device.loadFile("hopper.90a");
    device.dynamicSharedBytes = 4 * 64 * 64 * 2;
    std::mt19937 random(1);
    for (auto *matrix : {&a, &b})
      for (uint16_t &value : *matrix) {
        float number = float(int(random() % 9) - 4);
        uint32_t bits;
        std::memcpy(&bits, &number, 4);
        value = bits >> 16;
      }
    da = device.upload("A", a);
    db = device.upload("B", b);
    dc = device.allocate("C", kRows * kRows * 4);
  }
  static MapBytes mapOf(Address address, uint32_t rows) {
    MapBytes made;
    made.map.rank = 2;
    made.map.elementBytes = 2;
    made.map.swizzle = TensorMap::Swizzle128;
    made.map.address = address;
    made.map.strideBytes[0] = kK * 2;
    made.map.extents[0] = kK;
    made.map.extents[1] = rows;
    made.map.box[0] = made.map.box[1] = 64;
    return made;
  }
  LaunchResult run(const char *kernel, uint32_t rowsOfA = kRows) {
    return device.run(kernel, {1}, {160}, mapOf(da, rowsOfA), mapOf(db, kRows),
                      dc, kK);
  }
  static float widen(uint16_t bits) {
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }

  TestDevice device;
  std::vector<uint16_t> a = std::vector<uint16_t>(kRows * kK), b = a;
  Address da = 0, db = 0, dc = 0;
};

TEST_P(HopperTest, ProducerAndConsumers) {
  // Rows behind the tensor's end are zero, and nothing of them is read.
  const uint32_t rowsOfA = 50;
  LaunchResult result = run("gemm_tma", rowsOfA);
  EXPECT_EQ(texts(result), "");
  std::vector<float> c = device.download<float>(dc, kRows * kRows);
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < kRows; ++n) {
      float sum = 0;
      for (int k = 0; k < kK && m < int(rowsOfA); ++k)
        sum += widen(a[m * kK + k]) * widen(b[n * kK + k]);
      ASSERT_EQ(c[m * kRows + n], sum) << m << " " << n;
    }
  EXPECT_EQ(result.counters.mmaFlops, uint64_t(2) * kRows * kRows * kK);
}

TEST_P(HopperTest, BytesThatNeverComeAreADeadlock) {
  LaunchResult result = run("gemm_tma_expects_too_much");
  EXPECT_EQ(result.fault, Fault::Timeout);
  ASSERT_EQ(result.reports.size(), 1u) << texts(result);
  EXPECT_EQ(result.reports[0].kind, ReportKind::Deadlock);
  EXPECT_NE(result.reports[0].what.find(
                "wait at mbarrier.try_wait.parity.shared::cta.b64"),
            std::string::npos)
      << texts(result);
}

TEST_P(HopperTest, AProductThatDoesNotWaitForItsOperandsIsFound) {
  LaunchResult result = run("gemm_tma_no_wait");
  bool isFound = false;
  for (const Report &report : result.reports)
    isFound |= (report.kind == ReportKind::Race ||
                report.kind == ReportKind::AsyncInFlight ||
                report.kind == ReportKind::Uninitialised) &&
               report.file == "hopper.cu";
  EXPECT_TRUE(isFound) << texts(result);
}

TEST_P(HopperTest, AMapBeyondItsTensorIsNamed) {
  MapBytes tooTall = mapOf(da, kRows + 64);
  tooTall.map.box[1] = 128;
  device.dynamicSharedBytes = 8 * 64 * 64 * 2;
  LaunchResult result =
      device.run("gemm_tma", {1}, {160}, tooTall, mapOf(db, kRows), dc, kK);
  EXPECT_EQ(result.fault, Fault::IllegalAddress);
  EXPECT_NE(texts(result).find(
                "out of bounds: reads 16 bytes, 0 bytes after the end of 'A' "
                "(40960 bytes)"),
            std::string::npos)
      << texts(result);
}

// 8 rows of 64 elements, of which the tensor has 5, with a policy of L2.
TEST_P(HopperTest, AStoreThroughAMap) {
  device.load(R"(
.version 9.0
.target sm_90a
.address_size 64
.visible .entry k(.param .align 64 .b8 m[128], .param .u64 p)
{
  .shared .align 1024 .b8 tile[1024];
  .reg .b32 %i, %s, %x;
  .reg .b64 %m, %p, %policy;
  .reg .pred %c;
  mov.u32 %i, %tid.x;
  mov.u32 %s, tile;
  mad.lo.u32 %s, %i, 4, %s;
  st.shared.u32 [%s], %i;
  fence.proxy.async.shared::cta;
  bar.sync 0;
  setp.ne.u32 %c, %i, 0;
  @%c bra END;
  mov.b64 %m, m;
  mov.u32 %s, tile;
  mov.u32 %x, 0;
  createpolicy.fractional.L2::evict_first.b64 %policy, 1.0;
  cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group.L2::cache_hint [%m, {%x, %x}], [%s], %policy;
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group.read 0;
  ld.param.u64 %p, [p];
  st.global.u64 [%p], %policy;
  createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %policy, 0.5;
  st.global.u64 [%p+8], %policy;
END:
  ret;
}
)");
  Address y = device.upload("y", std::vector<uint16_t>(8 * 64, 9));
  MapBytes map = mapOf(y, 5);
  map.map.strideBytes[0] = 128;
  map.map.extents[0] = 64;
  map.map.box[1] = 8;
  EXPECT_EQ(texts(device.run("k", {1}, {256}, map, dc)), "");
  std::vector<uint16_t> stored = device.download<uint16_t>(y, 8 * 64);
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 64; ++column) {
      // A row's groups of 8 are exchanged in shared memory.
      int thread = row * 32 + ((column / 8) ^ row) * 4 + column % 8 / 2;
      uint16_t expected = row >= 5 ? 9 : column % 2 ? 0 : thread;
      ASSERT_EQ(stored[row * 64 + column], expected) << row << " " << column;
    }
  EXPECT_EQ(device.download<uint64_t>(dc, 2),
            (std::vector<uint64_t>{0x12f0000000000000, 0x14f0000000000000}));
}

std::string scheduleName(const testing::TestParamInfo<Schedule> &info) {
  const char *names[] = {"InOrder", "Random", "Adversarial"};
  return names[int(info.param)];
}
INSTANTIATE_TEST_SUITE_P(All, HopperTest,
                         testing::Values(Schedule::InOrder, Schedule::Random,
                                         Schedule::Adversarial),
                         scheduleName);

} // namespace
} // namespace tenon::vgpu
