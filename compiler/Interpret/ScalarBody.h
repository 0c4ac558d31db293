//===- ScalarBody.h - executes the arith and math ops of a body -----------===//
//
// A body is what compiled code computes for one element: straight-line arith
// and math ops on scalars. It is prepared once and then executed for each
// element.
//
//   FailureOr<ScalarBody> body = ScalarBody::prepare(block.getArguments(), ops,
//   {sum}); std::optional<SmallVector<Scalar>> out = body->run({{.number = 1},
//   {.number = 2}}); out->front().number;   // 3
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_SCALARBODY_H
#define TENON_COMPILER_INTERPRET_SCALARBODY_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace tenon {

/// One scalar of a float type (`number`) or of a signless integer or index type
/// (`bits`, zero-extended from the type's width).
struct Scalar {
  double number = 0;
  uint64_t bits = 0;
};

class ScalarBody {
public:
  /// One op, with the places of its operands and of its result.
  struct Step {
    Scalar (*apply)(const Step &step, const Scalar *operands, bool &isDefined);
    llvm::SmallVector<unsigned, 3> operands;
    mlir::Type resultType;
    unsigned operandWidth = 0, resultWidth = 0; ///< bits
    int64_t predicate = 0; ///< of arith.cmpf and arith.cmpi
  };

  /// Prepares `ops`, in order, as functions of `arguments`. Emits an error at
  /// the first op that has no scalar meaning here.
  static mlir::FailureOr<ScalarBody>
  prepare(mlir::ValueRange arguments, llvm::ArrayRef<mlir::Operation *> ops,
          mlir::ValueRange results);

  /// One value a result, each op rounded to its type; nothing when an op meets
  /// operands for which it is undefined (division by zero, a conversion out of
  /// range), which a body must never do.
  std::optional<llvm::SmallVector<Scalar>>
  run(llvm::ArrayRef<Scalar> arguments) const;

private:
  llvm::SmallVector<Scalar> places; ///< constants; zero where a run writes
  llvm::SmallVector<Step> steps;
  llvm::SmallVector<unsigned> results;
  unsigned firstStep = 0; ///< place of the first step's result
};

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_SCALARBODY_H
