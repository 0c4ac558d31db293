//===- MatrixOperands.h - sides of products in shared memory
//--------------===//
//
//   MatrixDescriptor at(bits);
//   readSide<element::Bf16>(at, 0, n, isTransposed, read, put);
//
// What wgmma and tcgen05.mma have in common: types of elements, descriptors of
// matrices in shared memory, and the sum of products.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_MATRIXOPERANDS_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_MATRIXOPERANDS_H

#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"
#include "runtime/VirtualGpu/TensorMap.h"

#include <algorithm>

namespace tenon::vgpu {

constexpr unsigned kMostN = 256;
/// What one read of shared memory takes: consecutive elements of a row.
constexpr unsigned kRunBytes = 16;
/// A side's elements contracted by one instruction are two runs.
constexpr unsigned kDepthBytes = 2 * kRunBytes;

/// Types of operands: how an element stands in memory, and what number it is.
namespace element {
struct F16 {
  using Element = uint16_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::F16;
  static Number widen(Element bits) { return fromF16(bits); }
};
struct Bf16 {
  using Element = uint16_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Bf16;
  static Number widen(Element bits) { return fromBf16(bits); }
};
struct Tf32 {
  using Element = uint32_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Tf32;
  // The machine ignores the lower bits.
  static Number widen(Element bits) { return bitsFloat(bits & ~0x1fffu); }
};
struct S8 {
  using Element = int8_t;
  using Number = int32_t;
  static constexpr MmaType kType = MmaType::Int8;
  static Number widen(Element bits) { return bits; }
};
struct U8 {
  using Element = uint8_t;
  using Number = int32_t;
  static constexpr MmaType kType = MmaType::Int8;
  static Number widen(Element bits) { return bits; }
};
struct E4m3 {
  using Element = uint8_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Fp8;
  static Number widen(Element bits) { return fromE4m3(bits); }
};
struct E5m2 {
  using Element = uint8_t;
  using Number = float;
  static constexpr MmaType kType = MmaType::Fp8;
  static Number widen(Element bits) { return fromE5m2(bits); }
};
} // namespace element

/// How many elements one instruction contracts, and one read takes.
template <typename T>
constexpr unsigned kDepth = kDepthBytes / sizeof(typename T::Element);
template <typename T>
constexpr unsigned kRun = kRunBytes / sizeof(typename T::Element);

/// A matrix in shared memory, as its descriptor says; offsets in bytes.
struct MatrixDescriptor {
  uint32_t start, leading, stride;
  TensorMap::Swizzle swizzle;

  explicit MatrixDescriptor(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4),
        leading(uint32_t(bits >> 16 & 0x3fff) << 4),
        stride(uint32_t(bits >> 32 & 0x3fff) << 4) {
    constexpr TensorMap::Swizzle kModes[] = {
        TensorMap::None, TensorMap::Swizzle128, TensorMap::Swizzle64,
        TensorMap::Swizzle32};
    swizzle = kModes[bits >> 62];
  }
  uint32_t rowBytes() const {
    constexpr uint32_t kBytes[] = {16, 32, 64, 128};
    return kBytes[swizzle];
  }
  /// Where a run along k stands, `bytes` from the first of its row.
  uint32_t alongK(uint32_t row, uint32_t bytes) const {
    uint32_t at = start + row / 8 * stride + row % 8 * rowBytes();
    at += swizzle == TensorMap::None ? bytes / kRunBytes * leading : bytes;
    return swizzled(at, swizzle);
  }
  /// Where rows (or columns) of one k stand, for a transposed matrix: atoms as
  /// wide as the swizzle's row, `leading` apart, and `stride` between eights of
  /// k. Without a swizzle the two change places.
  uint32_t alongRows(uint32_t row, uint32_t k, uint32_t elementBytes) const {
    uint32_t atom = rowBytes() / elementBytes;
    bool isPlain = swizzle == TensorMap::None;
    uint32_t at = start + row / atom * (isPlain ? stride : leading) +
                  k / 8 * (isPlain ? leading : stride) + k % 8 * rowBytes() +
                  row % atom * elementBytes;
    return swizzled(at, swizzle);
  }
};

/// Reads `numRows` rows of A, or columns of B, from `first` on: `read(offset)`
/// gives kRunBytes of shared memory, or null after a report;
/// `put(row, k, number)` takes an element. False after a report.
template <typename T, typename Read, typename Put>
bool readSide(const MatrixDescriptor &at, unsigned first, unsigned numRows,
              bool isTransposed, Read read, Put put) {
  constexpr unsigned kElementBytes = sizeof(typename T::Element);
  for (unsigned row = 0; row < numRows; row += isTransposed ? kRun<T> : 1)
    for (unsigned k = 0; k < kDepth<T>; k += isTransposed ? 1 : kRun<T>) {
      const uint8_t *run =
          read(isTransposed ? at.alongRows(first + row, k, kElementBytes)
                            : at.alongK(first + row, k * kElementBytes));
      if (!run)
        return false;
      unsigned count =
          isTransposed ? std::min(kRun<T>, numRows - row) : kRun<T>;
      for (unsigned i = 0; i < count; ++i) {
        typename T::Element bits;
        std::memcpy(&bits, run + i * kElementBytes, kElementBytes);
        put(row + (isTransposed ? i : 0), k + (isTransposed ? 0 : i),
            T::widen(bits));
      }
    }
  return true;
}

/// Adds a row of A times B to a row of n sums.
template <typename Number, unsigned kK>
TENON_VGPU_INLINE void addProducts(Number *sums, const Number (&a)[kK],
                                   const Number (&b)[kK][kMostN], unsigned n) {
  for (unsigned k = 0; k < kK; ++k) {
    Number factor = a[k];
    for (unsigned column = 0; column < n; ++column)
      sums[column] += factor * b[k][column];
  }
}

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_MATRIXOPERANDS_H
