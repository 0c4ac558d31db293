//===- ExpandMath.cpp - elementary functions and min/max as arithmetic
//-----===//

#include "passes/Lower/MathExpansions.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_EXPANDMATHPASS
#include "passes/Lower/Passes.h.inc"

namespace {

/// A function of one value: `Op` becomes what `expand` writes. Narrower floats
/// are widened to f32 and the result is rounded back.
template <typename Op> struct ExpandUnary final : OpRewritePattern<Op> {
  using Formula = Value (*)(FloatBuilder &, Value);

  ExpandUnary(MLIRContext *context, Formula expand)
      : OpRewritePattern<Op>(context), expand(expand) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    Type element = getElementTypeOrSelf(type);
    if (element.getIntOrFloatBitWidth() > 32)
      return rewriter.notifyMatchFailure(op, "there is no formula for f64");

    Value x = op.getOperand();
    Type wide = type;
    if (!element.isF32()) {
      auto vector = dyn_cast<VectorType>(type);
      wide = vector ? Type(vector.clone(rewriter.getF32Type()))
                    : Type(rewriter.getF32Type());
      x = arith::ExtFOp::create(rewriter, op.getLoc(), wide, x);
    }
    FloatBuilder b(rewriter, op.getLoc(), wide);
    Value y = expand(b, x);
    if (wide != type)
      y = arith::TruncFOp::create(rewriter, op.getLoc(), type, y);
    rewriter.replaceOp(op, y);
    return success();
  }

  Formula expand;
};

/// Is the value a constant, scalar or splat, that is not NaN?
bool isNumber(Value value) {
  FloatAttr scalar;
  SplatElementsAttr splat;
  if (matchPattern(value, m_Constant(&splat)))
    scalar = dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  else
    matchPattern(value, m_Constant(&scalar));
  return scalar && !scalar.getValue().isNaN();
}

/// max(a, b) or min(a, b) as select(a > b, a, b), which is the x86 instruction:
/// it gives b when either is NaN. What the op asks for then is mended by a
/// second select, or, when one operand is known to be a number, by the order of
/// operands.
///
/// | op        | asks for              | b must be        | second select |
/// |-----------|-----------------------|------------------|-----------------------|
/// | maximumf  | NaN if either is NaN  | the one unknown  | a if a is NaN | |
/// maxnumf   | the other if one is   | the known number | a if b is NaN |
template <typename Op, arith::CmpFPredicate predicate, bool keepsNan>
struct ExpandMinMax final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value a = op.getLhs(), b = op.getRhs();
    bool aIsNumber = isNumber(a), bIsNumber = isNumber(b);
    if (keepsNan ? bIsNumber && !aIsNumber : aIsNumber && !bIsNumber) {
      std::swap(a, b);
      std::swap(aIsNumber, bIsNumber);
    }
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto choose = [&](arith::CmpFPredicate order, Value x, Value y, Value then,
                      Value otherwise) -> Value {
      Value isTrue = arith::CmpFOp::create(builder, order, x, y);
      return arith::SelectOp::create(builder, isTrue, then, otherwise);
    };
    Value result = choose(predicate, a, b, a, b);
    bool noNan =
        bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::nnan);
    if (!noNan && !(keepsNan ? aIsNumber : bIsNumber)) {
      Value suspect = keepsNan ? a : b;
      result = choose(arith::CmpFPredicate::UNO, suspect, suspect, a, result);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct ExpandMath final : impl::ExpandMathPassBase<ExpandMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ExpandUnary<math::ExpOp>>(context, expandExp);
    patterns.add<ExpandUnary<math::Exp2Op>>(context, expandExp2);
    patterns.add<ExpandUnary<math::TanhOp>>(context, expandTanh);
    patterns.add<ExpandUnary<math::ErfOp>>(context, expandErf);
    patterns.add<ExpandUnary<math::RsqrtOp>>(context, expandRsqrt);
    using Compare = arith::CmpFPredicate;
    patterns.add<ExpandMinMax<arith::MaximumFOp, Compare::OGT, true>,
                 ExpandMinMax<arith::MinimumFOp, Compare::OLT, true>,
                 ExpandMinMax<arith::MaxNumFOp, Compare::OGT, false>,
                 ExpandMinMax<arith::MinNumFOp, Compare::OLT, false>>(context);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    if (failed(checkAllExpanded()))
      signalPassFailure();
  }

  /// What is left must be an instruction of the targets.
  LogicalResult checkAllExpanded() {
    WalkResult result = getOperation()->walk([](Operation *op) {
      bool isMath = isa_and_nonnull<math::MathDialect>(op->getDialect());
      bool isInstruction =
          isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::FloorOp,
              math::CeilOp, math::RoundOp, math::RoundEvenOp, math::TruncOp,
              math::FmaOp, math::CopySignOp>(op);
      if (!isMath || isInstruction)
        return WalkResult::advance();
      op->emitError()
          << "has no formula in arithmetic: expected f16, bf16 or f32 in "
             "a function that expand-math knows, got "
          << op->getResult(0).getType();
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
} // namespace tenon
