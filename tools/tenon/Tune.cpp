//===- Tune.cpp - tenon compile --tune: schedules chosen by measuring -----===//

#include "tools/tenon/Tune.h"

#include "compiler/Targets/Targets.h"
#include "compiler/Tune.h"
#include "dialects/Graph/GraphDialect.h"
#include "passes/Schedule/ScheduleReason.h"
#include "runtime/Core/Message.h"
#include "runtime/Program/Context.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/TuneLog.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

#include <atomic>
#include <cstring>
#include <filesystem>

using namespace mlir;

namespace tenon::tool {

using rt::badInput;
using rt::Result;

namespace {

/// A folder of this process's own, until the object is gone.
class TemporaryFolder {
public:
  static Result<std::unique_ptr<TemporaryFolder>> create() {
    llvm::SmallString<128> path;
    if (auto error = llvm::sys::fs::createUniqueDirectory("tenon-tune", path))
      return badInput("--tune: no temporary folder: ", error.message());
    return std::make_unique<TemporaryFolder>(path.str().str());
  }
  explicit TemporaryFolder(std::string path) : path(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder &) = delete;
  ~TemporaryFolder() {
    std::error_code ignored; // what is left is in the system's own folder
    std::filesystem::remove_all(path, ignored);
  }

  const std::string path;
};

/// Runs trial programs in this process. What the latest launch left in L2 is
/// read over before the next one: in a model other kernels come between.
class Stopwatch : public TrialClock {
public:
  /// `other` is memory that no kernel reads.
  explicit Stopwatch(rt::Pages other) : other(std::move(other)) {
    // Pages that nothing was written to are all one page of zeros.
    std::memset(this->other.data(), 1, this->other.sizeBytes());
  }

  std::string load(const std::string &path) override;
  double secondsOf(unsigned launch) override {
    clearCaches();
    return *context->repeatStep(launch); // on a CPU nothing fails
  }

private:
  void clearCaches();

  rt::Pages other;
  std::atomic<std::byte> sink; ///< so that no read is left out
  Tensors inputs;              ///< of the context
  std::unique_ptr<rt::Context> context;
};

std::string Stopwatch::load(const std::string &path) {
  context.reset(); // whose threads have the cores
  auto model = rt::Model::load(path);
  if (!model)
    return model.error().message;
  auto made = rt::Context::create(*model);
  if (!made)
    return made.error().message;
  context = std::move(*made);
  auto tensors = makeInputs((*model)->plan(), {});
  if (!tensors)
    return tensors.error().message;
  inputs = std::move(*tensors);
  for (auto [index, input] : llvm::enumerate(inputs))
    if (auto bound =
            context->bindInput(index, {input.dtype, input.dims,
                                       input.data.data(), input.data.size()});
        !bound)
      return bound.error().message;
  auto ran = context->run();
  return ran ? std::string() : ran.error().message;
}

void Stopwatch::clearCaches() {
  constexpr int64_t kPieceBytes = 64 * 1024, kLineBytes = 64;
  const std::byte *data = other.data();
  context->threads()->run(int64_t(other.sizeBytes()) / kPieceBytes,
                          [&](int64_t begin, int64_t end, unsigned) {
                            auto sum = std::byte(0);
                            for (int64_t at = begin * kPieceBytes;
                                 at < end * kPieceBytes; at += kLineBytes)
                              sum ^= data[at];
                            sink = sum;
                          });
}

} // namespace

static Result<void> checkRunsHere(target::CpuAttr cpu) {
  for (auto feature : cpu.getFeatures().getAsRange<StringAttr>())
    if (!rt::CpuFeatures::host().has(std::string_view(feature.getValue())))
      return badInput("--tune measures on this CPU, which lacks ",
                      std::string_view(feature.getValue()), " of target ",
                      std::string_view(cpu.getName()));
  return {};
}

static std::string lineOf(const TunedKernel &kernel) {
  if (kernel.tried.empty())
    return kernel.name + ": not measured, since its sizes do not follow from "
                         "the model's symbols";
  std::string chosen =
      llvm::formatv("{0}: {1:f3} ms, ", kernel.name, kernel.seconds * 1e3);
  if (kernel.best == kernel.chosen)
    return chosen + "and none of " + std::to_string(kernel.tried.size() - 1) +
           " others is faster";
  return chosen + llvm::formatv("{0:f2} of it with ", kernel.ratio).str() +
         scheduleText(kernel.best);
}

/// The log of --tune-log; an empty one that is not written without.
static Result<TuneLog> openLog(const Arguments &arguments, target::CpuAttr cpu,
                               unsigned numThreads) {
  std::string place = rt::message(std::string_view(cpu.getName()), ", ",
                                  numThreads, " threads");
  return TuneLog::open(arguments.value("tune-log"), place, *cpu.getContext());
}

Result<void> tune(ModuleOp module, const CompileOptions &options,
                  const Arguments &arguments, const Workshop &workshop,
                  const std::function<void(const std::string &)> &print) {
  FailureOr<target::CpuAttr> cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu))
    return workshop.emittedError();
  if (auto runs = checkRunsHere(*cpu); !runs)
    return runs;
  abi::Plan plan = symbolsOf(module);
  Result<rt::Binding> binding = bindingOf(plan, arguments, "tune");
  if (!binding)
    return binding.error();
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.error();
  constexpr uint64_t kCachesOfL2 = 8;
  auto other = rt::Pages::reserve(
      kCachesOfL2 * uint64_t(cpu->cache(2).getSizeBytes()), "clearing caches");
  if (!other)
    return other.error();
  Result<unsigned> numThreads = rt::chooseNumThreads(0);
  if (!numThreads)
    return numThreads.error();
  auto log = openLog(arguments, *cpu, *numThreads);
  if (!log)
    return log.error();
  Stopwatch clock(std::move(*other));
  TuneOptions tune{{}, (*folder)->path, *numThreads, clock, [&](uint64_t key) {
                     return log->find(key);
                   }};
  for (auto [symbol, value] : llvm::zip_equal(plan.symbols, binding->symbols))
    tune.symbols[symbol.name] = value;
  auto kernels = tuneSchedules(module, options, tune);
  if (failed(kernels))
    return workshop.emittedError();
  print("tuned for " + describe(plan, *binding));
  for (const TunedKernel &kernel : *kernels) {
    print(lineOf(kernel));
    if (!kernel.tried.empty())
      log->add(kernel);
  }
  return arguments.has("tune-log") ? log->write() : Result<void>();
}

} // namespace tenon::tool
