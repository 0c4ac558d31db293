//===- CudaProgram.h - a model on a CUDA device ---------------------------===//
//
//   auto program = CudaProgram::get(model, {DeviceName::Kind::Cuda, 0});
//   (*program)->kernel(step.kernel)
//
// Kernels and weights, which the contexts of a model on a device share: the
// first one loads them, the last one gives them back.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_CUDAPROGRAM_H
#define TENON_RUNTIME_PROGRAM_CUDAPROGRAM_H

#include "runtime/Device/Cuda/Memory.h"
#include "runtime/Device/Cuda/Module.h"
#include "runtime/Device/DeviceName.h"
#include "runtime/Program/Model.h"

#include <memory>
#include <vector>

namespace tenon::rt {

class CudaProgram {
public:
  /// A virtual device has the model's architecture, unless TENON_VGPU_ARCH says
  /// another. BadInput where there is no such device, NoKernel when the model
  /// has no code for it, NoMemory when the weights do not fit.
  static Result<std::shared_ptr<const CudaProgram>>
  get(std::shared_ptr<const Model> model, const DeviceName &name);

  const Model &model() const { return *program; }
  /// The one of the model's plans that is for the device.
  const abi::Plan &plan() const { return *chosen; }
  const DeviceName &name() const { return deviceName; }
  const std::shared_ptr<Device> &device() const { return owner; }
  const CudaKernel &kernel(uint32_t index) const { return kernels[index]; }
  cuda::CUdeviceptr weight(uint32_t index) const {
    return weights.address() + weightOffsets[index];
  }

private:
  CudaProgram(std::shared_ptr<const Model> model, const abi::Plan &plan,
              const DeviceName &name, std::shared_ptr<Device> device)
      : program(std::move(model)), chosen(&plan), deviceName(name),
        owner(std::move(device)) {}
  static Result<std::shared_ptr<const CudaProgram>>
  load(std::shared_ptr<const Model> model, const DeviceName &name);
  Result<void> loadKernels();
  Result<void> loadKernel(const abi::Kernel &kernel);
  Result<void> reserveWeights(const std::vector<bool> &isUsed);
  Result<void> uploadWeights();

  std::shared_ptr<const Model> program;
  const abi::Plan *chosen; ///< the model's
  DeviceName deviceName;
  std::shared_ptr<Device> owner;
  std::vector<Module> modules; ///< one for each kernel
  std::vector<CudaKernel> kernels;
  DeviceMemory weights; ///< those that the plan uses, one after another
  std::vector<uint64_t> weightOffsets;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_CUDAPROGRAM_H
