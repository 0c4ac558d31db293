// The device as its users see it: launches.

#include "runtime/VirtualGpu/Machine.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <tuple>

namespace tenon::vgpu {

using rt::badInput;
using rt::quoted;
using rt::Result;

Machine::Machine(std::shared_ptr<Memory> memory, MachineOptions options)
    : deviceMemory(std::move(memory)), settings(options) {}
Machine::~Machine() = default;

void Machine::setOptions(const MachineOptions &options) {
  std::lock_guard lock(mutex);
  settings = options;
}

const ArchLimits &Machine::limits() const {
  const ArchLimits *limits = archLimits(settings.arch);
  return limits ? *limits : *archLimits(80);
}

static std::string dimsText(Dim3 dims) {
  return rt::message(dims.x, "x", dims.y, "x", dims.z);
}

static Result<void> checkBlock(const KernelInfo &info, Dim3 block) {
  constexpr uint32_t kMostThreads = 1024, kMostZ = 64;
  uint64_t numThreads = block.count();
  if (numThreads == 0 || numThreads > kMostThreads || block.x > kMostThreads ||
      block.y > kMostThreads || block.z > kMostZ)
    return badInput("kernel ", quoted(info.name), ": expected a block of 1 to ",
                    kMostThreads, " threads and at most ", kMostZ,
                    " along z, got ", dimsText(block));
  if (info.requiredThreads && !(*info.requiredThreads == block))
    return badInput("kernel ", quoted(info.name), " requires a block of ",
                    dimsText(*info.requiredThreads), ", got ", dimsText(block));
  if (info.maxThreads && numThreads > info.maxThreads->count())
    return badInput("kernel ", quoted(info.name), " allows ",
                    info.maxThreads->count(), " threads a block, got ",
                    numThreads);
  return {};
}

static Result<void> checkGrid(const KernelInfo &info, const ArchLimits &limits,
                              Dim3 grid, Dim3 block, Dim3 cluster,
                              bool usesTensorMemory) {
  constexpr uint32_t kMostX = 0x7fffffff, kMostYZ = 65535, kMostCluster = 16;
  if (grid.count() == 0 || grid.x > kMostX || grid.y > kMostYZ ||
      grid.z > kMostYZ)
    return badInput("kernel ", quoted(info.name),
                    ": expected a grid of at least one block, at most ", kMostX,
                    "x", kMostYZ, "x", kMostYZ, ", got ", dimsText(grid));
  if (cluster.count() == 0 || cluster.count() > kMostCluster ||
      grid.x % cluster.x || grid.y % cluster.y || grid.z % cluster.z)
    return badInput("kernel ", quoted(info.name),
                    ": expected a cluster of 1 to ", kMostCluster,
                    " blocks that divides the grid ", dimsText(grid), ", got ",
                    dimsText(cluster));
  if (cluster.count() > 1 && !limits.hasClusters)
    return badInput("kernel ", quoted(info.name), " asks for a cluster of ",
                    dimsText(cluster), ", which sm_", limits.arch,
                    " does not have");
  if (info.requiredCluster && !(*info.requiredCluster == cluster))
    return badInput("kernel ", quoted(info.name), " requires a cluster of ",
                    dimsText(*info.requiredCluster), ", got ",
                    dimsText(cluster));
  // The unit of tensor memory has a clock of its own in each block.
  uint64_t numWarps = (block.count() + 31) / 32 * cluster.count(),
           most = SharedClocks::kMostWarps -
                  (usesTensorMemory ? cluster.count() : 0);
  if (cluster.count() > 1 && numWarps > most)
    return badInput("kernel ", quoted(info.name), " asks for clusters of ",
                    numWarps, " warps: those of at most ", most,
                    " are executed");
  return {};
}

static Result<void> checkConfig(const LaunchConfig &config,
                                const ArchLimits &limits,
                                uint32_t sharedBytes) {
  if (!config.kernel)
    return badInput("a launch needs a kernel");
  const KernelInfo &info = config.kernel->info();
  Result<void> block = checkBlock(info, config.block);
  if (!block)
    return block;
  Result<void> grid =
      checkGrid(info, limits, config.grid, config.block, config.cluster,
                config.kernel->program().usesTensorMemory);
  if (!grid)
    return grid;
  if (sharedBytes > limits.sharedOptInBytes)
    return badInput("kernel ", quoted(info.name), " needs ", sharedBytes,
                    " bytes of shared memory, expected at most ",
                    limits.sharedOptInBytes, " on sm_", limits.arch);
  if (config.parameters.size() != info.parameterBytes)
    return badInput("kernel ", quoted(info.name), " has ", info.parameterBytes,
                    " bytes of parameters, got ", config.parameters.size());
  if (info.parameterBytes > limits.parameterBytes)
    return badInput("kernel ", quoted(info.name), " has ", info.parameterBytes,
                    " bytes of parameters, expected at most ",
                    limits.parameterBytes, " on sm_", limits.arch);
  return {};
}

static void runWorkers(Launch &launch, unsigned numWorkers) {
  auto work = [&launch] {
    Worker worker;
    worker.launch = &launch;
    worker.ranges.resize(launch.program->code.size());
    runWorker(worker);
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < numWorkers; ++i)
    others.emplace_back(work);
  work();
  for (std::thread &thread : others)
    thread.join();
}

// Reports in the order of blocks; the same defect at the same line is one.
static std::vector<Report> mergeReports(Launch &launch) {
  std::vector<Report> merged;
  std::map<std::tuple<ReportKind, std::string, uint32_t>, size_t> known;
  for (auto &[number, reports] : launch.reports) {
    if (number > launch.stoppedAt)
      break;
    for (Report &report : reports) {
      uint32_t line = report.file.empty() ? report.ptxLine : report.line;
      auto [at, isNew] =
          known.try_emplace({report.kind, report.file, line}, merged.size());
      if (isNew)
        merged.push_back(std::move(report));
      else
        merged[at->second].count += report.count;
    }
  }
  if (merged.size() > launch.options.maxReports)
    merged.resize(launch.options.maxReports);
  return merged;
}

static LaunchShape shapeOf(const Launch &launch) {
  const KernelInfo &info = launch.program->info;
  return {info.target, launch.grid.count(), launch.block.count(),
          info.ptxasRegisters.value_or(0), launch.sharedBytes};
}

Result<LaunchResult> Machine::launch(const LaunchConfig &config) {
  std::lock_guard lock(mutex);
  const ArchLimits *limits = archLimits(settings.arch);
  if (!limits)
    return badInput("sm_", settings.arch, " is no architecture of this device");
  uint32_t sharedBytes = 0;
  if (config.kernel) {
    const KernelProgram &program = config.kernel->program();
    // Without an extern array the dynamic bytes lie behind the static ones.
    sharedBytes =
        std::max(program.dynamicSharedOffset, program.info.staticSharedBytes) +
        config.dynamicSharedBytes;
  }
  Result<void> checked = checkConfig(config, *limits, sharedBytes);
  if (!checked)
    return checked.error();

  Launch launch;
  launch.program = &config.kernel->program();
  launch.memory = deviceMemory.get();
  launch.options = settings;
  launch.grid = config.grid;
  launch.block = config.block;
  launch.cluster = config.cluster;
  launch.parameters = config.parameters;
  launch.sharedBytes = sharedBytes;
  launch.dynamicSharedBytes = config.dynamicSharedBytes;
  launch.numSms = limits->numSms;
  LaunchShape shape = shapeOf(launch);
  if (settings.measures)
    launch.traffic =
        std::make_unique<Traffic>(shape.numBlocks, cachesFor(shape));
  bool meets = launch.program->blocksMeet;
  uint64_t numBlocks = launch.grid.count();
  if (settings.checks && !meets && numBlocks > 1 &&
      numBlocks <= GlobalRaces::kMostBlocks)
    launch.races = std::make_unique<GlobalRaces>();
  launch.numResident = meets ? limits->numSms : 1;
  uint64_t numWorkers =
      meets ? 1 : std::min<uint64_t>(settings.numWorkers, launch.grid.count());
  runWorkers(launch, std::max<uint64_t>(numWorkers, 1));

  LaunchResult result;
  result.fault = launch.fault;
  result.reports = mergeReports(launch);
  result.counters = launch.counters;
  if (launch.traffic && launch.fault == Fault::None) {
    Measures &measures = result.measures.emplace();
    measures.sharedBytes = sharedBytes;
    measures.traffic = launch.traffic->finish();
    measures.bounds = boundsOf(shape, launch.work, measures.traffic);
  }
  return result;
}

} // namespace tenon::vgpu
