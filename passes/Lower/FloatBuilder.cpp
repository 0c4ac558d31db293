//===- FloatBuilder.cpp - writing f32 formulas as arith and math.fma ------===//

#include "passes/Lower/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tenon {

FloatBuilder::FloatBuilder(OpBuilder &builder, Location loc, Type like)
    : b(loc, builder), floatType(like) {
  unsigned width = getElementTypeOrSelf(like).getIntOrFloatBitWidth();
  intType = shaped(b.getIntegerType(width));
}

Type FloatBuilder::shaped(Type element) const {
  auto vector = dyn_cast<VectorType>(floatType);
  return vector ? vector.clone(element) : element;
}

static Value splat(ImplicitLocOpBuilder &b, Type type, TypedAttr element) {
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  return arith::ConstantOp::create(b, element);
}

Value FloatBuilder::constant(double value) {
  return splat(b, floatType,
               b.getFloatAttr(getElementTypeOrSelf(floatType), value));
}
Value FloatBuilder::integer(int64_t value) {
  return splat(b, intType,
               b.getIntegerAttr(getElementTypeOrSelf(intType), value));
}

Value FloatBuilder::add(Value x, Value y) {
  return arith::AddFOp::create(b, x, y);
}
Value FloatBuilder::sub(Value x, Value y) {
  return arith::SubFOp::create(b, x, y);
}
Value FloatBuilder::mul(Value x, Value y) {
  return arith::MulFOp::create(b, x, y);
}
Value FloatBuilder::div(Value x, Value y) {
  return arith::DivFOp::create(b, x, y);
}
Value FloatBuilder::fma(Value x, Value y, Value z) {
  return math::FmaOp::create(b, x, y, z);
}
Value FloatBuilder::abs(Value x) { return math::AbsFOp::create(b, x); }
Value FloatBuilder::sqrt(Value x) { return math::SqrtOp::create(b, x); }
Value FloatBuilder::floor(Value x) { return math::FloorOp::create(b, x); }
Value FloatBuilder::extend(Value x) {
  return arith::ExtFOp::create(b, floatType, x);
}
Value FloatBuilder::truncate(Value x) {
  return arith::TruncFOp::create(b, floatType, x);
}
Value FloatBuilder::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(b, magnitude, sign);
}
Value FloatBuilder::compare(Compare predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, predicate, x, y);
}
Value FloatBuilder::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, condition, x, y);
}

template <typename T>
static Value horner(FloatBuilder &b, Value x, ArrayRef<T> c) {
  Value sum = b.constant(c.back());
  for (T coefficient : llvm::reverse(c.drop_back()))
    sum = b.fma(sum, x, b.constant(coefficient));
  return sum;
}
Value FloatBuilder::polynomial(Value x, ArrayRef<float> c) {
  return horner(*this, x, c);
}
Value FloatBuilder::polynomial(Value x, ArrayRef<double> c) {
  return horner(*this, x, c);
}

Value FloatBuilder::atMost(Value x, double high) {
  Value bound = constant(high);
  return select(compare(Compare::OLT, bound, x), bound, x);
}
Value FloatBuilder::atLeast(Value x, double low) {
  Value bound = constant(low);
  return select(compare(Compare::OGT, bound, x), bound, x);
}

Value FloatBuilder::bits(Value x) {
  return arith::BitcastOp::create(b, intType, x);
}
Value FloatBuilder::fromBits(Value x) {
  return arith::BitcastOp::create(b, floatType, x);
}
Value FloatBuilder::toFloat(Value x) {
  return arith::SIToFPOp::create(b, floatType, x);
}
Value FloatBuilder::addInt(Value x, Value y) {
  return arith::AddIOp::create(b, x, y);
}
Value FloatBuilder::subInt(Value x, Value y) {
  return arith::SubIOp::create(b, x, y);
}
Value FloatBuilder::andInt(Value x, Value y) {
  return arith::AndIOp::create(b, x, y);
}
Value FloatBuilder::xorInt(Value x, Value y) {
  return arith::XOrIOp::create(b, x, y);
}
Value FloatBuilder::isNonZero(Value x) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, integer(0));
}
Value FloatBuilder::shiftLeft(Value x, int64_t by) {
  return arith::ShLIOp::create(b, x, integer(by));
}
Value FloatBuilder::shiftRightSigned(Value x, int64_t by) {
  return arith::ShRSIOp::create(b, x, integer(by));
}

} // namespace tenon
