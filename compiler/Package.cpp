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

namespace {

/// Evaluates the weights one at a time, and remembers whether an error says
/// already why one failed.
class WeightWriters {
public:
  WeightWriters(const abi::Plan &plan, const Progress &progress)
      : progress(progress) {
    for (const abi::WeightSection &weight : plan.weights)
      totalBytes += weight.bytes;
  }

  abi::WeightWriter writerOf(func::FuncOp value) {
    return [this, value](abi::WeightSink &sink) { return write(value, sink); };
  }
  bool isExplained() const { return explained; }

private:
  rt::Result<void> write(func::FuncOp value, abi::WeightSink &sink) {
    progress("write weights", doneBytes, totalBytes);
    doneBytes += sink.remainingBytes();
    FailureOr<HostBytes> bytes = weights.evaluate(value);
    if (succeeded(bytes))
      return sink.write(
          std::as_bytes(std::span(bytes->get().data(), bytes->get().size())));
    explained = true;
    return rt::Error{rt::Code::BadInput, "a weight has no value"};
  }

  const Progress &progress;
  WeightBytes weights;
  uint64_t doneBytes = 0, totalBytes = 0;
  bool explained = false;
};

} // namespace

LogicalResult writeArtifact(ModuleOp module, target::CpuAttr cpu,
                            ArrayRef<char> code, const CompileOptions &options,
                            StringRef path) {
  FailureOr<exec::ProgramOp> program = onlyProgram(module);
  if (failed(program))
    return failure();
  FailureOr<ProgramPlan> built = buildPlan(*program, cpu, code);
  if (failed(built))
    return failure();

  WeightWriters writers(built->plan, options.progress);
  abi::ArtifactContents contents;
  contents.code = std::as_bytes(std::span(code.data(), code.size()));
  contents.plan = std::move(built->plan);
  contents.program =
      std::as_bytes(std::span(options.program.data(), options.program.size()));
  for (func::FuncOp value : built->weights)
    contents.weightWriters.push_back(writers.writerOf(value));
  auto written = abi::assembleArtifact(path.str(), std::move(contents));
  if (written)
    return success();
  if (writers.isExplained())
    return failure();
  return (*program)->emitError() << written.error().message;
}

} // namespace tenon
