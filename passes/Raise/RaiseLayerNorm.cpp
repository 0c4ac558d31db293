//===- RaiseLayerNorm.cpp - (x - mean) / sqrt(variance + e) -> layer_norm -===//
//
// In three steps, so that each form of one part meets each form of the others:
// what is normalized becomes a layer_norm with a scale of ones, then a factor
// and a term that are vectors become its scale and its bias.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Norms.h"
#include "passes/Raise/Passes.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISELAYERNORMPASS
#include "passes/Raise/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-layer-norm").category("Raise");

/// x, when the value is x - mean(x).
Value readDeviation(Value value) {
  auto sub = value.getDefiningOp<graph::SubOp>();
  if (!sub || readMeanOverLast(sub.getRhs()) != sub.getLhs())
    return nullptr;
  return sub.getLhs();
}

void replaceByNorm(Operation *op, Value input, Value scale, Value bias,
                   double epsilon, PatternRewriter &rewriter) {
  remark::passed(op->getLoc(), kRemark) << "became layer_norm";
  rewriter.replaceOpWithNewOp<graph::LayerNormOp>(
      op, op->getResult(0).getType(), input, scale, bias, APFloat(epsilon));
}

template <typename Op> struct RaiseNormalized final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    std::optional<Normalized> normalized = readNormalized(op);
    Value input = normalized ? readDeviation(normalized->value) : Value();
    // The exporter may have computed the deviation twice.
    if (!input || readDeviation(normalized->deviation) != input ||
        input.getType() != op.getType())
      return rewriter.notifyMatchFailure(
          op, "no deviation over its root mean square");
    Value ones = makeOnes(rewriter, op.getLoc(), op.getType());
    if (!ones) {
      remark::missed(op.getLoc(), kRemark)
          << "the size of the last dim is not known";
      return failure();
    }
    replaceByNorm(op, input, ones, nullptr, normalized->epsilon, rewriter);
    return success();
  }
};

/// Whether the norm can take a part that only this user sees.
bool canTakeFrom(graph::LayerNormOp norm, Operation *user) {
  if (!norm || norm.getType() != user->getResult(0).getType())
    return false;
  if (norm->hasOneUse())
    return true;
  remark::missed(user->getLoc(), kRemark)
      << "the normalized value has another use, so scale and bias stay outside";
  return false;
}

struct TakeScale final : OpRewritePattern<graph::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MulOp mul,
                                PatternRewriter &rewriter) const override {
    auto [norm, factor] = findOperand<graph::LayerNormOp>(mul);
    if (!norm || norm.getBias() || !isUnscaled(norm.getScale()) ||
        !canTakeFrom(norm, mul))
      return rewriter.notifyMatchFailure(mul,
                                         "no factor of a norm without scale");
    Value scale = asVector(rewriter, factor, mul.getType());
    if (!scale)
      return rewriter.notifyMatchFailure(mul, "the factor is no vector");
    rewriter.replaceOpWithNewOp<graph::LayerNormOp>(
        mul, mul.getType(), norm.getInput(), scale, nullptr,
        norm.getEpsilonAttr());
    return success();
  }
};

struct TakeBias final : OpRewritePattern<graph::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::AddOp add,
                                PatternRewriter &rewriter) const override {
    auto [norm, term] = findOperand<graph::LayerNormOp>(add);
    if (!norm || norm.getBias() || !canTakeFrom(norm, add))
      return rewriter.notifyMatchFailure(add, "no term of a norm without bias");
    Value bias = asVector(rewriter, term, add.getType());
    if (!bias)
      return rewriter.notifyMatchFailure(add, "the term is no vector");
    rewriter.replaceOpWithNewOp<graph::LayerNormOp>(
        add, add.getType(), norm.getInput(), norm.getScale(), bias,
        norm.getEpsilonAttr());
    return success();
  }
};

/// The form of TensorFlow's batch normalization, which Keras uses for layers
/// too: x k + (beta - mean(x) k) with k = gamma / sqrt(variance + e).
struct RaiseScaledAndShifted final : OpRewritePattern<graph::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::AddOp add,
                                PatternRewriter &rewriter) const override {
    auto [shift, scaled] = findOperand<graph::SubOp>(add);
    auto mul =
        shift ? scaled.template getDefiningOp<graph::MulOp>() : graph::MulOp();
    auto shiftedMean =
        shift ? shift.getRhs().template getDefiningOp<graph::MulOp>()
              : graph::MulOp();
    if (!mul || !shiftedMean)
      return rewriter.notifyMatchFailure(add, "not x k + (beta - mean k)");
    for (auto [input, factor] : {std::pair(mul.getLhs(), mul.getRhs()),
                                 std::pair(mul.getRhs(), mul.getLhs())}) {
      std::optional<Parts> parts = readFactor(input, factor, shiftedMean);
      if (!parts || input.getType() != add.getType())
        continue;
      Value scale = parts->gamma
                        ? asVector(rewriter, parts->gamma, add.getType())
                        : makeOnes(rewriter, add.getLoc(), add.getType());
      Value bias = asVector(rewriter, shift.getLhs(), add.getType());
      if (!scale || !bias)
        continue;
      replaceByNorm(add, input, scale, bias, parts->epsilon, rewriter);
      return success();
    }
    return rewriter.notifyMatchFailure(add, "no norm");
  }

private:
  struct Parts {
    Value gamma; ///< null when there is none
    double epsilon;
  };

  /// gamma and epsilon of the factor k, when mean(input) k is subtracted.
  static std::optional<Parts> readFactor(Value input, Value factor,
                                         graph::MulOp shiftedMean) {
    Value mean = shiftedMean.getLhs() == factor   ? shiftedMean.getRhs()
                 : shiftedMean.getRhs() == factor ? shiftedMean.getLhs()
                                                  : Value();
    if (!mean || readMeanOverLast(mean) != input)
      return std::nullopt;
    Value gamma;
    Value radicand = readInverseRoot(factor);
    if (auto mul = factor.getDefiningOp<graph::MulOp>(); mul && !radicand) {
      radicand = readInverseRoot(mul.getLhs());
      gamma = radicand ? mul.getRhs() : mul.getLhs();
      radicand = radicand ? radicand : readInverseRoot(mul.getRhs());
    }
    std::optional<MeanSquare> square =
        radicand ? readMeanSquare(radicand) : std::nullopt;
    if (!square || readDeviation(square->deviation) != input)
      return std::nullopt;
    return Parts{gamma, square->epsilon};
  }
};

struct RaiseLayerNorm final : impl::RaiseLayerNormPassBase<RaiseLayerNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseNormalized<graph::DivOp>, RaiseNormalized<graph::MulOp>,
                 TakeScale, TakeBias, RaiseScaledAndShifted>(&getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
