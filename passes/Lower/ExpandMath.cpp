//===- ExpandMath.cpp - elementary functions and min/max as arithmetic ----===//

#include "passes/Lower/MathExpansions.h"
#include "passes/Lower/Passes.h"

#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_EXPANDMATHPASS
#include "passes/Lower/Passes.h.inc"

namespace {

/// f32, or a vector of f32 with the shape of `type`.
Type inF32(Type type) {
  Type f32 = Float32Type::get(type.getContext());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.clone(f32) : f32;
}

/// Replaces `op`, whose operands and result are of one type, by what `expand`
/// writes for f32. Narrower floats are widened, and the result is rounded back.
LogicalResult
expandInF32(Operation *op, PatternRewriter &rewriter,
            function_ref<Value(FloatBuilder &, ArrayRef<Value>)> expand) {
  Type type = op->getResult(0).getType();
  if (getElementTypeOrSelf(type).getIntOrFloatBitWidth() > 32)
    return rewriter.notifyMatchFailure(op, "there is no formula for f64");
  Type wide = inF32(type);
  FloatBuilder b(rewriter, op->getLoc(), wide);
  SmallVector<Value> operands(op->getOperands());
  if (wide != type)
    for (Value &operand : operands)
      operand = b.extend(operand);
  Value result = expand(b, operands);
  if (wide != type)
    result = arith::TruncFOp::create(rewriter, op->getLoc(), type, result);
  rewriter.replaceOp(op, result);
  return success();
}

template <typename Op> struct ExpandUnary final : OpRewritePattern<Op> {
  using Formula = Value (*)(FloatBuilder &, Value);

  ExpandUnary(MLIRContext *context, Formula formula)
      : OpRewritePattern<Op>(context), formula(formula) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    return expandInF32(op, rewriter,
                       [&](FloatBuilder &b, ArrayRef<Value> operands) {
                         return formula(b, operands[0]);
                       });
  }

  Formula formula;
};

template <typename Op> struct ExpandWithTraits final : OpRewritePattern<Op> {
  using Formula = Value (*)(FloatBuilder &, Value, FunctionTraits);

  ExpandWithTraits(MLIRContext *context, Formula formula)
      : OpRewritePattern<Op>(context), formula(formula) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    FunctionTraits traits{op->hasAttr(tile::kNotPositive),
                          op->hasAttr(tile::kLimited),
                          op->hasAttr(tile::kRoundedToBf16)};
    return expandInF32(op, rewriter,
                       [&](FloatBuilder &b, ArrayRef<Value> operands) {
                         return formula(b, operands[0], traits);
                       });
  }

  Formula formula;
};

/// The number that `value` is everywhere, if it is a constant.
std::optional<APFloat> constantNumber(Value value) {
  if (auto all = value.getDefiningOp<vector::BroadcastOp>())
    value = all.getSource();
  FloatAttr scalar;
  SplatElementsAttr splat;
  if (matchPattern(value, m_Constant(&splat)))
    scalar = dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  else
    matchPattern(value, m_Constant(&scalar));
  if (!scalar)
    return std::nullopt;
  return scalar.getValue();
}

/// Squares and cubes, which models write as powers, are products.
struct ExpandPow final : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<APFloat> exponent = constantNumber(op.getRhs());
    return expandInF32(op, rewriter,
                       [&](FloatBuilder &b, ArrayRef<Value> operands) {
                         Value x = operands[0];
                         if (exponent && exponent->isExactlyValue(2.0))
                           return b.mul(x, x);
                         if (exponent && exponent->isExactlyValue(3.0))
                           return b.mul(b.mul(x, x), x);
                         return expandPow(b, x, operands[1]);
                       });
  }
};

/// Is the value a constant that is not NaN?
bool isNumber(Value value) {
  std::optional<APFloat> number = constantNumber(value);
  return number && !number->isNaN();
}

/// max(a, b) or min(a, b) as select(a > b, a, b), which is the x86 instruction:
/// it gives b when either is NaN. What the op asks for then is mended by the
/// order of the operands, when one is known to be a number. Otherwise maximumf
/// is left to the code generator, which needs one instruction less when it need
/// not order zeros, and maxnumf takes a second select.
///
/// | op       | asks for             | known number goes | otherwise     |
/// |----------|----------------------|-------------------|---------------|
/// | maximumf | NaN if either is NaN | to a              | nsz           |
/// | maxnumf  | a number if any is   | to b              | a if b is NaN |
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
    using Flags = arith::FastMathFlags;
    bool noNan = bitEnumContainsAll(op.getFastmath(), Flags::nnan);
    bool isMended = noNan || (keepsNan ? aIsNumber : bIsNumber);
    if (keepsNan && !isMended) {
      if (bitEnumContainsAll(op.getFastmath(), Flags::nsz))
        return rewriter.notifyMatchFailure(op, "is left to the code generator");
      rewriter.modifyOpInPlace(
          op, [&] { op.setFastmath(op.getFastmath() | Flags::nsz); });
      return success();
    }
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto choose = [&](arith::CmpFPredicate order, Value x, Value y, Value then,
                      Value otherwise) -> Value {
      Value isTrue = arith::CmpFOp::create(builder, order, x, y);
      return arith::SelectOp::create(builder, isTrue, then, otherwise);
    };
    Value result = choose(predicate, a, b, a, b);
    if (!isMended)
      result = choose(arith::CmpFPredicate::UNO, b, b, a, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The type with the same shape and another element type.
Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

/// f32 to bf16, to nearest even, in integers; a NaN stays one.
struct ExpandBf16Truncation final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!getElementTypeOrSelf(op.getType()).isBF16() ||
        !getElementTypeOrSelf(x.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "is not from f32 to bf16");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type words = withElement(op.getType(), b.getI32Type());
    Type halves = withElement(op.getType(), b.getI16Type());
    auto constant = [&](int32_t value) -> Value {
      TypedAttr attr = b.getI32IntegerAttr(value);
      if (auto vector = dyn_cast<VectorType>(words))
        attr = DenseElementsAttr::get(vector, value);
      return arith::ConstantOp::create(b, attr);
    };
    Value bits = arith::BitcastOp::create(b, words, x);
    Value high = arith::ShRUIOp::create(b, bits, constant(16));
    Value odd = arith::AndIOp::create(b, high, constant(1));
    Value half = arith::AddIOp::create(b, odd, constant(0x7fff));
    Value rounded = arith::AddIOp::create(b, bits, half);
    Value nearest = arith::ShRUIOp::create(b, rounded, constant(16));
    Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
    Value result = arith::SelectOp::create(b, isNan, constant(0x7fc0), nearest);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(
        op, op.getType(), arith::TruncIOp::create(b, halves, result));
    return success();
  }
};

/// bf16 to f32: the upper half of the bits.
struct ExpandBf16Extension final : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!getElementTypeOrSelf(x.getType()).isBF16() ||
        !getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "is not from bf16 to f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type words = withElement(op.getType(), b.getI32Type());
    Type halves = withElement(op.getType(), b.getI16Type());
    TypedAttr sixteen = b.getI32IntegerAttr(16);
    if (auto vector = dyn_cast<VectorType>(words))
      sixteen = DenseElementsAttr::get(vector, int32_t{16});
    Value bits = arith::ExtUIOp::create(b, words,
                                        arith::BitcastOp::create(b, halves, x));
    Value high =
        arith::ShLIOp::create(b, bits, arith::ConstantOp::create(b, sixteen));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), high);
    return success();
  }
};

/// Two vectors of 16 are rounded to one of bf16 by an instruction that the code
/// generator does not know to choose.
struct RoundInPairs final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    constexpr int64_t kPair = 32;
    auto type = dyn_cast<VectorType>(op.getType());
    if (!type || !type.getElementType().isBF16() ||
        type.getShape() != ArrayRef(kPair) ||
        !getElementTypeOrSelf(op.getIn().getType()).isF32())
      return rewriter.notifyMatchFailure(op, "is no pair of vectors of f32");
    auto half = [&](int64_t first) -> Value {
      return vector::ExtractStridedSliceOp::create(
          rewriter, op.getLoc(), op.getIn(), first, kPair / 2, 1);
    };
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(
        op, type,
        rewriter.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512"),
        ValueRange{half(kPair / 2), half(0)});
    return success();
  }
};

/// The reciprocal of what is rounded anyway, to 14 bits, for which a division
/// would take ten cycles. Below 2^-126 it is 0.
struct ShortReciprocal final : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::DivFOp op,
                                PatternRewriter &rewriter) const override {
    constexpr int64_t kLanes = 16;
    auto type = dyn_cast<VectorType>(op.getType());
    std::optional<APFloat> dividend = constantNumber(op.getLhs());
    if (!op->hasAttr(tile::kRoundedToBf16) || !type || type.getRank() != 1 ||
        !type.getElementType().isF32() || type.getDimSize(0) % kLanes != 0 ||
        !dividend || !dividend->isExactlyValue(1.0))
      return rewriter.notifyMatchFailure(op, "is no rounded reciprocal");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto part = VectorType::get(kLanes, b.getF32Type());
    Value all = arith::ConstantOp::create(b, b.getI16IntegerAttr(-1));
    Value result = op.getLhs();
    for (int64_t i = 0; i < type.getDimSize(0); i += kLanes) {
      Value x =
          vector::ExtractStridedSliceOp::create(b, op.getRhs(), i, kLanes, 1);
      Value inverse =
          LLVM::CallIntrinsicOp::create(
              b, part, b.getStringAttr("llvm.x86.avx512.rcp14.ps.512"),
              ValueRange{x, x, all})
              .getResult(0);
      result = vector::InsertStridedSliceOp::create(b, inverse, result, i, 1);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct ExpandMath final : impl::ExpandMathPassBase<ExpandMath> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ExpandWithTraits<math::ExpOp>>(context, expandExp);
    patterns.add<ExpandWithTraits<math::Exp2Op>>(context, expandExp2);
    patterns.add<ExpandWithTraits<math::ErfcOp>>(context, expandErfc);
    patterns.add<ExpandUnary<math::TanhOp>>(context, expandTanh);
    patterns.add<ExpandUnary<math::ErfOp>>(context, expandErf);
    patterns.add<ExpandUnary<math::LogOp>>(context, expandLog);
    patterns.add<ExpandUnary<math::Log2Op>>(context, expandLog2);
    patterns.add<ExpandUnary<math::SinOp>>(context, expandSin);
    patterns.add<ExpandUnary<math::CosOp>>(context, expandCos);
    patterns.add<ExpandUnary<math::RsqrtOp>>(context, expandRsqrt);
    patterns.add<ExpandPow>(context);
    using Compare = arith::CmpFPredicate;
    patterns.add<ExpandMinMax<arith::MaximumFOp, Compare::OGT, true>,
                 ExpandMinMax<arith::MinimumFOp, Compare::OLT, true>,
                 ExpandMinMax<arith::MaxNumFOp, Compare::OGT, false>,
                 ExpandMinMax<arith::MinNumFOp, Compare::OLT, false>>(context);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    // After the functions, which round what they computed.
    RewritePatternSet roundings(context);
    if (expandBf16)
      roundings.add<ExpandBf16Truncation, ExpandBf16Extension>(context);
    else // the CPU has AVX-512 too
      roundings.add<RoundInPairs, ShortReciprocal>(context);
    walkAndApplyPatterns(getOperation(), std::move(roundings));
    if (failed(checkAllExpanded()))
      signalPassFailure();
  }

  /// What is left must be an instruction of the targets.
  LogicalResult checkAllExpanded() {
    WalkResult result =
        getOperation()->walk([](Operation *op) {
          bool isMath = isa_and_nonnull<math::MathDialect>(op->getDialect());
          bool isInstruction =
              isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::FloorOp,
                  math::CeilOp, math::RoundOp, math::RoundEvenOp, math::TruncOp,
                  math::FmaOp, math::CopySignOp>(op);
          if (!isMath || isInstruction)
            return WalkResult::advance();
          op->emitOpError()
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
