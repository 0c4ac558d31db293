//===- DeviceProgram.h - a model on a GPU ---------------------------------===//
//
//   auto program = DeviceProgram::create(model, "cuda:0");
//   auto run = DeviceRun::create(*program);
//   run->execute(tape, inputs, outputs);
//
// Weights and kernels are on the device once for each model; contexts have an
// arena, a stream and copies of inputs and outputs each.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H
#define TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H

#include "runtime/Device/Cuda/Staging.h"
#include "runtime/Program/Model.h"
#include "runtime/Program/Tape.h"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tenon::rt {

/// "cuda:N", or "vgpu" and "vgpu:N": N counts devices from 0.
struct DeviceName {
  Driver::Kind kind = Driver::Kind::Cuda;
  int ordinal = 0;
};
/// Nothing where the name is none.
std::optional<DeviceName> parseDevice(std::string_view name);

/// Which of a kernel's codes a device of this compute capability takes: a cubin
/// of its own architecture, else the newest PTX that is not newer. A virtual
/// one takes PTX. Null: none.
const abi::DeviceCode *chooseCode(const abi::Kernel &kernel, int capability,
                                  bool isVirtual);

class DeviceProgram {
public:
  /// Shared by all who ask for the same model and device. A virtual device has
  /// the artifact's architecture, unless TENON_VGPU_ARCH says another. BadInput
  /// where there is no such device, NoKernel when a kernel has no code for it,
  /// NoMemory when the weights do not fit.
  static Result<std::shared_ptr<const DeviceProgram>>
  create(std::shared_ptr<const Model> model, const std::string &device);

  const Model &model() const { return *source; }
  const std::shared_ptr<Device> &device() const { return on; }
  const CudaKernel &kernel(uint32_t index) const { return kernels[index]; }
  cuda::CUdeviceptr weight(uint32_t index) const {
    return weights[index].address();
  }

private:
  DeviceProgram(std::shared_ptr<const Model> model,
                std::shared_ptr<Device> device)
      : source(std::move(model)), on(std::move(device)) {}
  Result<void> loadKernels();
  Result<void> upload();

  std::shared_ptr<const Model> source;
  std::shared_ptr<Device> on;
  std::vector<Module> modules;
  std::vector<CudaKernel> kernels;
  std::vector<DeviceMemory> weights;
};

/// The host's side of an input or an output.
struct HostBytes {
  void *data;
  uint64_t bytes;
};

class DeviceRun {
public:
  static Result<DeviceRun> create(std::shared_ptr<const DeviceProgram> program);

  /// All steps of the tape; outputs are written when it returns.
  Result<void> execute(const Tape &tape, std::span<const HostBytes> inputs,
                       std::span<const HostBytes> outputs);

  uint64_t arenaBytes() const { return arena.sizeBytes(); }

private:
  DeviceRun(std::shared_ptr<const DeviceProgram> program, Stream stream,
            Staging staging)
      : program(std::move(program)), stream(std::move(stream)),
        staging(std::move(staging)) {}
  Result<void> reserve(const Tape &tape, std::span<const HostBytes> inputs,
                       std::span<const HostBytes> outputs);
  cuda::CUdeviceptr address(const TapeBuffer &buffer) const;
  void announce(const TapeBuffer &buffer, const abi::Kernel &kernel) const;
  Result<void> launch(const Tape &tape, const TapeLaunch &step);
  Result<void> copy(const Tape &tape, const TapeCopy &step);

  std::shared_ptr<const DeviceProgram> program;
  Stream stream;
  Staging staging;
  DeviceMemory arena;
  std::vector<DeviceMemory> inputMemory, outputMemory;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_DEVICEPROGRAM_H
