// cuTensorMapEncodeTiled, with the checks that the driver's manual lists.

#include "runtime/VirtualGpu/Driver/Api.h"
#include "runtime/VirtualGpu/TensorMap.h"

#include <cstring>

namespace tenon::cuda {

using vgpu::TensorMap;

/// By CUtensorMapDataType; 0 for those that are not encoded.
static constexpr unsigned kElementBytes[] = {1, 2, 4, 4, 8, 8, 2,
                                             4, 8, 2, 4, 4, 4};

static bool isValidShape(unsigned rank, unsigned elementBytes,
                         const unsigned long long *dims,
                         const unsigned long long *strides, const unsigned *box,
                         const unsigned *elementStrides) {
  constexpr unsigned long long kMostElements = UINT32_MAX,
                               kMostBytes = 1ull << 40;
  for (unsigned i = 0; i < rank; ++i) {
    if (dims[i] < 1 || dims[i] > kMostElements)
      return false;
    if (box[i] < 1 || box[i] > 256 || elementStrides[i] < 1 ||
        elementStrides[i] > 8)
      return false;
    // Of one element nothing lies a stride away: libraries say 0.
    if (i + 1 < rank &&
        (strides[i] % 16 || strides[i] >= kMostBytes ||
         (dims[i + 1] > 1 &&
          strides[i] < (i ? strides[i - 1] : dims[0] * elementBytes))))
      return false;
  }
  return box[0] * elementBytes % 16 == 0;
}

/// The innermost row of a box fits into the pattern of the swizzle.
static bool isValidSwizzle(CUtensorMapSwizzle swizzle, unsigned rowBytes) {
  static constexpr unsigned kMostRowBytes[] = {UINT32_MAX, 32, 64, 128};
  constexpr unsigned kLast = 3;
  return swizzle <= kLast && rowBytes <= kMostRowBytes[swizzle];
}

CUresult cuTensorMapEncodeTiled(
    CUtensorMap *map, CUtensorMapDataType type, unsigned rank, void *address,
    const unsigned long long *dims, const unsigned long long *strides,
    const unsigned *box, const unsigned *elementStrides,
    CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
    CUtensorMapL2promotion, CUtensorMapFloatOOBfill fill) {
  constexpr size_t kNumTypes = sizeof(kElementBytes) / sizeof(kElementBytes[0]);
  auto at = reinterpret_cast<uintptr_t>(address);
  if (!map || reinterpret_cast<uintptr_t>(map) % 64 || !at || at % 16 ||
      !dims || !box || !elementStrides || type >= kNumTypes || rank < 1 ||
      rank > TensorMap::kMostRank || (rank > 1 && !strides) || fill > 1)
    return CUDA_ERROR_INVALID_VALUE;
  if (interleave != CU_TENSOR_MAP_INTERLEAVE_NONE)
    return CUDA_ERROR_NOT_SUPPORTED;
  unsigned bytes = kElementBytes[type];
  if (!isValidShape(rank, bytes, dims, strides, box, elementStrides) ||
      !isValidSwizzle(swizzle, box[0] * bytes))
    return CUDA_ERROR_INVALID_VALUE;
  TensorMap made;
  made.rank = uint8_t(rank);
  made.elementBytes = uint8_t(bytes);
  made.swizzle = TensorMap::Swizzle(swizzle);
  made.fillsWithNan = fill != CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE;
  made.address = at;
  for (unsigned i = 0; i < rank; ++i) {
    made.extents[i] = uint32_t(dims[i]);
    made.box[i] = uint16_t(box[i]);
    made.elementStrides[i] = uint8_t(elementStrides[i]);
    if (i + 1 < rank)
      made.strideBytes[i] = strides[i];
  }
  std::memset(map, 0, sizeof(*map));
  std::memcpy(map, &made, sizeof(made));
  return CUDA_SUCCESS;
}

} // namespace tenon::cuda
