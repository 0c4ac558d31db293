//===- ClampRoundings.cpp - quantized and read again, without integers ----===//
//
// What is quantized and at once read as a float again, as between two ops of a
// QDQ model, is the nearest whole number that the integer type can hold:
//
//   cast(saturate(round(y) + z)) - z = round(clamp(y, low - z, high - z))
//
// for a zero point z, since the ends are whole numbers. Where y is of what
// stands 0 for NaN, as softmax's shares of a row without any, the clamp does
// that too.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_CLAMPROUNDINGSPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

/// Zero points are numbers of the integer type, or nearly.
constexpr double kLargestZero = 256;

/// The whole number that the tensor of rank 0 is, if it is a constant.
std::optional<double> zeroPointOf(Value value) {
  std::optional<double> number = getConstantNumber(value);
  bool isZeroPoint = number && std::floor(*number) == *number &&
                     std::abs(*number) <= kLargestZero;
  return isZeroPoint ? number : std::nullopt;
}

/// The op that makes the value, if nothing else reads it.
template <typename Op> Op onlyFor(Value value) {
  auto op = value.getDefiningOp<Op>();
  return op && op->hasOneUse() ? op : Op();
}

/// Whether the op rounds, to whole numbers or to bf16.
bool isRounding(Operation *op) {
  return isa<graph::RoundOp>(op) ||
         (isa<graph::CastOp>(op) &&
          getElementTypeOrSelf(op->getResult(0)).isBF16());
}

/// Whether nothing is made of the tensor, number by number, but what is rounded
/// again: then its kernel goes on to there. Others read it from memory, where
/// it should be as narrow as it can.
bool isRoundedAgain(Value value) {
  SetVector<Value> made;
  made.insert(value);
  for (size_t n = 0; n < made.size(); ++n)
    for (Operation *user : made[n].getUsers())
      if (isa<ElementwiseOpInterface>(user) && !isRounding(user))
        made.insert(user->getResult(0));
  auto isOfKernel = [&](Value operand) {
    return made.contains(operand) ||
           cast<RankedTensorType>(operand.getType()).getRank() <= 1;
  };
  return llvm::all_of(made, [&](Value number) {
    return !number.use_empty() &&
           llvm::all_of(number.getUsers(), [&](Operation *user) {
             return isa<ElementwiseOpInterface>(user) &&
                    llvm::all_of(user->getOperands(), isOfKernel);
           });
  });
}

bool isFinite(Value value) {
  std::optional<double> number = getConstantNumber(value);
  return number && std::isfinite(*number);
}

/// What chooses 0 for NaN, and is nothing but multiplied for `y`, as x s or as
/// x (r + s).
graph::WhereOp choiceOfZeroIn(Value y) {
  auto sum = onlyFor<graph::FmaOp>(y);
  auto product = onlyFor<graph::MulOp>(sum ? sum->getOperand(2) : y);
  if (!product || !isFinite(product.getRhs()) ||
      (sum && !isFinite(sum->getOperand(1))))
    return {};
  auto choice = product.getLhs().getDefiningOp<graph::WhereOp>();
  auto isNan = choice ? choice.getCondition().getDefiningOp<graph::IsNanOp>()
                      : graph::IsNanOp();
  bool isOfZero = isNan && isNan->getOperand(0) == choice->getOperand(2) &&
                  getConstantNumber(choice->getOperand(1)) == 0;
  bool isOnlyMultiplied =
      isOfZero && llvm::all_of(choice->getUsers(), [&](Operation *user) {
        return user == product ||
               (user == sum && sum->getOperand(0) == choice.getResult());
      });
  return isOnlyMultiplied ? choice : graph::WhereOp();
}

struct ClampRounding final : OpRewritePattern<graph::CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::CastOp widening,
                                PatternRewriter &b) const override {
    auto narrowing = onlyFor<graph::CastOp>(widening.getInput());
    auto narrow = narrowing
                      ? dyn_cast<IntegerType>(getElementTypeOrSelf(narrowing))
                      : IntegerType();
    if (!narrow || narrow.getWidth() != 8 ||
        !getElementTypeOrSelf(widening).isF32() ||
        !getElementTypeOrSelf(narrowing.getInput()).isF32())
      return b.notifyMatchFailure(widening, "widens no float of 8 bits");
    // With a zero point before, one after.
    auto sum = onlyFor<graph::AddOp>(narrowing.getInput());
    auto difference =
        widening->hasOneUse()
            ? dyn_cast<graph::SubOp>(*widening->getUsers().begin())
            : graph::SubOp();
    auto round =
        onlyFor<graph::RoundOp>(sum ? sum.getLhs() : narrowing.getInput());
    std::optional<double> zero = sum ? zeroPointOf(sum.getRhs()) : 0;
    bool isBalanced =
        !sum || (difference && difference.getLhs() == widening && zero &&
                 zeroPointOf(difference.getRhs()) == zero);
    if (!round || !isBalanced)
      return b.notifyMatchFailure(widening, "is of no rounded number, or has "
                                            "other zero points");
    Operation *last = sum ? difference.getOperation() : widening;
    if (!isRoundedAgain(last->getResult(0)))
      return b.notifyMatchFailure(widening, "others than its kernel read it");
    // Below, NaN is the least number of an unsigned type.
    if (auto choice = choiceOfZeroIn(round.getInput());
        choice && narrow.isUnsigned() && *zero == 0)
      b.replaceOp(choice, choice->getOperand(2));
    b.setInsertionPoint(round);
    Value whole = graph::RoundOp::create(
        b, round.getLoc(), clamp(b, round.getInput(), narrow, *zero));
    b.replaceOp(last, whole);
    return success();
  }

  /// The float between the ends of the type, moved by `zero`: as a cast to it
  /// has it, NaN is 0 in the type.
  static Value clamp(PatternRewriter &b, Value y, IntegerType type,
                     double zero) {
    Location loc = y.getLoc();
    bool isUnsigned = type.isUnsigned();
    auto number = [&](double value) {
      return makeConstant(b, loc, b.getF32FloatAttr(static_cast<float>(value)));
    };
    auto choose = [&](graph::Predicate predicate, Value x, Value end) -> Value {
      Value isInside = graph::CompareOp::create(b, loc, x, end, predicate);
      return graph::WhereOp::create(b, loc, isInside, x, end);
    };
    if (!isUnsigned) {
      Value isNan = graph::IsNanOp::create(b, loc, y);
      y = graph::WhereOp::create(b, loc, isNan, number(-zero), y);
    }
    y = choose(graph::Predicate::Gt, y, number((isUnsigned ? 0 : -128) - zero));
    return choose(graph::Predicate::Lt, y,
                  number((isUnsigned ? 255 : 127) - zero));
  }
};

struct ClampRoundings final : impl::ClampRoundingsPassBase<ClampRoundings> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ClampRounding>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
