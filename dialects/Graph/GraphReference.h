//===- GraphReference.h - loops that reference kernels share --------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHREFERENCE_H
#define TENON_DIALECTS_GRAPH_GRAPHREFERENCE_H

#include "dialects/Interfaces/Reference.h"

#include <cmath>

namespace tenon::graph {

/// Calls `visit` with every index within `dims`, row-major; once for no dims.
template <typename Visit>
void forEachIndex(llvm::ArrayRef<int64_t> dims, Visit visit) {
  if (llvm::is_contained(dims, 0))
    return;
  llvm::SmallVector<int64_t> index(dims.size(), 0);
  do
    visit(llvm::ArrayRef<int64_t>(index));
  while (nextIndex(index, dims));
}

/// The elements of a row-major tensor along one axis, all other indices fixed.
struct Line {
  int64_t begin = 0, stride = 1, size = 0;
  /// Position of element `i`.
  int64_t operator[](int64_t i) const { return begin + i * stride; }
};

/// Calls `visit` with every line along `axis`, row-major in the other dims.
template <typename Visit>
void forEachLine(llvm::ArrayRef<int64_t> dims, int64_t axis, Visit visit) {
  auto product = [](llvm::ArrayRef<int64_t> some) {
    int64_t result = 1;
    for (int64_t dim : some)
      result *= dim;
    return result;
  };
  int64_t size = dims[axis], inner = product(dims.drop_front(axis + 1));
  for (int64_t i = 0, outer = product(dims.take_front(axis)); i < outer; ++i)
    for (int64_t j = 0; j < inner; ++j)
      visit(Line{i * size * inner + j, inner, size});
}

/// Orders in which NaN wins: it is greater, and less, than every number.
inline bool isGreater(double a, double b) {
  return a > b || (std::isnan(a) && !std::isnan(b));
}
inline bool isLess(double a, double b) {
  return a < b || (std::isnan(a) && !std::isnan(b));
}

/// The row-major position of `index` within `dims`, where extent 1 repeats and
/// missing leading dims do too.
inline int64_t broadcastPosition(llvm::ArrayRef<int64_t> dims,
                                 llvm::ArrayRef<int64_t> index) {
  int64_t position = 0;
  for (auto [i, extent] : llvm::zip_equal(index.take_back(dims.size()), dims))
    position = position * extent + (extent == 1 ? 0 : i);
  return position;
}

/// Copies one element between tensors of one element type.
inline void copyElement(const ReferenceTensor &from, int64_t source,
                        ReferenceTensor &to, int64_t target) {
  if (from.isFloat())
    to.setFloat(target, from.getFloat(source));
  else
    to.setInt(target, from.getInt(source));
}

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHREFERENCE_H
