//===- Promises.h - how a stage's promise is checked and reported ---------===//
//
//   if (isa<graph::GroupOp>(op))
//     return breaks(op, "tile", "is left", "every group is a kernel");
//
//   m.mlir:3:8: error: 'graph.group' op is left: stage 'tile' promises that
//   every group is a kernel
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_VERIFY_PROMISES_H
#define TENON_PASSES_VERIFY_PROMISES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/DebugStringHelper.h"
#include "llvm/ADT/DenseSet.h"

namespace tenon {

/// Reports that `op` breaks a promise of `stage`: what is found, and what
/// should be true instead. Always failure.
mlir::LogicalResult breaks(mlir::Operation *op, llvm::StringRef stage,
                           const llvm::Twine &found,
                           const llvm::Twine &promise);

/// Walks over the ops inside the module, each before those in its regions,
/// until `check` fails.
mlir::LogicalResult
checkEach(mlir::ModuleOp module,
          llvm::function_ref<mlir::LogicalResult(mlir::Operation *)> check);

/// The functions that a user calls; the others are weights and layers.
llvm::SmallVector<mlir::func::FuncOp> publicFunctions(mlir::ModuleOp module);

/// These and the layers that they call: all that computes at run time.
llvm::SmallVector<mlir::func::FuncOp> functionsThatRun(mlir::ModuleOp module);

/// What of a block follows from weights and constants alone: it is evaluated
/// when the artifact is written, not at run time.
class ConstantExpressions {
public:
  explicit ConstantExpressions(mlir::Block &block);
  bool contains(mlir::Operation *op) const { return ops.contains(op); }

private:
  llvm::DenseSet<mlir::Operation *> ops;
};

} // namespace tenon

#endif // TENON_PASSES_VERIFY_PROMISES_H
