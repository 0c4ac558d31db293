//===- ElementMoves.cpp - tensors of bytes in another order ---------------===//

#include "compiler/ElementMoves.h"

#include "dialects/Interfaces/Reference.h"

#include <algorithm>
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

namespace {

/// `count` elements, each `stride` bytes after the one before it.
struct Steps {
  int64_t stride, count;
};

/// Rows of elements that are read from anywhere and written one after the
/// other, a row `rowBytes` after the one before it.
struct Block {
  Steps rows, columns;
  int64_t rowBytes;
};

} // namespace

/// memcpy of a size that is known here is one instruction, and needs no
/// alignment: files place weights anywhere. kColumns: 0 where it is not known.
template <int64_t kBytes, int64_t kColumns>
static void gatherBlock(const char *from, const Block &block, char *to) {
  const int64_t rowStride = block.rows.stride, stride = block.columns.stride;
  const int64_t rowBytes = block.rowBytes;
  const int64_t numColumns = kColumns ? kColumns : block.columns.count;
  for (int64_t r = 0; r < block.rows.count; ++r)
    for (int64_t c = 0; c < numColumns; ++c)
      std::memcpy(to + r * rowBytes + c * kBytes,
                  from + r * rowStride + c * stride, kBytes);
}

/// Operands of matrix units have groups of 2 or 4 side by side.
template <int64_t kBytes>
static void gatherColumns(const char *from, const Block &block, char *to) {
  switch (block.columns.count) {
  case 2:
    return gatherBlock<kBytes, 2>(from, block, to);
  case 4:
    return gatherBlock<kBytes, 4>(from, block, to);
  }
  gatherBlock<kBytes, 0>(from, block, to);
}

static void copyBlock(const char *from, const Block &block,
                      int64_t elementBytes, char *to) {
  if (block.columns.stride == elementBytes) {
    for (int64_t r = 0; r < block.rows.count; ++r)
      std::memcpy(to + r * block.rowBytes, from + r * block.rows.stride,
                  block.columns.count * elementBytes);
    return;
  }
  switch (elementBytes) {
  case 1:
    return gatherColumns<1>(from, block, to);
  case 2:
    return gatherColumns<2>(from, block, to);
  case 4:
    return gatherColumns<4>(from, block, to);
  case 8:
    return gatherColumns<8>(from, block, to);
  }
  llvm_unreachable("elements have 1, 2, 4 or 8 bytes");
}

static void copyRun(const char *from, Steps steps, int64_t elementBytes,
                    char *to) {
  copyBlock(from, Block{{0, 1}, steps, 0}, elementBytes, to);
}

void copyStrided(const char *from, ArrayRef<int64_t> strides,
                 ArrayRef<int64_t> dims, int64_t elementBytes, char *to) {
  if (llvm::is_contained(dims, 0))
    return;
  if (dims.empty())
    return copyRun(from, {elementBytes, 1}, elementBytes, to);
  ArrayRef<int64_t> outer = dims.drop_back();
  SmallVector<int64_t> index(outer.size(), 0);
  do {
    const char *row = from;
    for (auto [i, stride] : llvm::zip(index, strides))
      row += i * stride;
    copyRun(row, {strides.back(), dims.back()}, elementBytes, to);
    to += dims.back() * elementBytes;
  } while (nextIndex(index, outer));
}

namespace {

/// The two digits that are fastest in memory are copied as a block, the others
/// are counted through.
class Packer {
public:
  Packer(ArrayRef<int64_t> dims, tile::LayoutAttr layout, int64_t elementBytes)
      : dims(dims), strides(rowMajorStrides(dims, elementBytes)),
        elementBytes(elementBytes), digits(layout.getDigitList()),
        sizes(layout.getDigitSizes(dims)) {
    columns = {digits.pop_back_val(), sizes.pop_back_val()};
    if (!digits.empty())
      rows = {digits.pop_back_val(), sizes.pop_back_val()};
    rowBytes = columns.size * elementBytes;
  }

  void pack(const char *from, char *to) {
    SmallVector<int64_t> index(digits.size(), 0), at(dims.size());
    do {
      llvm::fill(at, 0);
      for (auto [i, digit] : llvm::zip_equal(index, digits))
        at[digit.dim] += i * digit.stride;
      packBlock(from, at, to);
      to += rows.size * rowBytes;
    } while (nextIndex(index, sizes));
  }

private:
  struct BlockDigit {
    tile::LayoutAttr::Digit digit{0, 1, 1};
    int64_t size = 1;

    /// How many of its steps lie in a tensor that has `left` more indices.
    int64_t countWithin(int64_t left) const {
      return std::clamp<int64_t>(llvm::divideCeilSigned(left, digit.stride), 0,
                                 size);
    }
  };

  void packBlock(const char *from, ArrayRef<int64_t> at, char *to) const {
    for (auto [i, dim, stride] : llvm::zip_equal(at, dims, strides)) {
      if (i >= dim)
        return;
      from += i * stride;
    }
    const unsigned rowDim = rows.digit.dim, columnDim = columns.digit.dim;
    int64_t numRows = rows.countWithin(dims[rowDim] - at[rowDim]);
    int64_t left = dims[columnDim] - at[columnDim];
    Block block{
        {rows.digit.stride * strides[rowDim], numRows},
        {columns.digit.stride * strides[columnDim], columns.countWithin(left)},
        rowBytes};
    if (rowDim != columnDim)
      return copyBlock(from, block, elementBytes, to);
    // Rows along the columns' own dim end at different columns.
    block.rows.count = 1;
    for (int64_t r = 0; r < numRows; ++r, to += rowBytes) {
      block.columns.count = columns.countWithin(left - r * rows.digit.stride);
      copyBlock(from + r * block.rows.stride, block, elementBytes, to);
    }
  }

  ArrayRef<int64_t> dims;
  SmallVector<int64_t> strides;
  int64_t elementBytes, rowBytes;
  SmallVector<tile::LayoutAttr::Digit> digits; ///< but the last two
  SmallVector<int64_t> sizes;                  ///< of `digits`
  BlockDigit rows, columns;
};

} // namespace

void packElements(const char *from, ArrayRef<int64_t> dims,
                  tile::LayoutAttr layout, int64_t elementBytes, char *to) {
  if (layout.getDigitList().empty())
    return copyRun(from, {elementBytes, 1}, elementBytes, to);
  if (!llvm::is_contained(layout.getDigitSizes(dims), 0))
    Packer(dims, layout, elementBytes).pack(from, to);
}

} // namespace tenon
