//===- ApiTypes.h - types and names of what our libcuda.so.1 exports ------===//
//
// The functions of the runtime's DriverAbi.h, and those below, which other
// programs of the driver API use. A test compares them all with <cuda.h>.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_APITYPES_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_APITYPES_H

#include "runtime/Device/Cuda/DriverAbi.h"

namespace tenon::cuda {

using CUmemoryPool = struct CUmemPoolHandle_st *;
using CUhostFn = void (*)(void *userData);
using CUstreamCallback = void (*)(CUstream stream, CUresult status,
                                  void *userData);

struct CUuuid {
  char bytes[16];
};

enum CUmemorytype : uint32_t {
  CU_MEMORYTYPE_HOST = 1,
  CU_MEMORYTYPE_DEVICE = 2,
  CU_MEMORYTYPE_UNIFIED = 4,
};
enum CUlimit : uint32_t {
  CU_LIMIT_STACK_SIZE = 0,
  CU_LIMIT_PRINTF_FIFO_SIZE = 1,
  CU_LIMIT_MALLOC_HEAP_SIZE = 2,
};
enum CUfunc_cache : uint32_t { CU_FUNC_CACHE_PREFER_NONE = 0 };
enum CUpointer_attribute : uint32_t {
  CU_POINTER_ATTRIBUTE_CONTEXT = 1,
  CU_POINTER_ATTRIBUTE_MEMORY_TYPE = 2,
  CU_POINTER_ATTRIBUTE_DEVICE_POINTER = 3,
  CU_POINTER_ATTRIBUTE_HOST_POINTER = 4,
  CU_POINTER_ATTRIBUTE_IS_MANAGED = 8,
  CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9,
  CU_POINTER_ATTRIBUTE_RANGE_START_ADDR = 11,
  CU_POINTER_ATTRIBUTE_RANGE_SIZE = 12,
};
enum CUmemPool_attribute : uint32_t {
  CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4,
  CU_MEMPOOL_ATTR_USED_MEM_CURRENT = 7,
};
enum CUstreamCaptureStatus : uint32_t {
  CU_STREAM_CAPTURE_STATUS_NONE = 0,
  CU_STREAM_CAPTURE_STATUS_ACTIVE = 1,
  CU_STREAM_CAPTURE_STATUS_INVALIDATED = 2,
};
enum CUgraphNodeType : uint32_t {
  CU_GRAPH_NODE_TYPE_KERNEL = 0,
  CU_GRAPH_NODE_TYPE_MEMCPY = 1,
  CU_GRAPH_NODE_TYPE_MEMSET = 2,
  CU_GRAPH_NODE_TYPE_HOST = 3,
  CU_GRAPH_NODE_TYPE_EMPTY = 5,
};
enum CUdriverProcAddressQueryResult : uint32_t {
  CU_GET_PROC_ADDRESS_SUCCESS = 0,
  CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND = 1,
};
enum CUlaunchAttributeID : uint32_t {
  CU_LAUNCH_ATTRIBUTE_COOPERATIVE = 2,
  CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION = 4,
};

union alignas(8) CUlaunchAttributeValue {
  char pad[64];
  int cooperative;
  struct {
    unsigned x, y, z;
  } clusterDim;
};
struct CUlaunchAttribute {
  CUlaunchAttributeID id;
  char pad[4];
  CUlaunchAttributeValue value;
};
struct CUlaunchConfig {
  unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  CUstream hStream;
  CUlaunchAttribute *attrs;
  unsigned numAttrs;
};
struct CUDA_KERNEL_NODE_PARAMS {
  CUfunction func;
  unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  void **kernelParams;
  void **extra;
  struct CUkern_st *kern;
  CUcontext ctx;
};
struct CUDA_MEMCPY3D {
  size_t srcXInBytes, srcY, srcZ, srcLOD;
  CUmemorytype srcMemoryType;
  const void *srcHost;
  CUdeviceptr srcDevice;
  void *srcArray, *reserved0;
  size_t srcPitch, srcHeight;
  size_t dstXInBytes, dstY, dstZ, dstLOD;
  CUmemorytype dstMemoryType;
  void *dstHost;
  CUdeviceptr dstDevice;
  void *dstArray, *reserved1;
  size_t dstPitch, dstHeight;
  size_t WidthInBytes, Height, Depth;
};
struct CUDA_MEMSET_NODE_PARAMS {
  CUdeviceptr dst;
  size_t pitch;
  unsigned value, elementSize;
  size_t width, height;
};
struct CUDA_HOST_NODE_PARAMS {
  CUhostFn fn;
  void *userData;
};

/// CU_LAUNCH_PARAM_*, which the header has as macros.
inline constexpr uintptr_t kLaunchParamEnd = 0;
inline constexpr uintptr_t kLaunchParamBufferPointer = 1;
inline constexpr uintptr_t kLaunchParamBufferSize = 2;

// clang-format off
#define TENON_VGPU_FUNCTIONS(X)                                                \
  X(cuDeviceGetUuid_v2, (CUuuid *uuid, CUdevice device))                       \
  X(cuDeviceGetPCIBusId, (char *text, int length, CUdevice device))            \
  X(cuDeviceCanAccessPeer, (int *can, CUdevice device, CUdevice peer))         \
  X(cuDevicePrimaryCtxReset_v2, (CUdevice device))                             \
  X(cuDevicePrimaryCtxGetState,                                                \
    (CUdevice device, unsigned *flags, int *active))                           \
  X(cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned flags))          \
  X(cuCtxCreate_v2, (CUcontext *context, unsigned flags, CUdevice device))     \
  X(cuCtxCreate_v4, (CUcontext *context, struct CUctxCreateParams_st *params,  \
                     unsigned flags, CUdevice device))                         \
  X(cuCtxDestroy_v2, (CUcontext context))                                      \
  X(cuCtxSetCurrent, (CUcontext context))                                      \
  X(cuCtxGetCurrent, (CUcontext *context))                                     \
  X(cuCtxGetDevice, (CUdevice *device))                                        \
  X(cuCtxSynchronize, ())                                                      \
  X(cuCtxGetApiVersion, (CUcontext context, unsigned *version))                \
  X(cuCtxGetFlags, (unsigned *flags))                                          \
  X(cuCtxGetLimit, (size_t *value, CUlimit limit))                             \
  X(cuCtxSetLimit, (CUlimit limit, size_t value))                              \
  X(cuCtxSetCacheConfig, (CUfunc_cache config))                                \
  X(cuCtxGetStreamPriorityRange, (int *least, int *greatest))                  \
  X(cuCtxEnablePeerAccess, (CUcontext peer, unsigned flags))                   \
  X(cuModuleLoad, (CUmodule *module, const char *path))                        \
  X(cuModuleLoadData, (CUmodule *module, const void *image))                   \
  X(cuModuleGetGlobal_v2, (CUdeviceptr *address, size_t *bytes,                \
                           CUmodule module, const char *name))                 \
  X(cuFuncGetName, (const char **name, CUfunction function))                   \
  X(cuFuncSetCacheConfig, (CUfunction function, CUfunc_cache config))          \
  X(cuMemGetAddressRange_v2,                                                   \
    (CUdeviceptr *base, size_t *bytes, CUdeviceptr address))                   \
  X(cuMemAllocHost_v2, (void **data, size_t bytes))                            \
  X(cuMemHostGetDevicePointer_v2,                                              \
    (CUdeviceptr *address, void *data, unsigned flags))                        \
  X(cuMemHostRegister_v2, (void *data, size_t bytes, unsigned flags))          \
  X(cuMemHostUnregister, (void *data))                                         \
  X(cuMemAllocManaged, (CUdeviceptr *address, size_t bytes, unsigned flags))   \
  X(cuMemAllocFromPoolAsync, (CUdeviceptr *address, size_t bytes,              \
                              CUmemoryPool pool, CUstream stream))             \
  X(cuDeviceGetDefaultMemPool, (CUmemoryPool *pool, CUdevice device))          \
  X(cuDeviceGetMemPool, (CUmemoryPool *pool, CUdevice device))                 \
  X(cuMemPoolTrimTo, (CUmemoryPool pool, size_t bytes))                        \
  X(cuMemPoolSetAttribute,                                                     \
    (CUmemoryPool pool, CUmemPool_attribute attribute, void *value))           \
  X(cuMemPoolGetAttribute,                                                     \
    (CUmemoryPool pool, CUmemPool_attribute attribute, void *value))           \
  X(cuPointerGetAttribute,                                                     \
    (void *data, CUpointer_attribute attribute, CUdeviceptr address))          \
  X(cuMemcpy, (CUdeviceptr to, CUdeviceptr from, size_t bytes))                \
  X(cuMemcpyAsync,                                                             \
    (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream))         \
  X(cuMemcpyHtoD_v2, (CUdeviceptr to, const void *from, size_t bytes))         \
  X(cuMemcpyDtoH_v2, (void *to, CUdeviceptr from, size_t bytes))               \
  X(cuMemcpyDtoD_v2, (CUdeviceptr to, CUdeviceptr from, size_t bytes))         \
  X(cuMemcpyPeer, (CUdeviceptr to, CUcontext toContext, CUdeviceptr from,      \
                   CUcontext fromContext, size_t bytes))                       \
  X(cuMemcpyPeerAsync,                                                         \
    (CUdeviceptr to, CUcontext toContext, CUdeviceptr from,                    \
     CUcontext fromContext, size_t bytes, CUstream stream))                    \
  X(cuMemsetD8_v2, (CUdeviceptr to, unsigned char value, size_t count))        \
  X(cuMemsetD16_v2, (CUdeviceptr to, unsigned short value, size_t count))      \
  X(cuMemsetD32_v2, (CUdeviceptr to, unsigned value, size_t count))            \
  X(cuMemsetD8Async,                                                           \
    (CUdeviceptr to, unsigned char value, size_t count, CUstream stream))      \
  X(cuMemsetD16Async,                                                          \
    (CUdeviceptr to, unsigned short value, size_t count, CUstream stream))     \
  X(cuMemsetD32Async,                                                          \
    (CUdeviceptr to, unsigned value, size_t count, CUstream stream))           \
  X(cuStreamCreateWithPriority,                                                \
    (CUstream *stream, unsigned flags, int priority))                          \
  X(cuStreamQuery, (CUstream stream))                                          \
  X(cuStreamGetFlags, (CUstream stream, unsigned *flags))                      \
  X(cuStreamGetPriority, (CUstream stream, int *priority))                     \
  X(cuStreamGetCtx, (CUstream stream, CUcontext *context))                     \
  X(cuStreamAddCallback, (CUstream stream, CUstreamCallback callback,          \
                          void *userData, unsigned flags))                     \
  X(cuLaunchHostFunc, (CUstream stream, CUhostFn function, void *userData))    \
  X(cuEventQuery, (CUevent event))                                             \
  X(cuEventRecordWithFlags, (CUevent event, CUstream stream, unsigned flags))  \
  X(cuEventElapsedTime_v2, (float *milliseconds, CUevent start, CUevent end))  \
  X(cuLaunchKernelEx, (const CUlaunchConfig *config, CUfunction function,      \
                       void **parameters, void **extra))                       \
  X(cuLaunchCooperativeKernel,                                                 \
    (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,      \
     unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,  \
     CUstream stream, void **parameters))                                      \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                               \
    (int *count, CUfunction function, int blockSize, size_t sharedBytes))      \
  X(cuStreamIsCapturing, (CUstream stream, CUstreamCaptureStatus *status))     \
  X(cuThreadExchangeStreamCaptureMode, (CUstreamCaptureMode *mode))            \
  X(cuGraphCreate, (CUgraph *graph, unsigned flags))                           \
  X(cuGraphAddKernelNode_v2,                                                   \
    (CUgraphNode *node, CUgraph graph, const CUgraphNode *after,               \
     size_t numAfter, const CUDA_KERNEL_NODE_PARAMS *params))                  \
  X(cuGraphAddMemcpyNode,                                                      \
    (CUgraphNode *node, CUgraph graph, const CUgraphNode *after,               \
     size_t numAfter, const CUDA_MEMCPY3D *params, CUcontext context))         \
  X(cuGraphAddMemsetNode,                                                      \
    (CUgraphNode *node, CUgraph graph, const CUgraphNode *after,               \
     size_t numAfter, const CUDA_MEMSET_NODE_PARAMS *params,                   \
     CUcontext context))                                                       \
  X(cuGraphAddHostNode,                                                        \
    (CUgraphNode *node, CUgraph graph, const CUgraphNode *after,               \
     size_t numAfter, const CUDA_HOST_NODE_PARAMS *params))                    \
  X(cuGraphAddEmptyNode, (CUgraphNode *node, CUgraph graph,                    \
                          const CUgraphNode *after, size_t numAfter))          \
  X(cuGraphGetNodes, (CUgraph graph, CUgraphNode *nodes, size_t *count))       \
  X(cuGraphNodeGetType, (CUgraphNode node, CUgraphNodeType *type))             \
  X(cuGraphInstantiateWithParams,                                              \
    (CUgraphExec *exec, CUgraph graph,                                         \
     struct CUDA_GRAPH_INSTANTIATE_PARAMS_st *params))                         \
  X(cuGraphExecKernelNodeSetParams_v2,                                         \
    (CUgraphExec exec, CUgraphNode node,                                       \
     const CUDA_KERNEL_NODE_PARAMS *params))                                   \
  X(cuGraphUpload, (CUgraphExec exec, CUstream stream))                        \
  X(cuGetProcAddress_v2,                                                       \
    (const char *symbol, void **function, int version,                         \
     unsigned long long flags, CUdriverProcAddressQueryResult *status))        \
  X(cuGetExportTable, (const void **table, const CUuuid *id))
// clang-format on

} // namespace tenon::cuda

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_APITYPES_H
