//===- Api.h - what our libcuda.so.1 exports ------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_API_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_API_H

#include "runtime/VirtualGpu/Driver/ApiTypes.h"

namespace tenon::cuda {

#define TENON_VGPU_EXPORT extern "C" __attribute__((visibility("default")))
#define TENON_VGPU_DECLARE(name, parameters)                                   \
  TENON_VGPU_EXPORT CUresult name parameters;
TENON_CUDA_FUNCTIONS(TENON_VGPU_DECLARE)
TENON_VGPU_FUNCTIONS(TENON_VGPU_DECLARE)
#undef TENON_VGPU_DECLARE
TENON_VGPU_EXPORT CUresult cuTenonAnnounce(CUdeviceptr address, size_t bytes,
                                           const char *name);

} // namespace tenon::cuda

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_API_H
