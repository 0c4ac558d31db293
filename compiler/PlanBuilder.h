//===- PlanBuilder.h - an exec.program as the plan of an artifact ---------===//

#ifndef TENON_COMPILER_PLANBUILDER_H
#define TENON_COMPILER_PLANBUILDER_H

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Target/TargetDialect.h"
#include "runtime/Abi/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Support/LLVM.h"

namespace tenon {

struct ProgramPlan {
  abi::Plan plan;
  /// What computes each of plan.weights.
  llvm::SmallVector<mlir::func::FuncOp> weights;
};

/// The plan of `program`, whose kernels are functions beside it and have their
/// addresses in `code`. Offsets and checksums of weights are left 0. Emits one
/// error when it fails.
mlir::FailureOr<ProgramPlan> buildPlan(exec::ProgramOp program,
                                       target::CpuAttr cpu,
                                       llvm::ArrayRef<char> code);

} // namespace tenon

#endif // TENON_COMPILER_PLANBUILDER_H
