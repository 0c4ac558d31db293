//===- Tune.h - choose schedules by measuring -----------------------------===//
//
//   TuneOptions tune{symbols, clock};
//   FailureOr<std::vector<TunedKernel>> kernels =
//       tuneSchedules(module, options, tune); // kernels have their schedules
//   runStages(module, options, Stage::Tile, Stage::Lower);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_TUNE_H
#define TENON_COMPILER_TUNE_H

#include "compiler/Compile.h"
#include "compiler/Interpret/Symbols.h"
#include "passes/Schedule/ScheduleCost.h"

#include <vector>

namespace tenon {

/// A gain of less than this part of the time is not told from noise.
inline constexpr double kAcceptedRatio = 0.97;

/// The seconds of one run of candidate number `candidate`.
using TimeCandidate = llvm::function_ref<double(unsigned candidate)>;

struct Fastest {
  unsigned candidate = 0;
  double ratio = 1; ///< of its time to that of candidate 0
  /// The same of each candidate, from the last rounds that it took part in.
  std::vector<double> ratios;
};

/// The fastest of `numCandidates`: another one than number 0 where its time is
/// less than kAcceptedRatio of that one's, in the median of paired rounds, and
/// once more in rounds that had no part in choosing it.
///
/// 1. All run in turns, some rounds; those with the least medians go on.
/// 2. They and number 0 run in turns, more rounds; the one with the least
///    median of its ratios goes on.
/// 3. It and number 0 run in turns; the ratio is that of these rounds.
Fastest chooseFastest(unsigned numCandidates, TimeCandidate time);

/// Runs trial programs on the machine that is tuned for.
class TrialClock {
public:
  virtual ~TrialClock() = default;
  /// Loads an artifact, in place of the one before. Returns what is wrong with
  /// it, or nothing.
  virtual std::string load(const std::string &path) = 0;
  /// Runs the artifact's launch number `launch` once; in seconds.
  virtual double secondsOf(unsigned launch) = 0;
};

struct TriedSchedule {
  mlir::DictionaryAttr schedule;
  double ratio; ///< of its time to that of the chosen one
};

struct TunedKernel {
  std::string name;
  /// The same for the same program, sizes and choice of the cost model.
  uint64_t key = 0;
  ProductSizes sizes;          ///< of its launch
  mlir::DictionaryAttr chosen; ///< by the cost model
  mlir::DictionaryAttr best;   ///< the same where none is faster
  double ratio = 1;            ///< of the best one's time to the chosen one's
  double predictedSeconds = 0; ///< of the chosen one, by the cost model
  double seconds = 0;          ///< the same, measured: the median
  /// All that ran, the chosen one first; empty where the kernel's sizes do not
  /// follow from the symbols.
  std::vector<TriedSchedule> tried;
};

struct TuneOptions {
  SymbolValues symbols; ///< of the shape to tune for
  std::string folder;   ///< trial programs are written here
  unsigned numThreads;  ///< of the clock
  TrialClock &clock;
  /// What was measured before of a kernel, which then is not measured again;
  /// null where that is nothing.
  std::function<const TunedKernel *(uint64_t key)> recall;
};

/// Gives each kernel with products its fastest schedule, of those that a search
/// around the cost model's choice finds, and the reason for it. `module` is of
/// stage tile; kernels that have a schedule keep it. Fails with one error.
mlir::FailureOr<std::vector<TunedKernel>>
tuneSchedules(mlir::ModuleOp module, const CompileOptions &options,
              const TuneOptions &tune);

} // namespace tenon

#endif // TENON_COMPILER_TUNE_H
