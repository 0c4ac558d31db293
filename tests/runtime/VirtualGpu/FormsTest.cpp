// Every arithmetic form against the oracle, over special and random values, for
// whole and partial warps.

#include "tests/runtime/VirtualGpu/FormOracle.h"

#include "runtime/VirtualGpu/Exec/Forms.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace tenon::vgpu {
namespace {

/// Runs one form on 32 lanes of operands.
class FormRun {
public:
  FormRun(const Form &form) : form(form), registers(64 + 256 * 8) {
    warp.registers = registers.data();
    for (size_t i = 0; i < form.operands.size(); ++i)
      inst.slot[i] = 256 * i;
    if (form.operands.size() < 6)
      inst.slot[5] = kNoSlot;
  }
  void set(size_t operand, unsigned lane, uint64_t bits) {
    unsigned size = form.operands[operand].sizeBytes;
    if (size == 0)
      warp.mask(inst.slot[operand]) =
          (warp.mask(inst.slot[operand]) & ~(1u << lane)) | uint32_t(bits & 1)
                                                                << lane;
    else
      std::memcpy(registers.data() + inst.slot[operand] + lane * size, &bits,
                  size);
  }
  uint64_t get(size_t operand, unsigned lane) const {
    unsigned size = form.operands[operand].sizeBytes;
    if (size == 0)
      return (warp.mask(inst.slot[operand]) >> lane) & 1;
    uint64_t bits = 0;
    std::memcpy(&bits, registers.data() + inst.slot[operand] + lane * size,
                size);
    return bits;
  }
  void run(uint32_t mask) { form.handler(warp, inst, mask); }

private:
  const Form &form;
  std::vector<uint8_t> registers;
  Warp warp;
  Instruction inst;
};

uint64_t valueOf(unsigned sizeBytes, std::mt19937_64 &random) {
  static const uint64_t k16[] = {0,      0x8000, 1,      0x7fff, 0xffff, 0x3c00,
                                 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x3f80, 0xbf80,
                                 0x7f80, 0xff80, 0x0400, 0x7bff, 31,     32};
  static const uint64_t k32[] = {
      0,          0x80000000, 1,          0x7fffffff, 0xffffffff, 0x3f800000,
      0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x00800000, 0x007fffff,
      0x7f7fffff, 31,         32,         33,         255,        0x00400000};
  static const uint64_t k64[] = {0,
                                 uint64_t(1) << 63,
                                 1,
                                 ~uint64_t(0),
                                 ~uint64_t(0) >> 1,
                                 0x3ff0000000000000,
                                 0xbff0000000000000,
                                 0x7ff0000000000000,
                                 0xfff0000000000000,
                                 0x7ff8000000000000,
                                 0x0010000000000000,
                                 0x000fffffffffffff,
                                 63,
                                 64,
                                 65,
                                 0x3f8000003f800000};
  if (sizeBytes == 0)
    return random() & 1;
  uint64_t raw = random();
  if (raw % 3 == 0)
    return sizeBytes == 2   ? k16[raw / 3 % std::size(k16)]
           : sizeBytes == 4 ? k32[raw / 3 % std::size(k32)]
                            : k64[raw / 3 % std::size(k64)];
  // Floats of middling size half of the time: sums of what is far apart say
  // little.
  uint64_t bits = random();
  if (raw % 3 == 1 && sizeBytes == 4)
    bits = (bits & 0x807fffff) | (120 + bits / 0x100000000 % 16) << 23;
  if (raw % 3 == 1 && sizeBytes == 8)
    bits = (bits & 0x800fffffffffffff) | (1015 + random() % 16) << 52;
  return sizeBytes == 8 ? bits : bits & ((uint64_t(1) << (8 * sizeBytes)) - 1);
}

bool isFloatResult(const std::string &type) {
  return type == "f16" || type == "bf16" || type == "f32" || type == "f64";
}

/// Equal bits, or two NaN, or near enough for an approximation.
bool agrees(const std::string &key, uint64_t got, Expected expected) {
  if (expected.isAny || got == expected.bits)
    return true;
  std::string type = resultType(key);
  bool isComparison = key.substr(0, 3) == "set";
  if (type == "f16x2" || type == "bf16x2") {
    std::string half = type.substr(0, type.size() - 2);
    return agrees("." + half, got & 0xffff, {expected.bits & 0xffff}) &&
           agrees("." + half, got >> 16, {expected.bits >> 16});
  }
  if (type == "f32x2")
    return agrees(".f32", uint32_t(got), {uint32_t(expected.bits)}) &&
           agrees(".f32", got >> 32, {expected.bits >> 32});
  if (!isFloatResult(type) || isComparison)
    return false;
  double x = floatValue(type, got), y = floatValue(type, expected.bits);
  if (x != x || y != y)
    return x != x && y != y;
  return std::fabs(x - y) <=
             expected.tolerance * std::max(std::fabs(x), std::fabs(y)) ||
         (expected.tolerance && std::fabs(x - y) < 1e-37);
}

TEST(VirtualGpuFormsTest, EveryFormAgreesWithTheOracle) {
  std::map<std::string, const Form *> all;
  for (const auto &[key, form] : forms().all())
    all[key] = &form;
  std::set<std::string> unknown;
  size_t numChecked = 0;
  for (const auto &[key, form] : all) {
    std::mt19937_64 random(std::hash<std::string>()(key));
    FormRun run(*form);
    bool isKnown = false;
    for (unsigned round = 0; round < 16; ++round) {
      uint32_t mask = round % 4 == 3 ? uint32_t(random()) : kFullMask;
      std::vector<std::vector<uint64_t>> operands(kWarpSize);
      std::vector<uint64_t> before(kWarpSize);
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        for (size_t i = 0; i < form->operands.size(); ++i) {
          uint64_t bits = valueOf(form->operands[i].sizeBytes, random);
          run.set(i, lane, bits);
          if (i > 0)
            operands[lane].push_back(bits);
          else
            before[lane] = bits;
        }
      }
      run.run(mask);
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        uint64_t got = run.get(0, lane);
        if (!((mask >> lane) & 1)) {
          ASSERT_EQ(got, before[lane])
              << key << " writes a lane that does not take part";
          continue;
        }
        std::optional<Expected> expected = expectedOf(key, operands[lane]);
        if (!expected)
          continue;
        isKnown = true;
        if (!agrees(key, got, *expected)) {
          std::string text;
          for (uint64_t bits : operands[lane])
            text += " " + std::to_string(bits);
          ADD_FAILURE() << key << " of" << text << ": expected "
                        << expected->bits << ", got " << got;
          round = 1000;
          break;
        }
      }
    }
    numChecked += isKnown;
    if (!isKnown)
      unknown.insert(key.substr(0, key.find('.')));
  }
  EXPECT_GT(numChecked, 700u);
  // These have tests of their own below, or are approximations without a
  // definition.
  EXPECT_EQ(unknown,
            (std::set<std::string>{
                "and",   "bfe",  "bfi",   "bfind", "bmsk", "cvt",   "ex2",
                "mad24", "mov",  "mul24", "not",   "or",   "prmt",  "rcp",
                "rsqrt", "selp", "shf",   "slct",  "tanh", "testp", "xor"}));
}

uint64_t one(const std::string &key, std::vector<uint64_t> operands) {
  const Form *form = forms().find(key);
  EXPECT_NE(form, nullptr) << key;
  if (!form)
    return 0;
  FormRun run(*form);
  for (size_t i = 0; i < operands.size(); ++i)
    run.set(i + 1, 7, operands[i]);
  run.run(1u << 7);
  return run.get(0, 7);
}

struct Example {
  const char *key;
  std::vector<uint64_t> operands;
  uint64_t result;
};

TEST(VirtualGpuFormsTest, ExamplesOfTheManual) {
  const Example kExamples[] = {
      {"bfe.u32", {0xabcd1234, 8, 8}, 0x12},
      {"bfe.u32", {0xabcd1234, 28, 8}, 0xa},
      {"bfe.s32", {0xabcd1234, 28, 4}, 0xfffffffa},
      {"bfe.s32", {0x80000000, 40, 4}, 0xffffffff},
      {"bfe.s32", {0x12345678, 4, 0}, 0},
      {"bfe.u64", {0xabcd123400000000, 32, 16}, 0x1234},
      {"bfi.b32", {0xff, 0x12345678, 8, 4}, 0x12345f78},
      {"bfi.b32", {0xff, 0x12345678, 32, 4}, 0x12345678},
      {"bfi.b64", {0xff, 0, 60, 8}, 0xf000000000000000},
      {"bfind.u32", {0x00010000}, 16},
      {"bfind.u32", {0}, 0xffffffff},
      {"bfind.s32", {0xffffffff}, 0xffffffff},
      {"bfind.s32", {0xfffffffe}, 0},
      {"bfind.shiftamt.u32", {0x00010000}, 15},
      {"bmsk.clamp.b32", {4, 8}, 0xff0},
      {"bmsk.clamp.b32", {4, 0}, 0},
      {"bmsk.clamp.b32", {4, 32}, 0xfffffff0},
      {"bmsk.clamp.b32", {36, 4}, 0},
      {"bmsk.wrap.b32", {36, 36}, 0xf0},
      {"bmsk.wrap.b32", {30, 8}, 0xc0000000},
      {"prmt.b32", {0x33221100, 0x77665544, 0x7531}, 0x77553311},
      {"prmt.b32", {0x80221100, 0x77665544, 0xb3b0}, 0xff80ff00},
      {"prmt.b32.f4e", {0x33221100, 0x77665544, 1}, 0x44332211},
      {"prmt.b32.b4e", {0x33221100, 0x77665544, 1}, 0x66770011},
      {"prmt.b32.rc8", {0x33221100, 0x77665544, 2}, 0x22222222},
      {"prmt.b32.ecl", {0x33221100, 0x77665544, 2}, 0x33222222},
      {"prmt.b32.ecr", {0x33221100, 0x77665544, 2}, 0x22221100},
      {"prmt.b32.rc16", {0x33221100, 0x77665544, 1}, 0x33223322},
      {"shf.l.wrap.b32", {0x80000001, 0x0000ffff, 36}, 0x000ffff8},
      {"shf.r.wrap.b32", {0x80000001, 0x0000000f, 4}, 0xf8000000},
      {"shf.l.clamp.b32", {0x12345678, 0x9abcdef0, 40}, 0x12345678},
      {"shf.r.clamp.b32", {0x12345678, 0x9abcdef0, 40}, 0x9abcdef0},
      {"mul24.lo.u32", {0xff000003, 0x01000005}, 15},
      {"mad24.lo.s32", {0x00ffffff, 5, 7}, 2},
      {"selp.b32", {1, 2, 1}, 1},
      {"selp.b32", {1, 2, 0}, 2},
      {"slct.b32.s32", {1, 2, 0xffffffff}, 2},
      {"slct.b32.f32", {1, 2, 0x80000000}, 1},
      {"mov.b64", {0x123456789abcdef0}, 0x123456789abcdef0},
      {"testp.finite.f32", {0x7f800000}, 0},
      {"testp.notanumber.f32", {0x7fc00000}, 1},
      {"and.pred", {1, 0}, 0},
      {"xor.pred", {1, 0}, 1},
      {"not.pred", {0}, 1},
      {"cvt.rn.bf16x2.f32", {0x3f800000, 0x40000000}, 0x3f804000},
      {"cvt.rn.f16x2.f32", {0x3f800000, 0x40000000}, 0x3c004000},
      {"cvt.rn.relu.bf16x2.f32", {0xbf800000, 0x40000000}, 0x00004000},
      {"cvt.rn.satfinite.e4m3x2.f32", {0x43e00000, 0x7f800000}, 0x7e7e},
      {"cvt.rn.satfinite.e5m2x2.f32", {0x3f800000, 0xbf800000}, 0x3cbc},
      {"cvt.rn.f16x2.e4m3x2", {0x38b8}, 0x3c00bc00},
      {"cvt.rna.tf32.f32", {0x3f801000}, 0x3f802000},
      {"cvt.rn.bf16.f32", {0x3f808000}, 0x3f80},
      {"cvt.rn.bf16.f32", {0x3f818000}, 0x3f82},
      {"cvt.rn.f16.f32", {0x33000000}, 0},
      {"cvt.rn.f16.f32", {0x33000001}, 1},
      {"cvt.rn.f16.f32", {0x477ff000}, 0x7c00},
      {"cvt.f32.f16", {1}, 0x33800000},
  };
  for (const Example &example : kExamples)
    EXPECT_EQ(one(example.key, example.operands), example.result)
        << example.key;
}

} // namespace
} // namespace tenon::vgpu
