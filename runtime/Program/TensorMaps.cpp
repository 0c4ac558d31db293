// Fills in what cuTensorMapEncodeTiled asks.

#include "runtime/Program/TensorMaps.h"

#include "runtime/Core/Message.h"

#include <bit>
#include <vector>

namespace tenon::rt {

using namespace cuda;

/// Of integers, so that what is outside reads as zeros of any type.
static CUtensorMapDataType typeOf(uint32_t elementBytes) {
  return elementBytes == 1   ? CU_TENSOR_MAP_DATA_TYPE_UINT8
         : elementBytes == 2 ? CU_TENSOR_MAP_DATA_TYPE_UINT16
                             : CU_TENSOR_MAP_DATA_TYPE_UINT32;
}

static CUtensorMapSwizzle swizzleOf(uint32_t rowBytes) {
  return rowBytes == 32   ? CU_TENSOR_MAP_SWIZZLE_32B
         : rowBytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B
                          : CU_TENSOR_MAP_SWIZZLE_128B;
}

Result<CUtensorMap> encodeTensorMap(const Device &device,
                                    const abi::TensorMap &map,
                                    CUdeviceptr address,
                                    std::span<const int64_t> scalars) {
  std::vector<unsigned long long> dims, strides;
  unsigned long long bytes = map.elementBytes;
  for (const abi::TensorMapSize &size : map.sizes) {
    int64_t value = size.scalar == abi::TensorMapSize::kNoScalar
                        ? size.constant
                        : scalars[size.scalar];
    // A kernel copies nothing of what is empty, which no map can say. Strides
    // are whole vectors.
    constexpr int64_t kSome = 16;
    dims.push_back(value ? value : kSome);
    strides.push_back(bytes *= dims.back());
  }
  std::vector<unsigned> steps(dims.size(), 1);
  CUtensorMap encoded;
  CUresult result = device.api().cuTensorMapEncodeTiled(
      &encoded, typeOf(map.elementBytes), unsigned(dims.size()),
      std::bit_cast<void *>(address), dims.data(), strides.data(),
      map.box.data(), steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE,
      swizzleOf(map.elementBytes * map.box[0]),
      CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result == CUDA_SUCCESS)
    return encoded;
  std::string sizes;
  for (unsigned long long dim : dims)
    sizes += (sizes.empty() ? "" : " x ") + std::to_string(dim);
  return badInput("the device takes no tensor of ", sizes, " elements of ",
                  map.elementBytes, " bytes, the last dim first: error ",
                  unsigned(result));
}

} // namespace tenon::rt
