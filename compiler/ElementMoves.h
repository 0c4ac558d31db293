//===- ElementMoves.h - tensors of bytes in another order -----------------===//

#ifndef TENON_COMPILER_ELEMENTMOVES_H
#define TENON_COMPILER_ELEMENTMOVES_H

#include "dialects/Tile/TileDialect.h"

#include "llvm/ADT/ArrayRef.h"

namespace tenon {

/// Bytes from an element to the next along each dim of a row-major tensor.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> dims,
                                           int64_t elementBytes);

/// Writes elements row-major to `to`, reading the element at an index from
/// `from` plus the sum of index times stride (bytes, possibly 0 or negative).
/// Elements have 1, 2, 4 or 8 bytes.
void copyStrided(const char *from, llvm::ArrayRef<int64_t> strides,
                 llvm::ArrayRef<int64_t> dims, int64_t elementBytes, char *to);

/// Writes a row-major tensor in the order of `layout` to `to`, which is zero
/// and holds the layout's number of elements.
void packElements(const char *from, llvm::ArrayRef<int64_t> dims,
                  tile::LayoutAttr layout, int64_t elementBytes, char *to);

} // namespace tenon

#endif // TENON_COMPILER_ELEMENTMOVES_H
