//===- EmitCuda.cpp - scheduled kernels become CUDA C++ -------------------===//

#include "compiler/Emit/Cuda/EmitCuda.h"

using namespace mlir;

namespace tenon::cuda {

StringRef deviceLibrary() {
  return
#include "compiler/Emit/Cuda/DeviceLibrary.inc"
      ;
}

FailureOr<std::vector<CudaKernel>> emitCuda(ModuleOp module) {
  std::vector<CudaKernel> kernels;
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    FailureOr<KernelForm> form = KernelText(kernel).print();
    if (failed(form))
      return failure();
    kernels.push_back({kernel.getSymName().str(), std::move(*form)});
  }
  return kernels;
}

FailureOr<std::string> emitCudaText(ModuleOp module) {
  FailureOr<std::vector<CudaKernel>> kernels = emitCuda(module);
  if (failed(kernels))
    return failure();
  std::string text;
  for (const CudaKernel &kernel : *kernels)
    text += (text.empty() ? "" : "\n") + kernel.form.text;
  return text;
}

} // namespace tenon::cuda
