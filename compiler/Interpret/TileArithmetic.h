//===- TileArithmetic.h - what map, reduce and mma compute ----------------===//
//
// Tiles are reference tensors. Sums are kept in f64 (or 64 bits) and rounded
// once, at the end, to the result's type.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_TILEARITHMETIC_H
#define TENON_COMPILER_INTERPRET_TILEARITHMETIC_H

#include "compiler/Interpret/ScalarBody.h"
#include "dialects/Interfaces/Reference.h"
#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// The element of a tensor as a scalar, and back.
Scalar scalarAt(const ReferenceTensor &tensor, int64_t position);
void setScalar(ReferenceTensor &tensor, int64_t position, Scalar value);

/// One input of a map: axis `a` of it is axis `axes[a]` of the result.
struct MapInput {
  const ReferenceTensor *tile;
  llvm::SmallVector<unsigned> axes;
};

/// Fills `result` with the body's value for each place; the body's arguments
/// are the inputs' elements, then `captured`. Returns the place for which the
/// body is undefined, if there is one.
std::optional<llvm::SmallVector<int64_t>>
mapTiles(const ScalarBody &body, llvm::ArrayRef<MapInput> inputs,
         llvm::ArrayRef<Scalar> captured, ReferenceTensor &result);

/// `input` combined along `axis`, below `limit` where there is one; the result
/// lacks the axis.
ReferenceTensor reduceTile(tile::Combine kind, const ReferenceTensor &input,
                           int64_t axis,
                           std::optional<int64_t> limit = std::nullopt);

/// accumulator + lhs x rhs, of MxK, KxN and MxN.
ReferenceTensor multiplyTiles(const ReferenceTensor &lhs,
                              const ReferenceTensor &rhs,
                              const ReferenceTensor &accumulator);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_TILEARITHMETIC_H
