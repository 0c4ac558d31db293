//===- PlanBuilder.h - an exec.program as the plan of an artifact ---------===//

#ifndef TENON_COMPILER_PLANBUILDER_H
#define TENON_COMPILER_PLANBUILDER_H

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Target/TargetDialect.h"
#include "runtime/Abi/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"

namespace tenon {

struct ProgramPlan {
  abi::Plan plan;
  /// What computes each of plan.weights.
  llvm::SmallVector<mlir::func::FuncOp> weights;
};

/// What the plan says of a kernel for GPUs.
struct DeviceForm {
  int64_t numThreads = 0, sharedBytes = 0;
  std::vector<abi::DeviceCode> codes;
  std::vector<abi::TensorMap> tensorMaps;
};

/// Compiled kernels: functions of a CPU beside the program, or tile.kernel ops,
/// of which all are in `deviceForms`.
struct CompiledKernels {
  llvm::ArrayRef<char> code; ///< the shared object that has their addresses
  llvm::StringMap<DeviceForm> deviceForms = {};
};

/// The plan of `program` for a `#target.cpu` or a `#target.gpu`. Offsets and
/// checksums of weights are left 0. Emits one error when it fails.
mlir::FailureOr<ProgramPlan> buildPlan(exec::ProgramOp program,
                                       mlir::Attribute target,
                                       const CompiledKernels &kernels);

/// The program for one more GPU as an alternative of the plan, whose weights it
/// shares; what it has of its own is added to them. Both come from one model.
/// Emits one error when it fails.
mlir::LogicalResult addAlternative(ProgramPlan &plan, exec::ProgramOp program,
                                   mlir::Attribute target,
                                   const CompiledKernels &kernels);

} // namespace tenon

#endif // TENON_COMPILER_PLANBUILDER_H
