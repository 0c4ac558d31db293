//===- Launches.h - launches checked as the driver checks them ------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_LAUNCHES_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_LAUNCHES_H

#include "runtime/VirtualGpu/Driver/Driver.h"

namespace tenon::vgpu {

struct LaunchRequest {
  cuda::CUfunction function = nullptr;
  Dim3 grid, block;
  std::optional<Dim3> cluster; ///< nothing: what the kernel says, or 1
  uint32_t dynamicSharedBytes = 0;
  void **parameters = nullptr, **extra = nullptr;
};

/// The command, or why CUDA would refuse the launch at once.
cuda::CUresult makeLaunch(const Driver &driver, const LaunchRequest &request,
                          KernelCommand &command);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_LAUNCHES_H
