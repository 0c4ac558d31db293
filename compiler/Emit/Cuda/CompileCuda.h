//===- CompileCuda.h - printed kernels become device code -----------------===//
//
//   FailureOr<std::vector<DeviceBinary>> binaries =
//       compileCuda(module, kernels, "sm_90a", options);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_COMPILECUDA_H
#define TENON_COMPILER_EMIT_CUDA_COMPILECUDA_H

#include "compiler/Emit/Cuda/EmitCuda.h"
#include "compiler/Emit/Cuda/Nvrtc.h"

namespace tenon::cuda {

struct CudaOptions {
  std::string cudaPath; ///< as Nvrtc::load takes it
  /// Where binaries are kept by the hash of all that they follow from; empty:
  /// TENON_CACHE_DIR, or tenon below the user's cache folder.
  std::string cacheFolder;
};

/// The binaries of the kernels, in their order; compiled in parallel on the
/// context's threads, but for those that are kept from before.
mlir::FailureOr<std::vector<DeviceBinary>>
compileCuda(mlir::ModuleOp module, llvm::ArrayRef<CudaKernel> kernels,
            llvm::StringRef arch, const CudaOptions &options);

/// The translation unit of a kernel: the device library and the function.
std::string unitText(const CudaKernel &kernel);

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_COMPILECUDA_H
