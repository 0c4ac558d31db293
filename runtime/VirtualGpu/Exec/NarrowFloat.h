//===- NarrowFloat.h - f16, bf16, tf32 and 8-bit floats, by bits
//--------------===//
//
// Written without branches where a loop over lanes must become vectors; what is
// always inlined there would otherwise be compiled for the baseline.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_NARROWFLOAT_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_NARROWFLOAT_H

#include <bit>
#include <cmath>
#include <cstdint>

namespace tenon::vgpu {

inline uint32_t floatBits(float value) {
  return std::bit_cast<uint32_t>(value);
}
inline float bitsFloat(uint32_t bits) { return std::bit_cast<float>(bits); }

[[gnu::always_inline]] inline float fromF16(uint16_t half) {
  // The exponent moves up by 112 through a product, which is exact and makes
  // subnormal numbers normal.
  uint32_t magnitude = uint32_t(half & 0x7fff) << 13;
  float scaled = bitsFloat(magnitude) * bitsFloat((127 + 112) << 23);
  uint32_t special = magnitude >= (31u << 23) ? 255u << 23 : 0;
  return bitsFloat(floatBits(scaled) | special | uint32_t(half & 0x8000) << 16);
}

/// To nearest, ties to even; too large becomes infinity; NaN becomes 0x7fff.
[[gnu::always_inline]] inline uint16_t toF16(float value) {
  uint32_t bits = floatBits(value), magnitude = bits & 0x7fffffff,
           sign = (bits >> 16) & 0x8000;
  // Normal results: rebias, then add half an ulp and the lowest kept bit.
  uint32_t normal =
      (magnitude - (112u << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // Subnormal results: adding 0.5 puts the wanted bits at the mantissa's end.
  uint32_t small = floatBits(bitsFloat(magnitude) + 0.5f) - floatBits(0.5f);
  uint32_t result = magnitude < (113u << 23) ? small : normal;
  result = magnitude >= 0x477ff000 ? 0x7c00 : result;
  result = magnitude > 0x7f800000 ? 0x7fff : result | sign;
  return uint16_t(result);
}

[[gnu::always_inline]] inline float fromBf16(uint16_t bits) {
  return bitsFloat(uint32_t(bits) << 16);
}
[[gnu::always_inline]] inline uint16_t toBf16(float value) {
  uint32_t bits = floatBits(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return uint16_t((bits & 0x7fffffff) > 0x7f800000 ? 0x7fff : rounded);
}

/// One unit in the last place towards a rounding error, unless the last bit is
/// odd already: what was lost stays visible. No branches, and nothing for
/// infinities, whose errors are NaN.
template <typename Bits>
[[gnu::always_inline]] inline Bits oddStep(Bits bits, double error) {
  bool isInexact = (error > 0) | (error < 0);
  bool isNegative = bits >> (8 * sizeof(Bits) - 1);
  Bits step = (error > 0) != isNegative ? Bits(1) : Bits(-1);
  return (isInexact & ((bits & 1) == 0)) ? bits + step : bits;
}

/// The sum, rounded to odd: a second rounding to a narrower type is then the
/// only one. `product` must be exact.
[[gnu::always_inline]] inline double oddSum(double product, double addend) {
  double sum = product + addend;
  double back = sum - product;
  double error = (product - (sum - back)) + (addend - back);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  return std::bit_cast<double>(oddStep(bits, error));
}
/// A double to f32, rounded to odd.
[[gnu::always_inline]] inline float oddF32(double value) {
  float near = float(value);
  return bitsFloat(oddStep(floatBits(near), value - double(near)));
}

/// A double to fewer bits, for any binary format: `mantissaBits` stored ones,
/// an exponent of `exponentBits`. `Mode`: 'n' nearest even, 'z' to zero, 'a'
/// nearest, ties away. The result is a double that the format holds, or too
/// large for it.
inline double roundedTo(double value, int mantissaBits, int leastExponent,
                        char mode) {
  if (!std::isfinite(value) || value == 0)
    return value;
  int exponent = std::ilogb(value);
  int last =
      (exponent < leastExponent ? leastExponent : exponent) - mantissaBits;
  double scaled = std::ldexp(value, -last);
  double whole = mode == 'z'   ? std::trunc(scaled)
                 : mode == 'a' ? std::round(scaled)
                 : mode == 'm' ? std::floor(scaled)
                 : mode == 'p' ? std::ceil(scaled)
                               : std::nearbyint(scaled);
  return std::ldexp(std::copysign(whole, value), last);
}

inline uint16_t toF16(double value, char mode) {
  if (value != value)
    return 0x7fff;
  double rounded = roundedTo(value, 10, -14, mode);
  if (std::isfinite(value) && std::fabs(rounded) > 65504.0) {
    bool stays =
        mode == 'z' || (mode == 'm' && value > 0) || (mode == 'p' && value < 0);
    return (stays ? 0x7bff : 0x7c00) | (std::signbit(value) ? 0x8000 : 0);
  }
  return toF16(float(rounded));
}
inline uint16_t toBf16(double value, char mode) {
  if (value != value)
    return 0x7fff;
  double rounded = roundedTo(value, 7, -126, mode);
  if (std::isfinite(value) && std::fabs(rounded) > 0x1.fep127) {
    bool stays =
        mode == 'z' || (mode == 'm' && value > 0) || (mode == 'p' && value < 0);
    return (stays ? 0x7f7f : 0x7f80) | (std::signbit(value) ? 0x8000 : 0);
  }
  return uint16_t(floatBits(float(rounded)) >> 16);
}

/// tf32 keeps 10 bits of mantissa; the lower 13 bits of the register are zero.
inline uint32_t toTf32(float value, char mode) {
  uint32_t bits = floatBits(value);
  if ((bits & 0x7f800000) == 0x7f800000)
    return value != value ? 0x7fffffff : bits;
  if (mode == 'a')
    bits += 0x1000;
  else if (mode == 'n')
    bits += 0xfff + ((bits >> 13) & 1);
  return bits & ~0x1fffu;
}

/// 8-bit floats of the OCP: e4m3 without infinity, e5m2 as a short half.
inline float fromE5m2(uint8_t bits) { return fromF16(uint16_t(bits) << 8); }
inline float fromE4m3(uint8_t bits) {
  unsigned exponent = (bits >> 3) & 15, mantissa = bits & 7;
  float value = exponent == 0
                    ? std::ldexp(float(mantissa), -9)
                    : std::ldexp(float(8 + mantissa), int(exponent) - 10);
  if ((bits & 0x7f) == 0x7f)
    value = bitsFloat(0x7fffffff);
  return bits & 0x80 ? -value : value;
}
/// .satfinite: the largest number instead of infinity; NaN stays.
inline uint8_t toE4m3(float value) {
  if (value != value)
    return 0x7f;
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  double rounded = std::fabs(roundedTo(value, 3, -6, 'n'));
  if (rounded >= 448 || std::isinf(value))
    return sign | 0x7e;
  if (rounded < 0x1p-6)
    return sign | uint8_t(rounded * 512);
  int exponent = std::ilogb(rounded);
  return sign | uint8_t((exponent + 7) << 3 |
                        (int(std::ldexp(rounded, 3 - exponent)) & 7));
}
inline uint8_t toE5m2(float value) {
  if (value != value)
    return 0x7f;
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  double rounded = std::fabs(roundedTo(value, 2, -14, 'n'));
  if (rounded >= 57344 || std::isinf(value))
    return sign | 0x7b;
  return sign | uint8_t(toF16(float(rounded)) >> 8);
}

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_NARROWFLOAT_H
