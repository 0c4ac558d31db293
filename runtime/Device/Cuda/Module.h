//===- Module.h - device code, loaded -------------------------------------===//
//
//   auto module = Module::load(device, ptxOrCubin, "'gelu', PTX of
//   compute_80"); auto kernel = module->kernel({.name = "gelu", .source =
//   "matmul, gelu",
//                                 .threads = 128, .sharedBytes = 65536});
//   stream->launch(*kernel, numBlocks, parameters);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_MODULE_H
#define TENON_RUNTIME_DEVICE_CUDA_MODULE_H

#include "runtime/Device/Cuda/Device.h"

#include <cstddef>
#include <span>
#include <utility>

namespace tenon::rt {

struct CudaKernelInfo {
  std::string name;         ///< for errors
  std::string source;       ///< the graph ops it came from, for errors
  unsigned threads = 0;     ///< of a block
  unsigned sharedBytes = 0; ///< dynamic
  std::string entry = {};   ///< what the code calls it; empty: its name
};

/// What a launch needs; lives as long as its module.
struct CudaKernel {
  CudaKernelInfo info;
  cuda::CUfunction function = nullptr;
};

/// "'gelu' (matmul, gelu)".
std::string kernelText(const CudaKernelInfo &info);

class Module {
public:
  Module() = default;
  Module(Module &&other) noexcept { *this = std::move(other); }
  Module &operator=(Module &&other) noexcept;
  ~Module();

  /// `image` is a cubin or the text of PTX, with or without a zero at its end.
  /// `what` is how an error names it. NoKernel with the log of the driver's
  /// compiler when it does not take the code.
  static Result<Module> load(std::shared_ptr<Device> device,
                             std::span<const std::byte> image,
                             const std::string &what);

  /// NoKernel when there is no such entry point, or when the device cannot give
  /// it so many threads or so much shared memory.
  Result<CudaKernel> kernel(CudaKernelInfo info) const;

private:
  std::shared_ptr<Device> device;
  cuda::CUmodule handle = nullptr;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_MODULE_H
