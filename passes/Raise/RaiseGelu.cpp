//===- RaiseGelu.cpp - x/2 (1 + erf(x / sqrt 2)) -> gelu(x) ---------------===//
//
// Exporters associate the product in every order. So the formula is not matched
// op by op: what stands between x, the erf and the result is read as a
// polynomial, and its coefficients are compared.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/Raising.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISEGELUPASS
#include "passes/Raise/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-gelu").category("Raise");

/// x/2 + x y/2, y being the erf or tanh.
const Polynomial kOuter = {{{1, 0}, 0.5}, {{1, 1}, 0.5}};
const double kSqrt2OverPi = std::sqrt(2.0 * llvm::numbers::inv_pi);

/// What the erf or tanh is taken of.
Polynomial innerOf(graph::GeluForm form) {
  if (form == graph::GeluForm::Erf)
    return {{{1, 0}, llvm::numbers::sqrt2 / 2}};
  return {{{1, 0}, kSqrt2OverPi}, {{3, 0}, 0.044715 * kSqrt2OverPi}};
}

bool isArithmetic(Operation *op) {
  return isa<graph::AddOp, graph::SubOp, graph::MulOp, graph::DivOp,
             graph::PowOp, graph::NegOp>(op);
}

/// The value and all that arithmetic makes it of.
void collectParts(Value value, llvm::SetVector<Value> &parts,
                  unsigned depth = 8) {
  if (!parts.insert(value) || depth == 0)
    return;
  Operation *op = value.getDefiningOp();
  if (op && isArithmetic(op))
    for (Value operand : op->getOperands())
      collectParts(operand, parts, depth - 1);
}

template <typename Op> struct RaiseGeluFrom final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op root,
                                PatternRewriter &rewriter) const override {
    llvm::SetVector<Value> parts;
    collectParts(root, parts);
    for (Value curve : parts) {
      graph::GeluForm form = graph::GeluForm::Erf;
      if (curve.getDefiningOp<graph::TanhOp>())
        form = graph::GeluForm::Tanh;
      else if (!curve.getDefiningOp<graph::ErfOp>())
        continue;
      if (Value input = findInput(root, curve, form, parts)) {
        remark::passed(root.getLoc(), kRemark)
            << (Twine("became gelu with ") + graph::stringifyGeluForm(form))
                   .str();
        rewriter.replaceOpWithNewOp<graph::GeluOp>(root, root.getType(), input,
                                                   form);
        return success();
      }
      if (isWholeProduct(root))
        remark::missed(root.getLoc(), kRemark)
            << (Twine("a product with ") + graph::stringifyGeluForm(form) +
                " has other terms than gelu: expected x/2 (1 + " +
                graph::stringifyGeluForm(form) + "(...))")
                   .str();
    }
    return rewriter.notifyMatchFailure(root, "no gelu");
  }

private:
  /// x, such that the root is gelu(x).
  static Value findInput(Op root, Value curve, graph::GeluForm form,
                         const llvm::SetVector<Value> &parts) {
    llvm::SetVector<Value> inner;
    collectParts(curve.getDefiningOp()->getOperand(0), inner);
    Type elementType = root.getType().getElementType();
    for (Value x : inner) {
      if (!parts.contains(x) || x.getType() != root.getType())
        continue;
      std::optional<Polynomial> argument =
          readPolynomial(curve.getDefiningOp()->getOperand(0), x, nullptr);
      std::optional<Polynomial> whole = readPolynomial(root, x, curve);
      if (argument && whole && areNear(*argument, innerOf(form), elementType) &&
          areNear(*whole, kOuter, elementType))
        return x;
    }
    return nullptr;
  }

  /// Whether no larger product has this one as a part.
  static bool isWholeProduct(Op root) {
    return llvm::none_of(root->getUsers(), isArithmetic);
  }
};

struct RaiseGelu final : impl::RaiseGeluPassBase<RaiseGelu> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseGeluFrom<graph::MulOp>, RaiseGeluFrom<graph::DivOp>>(
        &getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
