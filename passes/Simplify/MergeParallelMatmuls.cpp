//===- MergeParallelMatmuls.cpp - one matmul for all that read one value --===//
//
// Q, K and V are three matmuls of one input. As one matmul with the weights
// side by side they read it once and make one larger kernel:
//
//   1. collect the matmuls of a value whose right operands are weights, KxN;
//   2. put the weights side by side: below casts, so that integers stay narrow;
//   3. move along as long as all results have one use and it is the same
//      elementwise op with a vector: scales and biases join likewise;
//   4. cut the parts out again.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_MERGEPARALLELMATMULSPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("merge-parallel-matmuls").category("Simplify");

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t widthOf(Value value) { return typeOf(value).getShape().back(); }

/// Moves what a weight expression is made of before `op`; it depends on nothing
/// that could be in the way.
void hoist(Value value, Operation *op) {
  Operation *made = value.getDefiningOp();
  if (made->getBlock() != op->getBlock() || made->isBeforeInBlock(op))
    return;
  for (Value operand : made->getOperands())
    hoist(operand, op);
  made->moveBefore(op);
}

/// Whether the casts are alike and can be one cast of all.
bool areLikeCasts(ArrayRef<Value> values) {
  auto first = values[0].getDefiningOp<graph::CastOp>();
  return first && llvm::all_of(values, [&](Value value) {
           auto cast = value.getDefiningOp<graph::CastOp>();
           return cast && typeOf(cast.getInput()).getElementType() ==
                              typeOf(first.getInput()).getElementType();
         });
}

/// Weights side by side along their last dim.
Value concatenate(OpBuilder &builder, Location loc, ArrayRef<Value> values) {
  RankedTensorType type = typeOf(values[0]);
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = 0;
  for (Value value : values)
    shape.back() += widthOf(value);
  if (areLikeCasts(values)) {
    SmallVector<Value> narrow;
    for (Value value : values)
      narrow.push_back(value.getDefiningOp<graph::CastOp>().getInput());
    Value merged = concatenate(builder, loc, narrow);
    return graph::CastOp::create(
        builder, loc, RankedTensorType::get(shape, type.getElementType()),
        merged, type.getElementType());
  }
  return graph::ConcatOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), values,
      type.getRank() - 1);
}

RankedTensorType withWidth(RankedTensorType type, int64_t width) {
  SmallVector<DimAttr> dims = graph::getDims(type);
  dims.back() = DimAttr::getConstant(type.getContext(), width);
  return graph::tensorOf(dims, type.getElementType());
}

//===----------------------------------------------------------------------===//
// The steps
//===----------------------------------------------------------------------===//

/// Why this matmul cannot join others of its left operand, or null.
const char *whyNotMergeable(graph::MatmulOp matmul) {
  if (!isWeightExpression(matmul.getRhs()))
    return "its right operand is not made of weights";
  if (typeOf(matmul.getRhs()).getRank() != 2)
    return "its right operand is not a matrix";
  // What follows ends in each one's own scales, which would be cut off.
  if (typeOf(matmul).getElementType().isInteger(32))
    return "it multiplies integers";
  return nullptr;
}

/// The one elementwise op that reads the value, with a vector of weights as its
/// other operand; null when there is none.
Operation *getVectorUser(Value value) {
  if (!value.hasOneUse())
    return nullptr;
  auto user = dyn_cast<ElementwiseOpInterface>(*value.user_begin());
  if (!user || user->getNumOperands() != 2 ||
      user->getResult(0).getType() != value.getType())
    return nullptr;
  Value vector = user->getOperand(1 - value.use_begin()->getOperandNumber());
  bool isVector = isWeightExpression(vector) && typeOf(vector).getRank() == 1 &&
                  widthOf(vector) == widthOf(value);
  return isVector ? user.getOperation() : nullptr;
}

/// The users of step 3, or nothing when they differ.
SmallVector<Operation *> getLikeUsers(ArrayRef<Value> values) {
  SmallVector<Operation *> users;
  for (Value value : values) {
    Operation *user = getVectorUser(value);
    bool isLike =
        user && (users.empty() || user->getName() == users[0]->getName());
    bool isCommutative = user && user->hasTrait<OpTrait::IsCommutative>();
    if (!isLike ||
        (!isCommutative && value.use_begin()->getOperandNumber() != 0))
      return {};
    users.push_back(user);
  }
  return users;
}

/// Applies the users' op once to the merged value.
Value mergeUsers(OpBuilder &builder, ArrayRef<Operation *> users,
                 ArrayRef<Value> values, Value merged, Operation *place) {
  SmallVector<Value> vectors;
  for (auto [user, value] : llvm::zip_equal(users, values)) {
    vectors.push_back(
        user->getOperand(1 - value.use_begin()->getOperandNumber()));
    hoist(vectors.back(), place);
  }
  Value vector = concatenate(builder, users[0]->getLoc(), vectors);
  Operation *joint = users[0]->clone();
  joint->setOperands({merged, vector});
  joint->getResult(0).setType(merged.getType());
  return builder.insert(joint)->getResult(0);
}

void merge(ArrayRef<graph::MatmulOp> matmuls, IRRewriter &rewriter) {
  graph::MatmulOp first = matmuls[0];
  rewriter.setInsertionPoint(first);
  SmallVector<Value> weights, values;
  for (graph::MatmulOp matmul : matmuls) {
    hoist(matmul.getRhs(), first);
    weights.push_back(matmul.getRhs());
    values.push_back(matmul);
  }
  Value weight = concatenate(rewriter, first.getLoc(), weights);
  Value merged = graph::MatmulOp::create(
      rewriter, first.getLoc(), withWidth(typeOf(first), widthOf(weight)),
      first.getLhs(), weight);
  SmallVector<Operation *> users;
  while (!(users = getLikeUsers(values)).empty()) {
    merged = mergeUsers(rewriter, users, values, merged, first);
    for (auto [value, user] : llvm::zip_equal(values, users))
      value = user->getResult(0);
  }
  int64_t start = 0;
  for (Value value : values) {
    Value part = graph::SliceOp::create(
        rewriter, value.getLoc(), value.getType(), merged,
        typeOf(value).getRank() - 1,
        DimAttr::getConstant(rewriter.getContext(), start), 1);
    start += widthOf(value);
    rewriter.replaceAllUsesWith(value, part);
  }
}

/// Merges this matmul with the later ones of its block that read the same
/// value, and says what was done.
void mergeWithOthers(graph::MatmulOp first, llvm::DenseSet<Operation *> &seen,
                     IRRewriter &rewriter) {
  SmallVector<graph::MatmulOp> candidates;
  for (Operation *user : first.getLhs().getUsers()) {
    auto matmul = dyn_cast<graph::MatmulOp>(user);
    if (matmul && matmul.getLhs() == first.getLhs() &&
        matmul->getBlock() == first->getBlock() && seen.insert(matmul).second)
      candidates.push_back(matmul);
  }
  if (candidates.size() < 2)
    return;
  llvm::sort(candidates, [](graph::MatmulOp a, graph::MatmulOp b) {
    return a->isBeforeInBlock(b);
  });

  SmallVector<graph::MatmulOp> mergeable;
  for (graph::MatmulOp matmul : candidates) {
    if (const char *reason = whyNotMergeable(matmul))
      remark::missed(matmul.getLoc(), kRemark)
          << (Twine("not merged with the others that read its left operand: ") +
              reason)
                 .str();
    else
      mergeable.push_back(matmul);
  }
  if (mergeable.size() < 2)
    return;
  for (graph::MatmulOp matmul : mergeable)
    remark::passed(matmul.getLoc(), kRemark)
        << (Twine("one of ") + std::to_string(mergeable.size()) +
            " matmuls merged into one")
               .str();
  merge(mergeable, rewriter);
}

struct MergeParallelMatmuls final
    : impl::MergeParallelMatmulsPassBase<MergeParallelMatmuls> {
  void runOnOperation() override {
    SmallVector<graph::MatmulOp> matmuls;
    getOperation()->walk(
        [&](graph::MatmulOp matmul) { matmuls.push_back(matmul); });
    IRRewriter rewriter(&getContext());
    llvm::DenseSet<Operation *> seen;
    for (graph::MatmulOp matmul : matmuls)
      if (!seen.contains(matmul))
        mergeWithOthers(matmul, seen, rewriter);
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
  }
};

} // namespace
} // namespace tenon
