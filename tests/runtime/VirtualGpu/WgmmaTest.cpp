// Products of warpgroups of every type of operands, against plain sums.

#include "tests/runtime/VirtualGpu/TestDevice.h"

#include <algorithm>
#include <random>

namespace tenon::vgpu {
namespace {

constexpr unsigned kRows = 64, kColumns = 8, kRowBytes = 32;

/// A type of operands: its name in the opcode, and numbers with their bits.
struct Operand {
  const char *types, *depth;
  unsigned elementBytes;
  std::vector<std::pair<uint32_t, float>> numbers;
  const char *scales; ///< of A and B, and whether they are transposed
};

const Operand kOperands[] = {
    {"f32.bf16.bf16",
     "k16",
     2,
     {{0x3f80, 1}, {0xc000, -2}, {0x3f00, 0.5f}},
     ", 1, 1, 0, 0"},
    {"f32.f16.f16",
     "k16",
     2,
     {{0x3c00, 1}, {0xc000, -2}, {0x3800, 0.5f}},
     ", 1, 1, 0, 0"},
    // The lower 13 bits do not count.
    {"f32.tf32.tf32",
     "k8",
     4,
     {{0x3f800fff, 1}, {0xc0000000, -2}, {0x3f000001, 0.5f}},
     ", 1, 1"},
    {"f32.e4m3.e4m3",
     "k32",
     1,
     {{0x38, 1}, {0xc0, -2}, {0x30, 0.5f}},
     ", 1, 1"},
    {"f32.e5m2.e5m2",
     "k32",
     1,
     {{0x3c, 1}, {0xc0, -2}, {0x38, 0.5f}},
     ", 1, 1"},
    {"s32.s8.s8", "k32", 1, {{1, 1}, {0x80, -128}, {0x7f, 127}}, ""},
    {"s32.u8.u8", "k32", 1, {{1, 1}, {0x80, 128}, {0xff, 255}}, ""},
};

/// Where a byte of a row stands: blocks of 8 rows and 16 bytes, those along the
/// rows `leading` apart.
size_t placeOf(unsigned row, unsigned byte, unsigned leading) {
  return byte / 16 * leading + row / 8 * 128 + row % 8 * 16 + byte % 16;
}

struct Side {
  std::vector<float> numbers;
  std::vector<uint8_t> bytes;
};

Side makeSide(const Operand &operand, unsigned numRows, unsigned leading,
              std::mt19937 &random) {
  unsigned depth = kRowBytes / operand.elementBytes;
  Side side{std::vector<float>(size_t(numRows) * depth),
            std::vector<uint8_t>(numRows * kRowBytes)};
  for (unsigned row = 0; row < numRows; ++row)
    for (unsigned k = 0; k < depth; ++k) {
      auto [bits, number] = operand.numbers[random() % operand.numbers.size()];
      side.numbers[row * depth + k] = number;
      for (unsigned i = 0; i < operand.elementBytes; ++i)
        side.bytes[placeOf(row, k * operand.elementBytes + i, leading)] =
            uint8_t(bits >> (8 * i));
    }
  return side;
}

std::string kernelOf(const Operand &operand) {
  bool isInteger = operand.types[0] == 's';
  std::string type = isInteger ? "u32" : "f32",
              d = isInteger ? "%i0, %i1, %i2, %i3" : "%f0, %f1, %f2, %f3";
  std::string body = R"(
    .reg .pred %c; .reg .b32 %t, %s, %r<4>, %i<4>; .reg .f32 %f<4>;
    .reg .b64 %p, %q, %d, %a, %b;
    .shared .align 1024 .b8 left[2048]; .shared .align 1024 .b8 right[256];
    mov.u32 %t, %tid.x;
    ld.param.u64 %p, [p0]; mul.wide.u32 %d, %t, 16; add.s64 %q, %p, %d;
    ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%q];
    mov.u32 %s, left; mad.lo.u32 %s, %t, 16, %s;
    st.shared.v4.u32 [%s], {%r0, %r1, %r2, %r3};
    setp.ge.u32 %c, %t, 16; @%c bra FILLED;
    ld.param.u64 %p, [p1]; add.s64 %q, %p, %d;
    ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%q];
    mov.u32 %s, right; mad.lo.u32 %s, %t, 16, %s;
    st.shared.v4.u32 [%s], {%r0, %r1, %r2, %r3};
    FILLED: fence.proxy.async.shared::cta; bar.sync 0;
    mov.b64 %a, 34363932672; mov.b64 %b, 34360262784;
    wgmma.fence.sync.aligned;
  )";
  body += "wgmma.mma_async.sync.aligned.m64n8" + std::string(operand.depth) +
          "." + operand.types + " {" + d + "}, %a, %b, 0" + operand.scales +
          "; wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;"
          "ld.param.u64 %p, [p2]; add.s64 %q, %p, %d; st.global.v4." +
          type + " [%q], {" + d + "};";
  return body;
}

class WgmmaTest : public testing::TestWithParam<Operand> {};

TEST_P(WgmmaTest, IsASumOfProducts) {
  const Operand &operand = GetParam();
  std::mt19937 random(1);
  Side a = makeSide(operand, kRows, 1024, random),
       b = makeSide(operand, kColumns, 128, random);
  TestDevice device({.arch = 90});
  device.loadBody(kernelOf(operand), 3);
  Address result = device.allocate("result", kRows * kColumns * 4);
  LaunchResult launched =
      device.run("k", {1}, {128}, device.upload("a", a.bytes),
                 device.upload("b", b.bytes), result);
  EXPECT_EQ(texts(launched), "");
  unsigned depth = kRowBytes / operand.elementBytes;
  EXPECT_EQ(launched.counters.mmaFlops, uint64_t(2) * kRows * kColumns * depth);
  std::vector<float> floats = device.download<float>(result, kRows * kColumns);
  std::vector<int32_t> integers =
      device.download<int32_t>(result, kRows * kColumns);
  for (unsigned thread = 0; thread < 128; ++thread)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = thread / 32 * 16 + thread % 32 / 4 + i / 2 * 8,
               column = thread % 4 * 2 + i % 2;
      float sum = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum += a.numbers[row * depth + k] * b.numbers[column * depth + k];
      unsigned at = thread * 4 + i;
      ASSERT_EQ(operand.types[0] == 's' ? float(integers[at]) : floats[at], sum)
          << row << " " << column;
    }
}

std::string typesName(const testing::TestParamInfo<Operand> &info) {
  std::string name = info.param.types;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, WgmmaTest, testing::ValuesIn(kOperands),
                         typesName);

} // namespace
} // namespace tenon::vgpu
