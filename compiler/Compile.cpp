//===- Compile.cpp - from a graph module to an artifact
//--------------------===//

#include "compiler/Compile.h"

#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Package.h"
#include "compiler/Targets/Targets.h"

using namespace mlir;

namespace tenon {

LogicalResult compileToArtifact(ModuleOp module, const CompileOptions &options,
                                StringRef path, Stage after) {
  FailureOr<target::CpuAttr> cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu) || failed(runStages(module, options, after, Stage::Lower)))
    return failure();
  FailureOr<std::vector<Bytes>> objects = emitObjects(module, *cpu);
  if (failed(objects))
    return failure();
  FailureOr<Bytes> code = linkSharedObject(module.getLoc(), *objects);
  if (failed(code))
    return failure();
  return writeArtifact(module, *cpu, *code, path);
}

} // namespace tenon
