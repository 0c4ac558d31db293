//===- FoldScales.cpp - keep quantized weights narrow in memory -----------===//
//
// A weight-only quantized model multiplies its integers by scales before it
// uses them, and so asks for the wide weight in memory. Moves keep it narrow
// (GroupScales.cpp has those of scales for each group of rows):
//
//   matmul(x, cast(w) * scale)         -> matmul(x, cast(w)) * scale
//   gather(cast(w) * scale, indices)   -> cast(gather(w)) * gather(scale)
//
// The second also holds for slice, and goes through any elementwise op.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_FOLDSCALESPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("fold-scales").category("Simplify");

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Matmul
//===----------------------------------------------------------------------===//

/// A matmul's right operand, KxN, as integers times a scale for each column.
struct ScaledColumns {
  graph::TransposeOp transpose; ///< null when the product is not transposed
  Value integers, scale;
};

/// Reads `rhs` as `integers * scale`, transposed or not.
FailureOr<ScaledColumns> readScaledWeight(Value rhs) {
  ScaledColumns result{rhs.getDefiningOp<graph::TransposeOp>(), nullptr,
                       nullptr};
  Value product = result.transpose ? result.transpose.getInput() : rhs;
  auto mul = product.getDefiningOp<graph::MulOp>();
  if (!mul || typeOf(rhs).getRank() != 2)
    return failure();
  for (auto [integers, scale] : {std::pair(mul.getLhs(), mul.getRhs()),
                                 std::pair(mul.getRhs(), mul.getLhs())}) {
    if (integers.getType() != mul.getType() || !isWidenedWeight(integers) ||
        isWidenedWeight(scale))
      continue;
    result.integers = integers;
    result.scale = scale;
    return result;
  }
  return failure();
}

/// Whether the scale is one number for each column: extent 1 along K.
bool isPerColumn(const ScaledColumns &weight) {
  RankedTensorType scale = typeOf(weight.scale);
  unsigned contracted = weight.transpose ? 1 : 0;
  unsigned lead = 2 - scale.getRank();
  return contracted < lead || scale.getDimSize(contracted - lead) == 1;
}

struct MoveScaleBehindMatmul final : OpRewritePattern<graph::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MatmulOp matmul,
                                PatternRewriter &rewriter) const override {
    FailureOr<ScaledColumns> weight = readScaledWeight(matmul.getRhs());
    if (failed(weight) || !isPerColumn(*weight))
      return rewriter.notifyMatchFailure(
          matmul, "no integers with a scale for each column");

    Location loc = matmul.getLoc();
    Value integers = weight->integers;
    if (weight->transpose)
      integers = graph::TransposeOp::create(
          rewriter, loc, matmul.getRhs().getType(), integers,
          weight->transpose.getPermutationAttr());
    Value product = graph::MatmulOp::create(rewriter, loc, matmul.getType(),
                                            matmul.getLhs(), integers);
    Value scale = flatten(rewriter, loc, weight->scale);
    remark::passed(loc, kRemark)
        << "the scale of the weight moved behind the matmul";
    rewriter.replaceOpWithNewOp<graph::MulOp>(matmul, matmul.getType(), product,
                                              scale);
    return success();
  }

private:
  /// 1xN, Nx1 or 1x1 as N numbers or one.
  static Value flatten(OpBuilder &builder, Location loc, Value scale) {
    RankedTensorType type = typeOf(scale);
    if (type.getRank() <= 1)
      return scale;
    auto flat =
        RankedTensorType::get({type.getNumElements()}, type.getElementType());
    return graph::ReshapeOp::create(builder, loc, flat, scale);
  }
};

//===----------------------------------------------------------------------===//
// Gather and slice
//===----------------------------------------------------------------------===//

/// The selected part of one operand of the elementwise op that made the table.
Value select(OpBuilder &builder, graph::GatherOp gather, Value operand,
             unsigned axis) {
  RankedTensorType indices = typeOf(gather.getIndices());
  SmallVector<DimAttr> dims = graph::getDims(typeOf(operand));
  bool repeats = typeOf(operand).getDimSize(axis) == 1;
  SmallVector<DimAttr> result(dims.begin(), dims.begin() + axis);
  DimAttr one = DimAttr::getConstant(builder.getContext(), 1);
  for (unsigned d = 0; d < indices.getRank(); ++d)
    result.push_back(repeats ? one : graph::getDim(indices, d));
  llvm::append_range(result, ArrayRef(dims).drop_front(axis + 1));
  auto type = graph::tensorOf(result, typeOf(operand).getElementType());
  if (repeats)
    return graph::ReshapeOp::create(builder, gather.getLoc(), type, operand);
  return graph::GatherOp::create(builder, gather.getLoc(), type, operand,
                                 gather.getIndices(), axis);
}

Value select(OpBuilder &builder, graph::SliceOp slice, Value operand,
             unsigned axis) {
  SmallVector<DimAttr> dims = graph::getDims(typeOf(operand));
  if (typeOf(operand).getDimSize(axis) == 1)
    return operand;
  dims[axis] = graph::getDim(typeOf(slice), slice.getAxis());
  auto type = graph::tensorOf(dims, typeOf(operand).getElementType());
  return graph::SliceOp::create(builder, slice.getLoc(), type, operand, axis,
                                slice.getStart(), slice.getStep());
}

Value dataOf(graph::GatherOp gather) { return gather.getData(); }
Value dataOf(graph::SliceOp slice) { return slice.getInput(); }

/// Selects before the elementwise op instead of after it.
template <typename Selection>
struct MoveSelectionBeforeElementwise final : OpRewritePattern<Selection> {
  using OpRewritePattern<Selection>::OpRewritePattern;

  LogicalResult matchAndRewrite(Selection selection,
                                PatternRewriter &rewriter) const override {
    Value table = dataOf(selection);
    if (!isWidenedWeight(table))
      return rewriter.notifyMatchFailure(selection,
                                         "the table is no widened weight");
    Operation *op = table.getDefiningOp();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      int64_t axis = static_cast<int64_t>(selection.getAxis()) -
                     typeOf(table).getRank() + typeOf(operand).getRank();
      operands.push_back(axis < 0 ? operand
                                  : select(rewriter, selection, operand, axis));
    }
    remark::passed(selection.getLoc(), kRemark)
        << (Twine("rows are selected before '") + op->getName().getStringRef() +
            "', not after")
               .str();
    Operation *moved = op->clone();
    moved->setOperands(operands);
    moved->getResult(0).setType(selection.getType());
    rewriter.replaceOp(selection, rewriter.insert(moved));
    return success();
  }
};

struct FoldScales final : impl::FoldScalesPassBase<FoldScales> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    addGroupScalePatterns(patterns);
    patterns.add<MoveScaleBehindMatmul,
                 MoveSelectionBeforeElementwise<graph::GatherOp>,
                 MoveSelectionBeforeElementwise<graph::SliceOp>>(&getContext());
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
    getOperation()->walk([](graph::MatmulOp matmul) {
      FailureOr<ScaledColumns> weight = readScaledWeight(matmul.getRhs());
      if (succeeded(weight))
        remark::missed(matmul.getLoc(), kRemark)
            << "the scale differs along the contracted dim, but not by groups, "
               "so the weight is widened";
    });
  }
};

} // namespace

bool isWidenedWeight(Value value) {
  auto op = value.getDefiningOp<ElementwiseOpInterface>();
  if (!op || !isWeightExpression(value))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    Type from = typeOf(operand).getElementType();
    bool isNarrow =
        from.isIntOrFloat() &&
        from.getIntOrFloatBitWidth() < typeOf(value).getElementTypeBitWidth();
    return (isa<IntegerType>(from) && isNarrow) || isWidenedWeight(operand);
  });
}

} // namespace tenon
