//===- RoundByReciprocal.cpp - rounded quotients without a division -------===//
//
// round(x / c) for a number c that is known. Its reciprocal is kept in two
// floats, r + s, of which r is rounded toward zero:
//
//   x / c = r x + s x, and so is the float fma(x, r, x * s),
//
// unless x / c lies nearer to the middle between two floats than the product is
// exact. Only floats beside the places where `round` steps matter, and of those
// few are integers of 8 bits made: whether c has such an x is tried out. Both
// parts have one sign, so that an infinity stays one; a NaN does too.
//
// Source: Brisebarre, Muller, Raina 2004, Accelerating correctly rounded
// floating-point division when the divisor is known in advance.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_ROUNDBYRECIPROCALPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

/// Quotients above this are outside of all integers of 8 bits, whatever zero
/// point is added.
constexpr int kFarthest = 600, kLargestZero = 256;

Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

bool isSmallInteger(Operation *cast) {
  return isa<graph::CastOp>(cast) && elementOf(cast->getResult(0)).isInteger(8);
}

/// Whether the op is a sum with a small number, of which integers of 8 bits are
/// made.
bool isMovedSmallInteger(Operation *op, Value rounded) {
  auto sum = dyn_cast<graph::AddOp>(op);
  if (!sum)
    return false;
  std::optional<double> zero =
      getConstantNumber(sum.getLhs() == rounded ? sum.getRhs() : sum.getLhs());
  return zero && std::abs(*zero) <= kLargestZero &&
         llvm::all_of(sum->getUsers(), isSmallInteger);
}

/// A reciprocal as a sum.
struct Reciprocal {
  float most, rest;
};

Reciprocal reciprocalOf(float c) {
  double exact = 1 / static_cast<double>(c);
  auto most = static_cast<float>(exact);
  if (std::abs(static_cast<double>(most)) > std::abs(exact))
    most = std::nextafter(most, 0.0f);
  return {most, static_cast<float>(exact - most)};
}

/// Whether fma(x, most, x * rest) is x / c, as a float, for all x whose
/// quotient is next to a place where `round` steps: half of an odd number, or
/// one of the floats beside it.
bool isExact(float c) {
  // The rest of the reciprocal and its product are rounded: 2^-48 each, of the
  // whole. A quotient nearer to a middle may fall to either side of it.
  constexpr double kDoubt = 0x1p-45;
  for (int step = -kFarthest; step < kFarthest; ++step) {
    auto half = static_cast<float>(step + 0.5);
    for (float side : {-HUGE_VALF, HUGE_VALF}) {
      float next = std::nextafter(half, side);
      double middle = (static_cast<double>(half) + next) / 2; // 25 bits
      double dividend = middle * c;                           // 49 bits
      auto x = static_cast<float>(dividend);
      if (std::abs(x - dividend) <= kDoubt * std::abs(dividend))
        return false;
    }
  }
  return true;
}

struct RoundByReciprocalPattern final : OpRewritePattern<graph::RoundOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::RoundOp round,
                                PatternRewriter &b) const override {
    auto quotient = round.getInput().getDefiningOp<graph::DivOp>();
    std::optional<double> divisor =
        quotient && quotient->hasOneUse() && elementOf(quotient).isF32()
            ? getConstantNumber(quotient.getRhs())
            : std::nullopt;
    auto isCoarse = [&](Operation *user) {
      return isSmallInteger(user) || isMovedSmallInteger(user, round);
    };
    constexpr double kLeast = 0x1p-60, kMost = 0x1p60;
    if (!divisor || !(std::abs(*divisor) >= kLeast) ||
        !(std::abs(*divisor) <= kMost) ||
        !llvm::all_of(round->getUsers(), isCoarse))
      return b.notifyMatchFailure(round, "divides by no known number, or all "
                                         "digits of the quotient count");
    auto c = static_cast<float>(*divisor);
    if (!isExact(c))
      return b.notifyMatchFailure(round, "a product may round otherwise");
    Location loc = quotient.getLoc();
    auto times = [&](Value x, float factor) -> Value {
      return graph::MulOp::create(
          b, loc, x, makeConstant(b, loc, b.getF32FloatAttr(factor)));
    };
    auto [most, rest] = reciprocalOf(c);
    Value x = quotient.getLhs();
    if (rest == 0) {
      b.replaceOp(quotient, times(x, most));
      return success();
    }
    Value r = makeConstant(b, loc, b.getF32FloatAttr(most));
    b.replaceOpWithNewOp<graph::FmaOp>(quotient, x, r, times(x, rest));
    return success();
  }
};

struct RoundByReciprocal final
    : impl::RoundByReciprocalPassBase<RoundByReciprocal> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RoundByReciprocalPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
