//===- GraphShapeInference.cpp - result types of ops that move elements ---===//
//
// The constraints of these ops stand here, below the labels of
// GraphShapeOps.td, where builders and parsers meet them alike; their verifiers
// ask the inference. Symbolic dims are accepted while some binding can make
// them agree; the interpreter and the compiled program check the numbers.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphInference.h"

using namespace mlir;
using namespace tenon::graph;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Of two dims that agree, the one that says more: a number, then a polynomial,
/// then unknown.
static DimAttr moreKnown(DimAttr a, DimAttr b) {
  return a.isUnknown() || b.getConstantValue() ? b : a;
}

template <typename Op>
static LogicalResult checkAxis(std::optional<Location> location, int64_t axis,
                               RankedTensorType type) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return refuse<Op>(location, "needs an axis of ", type, ": expected 0 to ",
                    type.getRank() - 1, ", got ", axis);
}

template <typename Op>
static LogicalResult checkElementType(std::optional<Location> location,
                                      Type expected, RankedTensorType type) {
  if (type.getElementType() == expected)
    return success();
  return refuse<Op>(location, "needs one element type: expected ", expected,
                    ", got ", type);
}

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

static bool isPermutation(ArrayRef<int64_t> order, int64_t rank) {
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  return llvm::equal(sorted, llvm::seq<int64_t>(0, rank));
}

static std::string str(ArrayRef<int64_t> numbers) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(numbers, os << '[');
  os << ']';
  return text;
}

LogicalResult
TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                              ValueRange operands, DictionaryAttr attributes,
                              OpaqueProperties properties, RegionRange regions,
                              SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType input = typeOf(op.getInput());
  // transpose_c1
  if (!isPermutation(op.getPermutation(), input.getRank()))
    return refuse<TransposeOp>(location, "needs each dim of ", input,
                               " once: expected an order of 0 to ",
                               input.getRank() - 1, ", got ",
                               str(op.getPermutation()));
  SmallVector<DimAttr> dims;
  for (int64_t from : op.getPermutation())
    dims.push_back(getDim(input, from));
  types.push_back(tensorOf(dims, input.getElementType()));
  return success();
}

LogicalResult TransposeOp::verify() { return verifyInferred(*this); }

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

/// Adds the dims of one more input to those of the result so far.
static LogicalResult joinDims(std::optional<Location> location,
                              RankedTensorType first, RankedTensorType type,
                              int64_t axis, SmallVectorImpl<DimAttr> &dims) {
  auto refuseDims = [&] {
    return refuse<ConcatOp>(location, "joins along dimension ", axis,
                            " only: expected the other dims of ", first,
                            ", got ", type);
  };
  if (type.getRank() != first.getRank())
    return refuseDims();
  for (auto [d, dim] : llvm::enumerate(getDims(type))) {
    if (static_cast<int64_t>(d) == axis)
      dims[d] = dims[d].add(dim);
    else if (mayBeEqual(dims[d], dim))
      dims[d] = moreKnown(dims[d], dim);
    else
      return refuseDims();
  }
  return success();
}

LogicalResult
ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                           ValueRange operands, DictionaryAttr attributes,
                           OpaqueProperties properties, RegionRange regions,
                           SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  // concat_c1
  if (operands.empty())
    return refuse<ConcatOp>(
        location, "needs something to join: expected an input, got none");
  RankedTensorType first = typeOf(operands.front());
  int64_t axis = op.getAxis();
  // concat_c2
  if (failed(checkAxis<ConcatOp>(location, axis, first)))
    return failure();
  SmallVector<DimAttr> dims = getDims(first);
  for (Value input : operands.drop_front()) {
    // concat_c3
    if (failed(checkElementType<ConcatOp>(location, first.getElementType(),
                                          typeOf(input))))
      return failure();
    // concat_c4
    if (failed(joinDims(location, first, typeOf(input), axis, dims)))
      return failure();
  }
  types.push_back(tensorOf(dims, first.getElementType()));
  return success();
}

LogicalResult ConcatOp::verify() { return verifyInferred(*this); }

//===----------------------------------------------------------------------===//
// gather, gather_nd
//===----------------------------------------------------------------------===//

LogicalResult
GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                           ValueRange operands, DictionaryAttr attributes,
                           OpaqueProperties properties, RegionRange regions,
                           SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType data = typeOf(op.getData());
  int64_t axis = op.getAxis();
  // gather_c1
  if (failed(checkAxis<GatherOp>(location, axis, data)))
    return failure();
  SmallVector<DimAttr> source = getDims(data), dims;
  llvm::append_range(dims, ArrayRef(source).take_front(axis));
  llvm::append_range(dims, getDims(typeOf(op.getIndices())));
  llvm::append_range(dims, ArrayRef(source).drop_front(axis + 1));
  types.push_back(tensorOf(dims, data.getElementType()));
  return success();
}

LogicalResult GatherOp::verify() { return verifyInferred(*this); }

/// The constraints of gather_nd.
static LogicalResult checkGatherNd(std::optional<Location> location,
                                   RankedTensorType data,
                                   RankedTensorType indices,
                                   int64_t batchDims) {
  // gather_nd_c1
  int64_t end = std::min(data.getRank(), indices.getRank());
  if (batchDims < 0 || batchDims >= end)
    return refuse<GatherNdOp>(
        location,
        "needs batch dims that both operands have and one more: expected 0 to ",
        end - 1, " for ", data, " and ", indices, ", got ", batchDims);
  // gather_nd_c2
  for (int64_t d = 0; d < batchDims; ++d)
    if (!mayBeEqual(getDim(data, d), getDim(indices, d)))
      return refuse<GatherNdOp>(
          location, "needs index lists for each batch element: expected ",
          getDim(data, d).str(), " in dimension ", d, " as in ", data, ", got ",
          indices);
  // gather_nd_c3
  int64_t length = indices.getShape().back(), most = data.getRank() - batchDims;
  if (length >= 1 && length <= most)
    return success();
  return refuse<GatherNdOp>(
      location,
      "needs index lists of a known length: expected a last dimension "
      "of 1 to ",
      most, " for ", data, ", got ", indices);
}

LogicalResult
GatherNdOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                             ValueRange operands, DictionaryAttr attributes,
                             OpaqueProperties properties, RegionRange regions,
                             SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType data = typeOf(op.getData()),
                   indices = typeOf(op.getIndices());
  int64_t batchDims = op.getBatchDims();
  if (failed(checkGatherNd(location, data, indices, batchDims)))
    return failure();
  SmallVector<DimAttr> source = getDims(data), dims = getDims(indices);
  dims.pop_back();
  for (int64_t d = 0; d < batchDims; ++d)
    dims[d] = moreKnown(dims[d], source[d]);
  int64_t numIndexed = batchDims + indices.getShape().back();
  llvm::append_range(dims, ArrayRef(source).drop_front(numIndexed));
  types.push_back(tensorOf(dims, data.getElementType()));
  return success();
}

LogicalResult GatherNdOp::verify() { return verifyInferred(*this); }

//===----------------------------------------------------------------------===//
// scatter
//===----------------------------------------------------------------------===//

/// Whether `indices` stay within `data` along dim `d`, for some binding.
static bool mayFit(RankedTensorType data, RankedTensorType indices, int64_t d) {
  DimAttr left = getDim(data, d).sub(getDim(indices, d));
  return left.getConstantValue().value_or(0) >= 0;
}

/// Whether one shape can have both types' dims.
static bool mayAgree(RankedTensorType a, RankedTensorType b) {
  auto pairs = llvm::zip(getDims(a), getDims(b));
  return a.getRank() == b.getRank() && llvm::all_of(pairs, [](auto pair) {
           return mayBeEqual(std::get<0>(pair), std::get<1>(pair));
         });
}

LogicalResult
ScatterOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                            ValueRange operands, DictionaryAttr attributes,
                            OpaqueProperties properties, RegionRange regions,
                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType data = typeOf(op.getData()),
                   indices = typeOf(op.getIndices());
  RankedTensorType updates = typeOf(op.getUpdates());
  int64_t axis = op.getAxis();
  // scatter_c1
  if (failed(checkAxis<ScatterOp>(location, axis, data)))
    return failure();
  // scatter_c2
  if (failed(checkElementType<ScatterOp>(location, data.getElementType(),
                                         updates)))
    return failure();
  // scatter_c3
  if (!mayAgree(indices, updates))
    return refuse<ScatterOp>(location,
                             "needs one update an index: expected the dims of ",
                             indices, ", got ", updates);
  // scatter_c4
  if (indices.getRank() != data.getRank())
    return refuse<ScatterOp>(location,
                             "needs indices of the rank of its data: expected ",
                             data.getRank(), " for ", data, ", got ", indices);
  for (int64_t d = 0; d < data.getRank(); ++d)
    if (d != axis && !mayFit(data, indices, d))
      return refuse<ScatterOp>(
          location, "updates elements of its data: expected at most ",
          getDim(data, d).str(), " in dimension ", d, ", got ", indices);
  // scatter_c5
  if (op.getAccumulate() && data.getElementType().isInteger(1))
    return refuse<ScatterOp>(
        location, "adds numbers: expected elements other than bool, got ",
        data);
  types.push_back(data);
  return success();
}

LogicalResult ScatterOp::verify() { return verifyInferred(*this); }
