//===- FirstDifference.h - where two runs of a function part ways ---------===//

#ifndef TENON_COMPILER_INTERPRET_FIRSTDIFFERENCE_H
#define TENON_COMPILER_INTERPRET_FIRSTDIFFERENCE_H

#include "compiler/Interpret/Interpreter.h"

namespace tenon {

/// The first element, row-major, at which two tensors of one shape differ by
/// more than rounding in another order explains: a part of the largest element,
/// by the element type and at least `tolerance`; nothing for integers. NaNs are
/// equal.
std::optional<int64_t> firstDifference(const ReferenceTensor &expected,
                                       const ReferenceTensor &got,
                                       double tolerance);

/// What each op of a function computed, in the order of its run.
class Trace {
public:
  /// Lets the interpreter report to this trace, which outlives it.
  void record(Interpreter &interpreter);
  const Interpreter::Tensors &resultsOf(mlir::Operation *op) const {
    return results.at(op);
  }
  /// Whether some op computed this tensor, by firstDifference.
  bool contains(const ReferenceTensor &tensor, double tolerance) const;

private:
  llvm::DenseMap<mlir::Operation *, Interpreter::Tensors> results;
};

/// The first op, of those that `value` of `after` is computed from, whose
/// results are not in `before`; looks into groups. Null when there is none.
mlir::Operation *firstNewOp(mlir::Value value, const Trace &before,
                            const Trace &after, double tolerance);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_FIRSTDIFFERENCE_H
