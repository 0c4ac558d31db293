//===- GraphElementwiseFolds.cpp - ops that change no element -------------===//
//
// x + 0, x * 1, not(not x), where(true, x, y), cast to the same type. A fold
// returns a value of the result's type only: it never invents a broadcast.
// `x + 0` is x, also where x is -0.0.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphElementwise.h"

#include "dialects/Graph/GraphDialect.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace tenon::graph;

/// The number that fills a constant, if one does.
static std::optional<double> getNumber(Attribute constant) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  if (!elements || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<FloatAttr>().getValueAsDouble();
  bool isSigned = !elements.getElementType().isUnsignedInteger() &&
                  !elements.getElementType().isInteger(1);
  return elements.getSplatValue<APInt>().roundToDouble(isSigned);
}

/// The number n for which op(x, n) is x, and for commutative ops op(n, x).
static std::optional<double> getNeutral(Operation *op) {
  bool isFloat = isa<FloatType>(
      cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<AddOp, SubOp, OrOp, XorOp>([](auto) { return 0.0; })
      .Case<MulOp, DivOp, PowOp, AndOp>([](auto) { return 1.0; })
      .Case([&](MaxOp) {
        return isFloat ? std::optional(-INFINITY) : std::nullopt;
      })
      .Case([&](MinOp) {
        return isFloat ? std::optional(INFINITY) : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// The bool n for which op(x, n) is n.
static std::optional<double> getAbsorbing(Operation *op) {
  if (isa<AndOp>(op))
    return 0.0;
  return isa<OrOp>(op) ? std::optional(1.0) : std::nullopt;
}

static OpFoldResult foldTwo(Operation *op, ArrayRef<Attribute> constants) {
  Type type = op->getResult(0).getType();
  bool isCommutative = op->hasTrait<OpTrait::IsCommutative>();
  for (unsigned i : {1u, 0u}) {
    std::optional<double> number = getNumber(constants[i]);
    Value known = op->getOperand(i), other = op->getOperand(1 - i);
    if (!number || (i == 0 && !isCommutative))
      continue;
    if (number == getNeutral(op) && other.getType() == type)
      return other;
    if (number == getAbsorbing(op) && known.getType() == type)
      return known;
  }
  bool isIdempotent = isa<AndOp, OrOp, MaxOp, MinOp>(op);
  if (isIdempotent && op->getOperand(0) == op->getOperand(1))
    return op->getOperand(0);
  return nullptr;
}

/// not(not x) and neg(neg x).
template <typename Op> static OpFoldResult foldInvolution(Op op) {
  auto inner = op.getInput().template getDefiningOp<Op>();
  return inner ? OpFoldResult(inner.getInput()) : nullptr;
}

static OpFoldResult foldWhere(WhereOp where, Attribute condition) {
  auto ifTyped = [&](Value value) {
    return value.getType() == where.getType() ? OpFoldResult(value) : nullptr;
  };
  if (std::optional<double> answer = getNumber(condition))
    return ifTyped(*answer != 0.0 ? where.getThen() : where.getOtherwise());
  return where.getThen() == where.getOtherwise() ? ifTyped(where.getThen())
                                                 : nullptr;
}

OpFoldResult tenon::graph::foldElementwise(Operation *op,
                                           ArrayRef<Attribute> constants) {
  if (op->getNumOperands() == 2)
    return foldTwo(op, constants);
  return llvm::TypeSwitch<Operation *, OpFoldResult>(op)
      .Case<NotOp, NegOp>([](auto inverse) { return foldInvolution(inverse); })
      .Case([&](WhereOp where) { return foldWhere(where, constants[0]); })
      .Case([](CastOp cast) {
        return cast.getInput().getType() == cast.getType()
                   ? OpFoldResult(cast.getInput())
                   : nullptr;
      })
      .Default([](Operation *) { return nullptr; });
}
