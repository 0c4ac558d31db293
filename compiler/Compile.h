//===- Compile.h - from a graph module to an artifact ---------------------===//
//
//   OwningOpRef<ModuleOp> module = *onnx::importOnnx(&context, "model.onnx",
//   {}); CompileOptions options; if (failed(compileToArtifact(*module, options,
//   "model.tenon"))) ...
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_COMPILE_H
#define TENON_COMPILER_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/LLVM.h"

#include <functional>
#include <string>

namespace tenon {

/// Is told what is being done: a stage, "emit" or "write weights"; and how many
/// bytes of how many are done, 0 where nothing is counted.
using Progress = std::function<void(llvm::StringRef work, uint64_t doneBytes,
                                    uint64_t totalBytes)>;

struct CompileOptions {
  std::string target = "native"; ///< native, x86-64-v3, x86-64-v4, znver4,
                                 ///< sapphirerapids; cuda:sm_80, ... for a GPU
  /// Below it is NVRTC, for a GPU; empty: where it is looked for else.
  std::string cudaPath = {};
  bool useBf16 = false; ///< multiply and store activations in bf16
  bool useTf32 = false; ///< multiply f32 as tf32; for a GPU
  /// Arithmetic in place of the target's matrix units: what is scheduled for
  /// them runs on CPUs that lack them.
  bool emulateUnits = false;
  /// A program that loads its own file; the artifact follows it and the file is
  /// executable. Empty: the artifact alone. Outlives the compilation.
  llvm::ArrayRef<char> program;
  Progress progress = [](llvm::StringRef, uint64_t, uint64_t) {};
  /// Execute the module before and after every pass up to schedule, on small
  /// random inputs, and fail at the pass that changes a result. Slow.
  bool verifyEachExec = false;
};

/// The stages after import, in order; each leaves what docs/Stages.md says.
enum class Stage { Import, Simplify, Fuse, Tile, Schedule, Plan, Lower };

/// The stage called `name` ("simplify", "tile", ...), or nothing.
std::optional<Stage> stageByName(llvm::StringRef name);
llvm::StringRef nameOf(Stage stage);

/// Runs the stages behind `after` up to and including `until`. Plan and lower
/// work on the same scheduled module: Plan makes the exec function, Lower the
/// kernels' functions.
mlir::LogicalResult runStages(mlir::ModuleOp module,
                              const CompileOptions &options, Stage after,
                              Stage until);

/// Runs every stage behind `after`, emits code and writes the artifact, whole
/// or not at all. Exactly one error was emitted on failure.
mlir::LogicalResult compileToArtifact(mlir::ModuleOp module,
                                      const CompileOptions &options,
                                      llvm::StringRef path,
                                      Stage after = Stage::Import);

} // namespace tenon

#endif // TENON_COMPILER_COMPILE_H
