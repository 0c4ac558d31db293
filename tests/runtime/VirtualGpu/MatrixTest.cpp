// mma.sync, ldmatrix and stmatrix against plain loops over matrices. The
// layouts of fragments are written here a second time, from the figures of the
// PTX manual.

#include "TestDevice.h"

#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <random>

namespace tenon::vgpu {
namespace {

/// What the encodings of an operand type mean.
double numberOf(const std::string &type, uint32_t bits) {
  auto small = [&](int exponentBits, int mantissaBits, int bias) {
    int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
    int mantissa = bits & ((1 << mantissaBits) - 1);
    double sign = (bits >> (exponentBits + mantissaBits)) & 1 ? -1 : 1;
    double value = exponent
                       ? std::ldexp(1 + std::ldexp(mantissa, -mantissaBits),
                                    exponent - bias)
                       : std::ldexp(mantissa, 1 - bias - mantissaBits);
    return sign * value;
  };
  if (type == "f16")
    return small(5, 10, 15);
  if (type == "bf16")
    return small(8, 7, 127);
  if (type == "tf32")
    return bits >>= 13, small(8, 10, 127);
  if (type == "e4m3")
    return small(4, 3, 7);
  if (type == "e5m2")
    return small(5, 2, 15);
  if (type == "s8")
    return int8_t(bits);
  return uint8_t(bits);
}

/// Encodings of small numbers, so that sums are exact in every order.
uint32_t randomBits(const std::string &type, std::mt19937 &random) {
  uint32_t sign = random() % 2, pick = random() % 4;
  if (type == "f16")
    return sign << 15 |
           (pick ? (15 + pick - 2) << 10 | (random() % 2) << 9 : 0);
  if (type == "bf16")
    return sign << 15 |
           (pick ? (127 + pick - 2) << 7 | (random() % 2) << 6 : 0);
  if (type == "tf32") // what stands in the lower bits does not count
    return sign << 31 | (127 + pick - 2) << 23 | (random() % 2) << 22 |
           random() % 8192;
  if (type == "e4m3")
    return sign << 7 | (7 + pick - 2) << 3 | random() % 8;
  if (type == "e5m2")
    return sign << 7 | (15 + pick - 2) << 2 | random() % 4;
  return random() & 0xff;
}

std::vector<std::string> splitTypes(std::string_view types) {
  std::vector<std::string> parts(1);
  for (char c : types)
    c == '.' ? (void)parts.emplace_back() : (void)(parts.back() += c);
  return parts;
}

unsigned bitsOf(const std::string &type) {
  return type == "tf32" ? 32 : type == "f16" || type == "bf16" ? 16 : 8;
}

struct MmaTest : testing::TestWithParam<int> {};

TEST_P(MmaTest, IsAMatrixProduct) {
  const MmaForm &form = mmaForms()[GetParam()];
  std::vector<std::string> types = splitTypes(form.types);
  bool isF16 = types[0] == "f16", isInteger = types[0] == "s32";
  int k = std::stoi(std::string(form.shape.substr(form.shape.find('k') + 1)));
  std::mt19937 random(GetParam());
  std::vector<uint32_t> a(16 * k), b(k * 8);
  for (uint32_t &bits : a)
    bits = randomBits(types[1], random);
  for (uint32_t &bits : b)
    bits = randomBits(types[2], random);

  // Registers as the manual's figures say; lane = 4 group + inGroup.
  unsigned perA = 32 / bitsOf(types[1]), perB = 32 / bitsOf(types[2]);
  unsigned numWords = form.numA + form.numB + form.numC;
  std::vector<uint32_t> words(32 * numWords);
  std::vector<double> c(16 * 8);
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned group = lane / 4, inGroup = lane % 4;
    uint32_t *word = words.data() + lane * numWords;
    for (unsigned i = 0; i < form.numA * perA; ++i) {
      unsigned r = i / perA, row = group + (r % 2 ? 8 : 0);
      unsigned column = inGroup * perA + i % perA + r / 2 * 4 * perA;
      word[r] |= a[row * k + column] << (32 / perA * (i % perA)) % 32;
    }
    for (unsigned i = 0; i < form.numB * perB; ++i) {
      unsigned r = i / perB, row = inGroup * perB + i % perB + r * 4 * perB;
      word[form.numA + r] |= b[row * 8 + group]
                             << (32 / perB * (i % perB)) % 32;
    }
    for (unsigned i = 0; i < 4; ++i) {
      int value = int(random() % 64) - 32;
      c[(group + (i / 2) * 8) * 8 + inGroup * 2 + i % 2] = value;
      uint32_t *to = word + form.numA + form.numB;
      float real = value;
      if (isInteger)
        to[i] = value;
      else if (!isF16)
        std::memcpy(&to[i], &real, 4);
      else {
        uint32_t bits;
        std::memcpy(&bits, &real, 4);
        uint32_t half = value ? (bits >> 16 & 0x8000) |
                                    ((bits >> 23 & 255) - 112) << 10 |
                                    (bits >> 13 & 0x3ff)
                              : 0;
        to[i / 2] |= half << (16 * (i % 2));
      }
    }
  }

  std::string loads, registers[4];
  const unsigned counts[] = {form.numD, form.numA, form.numB, form.numC};
  for (unsigned part = 0, at = 0; part < 4; ++part)
    for (unsigned i = 0; i < counts[part]; ++i) {
      std::string name = "%r" + std::to_string(part * 8 + i);
      registers[part] += (i ? ", " : "") + name;
      if (part > 0)
        loads += "ld.global.u32 " + name + ", [%d0+" +
                 std::to_string(4 * at++) + "];\n";
    }
  std::string stores;
  for (unsigned i = 0; i < form.numD; ++i)
    stores += "st.global.u32 [%d1+" + std::to_string(4 * i) + "], %r" +
              std::to_string(i) + ";\n";
  TestDevice device;
  device.loadBody(
      ".reg .b32 %t, %r<32>; .reg .b64 %d<4>;\nmov.u32 %t, %tid.x;\n"
      "ld.param.u64 %d0, [p0]; ld.param.u64 %d1, [p1];\n"
      "mad.wide.u32 %d0, %t, " +
          std::to_string(4 * numWords) +
          ", %d0;\n"
          "mad.wide.u32 %d1, %t, 16, %d1;\n" +
          loads + "mma.sync.aligned." + std::string(form.shape) + ".row.col." +
          std::string(form.types) + " {" + registers[0] + "}, {" +
          registers[1] + "}, {" + registers[2] + "}, {" + registers[3] +
          "};\n" + stores,
      2);
  Address in = device.upload("in", words),
          out = device.allocate("out", 32 * 16);
  LaunchResult result = device.run("k", {1}, {32}, in, out);
  EXPECT_EQ(texts(result), "");
  EXPECT_EQ(result.counters.mmaFlops, form.flops);
  std::vector<uint32_t> d = device.download<uint32_t>(out, 32 * 4);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = lane / 4 + (i / 2) * 8, column = lane % 4 * 2 + i % 2;
      double sum = c[row * 8 + column];
      for (int x = 0; x < k; ++x)
        sum += numberOf(types[1], a[row * k + x]) *
               numberOf(types[2], b[x * 8 + column]);
      double got;
      if (isF16) {
        got = numberOf("f16", d[lane * 4 + i / 2] >> (16 * (i % 2)) & 0xffff);
        EXPECT_NEAR(got, sum, std::fabs(sum) / 1024);
        continue;
      }
      float real;
      std::memcpy(&real, &d[lane * 4 + i], 4);
      got = isInteger ? double(int32_t(d[lane * 4 + i])) : double(real);
      EXPECT_EQ(got, sum) << form.types << " row " << row << " column "
                          << column;
    }
}

std::string formName(const testing::TestParamInfo<int> &info) {
  std::string name = std::string(mmaForms()[info.param].shape) + "_" +
                     std::string(mmaForms()[info.param].types);
  for (char &c : name)
    c = c == '.' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, MmaTest,
                         testing::Range(0, int(mmaForms().size())), formName);

struct MatrixAccess {
  int count;
  bool isTransposed;
};
struct MatrixAccessTest : testing::TestWithParam<MatrixAccess> {};

// Matrices of numbers are stored by rows, loaded, and what each lane holds is
// checked; then stmatrix puts them elsewhere and they must come out the same.
TEST_P(MatrixAccessTest, HoldsWhatTheManualSays) {
  auto [count, isTransposed] = GetParam();
  std::string n = std::to_string(count), trans = isTransposed ? ".trans" : "",
              list;
  for (int i = 0; i < count; ++i)
    list += (i ? ", %r" : "%r") + std::to_string(i);
  std::string stores;
  for (int i = 0; i < count; ++i)
    stores += "st.global.u32 [%d1+" + std::to_string(4 * i) + "], %r" +
              std::to_string(i) + ";\n";
  TestDevice device;
  device.loadBody(R"(
    .reg .b32 %t, %a, %b, %r<4>; .reg .b64 %d<4>; .reg .pred %p;
    .shared .align 16 .b8 tile[1024];
    mov.u32 %t, %tid.x; ld.param.u64 %d0, [p0]; ld.param.u64 %d1, [p1]; ld.param.u64 %d2, [p2];
    mov.u32 %b, tile; mad.lo.s32 %a, %t, 16, %b;
    { .reg .b32 x, y, z, w; mad.wide.u32 %d0, %t, 16, %d0;
      ld.global.v4.u32 {x, y, z, w}, [%d0]; st.shared.v4.u32 [%a], {x, y, z, w}; }
    bar.sync 0;
    ldmatrix.sync.aligned.m8n8.x)" +
                      n + trans + ".shared.b16 {" + list + "}, [%a];\n" +
                      "mad.wide.u32 %d1, %t, 16, %d1;\n" + stores +
                      "stmatrix.sync.aligned.m8n8.x" + n + trans +
                      ".shared.b16 [%a+512], {" + list + "};\nbar.sync 0;\n" +
                      R"(
    setp.lt.u32 %p, %t, )" +
                      std::to_string(8 * count) + R"(;
    { .reg .b32 x, y, z, w; mad.wide.u32 %d2, %t, 16, %d2;
      @%p ld.shared.v4.u32 {x, y, z, w}, [%a+512]; @%p st.global.v4.u32 [%d2], {x, y, z, w}; })",
                  3);
  std::vector<uint16_t> matrices(32 * 8);
  for (size_t i = 0; i < matrices.size(); ++i)
    matrices[i] = i;
  Address in = device.upload("in", matrices), out = device.allocate("out", 512),
          back = device.allocate("back", 512);
  EXPECT_EQ(texts(device.run("k", {1}, {32}, in, out, back)), "");
  std::vector<uint16_t> held = device.download<uint16_t>(out, 256);
  for (int lane = 0; lane < 32; ++lane)
    for (int m = 0; m < count; ++m)
      for (int i = 0; i < 2; ++i) {
        int row = lane / 4, column = lane % 4 * 2 + i;
        int expected =
            64 * m + (isTransposed ? column * 8 + row : row * 8 + column);
        EXPECT_EQ(held[lane * 8 + m * 2 + i], expected)
            << "lane " << lane << " matrix " << m;
      }
  std::vector<uint16_t> stored = device.download<uint16_t>(back, 64 * count);
  for (int i = 0; i < 64 * count; ++i)
    EXPECT_EQ(stored[i], i);
}

INSTANTIATE_TEST_SUITE_P(
    All, MatrixAccessTest,
    testing::Values(MatrixAccess{1, false}, MatrixAccess{2, false},
                    MatrixAccess{4, false}, MatrixAccess{1, true},
                    MatrixAccess{2, true}, MatrixAccess{4, true}));

} // namespace
} // namespace tenon::vgpu
