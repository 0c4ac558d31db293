//===- ArtifactRun.h - a module compiled, loaded and run in this process --===//
//
//   std::optional<ArtifactRun> run = ArtifactRun::compile(
//       module, options, Stage::Tile);
//   FailureOr<Interpreter::Tensors> results = run->run(function, inputs);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_ARTIFACTRUN_H
#define TENON_TESTS_COMPILER_ARTIFACTRUN_H

#include "compiler/Compile.h"
#include "compiler/Interpret/Interpreter.h"
#include "runtime/Program/Context.h"

namespace tenon {

class ArtifactRun {
public:
  /// Runs the stages behind `after` on `module`, which it uses up. Nothing, and
  /// an emitted error or a failed expectation, when a step fails; why it does
  /// not load goes to `loadError`, if that is given.
  static std::optional<ArtifactRun> compile(mlir::ModuleOp module,
                                            const CompileOptions &options,
                                            Stage after,
                                            std::string *loadError = nullptr);

  const abi::Plan &plan() const { return context->plan(); }

  /// What the code makes of `inputs`; `like` are tensors of the results' types.
  std::optional<Interpreter::Tensors>
  run(llvm::ArrayRef<ReferenceTensor> inputs,
      llvm::ArrayRef<ReferenceTensor> like);

private:
  std::unique_ptr<rt::Context> context;
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_ARTIFACTRUN_H
