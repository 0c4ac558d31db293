//===- RaiseSilu.cpp - x sigmoid(x) -> silu(x) ----------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/Raising.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISESILUPASS
#include "passes/Raise/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-silu").category("Raise");

struct RaiseMulOfSigmoid final : OpRewritePattern<graph::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MulOp mul,
                                PatternRewriter &rewriter) const override {
    auto [sigmoid, x] = findOperand<graph::SigmoidOp>(mul);
    if (!sigmoid)
      return rewriter.notifyMatchFailure(mul, "no operand is a sigmoid");
    if (sigmoid.getInput() == x) {
      remark::passed(mul.getLoc(), kRemark) << "mul(x, sigmoid(x)) became silu";
      rewriter.replaceOpWithNewOp<graph::SiluOp>(mul, mul.getType(), x);
      return success();
    }
    std::optional<Polynomial> argument =
        readPolynomial(sigmoid.getInput(), x, nullptr);
    if (argument)
      remark::missed(mul.getLoc(), kRemark)
          << "the sigmoid is taken of a multiple of x; that is no silu";
    return rewriter.notifyMatchFailure(mul, "the sigmoid is of something else");
  }
};

/// x / (1 + exp(-x))
struct RaiseDivByOnePlusExp final : OpRewritePattern<graph::DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::DivOp div,
                                PatternRewriter &rewriter) const override {
    auto sum = div.getRhs().getDefiningOp<graph::AddOp>();
    auto [exp, one] =
        sum ? findOperand<graph::ExpOp>(sum) : std::pair<graph::ExpOp, Value>();
    if (!exp || !isUniformly(one, 1.0) || exp.getType() != div.getType())
      return rewriter.notifyMatchFailure(div, "the divisor is not 1 + exp");
    std::optional<Polynomial> argument =
        readPolynomial(exp.getInput(), div.getLhs(), nullptr);
    Type elementType = div.getType().getElementType();
    if (!argument || !areNear(*argument, {{{1, 0}, -1.0}}, elementType))
      return rewriter.notifyMatchFailure(div, "the exp is not of -x");
    remark::passed(div.getLoc(), kRemark) << "x / (1 + exp(-x)) became silu";
    rewriter.replaceOpWithNewOp<graph::SiluOp>(div, div.getType(),
                                               div.getLhs());
    return success();
  }
};

struct RaiseSilu final : impl::RaiseSiluPassBase<RaiseSilu> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseMulOfSigmoid, RaiseDivByOnePlusExp>(&getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
