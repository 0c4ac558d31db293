//===- Targets.h - the CPUs that code can be compiled for -----------------===//
//
//   FailureOr<target::CpuAttr> cpu = cpuByName(loc, "native");
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_TARGETS_TARGETS_H
#define TENON_COMPILER_TARGETS_TARGETS_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"

namespace tenon {

/// The same CPU without its matrix units.
target::CpuAttr withoutUnits(target::CpuAttr cpu);

/// The CPU called `name`: native (what detectHost says), x86-64-v3, x86-64-v4,
/// znver4 or sapphirerapids. Errors at `loc` on any other name.
mlir::FailureOr<target::CpuAttr> cpuByName(mlir::Location loc,
                                           llvm::StringRef name);

/// The name of the best of these CPUs whose every feature this machine has.
/// Empty if it has not even those of x86-64-v3.
llvm::StringRef detectHost();

/// The names, least capable first, without "native".
llvm::SmallVector<llvm::StringRef> cpuNames();

/// Whether code for the target, "cuda:sm_90a" or a CPU's name, runs on a GPU.
bool isGpuName(llvm::StringRef target);

/// The architecture behind "cuda:". Errors at `loc` on any other name.
mlir::FailureOr<target::GpuAttr> gpuByName(mlir::Location loc,
                                           llvm::StringRef target);

/// Those of a list: "cuda:sm_80,sm_90a". Errors at `loc` where one is no
/// architecture, or is there twice.
mlir::FailureOr<llvm::SmallVector<target::GpuAttr>>
gpusByName(mlir::Location loc, llvm::StringRef targets);

/// What GPUs to come run: compute_80, with the shared memory that all have.
target::GpuAttr portableGpu(mlir::MLIRContext *context);

} // namespace tenon

#endif // TENON_COMPILER_TARGETS_TARGETS_H
