//===- ShapeArithmetic.cpp - elementwise ops on sizes ---------------------===//

#include "frontends/Onnx/ShapeRules.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

/// Sizes are far below this; what is not (INT64_MAX as "to the end") is only
/// passed on, so that no product overflows.
static constexpr int64_t kMaxCoefficient = int64_t(1) << 31;

static bool isSize(DimAttr dim) {
  return !dim.isUnknown() &&
         llvm::all_of(dim.getTerms(), [](graph::TermAttr term) {
           return term.getCoefficient() < kMaxCoefficient &&
                  term.getCoefficient() > -kMaxCoefficient;
         });
}

using Function = function_ref<DimAttr(ArrayRef<DimAttr>)>;

/// All inputs' elements through `function`, which returns null where it is
/// lost.
static bool evaluate(NodeBuilder &b, Type elementType, Function function) {
  SmallVector<const ShapeValue *> operands;
  for (unsigned input = 0; input < b.numInputs(); ++input)
    operands.push_back(b.shape(input));
  if (llvm::is_contained(operands, nullptr))
    return false;
  std::optional<ShapeValue> result = mapElements(operands, function);
  if (!result)
    return false;
  (void)b.setShape(0, std::move(*result), elementType);
  return true;
}

static Type elementTypeOf(NodeBuilder &b, unsigned input) {
  return b.type(input).getElementType();
}

/// A fold over the inputs, as the variadic ops have many.
static bool evaluateFold(NodeBuilder &b,
                         function_ref<DimAttr(DimAttr, DimAttr)> function) {
  return evaluate(b, elementTypeOf(b, 0), [&](ArrayRef<DimAttr> x) -> DimAttr {
    DimAttr result = x.front();
    for (DimAttr next : x.drop_front()) {
      if (!result || !isSize(result) || !isSize(next))
        return nullptr;
      result = function(result, next);
    }
    return result;
  });
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

bool onnx::evaluateAdd(NodeBuilder &b) {
  return evaluateFold(b, [](DimAttr x, DimAttr y) { return x.add(y); });
}
bool onnx::evaluateSub(NodeBuilder &b) {
  return evaluateFold(b, [](DimAttr x, DimAttr y) { return x.sub(y); });
}
bool onnx::evaluateMul(NodeBuilder &b) {
  return evaluateFold(b, [](DimAttr x, DimAttr y) { return x.mul(y); });
}

bool onnx::evaluateDiv(NodeBuilder &b) {
  return evaluateFold(b, [&](DimAttr x, DimAttr y) -> DimAttr {
    std::optional<int64_t> dividend = x.getConstantValue(),
                           divisor = y.getConstantValue();
    if (divisor == 0)
      return nullptr;
    return dividend && divisor ? b.dim(*dividend / *divisor)
                               : x.divideExactly(y);
  });
}

bool onnx::evaluateMod(NodeBuilder &b) {
  return evaluateFold(b, [&](DimAttr x, DimAttr y) -> DimAttr {
    std::optional<int64_t> dividend = x.getConstantValue(),
                           divisor = y.getConstantValue();
    if (divisor == 0)
      return nullptr;
    if (dividend && divisor && *dividend >= 0 && *divisor > 0)
      return b.dim(*dividend % *divisor);
    return x.divideExactly(y) ? b.dim(0) : nullptr;
  });
}

DimAttr onnx::maxOf(NodeBuilder &b, DimAttr x, DimAttr y) {
  if (b.symbols.isNotNegative(x.sub(y)))
    return x;
  return b.symbols.isNotNegative(y.sub(x)) ? y : nullptr;
}
DimAttr onnx::minOf(NodeBuilder &b, DimAttr x, DimAttr y) {
  if (b.symbols.isNotNegative(x.sub(y)))
    return y;
  return b.symbols.isNotNegative(y.sub(x)) ? x : nullptr;
}

bool onnx::evaluateMax(NodeBuilder &b) {
  return evaluateFold(b, [&](DimAttr x, DimAttr y) { return maxOf(b, x, y); });
}
bool onnx::evaluateMin(NodeBuilder &b) {
  return evaluateFold(b, [&](DimAttr x, DimAttr y) { return minOf(b, x, y); });
}

bool onnx::evaluateNeg(NodeBuilder &b) {
  return evaluate(b, elementTypeOf(b, 0), [&](ArrayRef<DimAttr> x) -> DimAttr {
    return isSize(x[0]) ? b.dim(0).sub(x[0]) : nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Comparisons, logic
//===----------------------------------------------------------------------===//

/// Whether x - y >= least: 1, 0, or null when the bounds do not tell.
static DimAttr isAtLeast(NodeBuilder &b, DimAttr x, DimAttr y, int64_t least) {
  DimAttr excess = x.sub(y).sub(b.dim(least));
  if (b.symbols.isNotNegative(excess))
    return b.dim(1);
  std::optional<int64_t> most = b.symbols.upperBound(excess);
  return most && *most < 0 ? b.dim(0) : nullptr;
}

static bool
evaluateComparison(NodeBuilder &b,
                   function_ref<DimAttr(DimAttr, DimAttr)> function) {
  return evaluate(
      b, b.builder.getI1Type(), [&](ArrayRef<DimAttr> x) -> DimAttr {
        return isSize(x[0]) && isSize(x[1]) ? function(x[0], x[1]) : nullptr;
      });
}

bool onnx::evaluateEqual(NodeBuilder &b) {
  return evaluateComparison(b, [&](DimAttr x, DimAttr y) -> DimAttr {
    if (x == y)
      return b.dim(1);
    DimAttr isMore = isAtLeast(b, x, y, 1), isLess = isAtLeast(b, y, x, 1);
    bool isDifferent =
        (isMore && isMore == b.dim(1)) || (isLess && isLess == b.dim(1));
    return isDifferent ? b.dim(0) : nullptr;
  });
}
bool onnx::evaluateLess(NodeBuilder &b) {
  return evaluateComparison(
      b, [&](DimAttr x, DimAttr y) { return isAtLeast(b, y, x, 1); });
}
bool onnx::evaluateLessOrEqual(NodeBuilder &b) {
  return evaluateComparison(
      b, [&](DimAttr x, DimAttr y) { return isAtLeast(b, y, x, 0); });
}
bool onnx::evaluateGreater(NodeBuilder &b) {
  return evaluateComparison(
      b, [&](DimAttr x, DimAttr y) { return isAtLeast(b, x, y, 1); });
}
bool onnx::evaluateGreaterOrEqual(NodeBuilder &b) {
  return evaluateComparison(
      b, [&](DimAttr x, DimAttr y) { return isAtLeast(b, x, y, 0); });
}

bool onnx::evaluateAnd(NodeBuilder &b) {
  return evaluateFold(b, [](DimAttr x, DimAttr y) { return x.mul(y); });
}
bool onnx::evaluateOr(NodeBuilder &b) {
  return evaluateFold(
      b, [](DimAttr x, DimAttr y) { return x.add(y).sub(x.mul(y)); });
}
bool onnx::evaluateNot(NodeBuilder &b) {
  return evaluate(b, b.builder.getI1Type(),
                  [&](ArrayRef<DimAttr> x) { return b.dim(1).sub(x[0]); });
}

bool onnx::evaluateWhere(NodeBuilder &b) {
  return evaluate(b, elementTypeOf(b, 1), [&](ArrayRef<DimAttr> x) -> DimAttr {
    return x[0].getConstantValue() ? x[x[0] == b.dim(0) ? 2 : 1] : nullptr;
  });
}

bool onnx::evaluateCast(NodeBuilder &b) {
  Type to = toElementType(b.builder.getContext(), DataType(b.integer("to", 0)));
  if (!to)
    return false;
  if (to.isInteger(1))
    return evaluate(b, to, [&](ArrayRef<DimAttr> x) -> DimAttr {
      std::optional<int64_t> number = x[0].getConstantValue();
      return number ? b.dim(*number != 0) : nullptr;
    });
  // Sizes fit i32; a number that does not stays as it is, "to the end".
  if (to.isSignlessInteger(64) || to.isSignlessInteger(32))
    return evaluate(b, to, [](ArrayRef<DimAttr> x) { return x[0]; });
  return false;
}
