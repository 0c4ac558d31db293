//===- Positions.h - values that follow from where an element stands ------===//
//
// Exporters compute masks and lookups from counters (iota): "the key's number
// is at most the query's". Such a value is an affine function of its own index:
//
//   %i = graph.iota {axis = 1} : tensor<?x?xi64, #graph.dims<B, L>>
//   %j = graph.add %i, %two           // element (b, l) is l + 2
//   readPositions(%j) == {strides: {0, 1}, offset: 2}
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_ANALYSIS_POSITIONS_H
#define TENON_PASSES_ANALYSIS_POSITIONS_H

#include "dialects/Graph/GraphDialect.h"

#include <optional>

namespace tenon {

/// The element at index i is offset + sum over dims d of strides[d] * i[d].
struct Positions {
  llvm::SmallVector<int64_t> strides; ///< one a dim of the value
  graph::DimAttr offset;              ///< may be symbolic

  /// The only dim that the elements depend on, when its stride is 1.
  std::optional<unsigned> getOnlyDim() const;
};

/// The value as positions, or nothing when it is anything else.
std::optional<Positions> readPositions(mlir::Value value);

/// What a reshape, broadcast, transpose or slice makes of its input's
/// positions.
std::optional<Positions> moveThrough(mlir::Operation *view,
                                     const Positions &input);

/// `a - b` of two values broadcast together to `rank` dims.
Positions subtract(const Positions &a, const Positions &b, unsigned rank);

/// Least and greatest element of positions in a value with these dims.
graph::DimAttr leastOf(const Positions &positions,
                       llvm::ArrayRef<graph::DimAttr> dims);
graph::DimAttr greatestOf(const Positions &positions,
                          llvm::ArrayRef<graph::DimAttr> dims);

/// Whether a dim is 0 or more whatever the sizes (symbols are never negative).
bool isNeverNegative(graph::DimAttr dim);

} // namespace tenon

#endif // TENON_PASSES_ANALYSIS_POSITIONS_H
