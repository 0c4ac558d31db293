// cvt: one handler for all pairs of types, and table forms for the frequent
// ones.

#include "runtime/VirtualGpu/Exec/Convert.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"

#include <array>
#include <limits>

namespace tenon::vgpu {

static constexpr std::array<std::pair<std::string_view, uint8_t>, 12>
    kNumberTypes = {{{"u8", 1},
                     {"s8", 1},
                     {"u16", 2},
                     {"s16", 2},
                     {"u32", 4},
                     {"s32", 4},
                     {"u64", 8},
                     {"s64", 8},
                     {"f16", 2},
                     {"bf16", 2},
                     {"f32", 4},
                     {"f64", 8}}};

std::optional<NumberType> numberType(std::string_view name) {
  for (size_t i = 0; i < kNumberTypes.size(); ++i)
    if (kNumberTypes[i].first == name)
      return NumberType(i);
  return std::nullopt;
}
uint8_t numberBytes(NumberType type) {
  return kNumberTypes[size_t(type)].second;
}

namespace {

bool isSigned(NumberType type) {
  return !isFloatType(type) && uint8_t(type) % 2 == 1;
}

/// Sign or zero extended to 64 bits.
uint64_t extended(uint64_t bits, unsigned sizeBytes, bool isSignedType) {
  unsigned unused = 64 - 8 * sizeBytes;
  return isSignedType ? uint64_t(int64_t(bits << unused) >> unused)
                      : (bits << unused) >> unused;
}

double toWhole(double value, char rounding) {
  switch (rounding) {
  case 'z':
    return std::trunc(value);
  case 'm':
    return std::floor(value);
  case 'p':
    return std::ceil(value);
  default:
    return std::nearbyint(value);
  }
}

double readFloat(uint64_t bits, NumberType type) {
  switch (type) {
  case NumberType::F16:
    return fromF16(uint16_t(bits));
  case NumberType::BF16:
    return fromBf16(uint16_t(bits));
  case NumberType::F32:
    return bitsFloat(uint32_t(bits));
  default:
    return std::bit_cast<double>(bits);
  }
}

float toF32(double value, char rounding) {
  float near = float(value);
  if (rounding == 'n' || double(near) == value || value != value)
    return near;
  bool isAbove = double(near) > value;
  bool wantsDown = rounding == 'm' || (rounding == 'z' && value > 0);
  if (isAbove == wantsDown)
    return std::nextafter(near, isAbove ? -INFINITY : INFINITY);
  return near;
}

uint64_t writeFloat(double value, const Conversion &how) {
  switch (how.to) {
  case NumberType::F16:
    return toF16(value, how.rounding);
  case NumberType::BF16:
    return toBf16(value, how.rounding);
  case NumberType::F32:
    return value != value ? 0x7fffffff : floatBits(toF32(value, how.rounding));
  default:
    return std::bit_cast<uint64_t>(value);
  }
}

uint64_t floatToInteger(double value, const Conversion &how) {
  unsigned bits = 8 * numberBytes(how.to);
  if (value != value)
    return how.from == NumberType::F64 || bits == 64 ? uint64_t(1) << (bits - 1)
                                                     : 0;
  double whole = toWhole(value, how.rounding);
  double most = std::ldexp(1.0, bits - isSigned(how.to));
  double least = isSigned(how.to) ? -most : 0;
  uint64_t highest = isSigned(how.to) ? (uint64_t(1) << (bits - 1)) - 1
                     : bits == 64     ? ~uint64_t(0)
                                      : (uint64_t(1) << bits) - 1;
  if (whole >= most)
    return highest;
  if (whole < least)
    return isSigned(how.to) ? uint64_t(0) - (uint64_t(1) << (bits - 1)) : 0;
  return isSigned(how.to) ? uint64_t(int64_t(whole)) : uint64_t(whole);
}

uint64_t integerToInteger(uint64_t bits, const Conversion &how) {
  if (!how.saturates)
    return bits;
  using Wide = __int128;
  Wide value = isSigned(how.from) ? Wide(int64_t(bits)) : Wide(bits);
  unsigned width = 8 * numberBytes(how.to);
  Wide most = (Wide(1) << (width - isSigned(how.to))) - 1;
  Wide least = isSigned(how.to) ? -most - 1 : Wide(0);
  return uint64_t(value < least ? least : value > most ? most : value);
}

uint64_t integerToFloat(uint64_t bits, const Conversion &how) {
  bool isNegative = isSigned(how.from) && int64_t(bits) < 0;
  if (how.to == NumberType::F32 && how.rounding == 'n')
    return floatBits(isSigned(how.from) ? float(int64_t(bits)) : float(bits));
  // More than 53 bits: what is lost stays visible as an odd last bit.
  uint64_t magnitude = isNegative ? 0 - bits : bits;
  double value = double(magnitude);
  if (how.to != NumberType::F64)
    value = oddSum(double(magnitude >> 32) * 0x1p32,
                   double(magnitude & 0xffffffff));
  return writeFloat(isNegative ? -value : value, how);
}

uint64_t floatToFloat(double value, const Conversion &how) {
  if (how.flushes && std::fabs(value) < 0x1p-126)
    value = std::copysign(0.0, value);
  if (how.toInteger)
    value = toWhole(value, how.rounding);
  if (how.saturates)
    value = value > 0 ? (value < 1 ? value : 1.0) : 0.0;
  if (how.isRelu && value < 0)
    value = 0;
  uint64_t bits = writeFloat(value, how);
  if (how.flushes && how.to == NumberType::F32 && !(bits & 0x7f800000))
    bits &= 0x80000000;
  return bits;
}

uint64_t convertLane(uint64_t bits, const Conversion &how) {
  bits = extended(bits, numberBytes(how.from), isSigned(how.from));
  if (!isFloatType(how.from))
    return isFloatType(how.to) ? integerToFloat(bits, how)
                               : integerToInteger(bits, how);
  double value = readFloat(bits, how.from);
  if (isFloatType(how.to))
    return floatToFloat(value, how);
  if (how.flushes && std::fabs(value) < 0x1p-126)
    value = 0;
  return floatToInteger(value, how);
}

} // namespace

void convert(Warp &warp, const Instruction &inst, uint32_t mask) {
  Conversion how = std::bit_cast<Conversion>(inst.immediate);
  const uint8_t *from = warp.registers + inst.slot[1];
  uint8_t *to = warp.registers + inst.slot[0];
  unsigned toBytes = inst.elementBytes, fromBytes = inst.addressBytes;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    uint64_t bits = 0;
    std::memcpy(&bits, from + lane * fromBytes, fromBytes);
    bits = convertLane(bits, how);
    // A register wider than the type holds the number extended.
    bits = extended(bits, numberBytes(how.to), isSigned(how.to));
    std::memcpy(to + lane * toBytes, &bits, toBytes);
  }
}

namespace {

/// Two f32 to two narrow numbers: the first operand is the upper half.
template <typename U, typename F> Form packed(F) {
  return lanes<U, float, float>([](float high, float low) {
    F narrow{};
    constexpr unsigned kShift = sizeof(U) * 4;
    return U(U(narrow(low)) | U(U(narrow(high)) << kShift));
  });
}

void addPacked(Forms &forms) {
  auto f16 = [](float a) { return toF16(a); };
  auto bf16 = [](float a) { return toBf16(a); };
  auto reluF16 = [](float a) { return toF16(a < 0 ? 0.0f : a); };
  auto reluBf16 = [](float a) { return toBf16(a < 0 ? 0.0f : a); };
  forms.add("cvt.rn.f16x2.f32", Pipe::Convert, packed<uint32_t>(f16));
  forms.add("cvt.rn.bf16x2.f32", Pipe::Convert, packed<uint32_t>(bf16));
  forms.add("cvt.rn.relu.f16x2.f32", Pipe::Convert, packed<uint32_t>(reluF16));
  forms.add("cvt.rn.relu.bf16x2.f32", Pipe::Convert,
            packed<uint32_t>(reluBf16));
  forms.add("cvt.rz.f16x2.f32", Pipe::Convert,
            packed<uint32_t>([](float a) { return toF16(double(a), 'z'); }));
  forms.add("cvt.rz.bf16x2.f32", Pipe::Convert,
            packed<uint32_t>([](float a) { return toBf16(double(a), 'z'); }));
  forms.add("cvt.rn.satfinite.e4m3x2.f32", Pipe::Convert,
            packed<uint16_t>([](float a) { return toE4m3(a); }));
  forms.add("cvt.rn.satfinite.e5m2x2.f32", Pipe::Convert,
            packed<uint16_t>([](float a) { return toE5m2(a); }));
  forms.add("cvt.rn.f16x2.e4m3x2", Pipe::Convert,
            lanes<uint32_t, uint16_t>([](uint16_t a) {
              return uint32_t(toF16(fromE4m3(uint8_t(a)))) |
                     uint32_t(toF16(fromE4m3(uint8_t(a >> 8)))) << 16;
            }));
  forms.add("cvt.rn.f16x2.e5m2x2", Pipe::Convert,
            lanes<uint32_t, uint16_t>([](uint16_t a) {
              return uint32_t(uint8_t(a)) << 8 | uint32_t(a & 0xff00) << 16;
            }));
  forms.add("cvt.rn.satfinite.e4m3x2.f16x2", Pipe::Convert,
            lanes<uint16_t, uint32_t>([](uint32_t a) {
              return uint16_t(toE4m3(fromF16(uint16_t(a))) |
                              toE4m3(fromF16(uint16_t(a >> 16))) << 8);
            }));
  forms.add("cvt.rn.satfinite.e5m2x2.f16x2", Pipe::Convert,
            lanes<uint16_t, uint32_t>([](uint32_t a) {
              return uint16_t(toE5m2(fromF16(uint16_t(a))) |
                              toE5m2(fromF16(uint16_t(a >> 16))) << 8);
            }));
}

} // namespace

void addConvertForms(Forms &forms) {
  auto add = [&](const char *key, Form form) {
    forms.add(key, Pipe::Convert, std::move(form));
  };
  add("cvt.f32.f16",
      lanes<float, uint16_t>([](uint16_t a) { return fromF16(a); }));
  add("cvt.f32.bf16",
      lanes<float, uint16_t>([](uint16_t a) { return fromBf16(a); }));
  add("cvt.rn.f16.f32",
      lanes<uint16_t, float>([](float a) { return toF16(a); }));
  add("cvt.rn.bf16.f32",
      lanes<uint16_t, float>([](float a) { return toBf16(a); }));
  add("cvt.rn.f32.s32",
      lanes<float, int32_t>([](int32_t a) { return float(a); }));
  add("cvt.rn.f32.u32",
      lanes<float, uint32_t>([](uint32_t a) { return float(a); }));
  add("cvt.u64.u32",
      lanes<uint64_t, uint32_t>([](uint32_t a) { return uint64_t(a); }));
  add("cvt.s64.s32",
      lanes<int64_t, int32_t>([](int32_t a) { return int64_t(a); }));
  add("cvt.u32.u64",
      lanes<uint32_t, uint64_t>([](uint64_t a) { return uint32_t(a); }));
  add("cvt.u32.u16",
      lanes<uint32_t, uint16_t>([](uint16_t a) { return uint32_t(a); }));
  add("cvt.u16.u32",
      lanes<uint16_t, uint32_t>([](uint32_t a) { return uint16_t(a); }));
  add("cvt.rna.tf32.f32",
      lanes<uint32_t, float>([](float a) { return toTf32(a, 'a'); }));
  add("cvt.rn.tf32.f32",
      lanes<uint32_t, float>([](float a) { return toTf32(a, 'n'); }));
  add("cvt.rz.tf32.f32",
      lanes<uint32_t, float>([](float a) { return toTf32(a, 'z'); }));
  addPacked(forms);
}

} // namespace tenon::vgpu
