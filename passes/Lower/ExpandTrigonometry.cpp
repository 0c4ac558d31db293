//===- ExpandTrigonometry.cpp - sin and cos as arithmetic -----------------===//
//
// 1. q = the nearest integer of |x| 2/pi counts quarter turns; what is left is
//    r = |x| - q pi/2. pi/2 is taken in three floats, so that r is good to its
//    last bits though it may be a millionth of x (Cody and Waite).
// 2. Polynomials give sin(r) and cos(r); q says which of them is wanted, and
//    with which sign.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MathExpansions.h"

#include "passes/Lower/MathCoefficients.inc"

using namespace mlir;

namespace tenon {
namespace {

constexpr double kRound = 0x1.8p23; ///< added to a float below 2^22, rounds it
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

struct Reduced {
  Value quarters; ///< q, as an integer whose low bits count
  Value angle;    ///< r
};

Reduced reduce(FloatBuilder &b, Value magnitude) {
  Value sum = b.fma(magnitude, b.constant(kTwoOverPi), b.constant(kRound));
  Value q = b.sub(sum, b.constant(kRound));
  Value r = magnitude;
  for (float part : kHalfPi)
    r = b.fma(q, b.constant(-part), r);
  // Only where |x| is so large that r has no meaning does this change it: the
  // result then stays between -1 and 1.
  r = b.atMost(b.atLeast(r, -kMaxReducedAngle), kMaxReducedAngle);
  return {b.bits(sum), r};
}

/// sin(r) for an even number of quarter turns, cos(r) for an odd one, with the
/// sign that the second bit of `quarters` gives.
Value sineOfQuarters(FloatBuilder &b, Value quarters, Value r) {
  Value square = b.mul(r, r);
  Value sine = b.fma(b.mul(square, r), b.polynomial(square, kSin), r);
  Value cosine = b.polynomial(square, kCos);
  Value isOdd = b.isNonZero(b.andInt(quarters, b.integer(1)));
  Value sign = b.shiftLeft(b.andInt(quarters, b.integer(2)), 30);
  return b.fromBits(b.xorInt(b.bits(b.select(isOdd, cosine, sine)), sign));
}

} // namespace

Value expandSin(FloatBuilder &b, Value x) {
  Value magnitude = b.abs(x);
  auto [quarters, r] = reduce(b, magnitude);
  Value sine = sineOfQuarters(b, quarters, r);
  // sin(-x) = -sin(x).
  Value sign = b.xorInt(b.bits(x), b.bits(magnitude));
  return b.fromBits(b.xorInt(b.bits(sine), sign));
}

Value expandCos(FloatBuilder &b, Value x) {
  auto [quarters, r] = reduce(b, b.abs(x));
  return sineOfQuarters(b, b.addInt(quarters, b.integer(1)), r);
}

} // namespace tenon
