//===- Context.h - runs a model -------------------------------------------===//
//
//   auto context = Context::create(model, {.numThreads = 2});
//   (*context)->bindInput(0, {abi::DType::I64, {1, 128}, ids, sizeof(ids)});
//   (*context)->run();
//   (*context)->output(0) // {dtype, shape, data, bytes}
//
// A context has the memory and the threads of one run at a time, on this CPU or
// on a CUDA device. Different contexts of one model run concurrently; one
// context is used by one thread at a time. Inputs are read where they are: they
// must stay until run() returns.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_CONTEXT_H
#define TENON_RUNTIME_PROGRAM_CONTEXT_H

#include "runtime/Core/Pages.h"
#include "runtime/Core/Status.h"
#include "runtime/Program/Binding.h"
#include "runtime/Program/Executor.h"
#include "runtime/Program/Model.h"
#include "runtime/Program/RunObserver.h"
#include "runtime/Program/Tape.h"

#include <memory>
#include <optional>
#include <vector>

namespace tenon::rt {

struct ContextOptions {
  unsigned numThreads = 0; ///< 0: TENON_NUM_THREADS, or one for each core
  bool pin = true;         ///< see PoolOptions
  /// "cpu", "cuda:0", "vgpu"; empty: cpu. Device/README.md says more.
  std::string device = {};
};

/// A caller's tensor: row-major, contiguous, any alignment.
struct InputView {
  abi::DType dtype;
  Shape shape;
  const void *data;
  uint64_t bytes;
};

struct OutputView {
  abi::DType dtype;
  Shape shape;
  void *data;
  uint64_t bytes;
};

/// What a context holds, in bytes. Weights are the model's.
struct MemoryFigures {
  uint64_t plannedArenaBytes = 0;  ///< the plan's formula for the bound shapes
  uint64_t reservedArenaBytes = 0; ///< the same, or more after larger shapes
  uint64_t scratchBytes = 0;       ///< of all threads
  uint64_t outputBytes = 0; ///< of outputs that the caller did not provide
};

class Context {
public:
  /// BadInput when the model is for another kind of device, or there is none.
  static Result<std::unique_ptr<Context>>
  create(std::shared_ptr<const Model> model, ContextOptions options = {});

  const Model &model() const { return *program; }
  /// The one of the model's plans that runs here.
  const abi::Plan &plan() const { return executor->plan(); }
  /// "cpu", "cuda:0", "vgpu:0".
  std::string device() const { return executor->device(); }
  /// Null where that is no GPU.
  const DeviceProperties *gpu() const { return executor->gpu(); }
  unsigned numThreads() const { return executor->numThreads(); }

  /// Checks dtype, shape and size against the signature by itself; what inputs
  /// have in common is checked by the first call that needs all of them.
  Result<void> bindInput(size_t index, InputView input);

  /// Where output `index` goes; null: memory of the context. It must hold the
  /// output and overlap no input and no other output.
  Result<void> bindOutput(size_t index, void *data, uint64_t bytes);

  /// For the bound inputs. BadInput when one is missing or they contradict.
  Result<Shape> outputShape(size_t index);

  /// Makes latestTape() and latestBinding() those of the bound inputs. BadInput
  /// as above.
  Result<void> prepare();

  /// BadInput as above, NoMemory when the arena cannot be had. Afterwards the
  /// outputs are written. A failed run leaves the context usable. An observer
  /// is told of it.
  Result<void> run(RunObserver *observer = nullptr);

  /// The same, and the seconds that each step of latestTape() took.
  Result<std::vector<double>> runTimed();

  /// Runs a step of the latest run again, and says how many seconds it took.
  /// What it reads is what the run left, of which later steps may have
  /// overwritten some.
  Result<double> repeatStep(size_t step);

  /// What was executed, and for which symbols, by the latest run, outputShape
  /// or prepare.
  const Tape &latestTape() const { return tape; }
  const std::optional<Binding> &latestBinding() const { return binding; }

  /// The first bytes of latestTape().buffers[buffer], while it is observed or
  /// after a run.
  Result<void> readBuffer(uint32_t buffer, std::span<std::byte> to) const {
    return executor->readBuffer(buffer, to);
  }

  /// Those that kernels run on; null on a CUDA device.
  Pool *threads() { return executor->threads(); }

  /// After a run. Memory of the context is valid until inputs are bound anew.
  Result<OutputView> output(size_t index) const;

  /// Planned figures are those of the latest run or outputShape.
  MemoryFigures memory() const;

private:
  struct OutputSlot {
    void *data = nullptr; ///< the caller's, or null
    uint64_t bytes = 0;
    Pages own;
    Shape shape;
    uint64_t neededBytes = 0;
    void *target() const { return data ? data : own.data(); }
  };

  Context(std::shared_ptr<const Model> model,
          std::unique_ptr<Executor> executor);
  Result<void> makeReady(RunObserver *observer);
  Result<void> record(const Binding &next);
  Result<void> reserve();
  Result<void> checkOutputs() const;
  Result<void> place();

  std::shared_ptr<const Model> program;
  std::unique_ptr<Executor> executor;
  std::vector<std::optional<InputView>> inputs;
  std::vector<OutputSlot> outputs;
  std::vector<HostBytes> inputBytes, outputBytes; ///< what place() passes on

  std::optional<Binding> binding; ///< of tape and the outputs' shapes
  Tape tape;
  uint64_t tapeNumber = 0; ///< how often the tape was made
  bool isBound = false;    ///< inputs' shapes are those of binding
  bool isPlaced = false;   ///< the executor has the tape and the memory
  bool hasRun = false;     ///< outputs hold what the bound inputs give
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_CONTEXT_H
