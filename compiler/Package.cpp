//===- Package.cpp - a planned module and its code become an artifact -----===//

#include "compiler/Package.h"

#include "compiler/PlanBuilder.h"
#include "compiler/WeightBytes.h"
#include "runtime/Abi/ArtifactBytes.h"

using namespace mlir;

namespace tenon {

static FailureOr<exec::ProgramOp> onlyProgram(ModuleOp module) {
  SmallVector<exec::ProgramOp> programs(module.getOps<exec::ProgramOp>());
  if (programs.size() == 1)
    return programs.front();
  return module.emitError() << "an artifact holds one exec.program, the module "
                               "has "
                            << programs.size();
}

LogicalResult writeArtifact(ModuleOp module, target::CpuAttr cpu,
                            ArrayRef<char> code, ArrayRef<char> program,
                            StringRef path) {
  FailureOr<exec::ProgramOp> steps = onlyProgram(module);
  if (failed(steps))
    return failure();
  FailureOr<ProgramPlan> built = buildPlan(*steps, cpu, code);
  if (failed(built))
    return failure();

  WeightBytes weights;
  bool isExplained = false; // an error says already why a weight failed
  abi::ArtifactContents contents;
  contents.code = std::as_bytes(std::span(code.data(), code.size()));
  contents.program = std::as_bytes(std::span(program.data(), program.size()));
  contents.plan = std::move(built->plan);
  for (func::FuncOp value : built->weights)
    contents.weightWriters.push_back(
        [&weights, &isExplained,
         value](abi::WeightSink &sink) -> rt::Result<void> {
          FailureOr<HostBytes> bytes = weights.evaluate(value);
          if (succeeded(bytes))
            return sink.write(std::as_bytes(
                std::span(bytes->get().data(), bytes->get().size())));
          isExplained = true;
          return rt::Error{rt::Code::BadInput, "a weight has no value"};
        });
  auto written = abi::assembleArtifact(path.str(), std::move(contents));
  if (written)
    return success();
  if (isExplained)
    return failure();
  return (*steps)->emitError() << written.error().message;
}

} // namespace tenon
