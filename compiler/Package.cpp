//===- Package.cpp - a planned module and its code become an artifact -----===//

#include "compiler/Package.h"

#include "compiler/PlanBuilder.h"
#include "compiler/WeightBytes.h"
#include "runtime/Abi/ArtifactBytes.h"

#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/Threading.h"

#include <deque>
#include <future>

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

/// Evaluates the weights in turn, and remembers whether an error says already
/// why one failed. The next ones are evaluated on the context's threads while
/// one is written; memory holds no more of them than that.
class WeightWriters {
public:
  WeightWriters(MLIRContext *context, const ProgramPlan &built,
                const Progress &progress)
      : context(context), values(built.weights), progress(progress),
        quiet(context, [this, writer = llvm::get_threadid()](Diagnostic &) {
          return success(llvm::get_threadid() != writer || isWaiting);
        }) {
    for (const abi::WeightSection &weight : built.plan.weights)
      totalBytes += weight.bytes;
  }
  /// Waiting evaluates here what no thread has begun.
  ~WeightWriters() {
    isWaiting = true;
    for (auto &bytes : ahead)
      bytes.wait();
  }

  abi::WeightWriter writerOf(size_t number) {
    return
        [this, number](abi::WeightSink &sink) { return write(number, sink); };
  }
  bool isExplained() const { return explained; }

private:
  static constexpr size_t kNumAhead = 2;

  rt::Result<void> write(size_t number, abi::WeightSink &sink) {
    progress("write weights", doneBytes, totalBytes);
    doneBytes += sink.remainingBytes();
    FailureOr<HostBytes> bytes = take(number);
    if (succeeded(bytes))
      return sink.write(
          std::as_bytes(std::span(bytes->get().data(), bytes->get().size())));
    explained = true;
    return rt::Error{rt::Code::BadInput, "a weight has no value"};
  }

  /// One that failed ahead of its turn, in silence, fails again here.
  FailureOr<HostBytes> take(size_t number) {
    if (!context->isMultithreadingEnabled())
      return weights.evaluate(values[number]);
    startAhead(number);
    isWaiting = true;
    const FailureOr<HostBytes> &bytes = ahead.front().get();
    isWaiting = false;
    if (failed(bytes))
      return weights.evaluate(values[number]);
    HostBytes result = *bytes;
    ahead.pop_front();
    return result;
  }

  void startAhead(size_t number) {
    size_t end = std::min(number + 1 + kNumAhead, values.size());
    for (size_t next = number + ahead.size(); next < end; ++next)
      ahead.push_back(context->getThreadPool().async(
          [this, value = values[next]] { return weights.evaluate(value); }));
  }

  MLIRContext *context;
  ArrayRef<func::FuncOp> values;
  const Progress &progress;
  WeightBytes weights;
  std::deque<std::shared_future<FailureOr<HostBytes>>> ahead;
  uint64_t doneBytes = 0, totalBytes = 0;
  bool explained = false, isWaiting = false;
  ScopedDiagnosticHandler quiet; ///< of what is evaluated ahead
};

} // namespace

/// The plan of the first program, with the others as alternatives.
static FailureOr<ProgramPlan>
buildPlanForAll(ArrayRef<TargetProgram> programs) {
  FailureOr<ProgramPlan> built = failure();
  for (const auto &[module, target, kernels] : programs) {
    FailureOr<exec::ProgramOp> program = onlyProgram(module);
    if (failed(program))
      return failure();
    if (succeeded(built)) {
      if (failed(addAlternative(*built, *program, target, kernels)))
        return failure();
      continue;
    }
    built = buildPlan(*program, target, kernels);
    if (failed(built))
      return failure();
  }
  return built;
}

LogicalResult writeArtifact(ArrayRef<TargetProgram> programs,
                            const CompileOptions &options, StringRef path) {
  ModuleOp module = programs.front().module;
  ArrayRef<char> code = programs.front().kernels.code;
  FailureOr<ProgramPlan> built = buildPlanForAll(programs);
  if (failed(built))
    return failure();

  WeightWriters writers(module.getContext(), *built, options.progress);
  abi::ArtifactContents contents;
  contents.code = std::as_bytes(std::span(code.data(), code.size()));
  contents.plan = std::move(built->plan);
  contents.program =
      std::as_bytes(std::span(options.program.data(), options.program.size()));
  for (size_t number = 0; number < built->weights.size(); ++number)
    contents.weightWriters.push_back(writers.writerOf(number));
  auto written = abi::assembleArtifact(path.str(), std::move(contents));
  if (written)
    return success();
  if (writers.isExplained())
    return failure();
  return module.emitError() << written.error().message;
}

} // namespace tenon
