//===- ExpandExponentials.cpp - exp, exp2, tanh, erf, erfc as arithmetic --===//
//
// All end in 2^n times a polynomial:
// 1. n = the nearest integer of x log2(e). Adding 1.5 * 2^23 to a float leaves
//    no bits for a fraction: the addition rounds, and the sum's low bits are n.
// 2. r = x - n ln(2), small; the polynomial gives exp(r), or exp(r) - 1.
// 3. 2^n is made by shifting n into the exponent field. The bias of the field
//    is added in step 1 for nothing: it is part of the large constant.
//
// tanh and erf are odd and are formed from exp(...) - 1, which is accurate to
// its last bits near zero, so that small arguments need no second formula:
//   tanh(a) = t / (t + 2) with t = exp(2a) - 1
//   erf(a)  = 1 - erfc(a) = -(2^g(a) - 1) with g = log2(erfc), which is smooth
// erfc is 2^g(a), and 2 - 2^g(a) for negative arguments. Its polynomial need
// not be accurate relative to erf, so that it has fewer terms.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MathExpansions.h"

#include "passes/Lower/MathCoefficients.inc"

using namespace mlir;

namespace tenon {
namespace {

constexpr double kRound = 0x1.8p23; ///< added to a float below 2^22, rounds it
constexpr double kLog2E = 0x1.71547652b82fep+0, kLn2 = 0x1.62e42fefa39efp-1;
/// ln(2) in two parts; n times the first is exact for |n| < 2^9.
constexpr double kLn2High = 0x1.62e4p-1, kLn2Low = 0x1.7f7d1cp-20;
constexpr int kExponentBias = 127, kMantissaBits = 23;

struct Split {
  Value n;     ///< a float without fraction
  Value power; ///< 2^(n + exponentOffset)
};

/// `sum` is n + kRound + kExponentBias + exponentOffset; adding it rounded n.
Split split(FloatBuilder &b, Value sum, int exponentOffset) {
  Value n = b.sub(sum, b.constant(kRound + kExponentBias + exponentOffset));
  return {n, b.fromBits(b.shiftLeft(b.bits(sum), kMantissaBits))};
}

/// 2^n (1 + m) - 1, for m = exp(r) - 1.
Value scaledExpm1(FloatBuilder &b, Value m, Value power) {
  return b.fma(m, power, b.sub(power, b.constant(1.0)));
}

} // namespace

// The polynomials of exp and exp2 give twice the exponential, and the power is
// 2^(n-1): so n = 128, which is not a float's exponent, still gives results up
// to the largest float and infinity above it, and n = -126 makes the power
// zero. The clamp keeps n in that range and passes NaN.

/// Arguments that are never above 0 need no upper end.
static Value clamp(FloatBuilder &b, Value x, double low, double high,
                   FunctionTraits traits) {
  x = b.atLeast(x, low);
  return traits.isNotPositive ? x : b.atMost(x, high);
}

Value expandExp(FloatBuilder &b, Value x, FunctionTraits traits) {
  x = clamp(b, x, -87.6, 89.0, traits);
  Value sum =
      b.fma(x, b.constant(kLog2E), b.constant(kRound + kExponentBias - 1));
  auto [n, power] = split(b, sum, -1);
  // What one part of ln(2) leaves out grows with n: of a sum that has a term of
  // 1, as softmax's, less than its rounding.
  if (traits.isRoundedToBf16)
    return b.mul(b.polynomial(b.fma(n, b.constant(-kLn2), x), kShortExp),
                 power);
  if (traits.isNotPositive)
    return b.mul(b.polynomial(b.fma(n, b.constant(-kLn2), x), kExp), power);
  Value r = b.fma(n, b.constant(-kLn2High), x);
  r = b.fma(n, b.constant(-kLn2Low), r);
  return b.mul(b.polynomial(r, kExp), power);
}

Value expandExp2(FloatBuilder &b, Value x, FunctionTraits traits) {
  if (!traits.isLimited)
    x = clamp(b, x, -126.4, 128.4, traits);
  Value sum = b.add(x, b.constant(kRound + kExponentBias - 1));
  auto [n, power] = split(b, sum, -1);
  Value f = b.sub(x, n);
  Value twice = traits.isRoundedToBf16 ? b.polynomial(f, kShortExp2)
                                       : b.polynomial(f, kExp2);
  return b.mul(twice, power);
}

Value expandTanh(FloatBuilder &b, Value x) {
  // Above 9.02 the result rounds to 1, as t / (t + 2) does.
  Value twice = b.atMost(b.abs(b.add(x, x)), 20.0);
  Value sum =
      b.fma(twice, b.constant(kLog2E), b.constant(kRound + kExponentBias));
  auto [n, power] = split(b, sum, 0);
  // One part of ln(2) is enough: where n is large, tanh feels no error in r.
  Value r = b.fma(n, b.constant(-kLn2), twice);
  Value m = b.fma(b.mul(r, r), b.polynomial(r, kExpm1), r);
  Value t = scaledExpm1(b, m, power);
  return b.copySign(b.div(t, b.add(t, b.constant(2.0))), x);
}

Value expandErf(FloatBuilder &b, Value x) {
  // Above 3.92 the result rounds to 1.
  Value a = b.atMost(b.abs(x), 4.0);
  Value g = b.mul(a, b.polynomial(a, kErfExponent));
  auto [n, power] = split(b, b.add(g, b.constant(kRound + kExponentBias)), 0);
  Value f = b.sub(g, n);
  Value minusErf = scaledExpm1(b, b.mul(f, b.polynomial(f, kExp2m1)), power);
  return b.copySign(minusErf, x);
}

Value expandErfc(FloatBuilder &b, Value x, FunctionTraits traits) {
  Value a = traits.isLimited ? x : b.abs(x);
  // The first coefficient of both is negative: far beyond where they were
  // fitted, g goes to -infinity.
  Value p = traits.isRoundedToBf16 ? b.polynomial(a, kShortErfcExponent)
                                   : b.polynomial(a, kErfcExponent);
  traits.isNotPositive = true;
  Value tail = expandExp2(b, b.mul(a, p), traits);
  if (traits.isLimited)
    return tail;
  Value one = b.constant(1.0), sign = b.copySign(one, x);
  return b.fma(sign, tail, b.sub(one, sign));
}

Value expandRsqrt(FloatBuilder &b, Value x) {
  Value root = b.sqrt(x);
  return b.div(b.constant(1.0), root);
}

} // namespace tenon
