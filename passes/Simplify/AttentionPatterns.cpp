//===- AttentionPatterns.cpp - attention of one query ---------------------===//

#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

/// The last query sees all keys: where it is the only one, nothing is causal.
struct OneQuerySeesAll final : OpRewritePattern<graph::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::AttentionOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getCausal() || op.getQuery().getType().getDimSize(2) != 1)
      return rewriter.notifyMatchFailure(op, "more than one query, or no mask");
    rewriter.modifyOpInPlace(op, [&] { op.setCausal(false); });
    return success();
  }
};

/// One query of each head: the heads that share keys and values are the queries
/// of one head, so that these are read once for all of them.
struct HeadsAsQueries final : OpRewritePattern<graph::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::AttentionOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType query = op.getQuery().getType();
    int64_t numHeads = query.getDimSize(1),
            numGroups = op.getKey().getType().getDimSize(1);
    if (query.getDimSize(2) != 1 || op.getCausal() || numHeads == numGroups)
      return rewriter.notifyMatchFailure(op, "no heads to be queries");
    for (Value term : {op.getMask(), op.getBias()})
      if (term && isOfHeads(term))
        return rewriter.notifyMatchFailure(op, "a mask or bias of some heads");
    auto grouped = [&](RankedTensorType type) {
      SmallVector<DimAttr> dims = graph::getDims(type);
      MLIRContext *context = rewriter.getContext();
      dims[1] = DimAttr::getConstant(context, numGroups);
      dims[2] = DimAttr::getConstant(context, numHeads / numGroups);
      return graph::tensorOf(dims, type.getElementType());
    };
    Value queries = graph::ReshapeOp::create(rewriter, op.getLoc(),
                                             grouped(query), op.getQuery());
    auto attention = graph::AttentionOp::create(
        rewriter, op.getLoc(), grouped(op.getType()), queries, op.getKey(),
        op.getValue(), op.getMask(), op.getBias(), op.getScaleAttr(),
        /*causal=*/UnitAttr(), op.getNanToZeroAttr());
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(op, op.getType(), attention);
    return success();
  }

private:
  static bool isOfHeads(Value term) {
    auto type = cast<RankedTensorType>(term.getType());
    return type.getRank() > 2 && type.getDimSize(type.getRank() - 3) != 1;
  }
};

} // namespace

void addAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<OneQuerySeesAll, HeadsAsQueries>(patterns.getContext());
}

} // namespace tenon
