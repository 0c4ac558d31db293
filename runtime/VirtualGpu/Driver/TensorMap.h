//===- TensorMap.h - what a tensor map holds on a virtual device ----------===//
//
// NVIDIA does not say how its 128 bytes are filled; these are ours. Programs
// pass them on and do not look inside.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_TENSORMAP_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_TENSORMAP_H

#include <cstdint>

namespace tenon::vgpu {

/// Dims are listed fastest first, as cuTensorMapEncodeTiled takes them.
struct TensorMap {
  static constexpr uint32_t kMagic = 0x504d5456; // "VTMP"
  static constexpr unsigned kMostDims = 5;

  uint32_t magic;
  uint8_t type, rank;          ///< a CUtensorMapDataType, 1 to 5
  uint8_t interleave, swizzle; ///< as in <cuda.h>
  uint64_t address;
  uint32_t dimMinusOne[kMostDims]; ///< 1 to 2^32 elements
  uint64_t strideBytes[kMostDims]; ///< of dim 1, 2, ...; [4] is unused
  uint16_t box[kMostDims];         ///< elements of one copy
  uint8_t elementStride[kMostDims];
  uint8_t fill; ///< of what is out of bounds: 0 zeros, 1 NaN
};
static_assert(sizeof(TensorMap) <= 128, "it stands in for CUtensorMap");

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_TENSORMAP_H
