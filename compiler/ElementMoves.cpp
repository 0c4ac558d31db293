//===- ElementMoves.cpp - tensors of bytes in another order ---------------===//

#include "compiler/ElementMoves.h"

#include "dialects/Interfaces/Reference.h"

#include <cstring>

using namespace mlir;

namespace tenon {

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> dims,
                                     int64_t elementBytes) {
  SmallVector<int64_t> strides(dims.size());
  int64_t stride = elementBytes;
  for (size_t d = dims.size(); d-- > 0; stride *= dims[d])
    strides[d] = stride;
  return strides;
}

/// memcpy of a size that is known here is one instruction, and needs no
/// alignment: files place weights anywhere.
template <int64_t kBytes>
static void gatherRun(const char *from, int64_t stride, int64_t count,
                      char *to) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * kBytes, from + i * stride, kBytes);
}

static void copyRun(const char *from, int64_t stride, int64_t count,
                    int64_t elementBytes, char *to) {
  if (stride == elementBytes)
    return (void)std::memcpy(to, from, count * elementBytes);
  switch (elementBytes) {
  case 1:
    return gatherRun<1>(from, stride, count, to);
  case 2:
    return gatherRun<2>(from, stride, count, to);
  case 4:
    return gatherRun<4>(from, stride, count, to);
  case 8:
    return gatherRun<8>(from, stride, count, to);
  }
  llvm_unreachable("elements have 1, 2, 4 or 8 bytes");
}

void copyStrided(const char *from, ArrayRef<int64_t> strides,
                 ArrayRef<int64_t> dims, int64_t elementBytes, char *to) {
  if (llvm::is_contained(dims, 0))
    return;
  if (dims.empty())
    return copyRun(from, elementBytes, 1, elementBytes, to);
  ArrayRef<int64_t> outer = dims.drop_back();
  SmallVector<int64_t> index(outer.size(), 0);
  do {
    const char *row = from;
    for (auto [i, stride] : llvm::zip(index, strides))
      row += i * stride;
    copyRun(row, strides.back(), dims.back(), elementBytes, to);
    to += dims.back() * elementBytes;
  } while (nextIndex(index, outer));
}

void packElements(const char *from, ArrayRef<int64_t> dims,
                  tile::LayoutAttr layout, int64_t elementBytes, char *to) {
  auto digits = layout.getDigitList();
  SmallVector<int64_t> sizes = layout.getDigitSizes(dims);
  if (digits.empty())
    return copyRun(from, elementBytes, 1, elementBytes, to);
  if (llvm::is_contained(sizes, 0))
    return;
  SmallVector<int64_t> strides = rowMajorStrides(dims, elementBytes);
  // The last digit is a run in memory; the others are counted through.
  tile::LayoutAttr::Digit last = digits.pop_back_val();
  int64_t runLength = sizes.pop_back_val();
  SmallVector<int64_t> index(digits.size(), 0);
  do {
    SmallVector<int64_t> coordinates(dims.size(), 0);
    for (auto [i, digit] : llvm::zip_equal(index, digits))
      coordinates[digit.dim] += i * digit.stride;
    bool isPadding = false;
    const char *element = from;
    for (auto [i, dim, stride] : llvm::zip_equal(coordinates, dims, strides)) {
      isPadding |= i >= dim;
      element += i * stride;
    }
    if (!isPadding) {
      int64_t left = dims[last.dim] - coordinates[last.dim];
      int64_t count =
          std::min(runLength, llvm::divideCeilSigned(left, last.stride));
      copyRun(element, last.stride * strides[last.dim], count, elementBytes,
              to);
    }
    to += runLength * elementBytes;
  } while (nextIndex(index, sizes));
}

} // namespace tenon
