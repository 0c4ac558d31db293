//===- RaiseRmsNorm.cpp - x / sqrt(mean(x^2) + e) scale -> rms_norm -------===//

#include "passes/Raise/Norms.h"
#include "passes/Raise/Passes.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISERMSNORMPASS
#include "passes/Raise/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-rms-norm").category("Raise");

/// What is normalized becomes an rms_norm with a scale of ones.
template <typename Op> struct RaiseNormalized final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    std::optional<Normalized> normalized = readNormalized(op);
    if (!normalized || normalized->value != normalized->deviation ||
        normalized->value.getType() != op.getType())
      return rewriter.notifyMatchFailure(op,
                                         "no value over its root mean square");
    Value ones = makeOnes(rewriter, op.getLoc(), op.getType());
    if (!ones) {
      remark::missed(op.getLoc(), kRemark)
          << "the size of the last dim is not known";
      return failure();
    }
    remark::passed(op.getLoc(), kRemark) << "became rms_norm";
    rewriter.replaceOpWithNewOp<graph::RmsNormOp>(op, op.getType(),
                                                  normalized->value, ones,
                                                  APFloat(normalized->epsilon));
    return success();
  }
};

/// A factor that is a vector becomes the scale. Where the norm was computed in
/// f32 between two casts, it takes the narrow value: it computes in f32 itself.
struct TakeScale final : OpRewritePattern<graph::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MulOp mul,
                                PatternRewriter &rewriter) const override {
    for (auto [normalized, factor] : {std::pair(mul.getLhs(), mul.getRhs()),
                                      std::pair(mul.getRhs(), mul.getLhs())}) {
      auto cast = normalized.getDefiningOp<graph::CastOp>();
      Value wide = cast ? cast.getInput() : normalized;
      auto norm = wide.getDefiningOp<graph::RmsNormOp>();
      if (!norm || !isUnscaled(norm.getScale()) ||
          normalized.getType() != mul.getType())
        continue;
      Value input = inputOf(norm, cast);
      if (!input)
        continue;
      if (!normalized.hasOneUse() || !norm->hasOneUse()) {
        remark::missed(mul.getLoc(), kRemark)
            << "the normalized value has another use, so the scale stays "
               "outside";
        return failure();
      }
      Value scale = asVector(rewriter, factor, mul.getType());
      if (!scale)
        continue;
      rewriter.replaceOpWithNewOp<graph::RmsNormOp>(
          mul, mul.getType(), input, scale, norm.getEpsilonAttr());
      return success();
    }
    return rewriter.notifyMatchFailure(mul,
                                       "no factor of a norm without scale");
  }

private:
  /// What the norm reads, before the cast that `cast` undoes.
  static Value inputOf(graph::RmsNormOp norm, graph::CastOp cast) {
    if (!cast)
      return norm.getInput();
    auto widening = norm.getInput().getDefiningOp<graph::CastOp>();
    bool undoes = widening && widening.getInput().getType() == cast.getType();
    return undoes ? widening.getInput() : Value();
  }
};

struct RaiseRmsNorm final : impl::RaiseRmsNormPassBase<RaiseRmsNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseNormalized<graph::DivOp>, RaiseNormalized<graph::MulOp>,
                 TakeScale>(&getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
