//===- RelaxFunctions.cpp - functions of what is rounded anyway -----------===//

#include "passes/Fusion/RelaxFunctions.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

/// Such a sum is as accurate as what it is of.
bool isSumOfExponentials(Value tile) {
  auto reduce = tile.getDefiningOp<tile::ReduceOp>();
  return reduce && reduce.getKind() == tile::Combine::Sum &&
         isOfExponentials(reduce.getInput());
}

/// Whether all that reads an element of the tile does as `isFine` says.
bool allBehind(Value tile, ReaderFn isFine) {
  return llvm::all_of(tile.getUses(), [&](OpOperand &use) {
    if (auto reduce = dyn_cast<tile::ReduceOp>(use.getOwner()))
      return isSumOfExponentials(reduce.getResult()) &&
             allBehind(reduce.getResult(), isFine);
    // What a loop carries is read by the next turn's map, which yields it.
    if (auto loop = dyn_cast<scf::ForOp>(use.getOwner()->getParentOp());
        loop && isa<scf::YieldOp>(use.getOwner()))
      return loop.getRegionIterArg(use.getOperandNumber()).hasOneUse() &&
             allBehind(loop.getResult(use.getOperandNumber()), isFine);
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

/// The tile that a scalar of a map's body is an element of, or the scalar.
Value sourceOf(Value scalar) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  return argument ? cast<tile::MapOp>(argument.getOwner()->getParentOp())
                        .getInputs()[argument.getArgNumber()]
                  : scalar;
}

/// Whether a comparison does nothing but choose one of the two that it
/// compares, or 0 for NaN: what is nearly equal then comes to nearly the same.
/// Any other choice may jump.
bool limits(arith::CmpFOp op) {
  Value lhs = sourceOf(op.getLhs()), rhs = sourceOf(op.getRhs());
  return all(op.getResult(), [&](Operation *user, Value condition) {
    auto choice = dyn_cast<arith::SelectOp>(user);
    if (!choice || choice.getCondition() != condition)
      return false;
    Value a = sourceOf(choice.getTrueValue());
    Value b = sourceOf(choice.getFalseValue());
    bool isOfNan = op.getPredicate() == arith::CmpFPredicate::UNO;
    return isOfNan || (a == lhs && b == rhs) || (a == rhs && b == lhs);
  });
}

/// A cast compares with the ends of its type, which are numbers of its body,
/// and asks for NaN; other ops compare tiles.
bool isOfCast(arith::CmpFOp op) {
  return op.getLhs() == op.getRhs() ||
         op.getRhs().getDefiningOp<arith::ConstantOp>();
}

/// Whether nothing but a number of 8 bits is made of a whole number: it is
/// moved, and limited to those that there are.
bool becomesSmall(Operation *user, Value) {
  return TypeSwitch<Operation *, bool>(user)
      .Case<arith::FPToUIOp, arith::FPToSIOp>(
          [](auto op) { return op.getType().getIntOrFloatBitWidth() <= 8; })
      .Case([](arith::CmpFOp op) { return isOfCast(op) || limits(op); })
      .Case([](arith::TruncFOp op) { return op.getType().isBF16(); })
      .Case<arith::AddFOp, arith::SelectOp>(
          [](auto op) { return all(op.getResult(), becomesSmall); })
      .Default([](Operation *) { return false; });
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

/// Whether the op adds up parts of a sum of exponentials, from 0.
bool isRunningSum(arith::AddFOp op, Value part) {
  Value rest = sourceOf(op.getLhs() == part ? op.getRhs() : op.getLhs());
  auto carried = dyn_cast<BlockArgument>(rest);
  auto loop = carried ? dyn_cast<scf::ForOp>(carried.getOwner()->getParentOp())
                      : scf::ForOp();
  if (loop)
    rest = loop.getTiedLoopInit(carried)->get();
  return tile::isZeroFill(rest) && isSumOfExponentials(sourceOf(part));
}

/// Whether the op rounds what it reads to few bits, at once or after it has
/// scaled or limited it.
bool isRounded(Operation *user, Value scalar) {
  return TypeSwitch<Operation *, bool>(user)
      .Case([](arith::TruncFOp op) { return op.getType().isBF16(); })
      .Case([](math::RoundEvenOp op) {
        return all(op.getResult(), becomesSmall);
      })
      .Case(limits)
      .Case<arith::MulFOp, arith::DivFOp, arith::SelectOp>(
          [](auto op) { return all(op.getResult(), isRounded); })
      .Case([&](arith::AddFOp op) {
        return isRunningSum(op, scalar) && all(op.getResult(), isRounded);
      })
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
