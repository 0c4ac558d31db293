//===- CudaExecutor.h - runs a tape on a CUDA device ----------------------===//
//
// The device has the arena and a copy of each input and output. A run copies
// inputs in, launches the steps in one stream, and copies outputs out.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_CUDAEXECUTOR_H
#define TENON_RUNTIME_PROGRAM_CUDAEXECUTOR_H

#include "runtime/Device/Cuda/LaunchGraph.h"
#include "runtime/Device/Cuda/Staging.h"
#include "runtime/Program/CudaProgram.h"
#include "runtime/Program/Executor.h"

#include <memory>
#include <vector>

namespace tenon::rt {

class CudaExecutor : public Executor {
public:
  static Result<std::unique_ptr<Executor>>
  create(std::shared_ptr<const CudaProgram> program);

  /// After a run that failed some of it may be under way.
  ~CudaExecutor() override;

  Result<void> place(const Placement &placement) override;
  Result<void> run(RunObserver *observer) override;
  Result<double> repeatStep(size_t step) override;
  Result<void> readBuffer(uint32_t buffer,
                          std::span<std::byte> to) const override;

  const abi::Plan &plan() const override { return program->plan(); }
  std::string device() const override { return program->name().text(); }
  const DeviceProperties *gpu() const override {
    return &program->device()->properties();
  }
  unsigned numThreads() const override { return 1; }
  uint64_t arenaBytes() const override { return arena.sizeBytes(); }

private:
  CudaExecutor(std::shared_ptr<const CudaProgram> program, Stream stream,
               Staging staging);
  Result<void> placeTape(const Placement &placement);
  cuda::CUdeviceptr address(const TapeBuffer &buffer) const;
  Result<void> copyInputs();
  Result<void> copyOutputs();
  Result<void> runSteps();
  Result<void> runObserved(RunObserver &observer);
  Result<void> execute(size_t number);
  Result<double> timeStep(size_t number);
  Result<void> launch(const TapeLaunch &step);
  Result<void> encodeMaps(const abi::Kernel &kernel, const TapeLaunch &step);
  void announce(const TapeLaunch &step);

  std::shared_ptr<const CudaProgram> program;
  Device &onDevice;
  bool usesGraphs;
  mutable Stream stream;
  mutable Staging staging;
  Event before, after; ///< a step that is timed

  const Tape *tape = nullptr;
  uint64_t tapeNumber = 0; ///< of what is placed; 0: nothing
  std::vector<HostBytes> inputs, outputs;
  std::vector<DeviceMemory> inputMemory, outputMemory;
  DeviceMemory arena;
  std::vector<cuda::CUdeviceptr> addresses; ///< of the tape's buffers
  std::vector<void *> parameters;           ///< of the launch that is made
  std::vector<cuda::CUtensorMap> maps;      ///< of these, the last ones
  unsigned numRuns = 0;                     ///< of this tape
  LaunchGraph graph;
  bool isCaptured = false; ///< the graph is this tape's
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_CUDAEXECUTOR_H
