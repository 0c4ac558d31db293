//===- MathExpansions.h - elementary functions as arithmetic --------------===//
//
// Each function writes the formula for one f32 value or vector. Errors are in
// ulp of the result over all finite inputs and are tested; NaN gives NaN; a
// sign of zero is kept where the function is odd.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_LOWER_MATHEXPANSIONS_H
#define TENON_PASSES_LOWER_MATHEXPANSIONS_H

#include "passes/Lower/FloatBuilder.h"

namespace tenon {

/// What is known of an argument, and of what becomes of the result.
struct FunctionTraits {
  bool isNotPositive = false;   ///< the argument
  bool isLimited = false;       ///< so is it: see tile::kLimited
  bool isRoundedToBf16 = false; ///< what becomes of the result
};

/// 1 ulp; of what is rounded to bf16 1.1e-4 of the result, a twentieth of that
/// rounding. Results below 2^-125.5 become 0. exp of what is not positive is
/// within 1 + |x| / 20 ulp.
mlir::Value expandExp(FloatBuilder &b, mlir::Value x, FunctionTraits traits);
mlir::Value expandExp2(FloatBuilder &b, mlir::Value x, FunctionTraits traits);

/// 3 ulp.
mlir::Value expandTanh(FloatBuilder &b, mlir::Value x);
mlir::Value expandErf(FloatBuilder &b, mlir::Value x);

/// 8e-7 of the result, and 5e-10; of what is rounded to bf16 2e-4 of the
/// result, and 3e-8.
mlir::Value expandErfc(FloatBuilder &b, mlir::Value x, FunctionTraits traits);

/// 1 ulp and 1.5 ulp. -infinity at 0 of either sign, NaN below.
mlir::Value expandLog(FloatBuilder &b, mlir::Value x);
mlir::Value expandLog2(FloatBuilder &b, mlir::Value x);

/// 1 ulp, with the special cases of C's pow. Computed in f64, so it is slow.
mlir::Value expandPow(FloatBuilder &b, mlir::Value x, mlir::Value y);

/// 2 ulp for |x| <= 10^6, also beside the zeros. Above that the result is
/// between -1 and 1 and means nothing. NaN at infinity.
mlir::Value expandSin(FloatBuilder &b, mlir::Value x);
mlir::Value expandCos(FloatBuilder &b, mlir::Value x);

/// 1.5 ulp: a square root and a division, each correctly rounded.
mlir::Value expandRsqrt(FloatBuilder &b, mlir::Value x);

} // namespace tenon

#endif // TENON_PASSES_LOWER_MATHEXPANSIONS_H
