// cuLaunch*, cuOccupancy*.

#include "runtime/VirtualGpu/Driver/Findings.h"
#include "runtime/VirtualGpu/Driver/Launches.h"

#include "runtime/Core/Message.h"

#include <algorithm>

namespace tenon::vgpu {

using namespace cuda;

static bool isIn(uint32_t value, uint32_t most) {
  return value >= 1 && value <= most;
}

CUresult makeLaunch(const Driver &driver, const LaunchRequest &request,
                    KernelCommand &command) {
  CUfunction function = driver.functionOf(request.function);
  if (!function)
    return CUDA_ERROR_INVALID_HANDLE;
  const KernelInfo &info = function->kernel->info();
  auto refuse = [&](const std::string &why) {
    say(rt::message("kernel ", rt::quoted(info.name),
                    " is not launched: ", why));
    return CUDA_ERROR_INVALID_VALUE;
  };
  const Dim3 &grid = request.grid, &block = request.block;
  if (!isIn(grid.x, 0x7fffffff) || !isIn(grid.y, 65535) || !isIn(grid.z, 65535))
    return refuse("its grid is empty or too large");
  if (!isIn(block.x, 1024) || !isIn(block.y, 1024) || !isIn(block.z, 64) ||
      block.count() > 1024)
    return refuse("its block is empty or too large");
  if (info.maxThreads && block.count() > info.maxThreads->count())
    return refuse(rt::message("its block has ", block.count(),
                              " threads, it was compiled for ",
                              info.maxThreads->count()));
  if (request.dynamicSharedBytes > function->maxDynamicSharedBytes)
    return refuse(rt::message("it asks for ", request.dynamicSharedBytes,
                              " bytes of dynamic shared memory and may have ",
                              function->maxDynamicSharedBytes));
  auto packed = packParameters(info, request.parameters, request.extra);
  if (!packed)
    return refuse("parameters are missing");
  command.module = function->module->code;
  command.kernel = function->kernel;
  command.grid = grid;
  command.block = block;
  // A kernel may say how large its clusters are; a launch need not.
  command.cluster =
      request.cluster.value_or(info.requiredCluster.value_or(vgpu::Dim3()));
  command.dynamicSharedBytes = request.dynamicSharedBytes;
  command.parameters = std::move(*packed);
  return CUDA_SUCCESS;
}

static CUresult launch(Entry &entry, const LaunchRequest &request,
                       CUstream handle) {
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  KernelCommand command;
  if (CUresult refused = makeLaunch(entry.driver, request, command))
    return refused;
  CUresult result = entry.driver.submit(entry.lock, stream, std::move(command));
  return result ? result : entry.failure();
}

} // namespace tenon::vgpu

namespace tenon::cuda {

using vgpu::Entry;

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream stream,
                        void **parameters, void **extra) {
  Entry entry("cuLaunchKernel");
  return vgpu::launch(entry,
                      {function,
                       {gridX, gridY, gridZ},
                       {blockX, blockY, blockZ},
                       {},
                       sharedBytes,
                       parameters,
                       extra},
                      stream);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                          void **parameters, void **extra) {
  Entry entry("cuLaunchKernelEx");
  if (entry.refused)
    return entry.refused;
  if (!config || (config->numAttrs && !config->attrs))
    return CUDA_ERROR_INVALID_VALUE;
  std::optional<vgpu::Dim3> cluster;
  for (unsigned i = 0; i < config->numAttrs; ++i)
    if (config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
      const auto &dims = config->attrs[i].value.clusterDim;
      cluster = vgpu::Dim3{dims.x, dims.y, dims.z};
    }
  return vgpu::launch(
      entry,
      {function,
       {config->gridDimX, config->gridDimY, config->gridDimZ},
       {config->blockDimX, config->blockDimY, config->blockDimZ},
       cluster,
       config->sharedMemBytes,
       parameters,
       extra},
      config->hStream);
}

/// Blocks that wait for each other across the grid would have to run side by
/// side, which the machine does not do yet.
CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gridX,
                                   unsigned gridY, unsigned gridZ,
                                   unsigned blockX, unsigned blockY,
                                   unsigned blockZ, unsigned sharedBytes,
                                   CUstream stream, void **parameters) {
  if (uint64_t(gridX) * gridY * gridZ > 1)
    return CUDA_ERROR_NOT_SUPPORTED;
  return cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ,
                        sharedBytes, stream, parameters, nullptr);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *count,
                                                     CUfunction handle,
                                                     int blockSize,
                                                     size_t sharedBytes) {
  Entry entry("cuOccupancyMaxActiveBlocksPerMultiprocessor");
  if (entry.refused)
    return entry.refused;
  CUfunction function = entry.driver.functionOf(handle);
  if (!function)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!count || blockSize <= 0 || blockSize > 1024)
    return CUDA_ERROR_INVALID_VALUE;
  const vgpu::ArchLimits &limits = function->module->context->machine->limits();
  const vgpu::KernelInfo &info = function->kernel->info();
  *count =
      int(vgpu::occupancyOf(limits, uint64_t(blockSize),
                            info.ptxasRegisters.value_or(info.numRegisters),
                            info.staticSharedBytes + sharedBytes)
              .blocksPerSm);
  return CUDA_SUCCESS;
}

} // namespace tenon::cuda
