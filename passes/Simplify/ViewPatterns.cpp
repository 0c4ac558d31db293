//===- ViewPatterns.cpp - shorter chains of reshape, transpose, broadcast -===//

#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A transpose that only moves dims of extent 1 moves no element.
struct TransposeOfUnits final : OpRewritePattern<graph::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::TransposeOp transpose,
                                PatternRewriter &rewriter) const override {
    int64_t last = -1;
    for (int64_t from : transpose.getPermutation()) {
      if (typeOf(transpose.getInput()).getDimSize(from) == 1)
        continue;
      if (from < last)
        return rewriter.notifyMatchFailure(transpose, "moves elements");
      last = from;
    }
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(
        transpose, transpose.getType(), transpose.getInput());
    return success();
  }
};

using Groups = SmallVector<SmallVector<int64_t, 2>>;

/// For each dim of `merged`, the neighbouring dims of `dims` whose product it
/// is; nothing when some dim is split, or unknown.
std::optional<Groups> groupMergedDims(ArrayRef<DimAttr> dims,
                                      ArrayRef<DimAttr> merged) {
  Groups groups;
  size_t next = 0;
  for (DimAttr target : merged) {
    DimAttr product = DimAttr::getConstant(target.getContext(), 1);
    SmallVector<int64_t, 2> group;
    while (!graph::areEqual(product, target)) {
      if (next == dims.size())
        return std::nullopt;
      product = product.mul(dims[next]);
      group.push_back(next++);
    }
    groups.push_back(group);
  }
  // Dims of extent 1 at the end belong to any group.
  for (; next < dims.size(); ++next) {
    if (groups.empty() || dims[next].getConstantValue() != 1)
      return std::nullopt;
    groups.back().push_back(next);
  }
  return groups;
}

/// Moves a reshape that merges dims behind the transpose that moves them as
/// one, where it meets the reshape that splits them again:
///
///     BxHxLxD -> [B*H]xLxD -> [B*H]xDxL -> BxHxDxL  is  transpose 0, 1, 3, 2
struct TransposeOfMerge final : OpRewritePattern<graph::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::TransposeOp transpose,
                                PatternRewriter &rewriter) const override {
    auto merge = transpose.getInput().getDefiningOp<graph::ReshapeOp>();
    // The merge of a broadcast repeats heads; raise-attention looks for it
    // there.
    if (!merge || merge.getInput().getDefiningOp<graph::BroadcastOp>())
      return rewriter.notifyMatchFailure(transpose, "no reshape before it");
    SmallVector<DimAttr> dims = graph::getDims(typeOf(merge.getInput()));
    std::optional<Groups> groups =
        groupMergedDims(dims, graph::getDims(typeOf(merge)));
    if (!groups)
      return rewriter.notifyMatchFailure(transpose, "the reshape splits a dim");

    SmallVector<int64_t> permutation;
    SmallVector<DimAttr> moved;
    for (int64_t from : transpose.getPermutation())
      for (int64_t d : (*groups)[from]) {
        permutation.push_back(d);
        moved.push_back(dims[d]);
      }
    auto type = graph::tensorOf(moved, transpose.getType().getElementType());
    Value unmerged = graph::TransposeOp::create(
        rewriter, transpose.getLoc(), type, merge.getInput(), permutation);
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(
        transpose, transpose.getType(), unmerged);
    return success();
  }
};

/// The reshape that makes `value` by merging dims before the last one, which
/// stays as it is; null when it is none.
graph::ReshapeOp mergeOfRows(Value value) {
  auto merge = value.getDefiningOp<graph::ReshapeOp>();
  if (!merge || merge.getInput().getDefiningOp<graph::BroadcastOp>())
    return nullptr;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(merge.getInput()));
  SmallVector<DimAttr> merged = graph::getDims(typeOf(value));
  if (merged.empty() || dims.size() <= merged.size())
    return nullptr;
  std::optional<Groups> groups = groupMergedDims(dims, merged);
  bool keepsLast = groups && groups->back().size() == 1;
  return keepsLast ? merge : graph::ReshapeOp();
}

/// The type of `like`, with the dims of `value` before the last one.
RankedTensorType withRowsOf(Value value, RankedTensorType like) {
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  dims.back() = graph::getDims(like).back();
  return graph::tensorOf(dims, like.getElementType());
}

/// Rows that are merged for a product with one matrix are multiplied as they
/// were: [B*L]xK times KxN is BxLxK times KxN, merged.
struct MatmulOfMerge final : OpRewritePattern<graph::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MatmulOp matmul,
                                PatternRewriter &rewriter) const override {
    graph::ReshapeOp merge = mergeOfRows(matmul.getLhs());
    if (!merge || typeOf(merge).getRank() != 2 ||
        typeOf(matmul.getRhs()).getRank() != 2)
      return rewriter.notifyMatchFailure(matmul, "no merged rows");
    Value rows = merge.getInput();
    Value product = graph::MatmulOp::create(rewriter, matmul.getLoc(),
                                            withRowsOf(rows, matmul.getType()),
                                            rows, matmul.getRhs());
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(matmul, matmul.getType(),
                                                  product);
    return success();
  }
};

/// An elementwise op works on rows before they are merged, where it meets the
/// op that made them. Its other operands have one row or one element.
struct ElementwiseOfMerge final
    : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ElementwiseOpInterface op,
                                PatternRewriter &rewriter) const override {
    graph::ReshapeOp merge;
    SmallVector<Value> operands(op->getOperands());
    for (Value &operand : operands) {
      graph::ReshapeOp found = merge ? nullptr : mergeOfRows(operand);
      if (found &&
          typeOf(operand).getShape() == typeOf(op->getResult(0)).getShape()) {
        merge = found;
        operand = merge.getInput();
      } else if (typeOf(operand).getRank() > 1) {
        return rewriter.notifyMatchFailure(op, "an operand has rows");
      }
    }
    if (!merge)
      return rewriter.notifyMatchFailure(op, "no merged rows");
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *apart = rewriter.clone(*op);
    apart->setOperands(operands);
    apart->getResult(0).setType(withRowsOf(merge.getInput(), type));
    rewriter.replaceOpWithNewOp<graph::ReshapeOp>(op, type,
                                                  apart->getResult(0));
    return success();
  }
};

struct BroadcastOfBroadcast final : OpRewritePattern<graph::BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::BroadcastOp broadcast,
                                PatternRewriter &rewriter) const override {
    auto inner = broadcast.getInput().getDefiningOp<graph::BroadcastOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(broadcast, "no broadcast before it");
    rewriter.modifyOpInPlace(broadcast, [&] {
      broadcast.getInputMutable().assign(inner.getInput());
    });
    return success();
  }
};

} // namespace

void addViewPatterns(RewritePatternSet &patterns) {
  patterns.add<TransposeOfUnits, TransposeOfMerge, MatmulOfMerge,
               ElementwiseOfMerge, BroadcastOfBroadcast>(patterns.getContext());
}

} // namespace tenon
