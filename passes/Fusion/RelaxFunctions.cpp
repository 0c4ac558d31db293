//===- RelaxFunctions.cpp - functions of what is rounded anyway -----------===//

#include "passes/Fusion/RelaxFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
namespace {

using ReaderFn = function_ref<bool(Operation *reader, Value scalar)>;

bool all(Value scalar, ReaderFn isFine);

/// Whether a map's elements are exponentials, which are above 0.
bool isOfExponentials(Value tile) {
  auto map = tile.getDefiningOp<tile::MapOp>();
  return map && map.getBody()
                    .front()
                    .getTerminator()
                    ->getOperand(0)
                    .getDefiningOp<math::ExpOp>();
}

/// Whether all that reads an element of the tile does as `isFine` says. A sum
/// of what is above 0 is as accurate as that.
bool allBehind(Value tile, ReaderFn isFine) {
  return llvm::all_of(tile.getUses(), [&](OpOperand &use) {
    if (auto reduce = dyn_cast<tile::ReduceOp>(use.getOwner()))
      return reduce.getKind() == tile::Combine::Sum && isOfExponentials(tile) &&
             allBehind(reduce.getResult(), isFine);
    auto next = dyn_cast<tile::MapOp>(use.getOwner());
    return next &&
           all(next.getBody().getArgument(use.getOperandNumber()), isFine);
  });
}

/// The same of a scalar of a map's body.
bool all(Value scalar, ReaderFn isFine) {
  return llvm::all_of(scalar.getUsers(), [&](Operation *user) {
    return isa<tile::YieldOp>(user)
               ? allBehind(user->getParentOp()->getResult(0), isFine)
               : isFine(user, scalar);
  });
}

/// Whether nothing but a number of 8 bits is made of a whole number: it is
/// moved, and limited to those that there are.
bool becomesSmall(Operation *user, Value) {
  return TypeSwitch<Operation *, bool>(user)
      .Case<arith::FPToUIOp, arith::FPToSIOp>(
          [](auto op) { return op.getType().getIntOrFloatBitWidth() <= 8; })
      .Case<arith::CmpFOp>([](auto) { return true; })
      .Case<arith::AddFOp, arith::SelectOp>(
          [](auto op) { return all(op.getResult(), becomesSmall); })
      .Default([](Operation *) { return false; });
}

/// The tile that a scalar of a map's body is an element of, or the scalar.
Value sourceOf(Value scalar) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  return argument ? cast<tile::MapOp>(argument.getOwner()->getParentOp())
                        .getInputs()[argument.getArgNumber()]
                  : scalar;
}

/// Whether fma(x, r, x s) is x (r + s).
bool isProductOfSum(math::FmaOp op) {
  Value rest = sourceOf(op.getC());
  if (auto map = rest.getDefiningOp<tile::MapOp>())
    rest = map.getBody().front().getTerminator()->getOperand(0);
  auto product = rest.getDefiningOp<arith::MulFOp>();
  return product && llvm::any_of(product->getOperands(), [&](Value factor) {
           return sourceOf(factor) == sourceOf(op.getA());
         });
}

/// Whether the op rounds what it reads to few bits, at once or after it has
/// scaled it.
bool isRounded(Operation *user, Value scalar) {
  return TypeSwitch<Operation *, bool>(user)
      .Case([](arith::TruncFOp op) { return op.getType().isBF16(); })
      .Case([](math::RoundEvenOp op) {
        return all(op.getResult(), becomesSmall);
      })
      .Case<arith::MulFOp, arith::DivFOp>(
          [](auto op) { return all(op.getResult(), isRounded); })
      .Case([&](math::FmaOp op) {
        return scalar != op.getB() && isProductOfSum(op) &&
               all(op.getResult(), isRounded);
      })
      .Default([](Operation *) { return false; });
}

} // namespace

void relaxFunctions(tile::KernelOp kernel) {
  kernel.walk([](Operation *function) {
    if (!function->hasAttr(tile::kRelative))
      return;
    if (allBehind(function->getParentOp()->getResult(0), isRounded))
      function->setAttr(tile::kRoundedToBf16,
                        UnitAttr::get(function->getContext()));
  });
}

} // namespace tenon
