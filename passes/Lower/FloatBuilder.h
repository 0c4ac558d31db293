//===- FloatBuilder.h - writing f32 formulas as arith and math.fma --------===//
//
// Every value is f32 or a vector of f32; constants are splatted to that shape.
//
//   FloatBuilder b(rewriter, op);
//   Value y = b.fma(x, x, b.constant(1.0)); // x^2 + 1, rounded once
//
// Nothing here sets a fast-math flag: what is written is what is computed.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_LOWER_FLOATBUILDER_H
#define TENON_PASSES_LOWER_FLOATBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace tenon {

class FloatBuilder {
public:
  using Value = mlir::Value;
  using Compare = mlir::arith::CmpFPredicate;

  /// Builds values of the type of `like`: f32 or f64, or a vector of them.
  FloatBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type like);

  Value constant(double value);
  /// An integer as wide as the float, in its shape.
  Value integer(int64_t value);

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  Value fma(Value a, Value b, Value c); ///< a b + c, rounded once
  Value abs(Value a);
  Value sqrt(Value a);
  Value floor(Value a);
  Value copySign(Value magnitude, Value sign);
  Value compare(Compare predicate, Value a, Value b);
  Value select(Value condition, Value a, Value b);

  /// c[0] + x (c[1] + x (c[2] + ...)), by Horner's rule.
  Value polynomial(Value x, llvm::ArrayRef<float> c);
  Value polynomial(Value x, llvm::ArrayRef<double> c);

  /// min(x, high) and max(x, low) for a bound that is a number; a NaN in x
  /// stays. One instruction each on x86, whose min and max return the second
  /// operand when either is NaN.
  Value atMost(Value x, double high);
  Value atLeast(Value x, double low);

  Value bits(Value a);     ///< the float's bits as an integer
  Value fromBits(Value a); ///< and back
  Value toFloat(Value a);  ///< of a signed integer
  Value addInt(Value a, Value b);
  Value subInt(Value a, Value b);
  Value andInt(Value a, Value b);
  Value xorInt(Value a, Value b);
  Value isNonZero(Value a); ///< of an integer
  Value shiftLeft(Value a, int64_t by);
  Value shiftRightSigned(Value a, int64_t by);

  Value extend(Value narrow); ///< to this builder's type
  Value truncate(Value wide); ///< likewise

  mlir::Type type() const { return floatType; }
  /// `element`, or a vector of it with the shape of type().
  mlir::Type shaped(mlir::Type element) const;
  mlir::ImplicitLocOpBuilder &builder() { return b; }

private:
  mlir::ImplicitLocOpBuilder b;
  mlir::Type floatType, intType;
};

} // namespace tenon

#endif // TENON_PASSES_LOWER_FLOATBUILDER_H
