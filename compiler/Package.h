//===- Package.h - a planned module and its code become an artifact -------===//

#ifndef TENON_COMPILER_PACKAGE_H
#define TENON_COMPILER_PACKAGE_H

#include "compiler/Compile.h"
#include "compiler/PlanBuilder.h"
#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace tenon {

/// The model for one target: `module` holds one exec.program, the functions of
/// its weights and its kernels, which are compiled.
struct TargetProgram {
  mlir::ModuleOp module;
  mlir::Attribute target;
  CompiledKernels kernels;
};

/// Writes `path`, whole or not at all: the first program's plan, of which the
/// others, whose kernels lie in the same code, are alternatives. The options
/// say what comes before the artifact, and who is told how far the weights are.
/// Weights are evaluated one at a time. Exactly one error was emitted on
/// failure.
mlir::LogicalResult writeArtifact(llvm::ArrayRef<TargetProgram> programs,
                                  const CompileOptions &options,
                                  llvm::StringRef path);

} // namespace tenon

#endif // TENON_COMPILER_PACKAGE_H
