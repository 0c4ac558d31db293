//===- Tune.cpp - choose schedules by measuring ---------------------------===//

#include "compiler/Tune.h"

#include "compiler/Targets/Targets.h"
#include "compiler/Trial.h"
#include "dialects/Tile/Products.h"
#include "passes/Schedule/ScheduleChoice.h"
#include "passes/Schedule/ScheduleNeighbours.h"
#include "passes/Schedule/ScheduleReason.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>

using namespace mlir;

namespace tenon {

//===----------------------------------------------------------------------===//
// The acceptance of a candidate
//===----------------------------------------------------------------------===//

static double median(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  return numbers[numbers.size() / 2];
}

namespace {
/// The times of candidates that run in turns.
class Turns {
public:
  Turns(ArrayRef<unsigned> candidates, TimeCandidate time)
      : candidates(candidates), time(time), seconds(candidates.size()) {}

  /// A round, every second one backwards.
  void run(unsigned numRounds) {
    for (unsigned round = 0; round < numRounds; ++round)
      for (size_t i = 0; i < candidates.size(); ++i) {
        size_t next = round % 2 ? candidates.size() - 1 - i : i;
        seconds[next].push_back(time(candidates[next]));
      }
  }

  /// The median over the rounds of the candidate's time over the first one's.
  double ratio(size_t place) const {
    std::vector<double> ratios;
    for (auto [own, first] : llvm::zip_equal(seconds[place], seconds[0]))
      ratios.push_back(own / first);
    return median(ratios);
  }

  /// The candidates by their ratios, the least first.
  SmallVector<unsigned> ranking() const {
    SmallVector<std::pair<double, unsigned>> ranked;
    for (size_t place = 0; place < candidates.size(); ++place)
      ranked.emplace_back(ratio(place), candidates[place]);
    llvm::sort(ranked);
    return llvm::to_vector(llvm::make_second_range(ranked));
  }

private:
  ArrayRef<unsigned> candidates;
  TimeCandidate time;
  std::vector<std::vector<double>> seconds;
};
} // namespace

/// Rounds enough for a median, within patience.
static unsigned roundsFor(double seconds, unsigned least, unsigned most) {
  constexpr double kPatienceSeconds = 0.05;
  double affordable = kPatienceSeconds / std::max(seconds, 1e-9);
  return static_cast<unsigned>(
      std::clamp(affordable, double(least), double(most)));
}

Fastest chooseFastest(unsigned numCandidates, TimeCandidate time) {
  constexpr unsigned kNumFinalists = 4;
  auto all = llvm::to_vector(llvm::seq<unsigned>(0, numCandidates));
  for (unsigned candidate : all)
    time(candidate); // touches its memory
  double seconds = time(0);
  Fastest fastest;
  fastest.ratios.resize(numCandidates, 1);
  auto runTurns = [&](ArrayRef<unsigned> candidates, unsigned numRounds) {
    Turns turns(candidates, time);
    turns.run(numRounds);
    for (auto [place, candidate] : llvm::enumerate(candidates))
      fastest.ratios[candidate] = turns.ratio(place);
    return turns.ranking();
  };
  SmallVector<unsigned> finalists = {0};
  for (unsigned candidate : runTurns(all, roundsFor(seconds, 3, 7)))
    if (candidate != 0 && finalists.size() <= kNumFinalists)
      finalists.push_back(candidate);
  unsigned winner = runTurns(finalists, roundsFor(seconds, 3, 15)).front();
  if (winner == 0)
    return fastest;
  runTurns({0, winner}, roundsFor(seconds, 5, 21));
  if (fastest.ratios[winner] < kAcceptedRatio) {
    fastest.candidate = winner;
    fastest.ratio = fastest.ratios[winner];
  }
  return fastest;
}

//===----------------------------------------------------------------------===//
// The search
//===----------------------------------------------------------------------===//

namespace {
class KernelSearch {
public:
  KernelSearch(tile::KernelOp kernel, const Trials &trials, target::CpuAttr cpu,
               const CompileOptions &options, const TuneOptions &tune)
      : kernel(kernel), trials(trials), cpu(cpu), machine(scheduleMachine(cpu)),
        options(options), tune(tune) {}

  FailureOr<TunedKernel> run();

private:
  FailureOr<Fastest> measure(ArrayRef<DictionaryAttr> schedules);

  tile::KernelOp kernel;
  const Trials &trials;
  target::CpuAttr cpu;
  ScheduleMachine machine;
  const CompileOptions &options;
  const TuneOptions &tune;
  TunedKernel result;
  llvm::MapVector<DictionaryAttr, double> tried; ///< ratios
  std::vector<double> secondsOfChosen;
};
} // namespace

FailureOr<Fastest> KernelSearch::measure(ArrayRef<DictionaryAttr> schedules) {
  OwningOpRef<ModuleOp> program = trials.make(kernel, schedules);
  CompileOptions plain;
  plain.target = options.target;
  std::string path = tune.folder + "/trial.tenon";
  if (failed(compileToArtifact(*program, plain, path, Stage::Tile)))
    return failure();
  if (std::string error = tune.clock.load(path); !error.empty())
    return kernel.emitError() << "cannot be measured: " << error;
  Fastest fastest = chooseFastest(schedules.size(), [&](unsigned candidate) {
    double seconds = tune.clock.secondsOf(candidate);
    if (candidate == 0)
      secondsOfChosen.push_back(seconds);
    return seconds;
  });
  for (auto [schedule, ratio] : llvm::zip_equal(schedules, fastest.ratios))
    tried[schedule] = ratio;
  return fastest;
}

/// A number for the kernel but for its name, how it is launched, and `chosen`.
static uint64_t keyOf(tile::KernelOp kernel, const TrialLaunch &launch,
                      DictionaryAttr chosen) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OwningOpRef<tile::KernelOp> nameless = kernel.clone();
  nameless->setSymName("kernel");
  nameless->print(os, OpPrintingFlags().useLocalScope());
  llvm::interleaveComma(launch.inputs, os);
  llvm::interleaveComma(launch.scalars, os);
  os << chosen;
  return llvm::xxh3_64bits(text);
}

FailureOr<TunedKernel> KernelSearch::run() {
  constexpr int kMostSteps = 2;
  result.name = kernel.getSymName().str();
  result.chosen = result.best = chooseSchedule(kernel, machine);
  const TrialLaunch *launch = trials.launchOf(kernel);
  if (!launch)
    return result;
  result.sizes = productSizes(kernel, launch->scalars);
  result.predictedSeconds = predictedSeconds(
      kernel, result.chosen, result.sizes, cpu, tune.numThreads);
  result.key = keyOf(kernel, *launch, result.chosen);
  if (const TunedKernel *known = tune.recall(result.key)) {
    std::string name = std::move(result.name);
    result = *known;
    result.name = std::move(name);
    return result;
  }
  llvm::SetVector<DictionaryAttr> seen;
  seen.insert(result.chosen);
  for (int step = 0; step < kMostSteps; ++step) {
    SmallVector<DictionaryAttr> schedules = {result.chosen};
    if (result.best != result.chosen)
      schedules.push_back(result.best);
    size_t numKnown = schedules.size();
    for (DictionaryAttr other : neighboursOf(kernel, result.best, machine))
      if (seen.insert(other))
        schedules.push_back(other);
    if (schedules.size() == numKnown)
      break;
    FailureOr<Fastest> fastest = measure(schedules);
    if (failed(fastest))
      return failure();
    // The choice itself where what the step before found is no gain any more.
    result.ratio = fastest->ratio;
    result.best = schedules[fastest->candidate];
    if (fastest->candidate < numKnown)
      break;
  }
  result.seconds = median(secondsOfChosen);
  for (auto [schedule, ratio] : tried)
    result.tried.push_back({schedule, ratio});
  return result;
}

/// The kernel gets its schedule, and the reason for it.
static void keepBest(tile::KernelOp kernel, const TunedKernel &tuned,
                     const ScheduleMachine &machine) {
  kernel.setScheduleAttr(tuned.best);
  std::string reason;
  llvm::raw_string_ostream os(reason);
  if (tuned.best != tuned.chosen)
    os << "measured: " << llvm::format("%.2f", tuned.ratio)
       << " of the cost model's choice";
  else
    os << scheduleReason(kernel, machine) << "; measured: none of "
       << tuned.tried.size() - 1 << " others is faster";
  kernel->setAttr("tenon.reason", StringAttr::get(kernel.getContext(), reason));
}

FailureOr<std::vector<TunedKernel>> tuneSchedules(ModuleOp module,
                                                  const CompileOptions &options,
                                                  const TuneOptions &tune) {
  FailureOr<target::CpuAttr> cpu = cpuByName(module.getLoc(), options.target);
  if (failed(cpu))
    return failure();
  FailureOr<Trials> trials = Trials::create(module, tune.symbols);
  if (failed(trials))
    return failure();
  ScheduleMachine machine = scheduleMachine(*cpu);
  std::vector<TunedKernel> kernels;
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    if (kernel.getSchedule() || !tile::hasProduct(kernel))
      continue;
    options.progress(("tune " + kernel.getSymName()).str(), 0, 0);
    FailureOr<TunedKernel> tuned =
        KernelSearch(kernel, *trials, *cpu, options, tune).run();
    if (failed(tuned))
      return failure();
    if (!tuned->tried.empty())
      keepBest(kernel, *tuned, machine);
    kernels.push_back(std::move(*tuned));
  }
  return kernels;
}

} // namespace tenon
