//===- SinkViews.cpp - move views behind what is computed of them ---------===//
//
// An elementwise op whose other operands are one number each computes the same
// before a reshape or transpose as behind it. Before it, it can be computed
// with what the view reads.
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_SINKVIEWSPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The only operand that is more than one number, if all others are of rank 0.
OpOperand *onlyTensor(Operation *op) {
  OpOperand *found = nullptr;
  for (OpOperand &operand : op->getOpOperands()) {
    if (typeOf(operand.get()).getRank() == 0)
      continue;
    if (found)
      return nullptr;
    found = &operand;
  }
  return found;
}

struct SinkView final : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ElementwiseOpInterface op,
                                PatternRewriter &rewriter) const override {
    OpOperand *operand = onlyTensor(op);
    Operation *view = operand ? operand->get().getDefiningOp() : nullptr;
    if (!isa_and_nonnull<graph::ReshapeOp, graph::TransposeOp>(view) ||
        !view->hasOneUse())
      return rewriter.notifyMatchFailure(op, "computes of no view of its own");
    RankedTensorType type = typeOf(op->getResult(0));
    if (type.getElementTypeBitWidth() >
        typeOf(operand->get()).getElementTypeBitWidth())
      return rewriter.notifyMatchFailure(op, "the view would move more bits");
    Value source = view->getOperand(0);
    SmallVector<Value> operands(op->getOperands());
    operands[operand->getOperandNumber()] = source;
    Type before =
        graph::tensorOf(graph::getDims(typeOf(source)), type.getElementType());
    OperationState state(op->getLoc(), op->getName(), operands, before,
                         op->getAttrs());
    Value computed = rewriter.create(state)->getResult(0);
    // It makes the op's value now, and what it made before is no more.
    OperationState moved(op->getLoc(), view->getName(), computed, type,
                         view->getAttrs());
    rewriter.replaceOp(op, rewriter.create(moved));
    return success();
  }
};

struct SinkViews final : impl::SinkViewsPassBase<SinkViews> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkView>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
