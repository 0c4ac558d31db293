//===- CpuExecutor.h - runs a tape on a pool of threads -------------------===//
//
// Inputs and outputs are used where they are, weights are pages of the file.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_CPUEXECUTOR_H
#define TENON_RUNTIME_PROGRAM_CPUEXECUTOR_H

#include "runtime/Core/Pages.h"
#include "runtime/Program/Executor.h"
#include "runtime/Program/Model.h"

#include <memory>
#include <vector>

namespace tenon::rt {

class CpuExecutor : public Executor {
public:
  CpuExecutor(std::shared_ptr<const Model> model, std::unique_ptr<Pool> pool)
      : program(std::move(model)), pool(std::move(pool)) {}

  Result<void> place(const Placement &placement) override;
  Result<void> run(RunObserver *observer) override;
  Result<double> repeatStep(size_t step) override;
  Result<void> readBuffer(uint32_t buffer,
                          std::span<std::byte> to) const override;

  const abi::Plan &plan() const override { return program->plan(); }
  unsigned numThreads() const override { return pool->numThreads(); }
  Pool *threads() override { return pool.get(); }
  uint64_t arenaBytes() const override { return arena.sizeBytes(); }
  uint64_t scratchBytes() const override { return scratch.sizeBytes(); }

private:
  void *address(const TapeBuffer &buffer, const Placement &placement) const;
  void execute(size_t number, RunObserver *observer);
  void launch(size_t number, const TapeLaunch &step, RunObserver *observer);
  void copy(const TapeCopy &step);

  std::shared_ptr<const Model> program;
  std::unique_ptr<Pool> pool;
  const Tape *tape = nullptr;
  std::vector<void *> pointers; ///< of the tape's buffers
  Pages arena, scratch;
  uint64_t scratchStride = 0; ///< from one thread's scratch to the next
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_CPUEXECUTOR_H
