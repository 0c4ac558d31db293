//===- Raising.h - what all raising passes share --------------------------===//

#ifndef TENON_PASSES_RAISE_RAISING_H
#define TENON_PASSES_RAISE_RAISING_H

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/PatternMatch.h"

#include <map>
#include <optional>

namespace tenon {

/// Applies the patterns once to each op, operands first, so that a remark is
/// said once; then erases what has no use any more.
void raise(mlir::Operation *root, mlir::RewritePatternSet patterns);

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// The operand of a two-operand op that `Op` defines, and the other one; the op
/// is null when neither is.
template <typename Op>
std::pair<Op, mlir::Value> findOperand(mlir::Operation *op) {
  for (unsigned i : {0u, 1u})
    if (auto found = op->getOperand(i).getDefiningOp<Op>())
      return {found, op->getOperand(1 - i)};
  return {nullptr, nullptr};
}

/// The operand of a two-operand op that is one number everywhere, and the other
/// operand.
struct NumberAndOther {
  double number;
  mlir::Value other;
};
std::optional<NumberAndOther> findNumber(mlir::Operation *op);

/// A polynomial in two values: the coefficient of x^i y^j stands at {i, j}.
using Polynomial = std::map<std::pair<unsigned, unsigned>, double>;

/// Reads what add, sub, mul, neg, pow and division by a number make of `x` and
/// `y` (which may be null), in any order of association. Nothing when anything
/// else takes part.
std::optional<Polynomial> readPolynomial(mlir::Value value, mlir::Value x,
                                         mlir::Value y);

/// Whether the polynomials agree up to the rounding of constants in
/// `elementType`.
bool areNear(const Polynomial &a, const Polynomial &b, mlir::Type elementType);

} // namespace tenon

#endif // TENON_PASSES_RAISE_RAISING_H
