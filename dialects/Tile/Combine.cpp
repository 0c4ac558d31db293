//===- Combine.cpp - the arithmetic of reductions -------------------------===//

#include "dialects/Tile/Combine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon::tile;

Value tenon::tile::combine(OpBuilder &b, Location loc, Combine kind, Value x,
                           Value y) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(x.getType()));
  switch (kind) {
  case Combine::Sum:
    return isFloat ? arith::AddFOp::create(b, loc, x, y).getResult()
                   : arith::AddIOp::create(b, loc, x, y).getResult();
  case Combine::Prod:
    return isFloat ? arith::MulFOp::create(b, loc, x, y).getResult()
                   : arith::MulIOp::create(b, loc, x, y).getResult();
  case Combine::Max:
    return isFloat ? arith::MaximumFOp::create(b, loc, x, y).getResult()
                   : arith::MaxSIOp::create(b, loc, x, y).getResult();
  case Combine::Min:
    return isFloat ? arith::MinimumFOp::create(b, loc, x, y).getResult()
                   : arith::MinSIOp::create(b, loc, x, y).getResult();
  case Combine::MaxNumber:
    if (!isFloat)
      return arith::MaxSIOp::create(b, loc, x, y);
    // False of NaN, which is what the machine's maximum does.
    Value isGreater =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, y, x);
    return arith::SelectOp::create(b, loc, isGreater, y, x);
  }
  llvm_unreachable("all kinds are handled");
}

TypedAttr tenon::tile::identityOf(Builder &b, Combine kind, Type type) {
  if (kind == Combine::Sum)
    return b.getZeroAttr(type);
  if (kind == Combine::Prod)
    return b.getOneAttr(type);
  bool isMax = kind == Combine::Max || kind == Combine::MaxNumber;
  if (auto floatType = dyn_cast<FloatType>(type))
    return b.getFloatAttr(
        type, APFloat::getInf(floatType.getFloatSemantics(), isMax));
  unsigned width = type.getIntOrFloatBitWidth();
  return b.getIntegerAttr(type, isMax ? APInt::getSignedMinValue(width)
                                      : APInt::getSignedMaxValue(width));
}
