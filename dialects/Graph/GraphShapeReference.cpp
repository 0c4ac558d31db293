//===- GraphShapeReference.cpp - meaning of the ops that move elements ----===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphReference.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

/// An index into a dimension of `size`, negative ones counted from its end; an
/// error at `op` when it is outside.
static FailureOr<int64_t> resolveIndex(Operation *op, int64_t index,
                                       int64_t size) {
  if (index >= -size && index < size)
    return index < 0 ? index + size : index;
  return op->emitOpError() << "reads inside its data: expected an index of "
                           << -size << " to " << size - 1 << ", got " << index;
}

/// All indices into one dimension of `size`, in row-major order.
static FailureOr<SmallVector<int64_t>>
resolveIndices(Operation *op, const ReferenceTensor &indices, int64_t size) {
  SmallVector<int64_t> resolved;
  for (int64_t position = 0; position < indices.numElements(); ++position) {
    FailureOr<int64_t> index = resolveIndex(op, indices.getInt(position), size);
    if (failed(index))
      return failure();
    resolved.push_back(*index);
  }
  return resolved;
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::evaluate(ArrayRef<ReferenceTensor>,
                                   MutableArrayRef<ReferenceTensor> results) {
  ReferenceTensor &result = results[0];
  int64_t position = 0;
  if (auto floats = getValue().tryGetValues<APFloat>()) {
    for (APFloat value : *floats) {
      bool losesInfo = false;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
      result.setFloat(position++, value.convertToDouble());
    }
    return success();
  }
  auto ints = getValue().tryGetValues<APInt>();
  if (!ints)
    return emitOpError()
           << "needs elements to read: expected a dense attribute, got "
           << getValue();
  for (const APInt &value : *ints)
    result.setInt(position++, value.getSExtValue());
  result.round(); // unsigned types and bool, which sign extension made negative
  return success();
}

LogicalResult WeightOp::evaluate(ArrayRef<ReferenceTensor>,
                                 MutableArrayRef<ReferenceTensor>) {
  return emitOpError()
         << "has no value here: weights are read by the interpreter";
}

LogicalResult IotaOp::evaluate(ArrayRef<ReferenceTensor>,
                               MutableArrayRef<ReferenceTensor> results) {
  ReferenceTensor &result = results[0];
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    result.setInt(result.offset(index), index[getAxis()]);
  });
  result.round();
  return success();
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                  MutableArrayRef<ReferenceTensor> results) {
  for (int64_t position = 0; position < results[0].numElements(); ++position)
    copyElement(operands[0], position, results[0], position);
  return success();
}

LogicalResult TransposeOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                    MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  ReferenceTensor &result = results[0];
  SmallVector<int64_t> source(input.rank());
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    for (auto [d, from] : llvm::enumerate(getPermutation()))
      source[from] = index[d];
    copyElement(input, input.offset(source), result, result.offset(index));
  });
  return success();
}

LogicalResult BroadcastOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                    MutableArrayRef<ReferenceTensor> results) {
  ReferenceTensor &result = results[0];
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    copyElement(operands[0], operands[0].broadcastOffset(index), result,
                result.offset(index));
  });
  return success();
}

LogicalResult SliceOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  ReferenceTensor &result = results[0];
  std::optional<int64_t> start = getStart().getConstantValue();
  if (!start)
    return emitOpError()
           << "needs a start that is a number to be evaluated, got "
           << getStart().str();
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index);
    source[getAxis()] =
        *start + index[getAxis()] * static_cast<int64_t>(getStep());
    copyElement(input, input.offset(source), result, result.offset(index));
  });
  return success();
}

LogicalResult ConcatOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  ReferenceTensor &result = results[0];
  int64_t start = 0; // of the current input along the axis
  for (const ReferenceTensor &input : operands) {
    forEachIndex(input.dims(), [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> target(index);
      target[getAxis()] += start;
      copyElement(input, input.offset(index), result, result.offset(target));
    });
    start += input.dims()[getAxis()];
  }
  return success();
}

LogicalResult PadOp::evaluate(ArrayRef<ReferenceTensor> operands,
                              MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0], &value = operands[1];
  ReferenceTensor &result = results[0];
  for (int64_t position = 0; position < result.numElements(); ++position)
    copyElement(value, 0, result, position);
  forEachIndex(input.dims(), [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> target(index);
    for (auto [position, low] : llvm::zip_equal(target, getLow()))
      position += low;
    copyElement(input, input.offset(index), result, result.offset(target));
  });
  return success();
}

//===----------------------------------------------------------------------===//
// By index
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &data = operands[0], &indices = operands[1];
  ReferenceTensor &result = results[0];
  int64_t axis = getAxis();

  FailureOr<SmallVector<int64_t>> rows =
      resolveIndices(*this, indices, data.dims()[axis]);
  if (failed(rows))
    return failure();

  // An index of the result is: before the axis, an index of `indices`, after
  // it.
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> source(index.take_front(axis));
    source.push_back(
        (*rows)[indices.offset(index.slice(axis, indices.rank()))]);
    llvm::append_range(source, index.drop_front(axis + indices.rank()));
    copyElement(data, data.offset(source), result, result.offset(index));
  });
  return success();
}

/// The start of a source index that the list at `place` names: its batch dims,
/// then one resolved index for each entry of the list.
static FailureOr<SmallVector<int64_t>>
resolveList(GatherNdOp op, const ReferenceTensor &data,
            const ReferenceTensor &indices, ArrayRef<int64_t> place) {
  int64_t batchDims = op.getBatchDims();
  SmallVector<int64_t> source(place.take_front(batchDims));
  SmallVector<int64_t> entry(place);
  entry.push_back(0);
  for (int64_t size : data.dims().slice(batchDims, indices.dims().back())) {
    FailureOr<int64_t> index =
        resolveIndex(op, indices.getInt(indices.offset(entry)), size);
    if (failed(index))
      return failure();
    source.push_back(*index);
    ++entry.back();
  }
  return source;
}

LogicalResult GatherNdOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                   MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &data = operands[0], &indices = operands[1];
  ReferenceTensor &result = results[0];
  ArrayRef<int64_t> lists = indices.dims().drop_back();
  ArrayRef<int64_t> rest =
      data.dims().drop_front(getBatchDims() + indices.dims().back());

  SmallVector<int64_t> place(lists.size(), 0);
  if (result.numElements() == 0)
    return success();
  do {
    FailureOr<SmallVector<int64_t>> start =
        resolveList(*this, data, indices, place);
    if (failed(start))
      return failure();
    forEachIndex(rest, [&](ArrayRef<int64_t> tail) {
      SmallVector<int64_t> source(*start), target(place);
      llvm::append_range(source, tail);
      llvm::append_range(target, tail);
      copyElement(data, data.offset(source), result, result.offset(target));
    });
  } while (nextIndex(place, lists));
  return success();
}

/// Puts one update at its place, or adds it there.
static void putElement(const ReferenceTensor &updates, int64_t from,
                       ReferenceTensor &result, int64_t to, bool accumulate) {
  if (!accumulate)
    copyElement(updates, from, result, to);
  else if (result.isFloat())
    result.setFloat(to, result.getFloat(to) + updates.getFloat(from));
  else
    result.setInt(to, result.getInt(to) + updates.getInt(from));
}

LogicalResult ScatterOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                  MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &data = operands[0], &indices = operands[1];
  ReferenceTensor &result = results[0];
  int64_t axis = getAxis();
  result = data;

  FailureOr<SmallVector<int64_t>> rows =
      resolveIndices(*this, indices, data.dims()[axis]);
  if (failed(rows))
    return failure();
  forEachIndex(indices.dims(), [&](ArrayRef<int64_t> index) {
    int64_t from = indices.offset(index);
    SmallVector<int64_t> target(index);
    target[axis] = (*rows)[from];
    putElement(operands[2], from, result, result.offset(target),
               getAccumulate());
  });
  result.round();
  return success();
}
