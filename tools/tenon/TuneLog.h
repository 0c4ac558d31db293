//===- TuneLog.h - what was measured of schedules, as a file --------------===//
//
//   Result<TuneLog> log = TuneLog::open("log.json", "znver4, 2 threads",
//   context); if (const TunedKernel *known = log->find(key)) ...
//   log->add(kernel);
//   log->write();
//
// A JSON list of objects, one a kernel: where it was measured, its name, key,
// sizes (batch, rows, columns, depth), the seconds of the cost model's choice,
// predicted and measured, the best schedule and the ratio of its time to that
// of the choice, and all that was tried, the choice first.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_TUNELOG_H
#define TENON_TOOLS_TENON_TUNELOG_H

#include "compiler/Tune.h"
#include "runtime/Core/Status.h"

#include "llvm/Support/JSON.h"

#include <map>

namespace tenon::tool {

class TuneLog {
public:
  /// Reads the file, if there is one. `place` is where times are comparable: a
  /// target and a number of threads. BadInput when the file is none of these.
  static rt::Result<TuneLog> open(std::string path, std::string place,
                                  mlir::MLIRContext &context);

  /// What was measured at this place; null where that is nothing.
  const TunedKernel *find(uint64_t key) const;
  void add(const TunedKernel &kernel);
  /// What was read, and what was added.
  rt::Result<void> write() const;

private:
  TuneLog(std::string path, std::string place)
      : path(std::move(path)), place(std::move(place)) {}
  mlir::LogicalResult read(const llvm::json::Value &entry,
                           mlir::MLIRContext &context);

  std::string path, place;
  llvm::json::Array entries;
  std::map<uint64_t, TunedKernel> kernels; ///< of this place
};

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_TUNELOG_H
