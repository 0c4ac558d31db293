//===- TensorMap.h - what a CUtensorMap holds on this device
//------------------===//
//
// The 128 bytes of a tensor map are the driver's own business: the stand-in for
// the driver fills them like this in cuTensorMapEncodeTiled, and the device
// reads them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_TENSORMAP_H
#define TENON_RUNTIME_VIRTUALGPU_TENSORMAP_H

#include <cstdint>

namespace tenon::vgpu {

struct TensorMap {
  static constexpr uint32_t kMagic = 0x544d4150; // "TMAP"
  static constexpr unsigned kMostRank = 5;
  /// Bytes of a row of the pattern; offsets in shared memory are xored with it.
  enum Swizzle : uint8_t { None, Swizzle32, Swizzle64, Swizzle128 };

  uint32_t magic = kMagic;
  uint8_t rank = 0;
  uint8_t elementBytes = 0;
  Swizzle swizzle = None;
  bool fillsWithNan = false; ///< outside of the tensor; zero otherwise
  uint64_t address = 0;
  uint64_t strideBytes[kMostRank - 1] = {}; ///< of dimensions 1 and up
  uint32_t extents[kMostRank] = {};         ///< innermost first
  uint16_t box[kMostRank] = {};
  uint8_t elementStrides[kMostRank] = {1, 1, 1, 1, 1};
  uint8_t unused[33] = {};
};
static_assert(sizeof(TensorMap) <= 128);

/// An offset in shared memory as the swizzle of a tile moves it: bits 4 to 6
/// are xored with those from 7 on, as many as the pattern's rows have 16-byte
/// pieces.
inline uint32_t swizzled(uint32_t offset, TensorMap::Swizzle swizzle) {
  constexpr uint32_t kBits[] = {0, 0x10, 0x30, 0x70};
  return offset ^ ((offset >> 3) & kBits[swizzle]);
}

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_TENSORMAP_H
