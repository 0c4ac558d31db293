//===- DeviceProgram.h - a model on a GPU ---------------------------------===//
//
//   auto program = DeviceProgram::create(model, device);
//   DeviceRun run(*program);
//   run.execute(tape, inputs, outputs);
//
// Weights and kernels are on the device once for each model; contexts have an
// arena and copies of inputs and outputs each.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H
#define TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H

#include "runtime/Device/Cuda/CudaDevice.h"
#include "runtime/Program/Model.h"
#include "runtime/Program/Tape.h"

#include <memory>
#include <span>
#include <vector>

namespace tenon::rt {

/// Which of a kernel's codes a device of this compute capability takes: a cubin
/// of its own architecture, else the newest PTX that is not newer. A virtual
/// one takes PTX. Null: none.
const abi::DeviceCode *chooseCode(const abi::Kernel &kernel, int compute,
                                  bool isVirtual);

class DeviceProgram {
public:
  /// Shared by all who ask for the same model and device. NoKernel when a
  /// kernel has no code for it, NoMemory when the weights do not fit.
  static Result<std::shared_ptr<const DeviceProgram>>
  create(std::shared_ptr<const Model> model, const std::string &device);

  const Model &model() const { return *source; }
  const std::shared_ptr<const CudaDevice> &device() const { return on; }
  cu::Function function(uint32_t kernel) const { return functions[kernel]; }
  cu::Address weight(uint32_t index) const { return weights[index].address(); }

private:
  DeviceProgram(std::shared_ptr<const Model> model,
                std::shared_ptr<const CudaDevice> device)
      : source(std::move(model)), on(std::move(device)) {}
  Result<void> loadKernels();
  Result<void> upload();

  std::shared_ptr<const Model> source;
  std::shared_ptr<const CudaDevice> on;
  std::vector<cu::Function> functions;
  std::vector<CudaMemory> weights;
};

/// The host's side of an input or an output.
struct HostBytes {
  void *data;
  uint64_t bytes;
};

class DeviceRun {
public:
  explicit DeviceRun(std::shared_ptr<const DeviceProgram> program)
      : program(std::move(program)) {}

  /// All steps of the tape; outputs are written when it returns.
  Result<void> execute(const Tape &tape, std::span<const HostBytes> inputs,
                       std::span<const HostBytes> outputs);

  uint64_t arenaBytes() const { return arena.sizeBytes(); }

private:
  Result<void> reserve(const Tape &tape, std::span<const HostBytes> inputs,
                       std::span<const HostBytes> outputs);
  cu::Address address(const TapeBuffer &buffer) const;
  Result<void> launch(const Tape &tape, const TapeLaunch &step);

  std::shared_ptr<const DeviceProgram> program;
  CudaMemory arena;
  std::vector<CudaMemory> inputMemory, outputMemory;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H
