//===- CompileGpu.h - from a graph module to an artifact for GPUs ---------===//

#ifndef TENON_COMPILER_COMPILEGPU_H
#define TENON_COMPILER_COMPILEGPU_H

#include "compiler/Compile.h"

namespace tenon {

/// compileToArtifact for the GPUs of options.target, "cuda:sm_80,sm_90a". The
/// artifact has a plan for each, and one of PTX for GPUs to come. A module that
/// is scheduled already is for one GPU, and has that plan alone.
mlir::LogicalResult compileForGpus(mlir::ModuleOp module,
                                   const CompileOptions &options,
                                   llvm::StringRef path, Stage after);

} // namespace tenon

#endif // TENON_COMPILER_COMPILEGPU_H
