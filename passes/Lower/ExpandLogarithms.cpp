//===- ExpandLogarithms.cpp - log, log2 and powf as arithmetic ------------===//
//
// A positive float is 2^e m with m in [2/3, 4/3), read off its bits: then
//   log2(x) = e + log2(m), and f = m - 1 is exact and small.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MathExpansions.h"

#include "passes/Lower/MathCoefficients.inc"

#include <limits>

using namespace mlir;

namespace tenon {
namespace {

using Compare = FloatBuilder::Compare;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2 = 0x1.62e42fefa39efp-1;
/// log2(e) in two parts.
constexpr double kLog2EHigh = 0x1.715476p+0, kLog2ELow = 0x1.4ae0cp-26;

struct Parts {
  Value exponent; ///< e, as a float
  Value fraction; ///< f = m - 1, in [-1/3, 1/3)
};

/// For positive normal numbers: `twoThirds` are the bits of 2/3.
Parts decompose(FloatBuilder &b, Value x, int64_t twoThirds,
                int64_t mantissaBits) {
  Value offset = b.integer(twoThirds);
  Value above = b.subInt(b.bits(x), offset);
  Value e = b.shiftRightSigned(above, mantissaBits);
  Value mantissa = b.andInt(above, b.integer((int64_t(1) << mantissaBits) - 1));
  Value m = b.fromBits(b.addInt(mantissa, offset));
  return {b.toFloat(e), b.sub(m, b.constant(1.0))};
}

/// Of any f32. If it is not positive and finite, the parts mean nothing.
Parts decomposeF32(FloatBuilder &b, Value x) {
  // Denormals have no exponent of their own until they are scaled.
  Value isSmall = b.compare(Compare::OLT, x, b.constant(0x1p-126));
  Value normal = b.select(isSmall, b.mul(x, b.constant(0x1p23)), x);
  auto [e, f] = decompose(b, normal, 0x3f2aaaab, 23);
  return {b.select(isSmall, b.sub(e, b.constant(23.0)), e), f};
}

/// The logarithm of 0, negative numbers, infinity and NaN; `y` of all others.
Value withSpecialCases(FloatBuilder &b, Value x, Value y) {
  Value isZero = b.compare(Compare::OEQ, x, b.constant(0.0));
  Value notPositive = b.select(isZero, b.constant(-kInf), b.constant(kNan));
  y = b.select(b.compare(Compare::OLT, x, b.constant(kInf)), y, x);
  return b.select(b.compare(Compare::OGT, x, b.constant(0.0)), y, notPositive);
}

} // namespace

Value expandLog(FloatBuilder &b, Value x) {
  auto [e, f] = decomposeF32(b, x);
  // The constant's rounding is a twentieth of an ulp: e is an integer, or 0.
  Value y = b.fma(b.mul(f, f), b.polynomial(f, kLog1p), f);
  return withSpecialCases(b, x, b.fma(e, b.constant(kLn2), y));
}

Value expandLog2(FloatBuilder &b, Value x) {
  auto [e, f] = decomposeF32(b, x);
  Value y = b.mul(b.mul(f, f), b.polynomial(f, kLog2));
  y = b.fma(f, b.constant(kLog2ELow), y);
  y = b.fma(f, b.constant(kLog2EHigh), y);
  return withSpecialCases(b, x, b.add(e, y));
}

//===----------------------------------------------------------------------===//
// powf
//===----------------------------------------------------------------------===//

namespace {

/// log2 of a positive finite f64 that was an f32: with 38 bits, more than
/// enough to be multiplied by any y whose result is an f32.
Value log2Wide(FloatBuilder &b, Value x) {
  auto [e, f] = decompose(b, x, 0x3fe5555555555555, 52);
  // s = (m - 1) / (m + 1) makes an odd series that converges fast.
  Value s = b.div(f, b.add(f, b.constant(2.0)));
  return b.fma(s, b.polynomial(b.mul(s, s), kLog2OfRatio), e);
}

/// 2^x, accurate to 34 bits, for |x| <= 1000 or NaN.
Value exp2Wide(FloatBuilder &b, Value x) {
  constexpr double kRound = 0x1.8p52;
  Value sum = b.add(x, b.constant(kRound));
  Value n = b.sub(sum, b.constant(kRound));
  Value p = b.polynomial(b.sub(x, n), kExp2Wide);
  return b.fromBits(b.addInt(b.bits(p), b.shiftLeft(b.bits(sum), 52)));
}

/// x^y for x >= 0, infinite or NaN, both f64, to be rounded to f32.
Value powMagnitude(FloatBuilder &b, Value x, Value y) {
  Value zero = b.constant(0.0);
  Value l = log2Wide(b, x);
  l = b.select(b.compare(Compare::OEQ, x, zero), b.constant(-kInf), l);
  l = b.select(b.compare(Compare::OLT, x, b.constant(kInf)), l, x);
  // 1^y and x^0 are 1, whatever the other is.
  Value product = b.mul(y, l);
  product = b.select(b.compare(Compare::OEQ, l, zero), zero, product);
  product = b.select(b.compare(Compare::OEQ, y, zero), zero, product);
  return exp2Wide(b, b.atMost(b.atLeast(product, -1000), 1000));
}

Value isInteger(FloatBuilder &b, Value y) {
  return b.compare(Compare::OEQ, b.floor(y), y);
}

} // namespace

Value expandPow(FloatBuilder &b, Value x, Value y) {
  Type f64 = b.builder().getF64Type();
  FloatBuilder wide(b.builder(), b.builder().getLoc(), b.shaped(f64));
  Value magnitude = powMagnitude(wide, wide.extend(b.abs(x)), wide.extend(y));
  magnitude = b.truncate(magnitude);

  Value isEven = isInteger(b, b.mul(y, b.constant(0.5)));
  Value ofInteger = b.select(isEven, magnitude, b.copySign(magnitude, x));
  // No real number is a fractional power of a negative one, but C takes that of
  // -infinity to be that of infinity.
  Value isNegative = b.compare(Compare::OLT, x, b.constant(0.0));
  Value ofFraction = b.select(isNegative, b.constant(kNan), magnitude);
  Value isInfinite = b.compare(Compare::OEQ, x, b.constant(-kInf));
  ofFraction = b.select(isInfinite, magnitude, ofFraction);
  return b.select(isInteger(b, y), ofInteger, ofFraction);
}

} // namespace tenon
