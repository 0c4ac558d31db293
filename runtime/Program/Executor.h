//===- Executor.h - what runs a context's tape ----------------------------===//
//
// A context knows tensors and shapes; its executor has the device: memory for
// the arena, and the way in which steps run. There are two, CpuExecutor and
// CudaExecutor. The context calls it in this order:
//
//   executor->place({tape, tapeNumber, inputs, outputs});
//   executor->run(observer);   // any number of times
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_EXECUTOR_H
#define TENON_RUNTIME_PROGRAM_EXECUTOR_H

#include "runtime/Core/Status.h"
#include "runtime/Device/Cpu/Pool.h"
#include "runtime/Program/Binding.h"
#include "runtime/Program/RunObserver.h"
#include "runtime/Program/Tape.h"

#include <cstddef>
#include <span>
#include <string>

namespace tenon::rt {

struct DeviceProperties;

/// Memory of the host that holds an input or gets an output.
struct HostBytes {
  void *data;
  uint64_t bytes;
};

/// All that a run depends on. The tape and the memory stay until the next
/// place(); the spans are only for the call.
struct Placement {
  const Tape &tape;
  /// Another number, another tape: what depends on the tape alone may stay.
  uint64_t tapeNumber;
  std::span<const HostBytes> inputs, outputs;
};

class Executor {
public:
  virtual ~Executor() = default;

  /// Makes ready for run(): NoMemory when the arena cannot be had.
  virtual Result<void> place(const Placement &placement) = 0;

  /// Executes the tape. Afterwards the outputs' memory is written.
  virtual Result<void> run(RunObserver *observer) = 0;

  /// Runs one step again, and says how many seconds it took.
  virtual Result<double> repeatStep(size_t step) = 0;

  /// The first bytes of the tape's buffer, while it is observed or after a run.
  virtual Result<void> readBuffer(uint32_t buffer,
                                  std::span<std::byte> to) const = 0;

  /// The one of the model's plans that the tapes are of.
  virtual const abi::Plan &plan() const = 0;
  /// "cpu", "cuda:0", "vgpu:0".
  virtual std::string device() const { return "cpu"; }
  /// Null where that is no GPU.
  virtual const DeviceProperties *gpu() const { return nullptr; }
  /// Threads of the host that run steps.
  virtual unsigned numThreads() const = 0;
  /// Null where kernels do not run on threads of the host.
  virtual Pool *threads() { return nullptr; }

  virtual uint64_t arenaBytes() const = 0;
  virtual uint64_t scratchBytes() const { return 0; }
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_EXECUTOR_H
