//===- ExecutionCheck.h - does a pass change what a module computes? ------===//
//
// Executes every public function of a module on random inputs before and after
// each pass. The pass after which a result leaves the tolerance is named, with
// the first op whose value was not there before:
//
//   ExecutionCheck check(readWeightsFrom(folder));
//   check.watch(passes);              // any number of pass managers
//   if (failed(passes.run(module)) || check.hasFailed()) ...
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_EXECUTIONCHECK_H
#define TENON_COMPILER_INTERPRET_EXECUTIONCHECK_H

#include "compiler/Interpret/Interpreter.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace tenon {

class ExecutionCheck {
public:
  /// `tolerance`: the part of its largest element by which a result may differ
  /// after a pass, where its type's rounding is not more. A pass that makes
  /// types narrower needs some.
  explicit ExecutionCheck(Interpreter::WeightReader readWeight,
                          double tolerance = 0)
      : readWeight(std::move(readWeight)), tolerance(tolerance) {}

  /// Checks the passes that `passes` runs, on modules and on functions. The
  /// context must be without threads; this object outlives `passes`.
  void watch(mlir::PassManager &passes);

  /// Whether an error was emitted: a pass changed a result, or a function
  /// cannot be executed. Nothing more is executed then.
  bool hasFailed() const { return failed; }

  void beforePass(mlir::ModuleOp module);
  void afterPass(llvm::StringRef pass, mlir::ModuleOp module);

private:
  using Tensors = Interpreter::Tensors;
  llvm::FailureOr<Tensors> execute(mlir::func::FuncOp function);
  void compare(llvm::StringRef pass, mlir::func::FuncOp function);
  /// A result that a pass changed.
  struct Change {
    unsigned result;
    int64_t element;
    double expected, got;
  };
  std::optional<Change> findChange(llvm::ArrayRef<ReferenceTensor> expected,
                                   llvm::ArrayRef<ReferenceTensor> got) const;
  void explain(llvm::StringRef pass, mlir::func::FuncOp function,
               const Change &change);

  Interpreter::WeightReader readWeight;
  double tolerance;
  llvm::StringMap<Tensors> inputs;            ///< by function
  llvm::StringMap<Tensors> expected;          ///< before the pass
  mlir::OwningOpRef<mlir::ModuleOp> original; ///< before the pass
  bool failed = false;
};

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_EXECUTIONCHECK_H
