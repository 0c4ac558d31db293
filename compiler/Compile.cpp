//===- Compile.cpp - from a graph module to an artifact -------------------===//

#include "compiler/Compile.h"

#include "compiler/CompileGpu.h"
#include "compiler/Emit/Cpu/EmitObject.h"
#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/Package.h"
#include "compiler/Targets/Targets.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

/// An artifact has code, so a model that only copies gets an empty function.
static void addCodeIfThereIsNone(ModuleOp module) {
  if (llvm::any_of(module.getOps<func::FuncOp>(),
                   [](func::FuncOp function) { return function.isPublic(); }))
    return;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), "no_kernels",
                                       b.getFunctionType({}, {}));
  b.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(b, module.getLoc());
}

LogicalResult compileToArtifact(ModuleOp module, const CompileOptions &options,
                                StringRef path, Stage after) {
  if (isGpuName(options.target))
    return compileForGpus(module, options, path, after);
  FailureOr<target::CpuAttr> cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu) || failed(runStages(module, options, after, Stage::Lower)))
    return failure();
  if (options.emulateUnits)
    cpu = withoutUnits(*cpu);
  options.progress("emit", 0, 0);
  addCodeIfThereIsNone(module);
  FailureOr<std::vector<Bytes>> objects = emitObjects(module, *cpu);
  if (failed(objects))
    return failure();
  FailureOr<Bytes> code = linkSharedObject(module.getLoc(), *objects);
  if (failed(code))
    return failure();
  return writeArtifact({{module, *cpu, {*code}}}, options, path);
}

} // namespace tenon
