//===- GraphShapeInference.cpp - result types of the ops that move elements
//===//
//
// Malformed attributes fail without an error here: the verifier, which runs
// first, has already said what is wrong.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace tenon::graph;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool isInside(int64_t value, int64_t end) {
  return value >= 0 && value < end;
}

/// Of two dims that agree, the one that says more: a number, then a polynomial,
/// then unknown.
static DimAttr moreKnown(DimAttr a, DimAttr b) {
  if (a.isUnknown() || b.getConstantValue())
    return b;
  return a;
}

LogicalResult
TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                              ValueRange operands, DictionaryAttr attributes,
                              OpaqueProperties properties, RegionRange regions,
                              SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType input = typeOf(op.getInput());
  SmallVector<DimAttr> dims;
  for (int64_t from : op.getPermutation()) {
    if (!isInside(from, input.getRank()))
      return failure();
    dims.push_back(getDim(input, from));
  }
  types.push_back(tensorOf(dims, input.getElementType()));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                         ValueRange operands,
                                         DictionaryAttr attributes,
                                         OpaqueProperties properties,
                                         RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (operands.empty())
    return failure();
  RankedTensorType first = typeOf(operands.front());
  int64_t axis = op.getAxis();
  if (!isInside(axis, first.getRank()))
    return failure();

  SmallVector<DimAttr> dims = getDims(first);
  for (Value input : operands.drop_front()) {
    if (typeOf(input).getRank() != first.getRank())
      return failure();
    for (auto [d, dim] : llvm::enumerate(getDims(typeOf(input))))
      dims[d] = static_cast<int64_t>(d) == axis ? dims[d].add(dim)
                                                : moreKnown(dims[d], dim);
  }
  types.push_back(tensorOf(dims, first.getElementType()));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                         ValueRange operands,
                                         DictionaryAttr attributes,
                                         OpaqueProperties properties,
                                         RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType data = typeOf(op.getData());
  int64_t axis = op.getAxis();
  if (!isInside(axis, data.getRank()))
    return failure();

  SmallVector<DimAttr> source = getDims(data);
  SmallVector<DimAttr> dims(ArrayRef(source).take_front(axis));
  llvm::append_range(dims, getDims(typeOf(op.getIndices())));
  llvm::append_range(dims, ArrayRef(source).drop_front(axis + 1));
  types.push_back(tensorOf(dims, data.getElementType()));
  return success();
}

LogicalResult
GatherNdOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                             ValueRange operands, DictionaryAttr attributes,
                             OpaqueProperties properties, RegionRange regions,
                             SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType data = typeOf(op.getData());
  RankedTensorType indices = typeOf(op.getIndices());
  int64_t batchDims = op.getBatchDims();
  if (!isInside(batchDims, std::min(data.getRank(), indices.getRank())))
    return failure();
  int64_t length = indices.getShape().back();
  if (length < 0 || batchDims + length > data.getRank())
    return failure();

  SmallVector<DimAttr> source = getDims(data);
  SmallVector<DimAttr> dims = getDims(indices);
  dims.pop_back();
  for (int64_t d = 0; d < batchDims; ++d)
    dims[d] = moreKnown(dims[d], source[d]);
  llvm::append_range(dims, ArrayRef(source).drop_front(batchDims + length));
  types.push_back(tensorOf(dims, data.getElementType()));
  return success();
}

LogicalResult
ScatterOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                            ValueRange operands, DictionaryAttr attributes,
                            OpaqueProperties properties, RegionRange regions,
                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  types.push_back(op.getData().getType());
  return success();
}
