//===- RunObserver.h - is told what a run does, as it does it -------------===//
//
//   struct Counter : RunObserver {
//     void stepDone(size_t, TimeRange) override { ++numSteps; }
//     size_t numSteps = 0;
//   };
//   Counter counter;
//   context->run(&counter);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_RUNOBSERVER_H
#define TENON_RUNTIME_PROGRAM_RUNOBSERVER_H

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tenon::rt {

struct TimeRange {
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin, end;
};

/// Instances [begin, end) of a launch, which one thread ran in one go.
struct InstanceRange {
  int64_t begin, end;
};

/// Steps are those of the context's tape, in their order.
class RunObserver {
public:
  virtual ~RunObserver() = default;

  /// Before the first step: "plan" gives the symbols their values and the
  /// buffers their places, "reserve" gets the memory.
  virtual void phaseDone(const char * /*name*/, TimeRange) {}
  /// On the thread that ran the instances, of the pool's number: calls of other
  /// threads come at the same time.
  virtual void rangeDone(size_t /*step*/, unsigned /*thread*/, InstanceRange,
                         TimeRange) {}
  /// On the caller's thread: what the step writes is there, and later steps
  /// have not yet used its memory for something else.
  virtual void stepDone(size_t /*step*/, TimeRange) {}
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_RUNOBSERVER_H
