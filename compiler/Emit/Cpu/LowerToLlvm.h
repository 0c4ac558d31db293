//===- LowerToLlvm.h - kernels in scf, arith, vector become LLVM dialect --===//

#ifndef TENON_COMPILER_EMIT_CPU_LOWERTOLLVM_H
#define TENON_COMPILER_EMIT_CPU_LOWERTOLLVM_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace tenon {

/// A module that holds one module for each public func.func of `kernels`, which
/// is left as it is: a copy of the function and of the private functions that
/// it calls. The order is that of `kernels`. Errors on a public function
/// without a body.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
splitKernels(mlir::ModuleOp kernels);

/// Turns the bodies of all modules inside `split` into the LLVM dialect, the
/// modules in parallel. Kernels may use func, scf, cf, arith, math, index,
/// vector (1-D, no contractions), x86vector and llvm ops.
mlir::LogicalResult lowerToLlvm(mlir::ModuleOp split, target::CpuAttr cpu);

} // namespace tenon

#endif // TENON_COMPILER_EMIT_CPU_LOWERTOLLVM_H
