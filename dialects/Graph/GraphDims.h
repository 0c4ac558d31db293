//===- GraphDims.h - symbolic shapes of tensor types ----------------------===//
//
//   // t is a tensor<?x?x384xf32, #graph.dims<B, L, 384>>
//   DimAttr rows = getDim(t, 0).mul(getDim(t, 1)); // B*L
//   RankedTensorType flat = tensorOf({rows, getDim(t, 2)}, t.getElementType());
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHDIMS_H
#define TENON_DIALECTS_GRAPH_GRAPHDIMS_H

#include "mlir/IR/BuiltinTypes.h"

namespace tenon::graph {

class DimAttr;

/// The size of dimension `d`: a number, a polynomial, or unknown.
DimAttr getDim(mlir::RankedTensorType type, unsigned d);
llvm::SmallVector<DimAttr> getDims(mlir::RankedTensorType type);

/// The tensor type with these dims: static where they are numbers, with an
/// encoding where one is symbolic.
mlir::RankedTensorType tensorOf(llvm::ArrayRef<DimAttr> dims,
                                mlir::Type elementType);

/// Whether one tensor can have both dims: equal, or one of them unknown, or
/// different polynomials that are not both numbers.
bool mayBeEqual(DimAttr a, DimAttr b);
/// Whether the dims are known to be equal.
bool areEqual(DimAttr a, DimAttr b);
bool areCompatible(mlir::TypeRange a, mlir::TypeRange b);

/// NumPy's broadcast of two shapes, trailing dims aligned. Fails where two dims
/// differ and neither is 1.
mlir::FailureOr<llvm::SmallVector<DimAttr>>
broadcastDims(llvm::ArrayRef<DimAttr> a, llvm::ArrayRef<DimAttr> b);

/// Whether `a` is at least `b` for all values of the symbols, which are never
/// negative. False where that is not known.
bool isNeverSmaller(DimAttr a, DimAttr b);

/// Product of all dims; unknown when one is.
DimAttr numElements(mlir::MLIRContext *context, llvm::ArrayRef<DimAttr> dims);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHDIMS_H
