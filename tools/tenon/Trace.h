//===- Trace.h - a run as a timeline of threads and kernels ---------------===//
//
//   context.run(&recorder);
//   recorder.json(context)
//   // {"traceEvents": [{"name": "matmul_add", "ph": "X", "pid": 1, "tid": 1,
//   //   "ts": 12.5, "dur": 103.2, "args": {"step": 0, "instances": [0, 8], ..
//
// The format is that of Chrome's trace viewer ("Trace Event Format"), which
// Perfetto reads: complete events, in microseconds.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_TRACE_H
#define TENON_TOOLS_TENON_TRACE_H

#include "runtime/Program/Context.h"

#include <string>

namespace tenon::tool {

/// Keeps what each thread did. Track 0 of the trace is the plan, phases and
/// steps; track 1 is the pool's thread 0, the caller's, and so on.
class TraceRecorder : public rt::RunObserver {
public:
  explicit TraceRecorder(unsigned numThreads) : ranges(numThreads) {}

  void phaseDone(const char *name, rt::TimeRange time) override;
  void rangeDone(size_t step, unsigned thread, rt::InstanceRange instances,
                 rt::TimeRange time) override;
  void stepDone(size_t step, rt::TimeRange time) override;

  /// Of a run of this context.
  std::string json(const rt::Context &context) const;
  /// Writes the file whole or not at all.
  rt::Result<void> write(const rt::Context &context,
                         const std::string &path) const;

private:
  struct Phase {
    const char *name;
    rt::TimeRange time;
  };
  struct Range {
    size_t step;
    rt::InstanceRange instances;
    rt::TimeRange time;
  };
  std::vector<Phase> phases;
  std::vector<rt::TimeRange> steps;
  std::vector<std::vector<Range>> ranges; ///< of each thread
};

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_TRACE_H
