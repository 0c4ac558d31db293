//===- EmitCuda.h - scheduled kernels become CUDA C++ ---------------------===//
//
//   FailureOr<std::vector<CudaKernel>> kernels = emitCuda(module);
//   deviceLibrary() + kernels->front().form.text       a translation unit
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_EMITCUDA_H
#define TENON_COMPILER_EMIT_CUDA_EMITCUDA_H

#include "compiler/Emit/Cuda/KernelText.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace tenon::cuda {

/// The device library's headers in one text.
llvm::StringRef deviceLibrary();

struct CudaKernel {
  std::string name;
  KernelForm form;
};

/// All kernels of the module, which are in the scheduled form, in its order.
mlir::FailureOr<std::vector<CudaKernel>> emitCuda(mlir::ModuleOp module);

/// The same as one text for people to read.
mlir::FailureOr<std::string> emitCudaText(mlir::ModuleOp module);

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_EMITCUDA_H
