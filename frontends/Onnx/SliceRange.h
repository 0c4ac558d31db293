//===- SliceRange.h - which elements of a dimension a Slice takes ---------===//

#ifndef TENON_FRONTENDS_ONNX_SLICERANGE_H
#define TENON_FRONTENDS_ONNX_SLICERANGE_H

#include "frontends/Onnx/NodeBuilder.h"

namespace tenon::onnx {

/// Elements start, start + step, ..., `count` of them.
struct SliceRange {
  graph::DimAttr start, count;
  int64_t step;
};

/// Of a dimension of `size` elements, by ONNX's rules: negative bounds count
/// from the end, bounds outside are moved inside. Where sizes are symbols and
/// it stays open whether a bound is inside, the slice is taken to take what it
/// names: the symbols' bounds are narrowed to that. Fails with an error at the
/// node.
mlir::FailureOr<SliceRange> sliceRange(NodeBuilder &b, graph::DimAttr size,
                                       graph::DimAttr start, graph::DimAttr end,
                                       int64_t step);

struct AxisSlice {
  int64_t axis;
  SliceRange range;
};

/// What the node, a Slice, takes of its first input.
mlir::FailureOr<llvm::SmallVector<AxisSlice>> readSlices(NodeBuilder &b);

/// ceil(dividend / divisor), both positive; null when that is no polynomial.
graph::DimAttr divideCeil(NodeBuilder &b, graph::DimAttr dividend,
                          int64_t divisor);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_SLICERANGE_H
