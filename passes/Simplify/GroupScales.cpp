//===- GroupScales.cpp - products with weights that are scaled in groups --===//
//
// Weights of few bits have a scale for each group of rows of a column. Written
// out, they ask for the wide weight in memory:
//
//   matmul(x, reshape(cast(w) * scale))   w is GxBxN, scale is Gx1xN
//
// becomes grouped_matmul(reshape(x), cast(w), scale). To get there:
//
// 1. Read the right operand as views of a product of rank 3 that merge its
//    groups with their rows; note where the groups, the rows and the columns
//    are.
// 2. Move those views to the integers and the scale: what stands between, a
//    widening and the difference to zero points, is elementwise.
// 3. Cut the left operand into the same groups, with zeros behind its end where
//    the last group of the weight is longer.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("fold-scales").category("Simplify");

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A matrix KxN, or its rows in groups.
struct GroupedWeight {
  Value integers, scale; ///< of rank 3, as they are written
  /// Which of their dims are the groups, the rows of one and the columns.
  SmallVector<int64_t> order;
};

/// The product behind views that only merge the groups with their rows, cut the
/// last group short, or exchange rows and columns.
class WeightReader {
public:
  FailureOr<GroupedWeight> read(Value rhs);

private:
  Value behindTranspose(Value value);
  Value behindCut(Value value);
  Value behindMerge(Value value);

  bool isSwapped = false; ///< the merged matrix is NxK
};

Value WeightReader::behindTranspose(Value value) {
  auto transpose = value.getDefiningOp<graph::TransposeOp>();
  isSwapped = static_cast<bool>(transpose);
  return transpose ? transpose.getInput() : value;
}

Value WeightReader::behindCut(Value value) {
  auto slice = value.getDefiningOp<graph::SliceOp>();
  bool isCut = slice && slice.getAxis() == (isSwapped ? 1 : 0) &&
               slice.getStart().getConstantValue() == 0 && slice.getStep() == 1;
  return isCut ? slice.getInput() : value;
}

/// What the reshape merges, of rank 3; null when it does something else.
Value WeightReader::behindMerge(Value value) {
  auto merge = value.getDefiningOp<graph::ReshapeOp>();
  if (!merge || typeOf(merge).getRank() != 2 ||
      typeOf(merge.getInput()).getRank() != 3)
    return nullptr;
  int64_t kept = isSwapped ? 0 : 1, keptBefore = isSwapped ? 0 : 2;
  bool keepsColumns = typeOf(merge).getDimSize(kept) ==
                      typeOf(merge.getInput()).getDimSize(keptBefore);
  return keepsColumns ? merge.getInput() : Value();
}

FailureOr<GroupedWeight> WeightReader::read(Value rhs) {
  if (typeOf(rhs).getRank() != 2)
    return failure();
  Value grouped = behindMerge(behindCut(behindTranspose(rhs)));
  if (!grouped)
    return failure();
  GroupedWeight weight;
  weight.order =
      isSwapped ? SmallVector<int64_t>{1, 2, 0} : SmallVector<int64_t>{0, 1, 2};
  if (auto transpose = grouped.getDefiningOp<graph::TransposeOp>()) {
    for (int64_t &dim : weight.order)
      dim = transpose.getPermutation()[dim];
    grouped = transpose.getInput();
  }
  auto product = grouped.getDefiningOp<graph::MulOp>();
  if (!product || !typeOf(product).hasStaticShape())
    return failure();
  for (auto [integers, scale] :
       {std::pair(product.getLhs(), product.getRhs()),
        std::pair(product.getRhs(), product.getLhs())}) {
    bool isPerGroup = typeOf(scale).getRank() == 3 &&
                      typeOf(scale).getDimSize(weight.order[1]) == 1;
    if (integers.getType() != product.getType() || !isPerGroup ||
        !isWidenedWeight(integers) || isWidenedWeight(scale))
      continue;
    weight.integers = integers;
    weight.scale = scale;
    return weight;
  }
  return failure();
}

/// Rewrites one matmul.
class GroupedProduct {
public:
  GroupedProduct(graph::MatmulOp matmul, OpBuilder &builder)
      : matmul(matmul), b(builder), loc(matmul.getLoc()) {}

  Value build(const GroupedWeight &weight);

private:
  Value moveViews(Value value, ArrayRef<int64_t> order);
  Value cutLeft(Value lhs, DimAttr groups, DimAttr rows);
  Value withDims(Value value, ArrayRef<DimAttr> dims) {
    auto type = graph::tensorOf(dims, typeOf(value).getElementType());
    return type == value.getType()
               ? value
               : graph::ReshapeOp::create(b, loc, type, value).getResult();
  }
  Value cast(Value value, Type type) {
    return typeOf(value).getElementType() == type
               ? value
               : graph::CastOp::create(b, loc, value, type).getResult();
  }

  graph::MatmulOp matmul;
  OpBuilder &b;
  Location loc;
};

/// The value with its dims in this order. Elementwise ops are made of moved
/// operands, since what lies behind them is stored.
Value GroupedProduct::moveViews(Value value, ArrayRef<int64_t> order) {
  if (typeOf(value).getRank() == 0)
    return value;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value)), moved;
  dims.insert(dims.begin(), order.size() - dims.size(),
              DimAttr::getConstant(b.getContext(), 1));
  for (int64_t dim : order)
    moved.push_back(dims[dim]);
  Operation *op = value.getDefiningOp();
  if (!isa<ElementwiseOpInterface>(op)) {
    if (llvm::is_sorted(order))
      return withDims(value, dims);
    return graph::TransposeOp::create(b, loc, withDims(value, dims), order);
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(moveViews(operand, order));
  Operation *copy = op->clone();
  copy->setOperands(operands);
  copy->getResult(0).setType(
      graph::tensorOf(moved, typeOf(value).getElementType()));
  return b.insert(copy)->getResult(0);
}

/// ..xMxK as ..xMxGxB, with zeros behind K.
Value GroupedProduct::cutLeft(Value lhs, DimAttr groups, DimAttr rows) {
  SmallVector<DimAttr> dims = graph::getDims(typeOf(lhs));
  DimAttr depth = dims.back();
  if (int64_t missing =
          *groups.mul(rows).getConstantValue() - *depth.getConstantValue()) {
    dims.back() = groups.mul(rows);
    Type elementType = typeOf(lhs).getElementType();
    SmallVector<int64_t> low(dims.size(), 0), high(dims.size(), 0);
    high.back() = missing;
    Value zero = makeConstant(b, loc, b.getFloatAttr(elementType, 0));
    lhs = graph::PadOp::create(b, loc, graph::tensorOf(dims, elementType), lhs,
                               zero, low, high);
  }
  dims.back() = groups;
  dims.push_back(rows);
  return withDims(lhs, dims);
}

Value GroupedProduct::build(const GroupedWeight &weight) {
  Value integers = moveViews(weight.integers, weight.order);
  Value scale = moveViews(weight.scale, weight.order);
  SmallVector<DimAttr> dims = graph::getDims(typeOf(integers));
  Value flat = withDims(scale, {graph::getDim(typeOf(scale), 0),
                                graph::getDim(typeOf(scale), 2)});
  Type type = typeOf(integers).getElementType();
  Value lhs = cutLeft(cast(matmul.getLhs(), type), dims[0], dims[1]);
  Value product = graph::GroupedMatmulOp::create(
      b, loc, typeOf(matmul).clone(type), lhs, integers, flat);
  return cast(product, matmul.getType().getElementType());
}

struct GroupScalesOfMatmul final : OpRewritePattern<graph::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::MatmulOp matmul,
                                PatternRewriter &rewriter) const override {
    // A weight rounded to a narrow float is multiplied as it was before.
    Value rhs = matmul.getRhs();
    if (auto cast = rhs.getDefiningOp<graph::CastOp>();
        cast && isa<FloatType>(typeOf(cast.getInput()).getElementType()))
      rhs = cast.getInput();
    FailureOr<GroupedWeight> weight = WeightReader().read(rhs);
    RankedTensorType lhs = typeOf(matmul.getLhs());
    if (failed(weight) || lhs.getRank() < 2 ||
        !graph::getDims(lhs).back().getConstantValue())
      return rewriter.notifyMatchFailure(
          matmul, "no integers with a scale for each group of rows");
    remark::passed(matmul.getLoc(), kRemark)
        << "the scales of the weight's groups moved behind their products";
    rewriter.replaceOp(matmul, GroupedProduct(matmul, rewriter).build(*weight));
    return success();
  }
};

} // namespace

void addGroupScalePatterns(RewritePatternSet &patterns) {
  patterns.add<GroupScalesOfMatmul>(patterns.getContext());
}

} // namespace tenon
