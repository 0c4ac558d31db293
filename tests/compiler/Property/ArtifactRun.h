//===- ArtifactRun.h - a module compiled, loaded and run in this process --===//
//
//   std::optional<ArtifactRun> run = ArtifactRun::compile(module, Stage::Tile);
//   FailureOr<Interpreter::Tensors> results = run->run(function, inputs);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_COMPILER_PROPERTY_ARTIFACTRUN_H
#define TENON_TESTS_COMPILER_PROPERTY_ARTIFACTRUN_H

#include "compiler/Compile.h"
#include "compiler/Interpret/Interpreter.h"
#include "runtime/Program/Context.h"

namespace tenon {

class ArtifactRun {
public:
  /// Runs the stages behind `after` on `module`, which it uses up. Nothing, and
  /// an emitted error or a failed expectation, when a step fails.
  static std::optional<ArtifactRun> compile(mlir::ModuleOp module, Stage after);

  /// What the code makes of `inputs`; `like` are tensors of the results' types.
  std::optional<Interpreter::Tensors>
  run(llvm::ArrayRef<ReferenceTensor> inputs,
      llvm::ArrayRef<ReferenceTensor> like);

private:
  std::unique_ptr<rt::Context> context;
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_PROPERTY_ARTIFACTRUN_H
