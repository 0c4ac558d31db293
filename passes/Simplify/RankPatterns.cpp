//===- RankPatterns.cpp - odd ranks and axes become the usual ones --------===//

#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

/// matmul of a vector: a matrix of one row or column.
struct VectorMatmul final : OpRewritePattern<graph::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MatmulOp op,
                                PatternRewriter &rewriter) const override {
    bool isRow = op.getLhs().getType().getRank() == 1,
         isColumn = op.getRhs().getType().getRank() == 1;
    if (!isRow && !isColumn)
      return rewriter.notifyMatchFailure(op, "both are matrices");
    Value lhs = isRow ? withOne(rewriter, op.getLhs(), 0) : op.getLhs();
    Value rhs = isColumn ? withOne(rewriter, op.getRhs(), 1) : op.getRhs();
    auto matrix = graph::MatmulOp::create(rewriter, op.getLoc(), lhs, rhs);
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(op, op.getType(), matrix);
    return success();
  }

private:
  static Value withOne(PatternRewriter &rewriter, Value vector,
                       unsigned position) {
    auto type = cast<RankedTensorType>(vector.getType());
    SmallVector<DimAttr> dims = graph::getDims(type);
    dims.insert(dims.begin() + position,
                DimAttr::getConstant(rewriter.getContext(), 1));
    return graph::ReshapeOp::create(
        rewriter, vector.getLoc(), graph::tensorOf(dims, type.getElementType()),
        vector);
  }
};

/// reduce over dims that are not neighbours: the last run of neighbours first.
/// The mean of means is the mean, since all have one size.
struct SeparateAxes final : OpRewritePattern<graph::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::ReduceOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> axes = op.getAxes();
    size_t first = axes.size();
    while (first > 1 && axes[first - 2] + 1 == axes[first - 1])
      --first;
    if (first <= 1)
      return rewriter.notifyMatchFailure(op, "its axes are neighbours");
    if (op.getKind() == graph::ReduceKind::Mean &&
        isa<IntegerType>(op.getInput().getType().getElementType()))
      return moveAxesBehind(op, rewriter);
    auto inner = graph::ReduceOp::create(
        rewriter, op.getLoc(), op.getInput(), op.getKind(),
        axes.drop_front(first - 1), op.getKeepDims());
    // Squares are summed once.
    auto kind = op.getKind() == graph::ReduceKind::SumSquare
                    ? graph::ReduceKind::Sum
                    : op.getKind();
    rewriter.replaceOpWithNewOp<graph::ReduceOp>(
        op, inner, kind, axes.take_front(first - 1), op.getKeepDims());
    return success();
  }

private:
  static LogicalResult moveAxesBehind(graph::ReduceOp op,
                                      PatternRewriter &rewriter);
};

/// Means that truncate cannot be taken in two steps: a transpose makes the axes
/// neighbours.
LogicalResult SeparateAxes::moveAxesBehind(graph::ReduceOp op,
                                           PatternRewriter &rewriter) {
  SmallVector<int64_t> permutation;
  int64_t rank = op.getInput().getType().getRank();
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(op.getAxes(), d))
      permutation.push_back(d);
  int64_t numKept = permutation.size();
  llvm::append_range(permutation, op.getAxes());
  auto moved = graph::TransposeOp::create(rewriter, op.getLoc(), op.getInput(),
                                          permutation);
  auto mean = graph::ReduceOp::create(
      rewriter, op.getLoc(), moved, op.getKind(),
      llvm::to_vector(llvm::seq(numKept, rank)), /*keep_dims=*/false);
  rewriter.replaceOpWithNewOp<graph::ReshapeOp>(op, op.getType(), mean);
  return success();
}

/// reduce over no dims: the input, or its square.
struct NoAxes final : OpRewritePattern<graph::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::ReduceOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getAxes().empty())
      return rewriter.notifyMatchFailure(op, "it has axes");
    if (op.getKind() == graph::ReduceKind::SumSquare)
      rewriter.replaceOpWithNewOp<graph::MulOp>(op, op.getInput(),
                                                op.getInput());
    else
      rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

} // namespace

void addRankPatterns(RewritePatternSet &patterns) {
  patterns.add<VectorMatmul, SeparateAxes, NoAxes>(patterns.getContext());
}

} // namespace tenon
