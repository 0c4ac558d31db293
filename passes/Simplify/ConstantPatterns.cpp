//===- ConstantPatterns.cpp - what is computed before the program runs ----===//

#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"
#include "passes/Analysis/KnownValues.h"

using namespace mlir;

namespace tenon {
namespace {

bool isSmall(Type type, int64_t maxElements) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         tensor.getNumElements() <= maxElements;
}

/// Runs the op's reference kernel when all operands are small constants.
struct EvaluateOnConstants final
    : OpInterfaceRewritePattern<ReferenceOpInterface> {
  EvaluateOnConstants(MLIRContext *context, int64_t maxElements)
      : OpInterfaceRewritePattern(context), maxElements(maxElements) {}

  LogicalResult matchAndRewrite(ReferenceOpInterface op,
                                PatternRewriter &rewriter) const override {
    auto small = [&](Type type) { return isSmall(type, maxElements); };
    if (op->getNumOperands() == 0 ||
        !llvm::all_of(op->getOperandTypes(), small) ||
        !llvm::all_of(op->getResultTypes(), small))
      return rewriter.notifyMatchFailure(op, "not small");

    SmallVector<ReferenceTensor> operands, results;
    for (Value operand : op->getOperands()) {
      std::optional<ReferenceTensor> elements = getConstantElements(operand);
      if (!elements)
        return rewriter.notifyMatchFailure(op, "an operand is no constant");
      operands.push_back(std::move(*elements));
    }
    for (Type type : op->getResultTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      results.emplace_back(tensor.getElementType(), tensor.getShape());
    }
    if (failed(evaluateQuietly(op, operands, results)))
      return rewriter.notifyMatchFailure(op, "has no value for these operands");

    SmallVector<Value> constants;
    for (auto [type, result] : llvm::zip_equal(op->getResultTypes(), results))
      constants.push_back(graph::ConstantOp::create(rewriter, op->getLoc(),
                                                    type, toElements(result)));
    rewriter.replaceOp(op, constants);
    return success();
  }

private:
  /// An op without a value (a gather out of range) keeps its error for the day
  /// it is executed.
  static LogicalResult
  evaluateQuietly(ReferenceOpInterface op, ArrayRef<ReferenceTensor> operands,
                  MutableArrayRef<ReferenceTensor> results) {
    ScopedDiagnosticHandler quiet(op->getContext(),
                                  [](Diagnostic &) { return success(); });
    return op.evaluate(operands, results);
  }

  int64_t maxElements;
};

/// A view of one number is a broadcast of that number, whatever the views.
struct ViewOfOneNumber final : OpInterfaceRewritePattern<TileOpInterface> {
  ViewOfOneNumber(MLIRContext *context, int64_t maxElements)
      : OpInterfaceRewritePattern(context), maxElements(maxElements) {}

  LogicalResult matchAndRewrite(TileOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (op.getKernelClass() != KernelClass::View)
      return rewriter.notifyMatchFailure(op, "no view");
    Value input = op->getOperand(0);
    if (getElementTypeOrSelf(input) != getElementTypeOrSelf(op->getResult(0)))
      return rewriter.notifyMatchFailure(op, "no view of its input's elements");
    bool isScalar = cast<RankedTensorType>(input.getType()).getRank() == 0;
    bool isSettled = isScalar && isa<graph::BroadcastOp>(op);
    bool isEvaluated = isSmall(op->getResult(0).getType(), maxElements) &&
                       isSmall(input.getType(), maxElements) &&
                       input.getDefiningOp<graph::ConstantOp>();
    TypedAttr element = getUniformElement(input);
    if (!element || isSettled || isEvaluated)
      return rewriter.notifyMatchFailure(
          op, "no view of one number, or already its broadcast");
    Value number = makeConstant(rewriter, op->getLoc(), element);
    rewriter.replaceOpWithNewOp<graph::BroadcastOp>(
        op, op->getResult(0).getType(), number);
    return success();
  }

private:
  int64_t maxElements;
};

} // namespace

void addConstantPatterns(RewritePatternSet &patterns, int64_t maxElements) {
  patterns.add<EvaluateOnConstants, ViewOfOneNumber>(patterns.getContext(),
                                                     maxElements);
}

} // namespace tenon
