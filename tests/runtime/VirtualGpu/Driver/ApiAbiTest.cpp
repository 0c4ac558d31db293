// The functions and structs that our driver serves are those of NVIDIA's
// header.

#include "runtime/VirtualGpu/Driver/ApiTypes.h"

#include <gtest/gtest.h>

#if __has_include(TENON_CUDA_HEADER)
#include "tests/runtime/Device/Cuda/SameAbi.h"

#include TENON_CUDA_HEADER

namespace ours = tenon::cuda;

namespace {

#define SAME_NUMBER(name)                                                      \
  static_assert(uint64_t(ours::name) == uint64_t(::name), #name);
SAME_NUMBER(CU_MEMORYTYPE_HOST)
SAME_NUMBER(CU_MEMORYTYPE_DEVICE)
SAME_NUMBER(CU_MEMORYTYPE_UNIFIED)
SAME_NUMBER(CU_LIMIT_STACK_SIZE)
SAME_NUMBER(CU_LIMIT_MALLOC_HEAP_SIZE)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_CONTEXT)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_MEMORY_TYPE)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_DEVICE_POINTER)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_HOST_POINTER)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_IS_MANAGED)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR)
SAME_NUMBER(CU_POINTER_ATTRIBUTE_RANGE_SIZE)
SAME_NUMBER(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)
SAME_NUMBER(CU_MEMPOOL_ATTR_USED_MEM_CURRENT)
SAME_NUMBER(CU_STREAM_CAPTURE_STATUS_ACTIVE)
SAME_NUMBER(CU_STREAM_CAPTURE_STATUS_INVALIDATED)
SAME_NUMBER(CU_GRAPH_NODE_TYPE_KERNEL)
SAME_NUMBER(CU_GRAPH_NODE_TYPE_MEMCPY)
SAME_NUMBER(CU_GRAPH_NODE_TYPE_MEMSET)
SAME_NUMBER(CU_GRAPH_NODE_TYPE_HOST)
SAME_NUMBER(CU_GRAPH_NODE_TYPE_EMPTY)
SAME_NUMBER(CU_GET_PROC_ADDRESS_SUCCESS)
SAME_NUMBER(CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND)
SAME_NUMBER(CU_LAUNCH_ATTRIBUTE_COOPERATIVE)
SAME_NUMBER(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
static_assert(ours::kLaunchParamEnd == CU_LAUNCH_PARAM_END_AS_INT &&
              ours::kLaunchParamBufferPointer ==
                  CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT &&
              ours::kLaunchParamBufferSize ==
                  CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT);
static_assert(::CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 == 9 &&
              ::CU_TENSOR_MAP_SWIZZLE_128B == 3);

#define SAME_SIZE(type)                                                        \
  static_assert(sizeof(ours::type) == sizeof(::type) &&                        \
                    alignof(ours::type) == alignof(::type),                    \
                #type);
#define SAME_FIELD(type, field)                                                \
  static_assert(offsetof(ours::type, field) == offsetof(::type, field) &&      \
                    sizeof(ours::type::field) == sizeof(::type::field),        \
                #type "." #field);
SAME_SIZE(CUuuid)
SAME_SIZE(CUtensorMap)
SAME_SIZE(CUlaunchAttributeValue)
SAME_SIZE(CUlaunchAttribute)
SAME_FIELD(CUlaunchAttribute, value)
SAME_SIZE(CUlaunchConfig)
SAME_FIELD(CUlaunchConfig, sharedMemBytes)
SAME_FIELD(CUlaunchConfig, hStream)
SAME_FIELD(CUlaunchConfig, numAttrs)
SAME_SIZE(CUDA_KERNEL_NODE_PARAMS)
SAME_FIELD(CUDA_KERNEL_NODE_PARAMS, kernelParams)
SAME_FIELD(CUDA_KERNEL_NODE_PARAMS, ctx)
SAME_SIZE(CUDA_MEMCPY3D)
SAME_FIELD(CUDA_MEMCPY3D, srcMemoryType)
SAME_FIELD(CUDA_MEMCPY3D, srcDevice)
SAME_FIELD(CUDA_MEMCPY3D, dstXInBytes)
SAME_FIELD(CUDA_MEMCPY3D, dstDevice)
SAME_FIELD(CUDA_MEMCPY3D, WidthInBytes)
SAME_FIELD(CUDA_MEMCPY3D, Depth)
SAME_SIZE(CUDA_MEMSET_NODE_PARAMS)
SAME_FIELD(CUDA_MEMSET_NODE_PARAMS, elementSize)
SAME_FIELD(CUDA_MEMSET_NODE_PARAMS, width)
SAME_SIZE(CUDA_HOST_NODE_PARAMS)

} // namespace

namespace tenon::cuda {
struct ServedFunctions {
#define MEMBER(name, parameters) CUresult(*name) parameters;
  TENON_VGPU_FUNCTIONS(MEMBER)
};
} // namespace tenon::cuda

// The header hides the second form of what has a fourth.
extern "C" ::CUresult cuCtxCreate_v2(::CUcontext *, unsigned, ::CUdevice);

#define SAME_FUNCTION(name, parameters)                                        \
  static_assert(                                                               \
      tenon::test::haveSameAbi<decltype(ours::ServedFunctions::name),          \
                               decltype(&::name)>,                             \
      #name);
TENON_VGPU_FUNCTIONS(SAME_FUNCTION)

TEST(VirtualDriverAbi, IsThatOfTheHeader) {
  SUCCEED() << "the checks above are made when this file is compiled";
}

#else

TEST(VirtualDriverAbi, IsThatOfTheHeader) {
  GTEST_SKIP() << "no header " << TENON_CUDA_HEADER;
}

#endif
