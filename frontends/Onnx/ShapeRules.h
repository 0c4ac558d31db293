//===- ShapeRules.h - ops on sizes, computed at import --------------------===//
//
// Each function computes a node's outputs when all that it needs is known as
// polynomials, and returns false, having done nothing, when it is not: then the
// node is imported as data.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_SHAPERULES_H
#define TENON_FRONTENDS_ONNX_SHAPERULES_H

#include "frontends/Onnx/NodeBuilder.h"

namespace tenon::onnx {

// ShapeArithmetic.cpp: element by element
bool evaluateAdd(NodeBuilder &b);
bool evaluateSub(NodeBuilder &b);
bool evaluateMul(NodeBuilder &b);
bool evaluateDiv(NodeBuilder &b);
bool evaluateMod(NodeBuilder &b);
bool evaluateMax(NodeBuilder &b);
bool evaluateMin(NodeBuilder &b);
bool evaluateNeg(NodeBuilder &b);
bool evaluateEqual(NodeBuilder &b);
bool evaluateLess(NodeBuilder &b);
bool evaluateLessOrEqual(NodeBuilder &b);
bool evaluateGreater(NodeBuilder &b);
bool evaluateGreaterOrEqual(NodeBuilder &b);
bool evaluateAnd(NodeBuilder &b);
bool evaluateOr(NodeBuilder &b);
bool evaluateNot(NodeBuilder &b);
bool evaluateWhere(NodeBuilder &b);
bool evaluateCast(NodeBuilder &b);

// ShapeMovement.cpp: where elements are
bool evaluateShape(NodeBuilder &b);
bool evaluateSize(NodeBuilder &b);
bool evaluateGather(NodeBuilder &b);
bool evaluateConcat(NodeBuilder &b);
bool evaluateSlice(NodeBuilder &b);
bool evaluateSplit(NodeBuilder &b);
bool evaluateExpand(NodeBuilder &b);
bool evaluateConstantOfShape(NodeBuilder &b);
bool evaluateRange(NodeBuilder &b);
bool evaluateReduceSum(NodeBuilder &b);
bool evaluateReduceProd(NodeBuilder &b);
bool evaluateReduceMax(NodeBuilder &b);
bool evaluateReduceMin(NodeBuilder &b);

/// The larger or the smaller of two sizes; null when their bounds do not tell.
graph::DimAttr maxOf(NodeBuilder &b, graph::DimAttr x, graph::DimAttr y);
graph::DimAttr minOf(NodeBuilder &b, graph::DimAttr x, graph::DimAttr y);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_SHAPERULES_H
