//===- GraphMathReference.cpp - what mathematical ops mean ----------------===//
//
// Plain loops, written to be read: floats accumulate in f64, integers in i64,
// and each result is rounded once. Attention and norms stand in
// GraphNormReference.cpp.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphElementwise.h"
#include "dialects/Graph/GraphEquation.h"
#include "dialects/Graph/GraphReference.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace tenon::graph {

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

namespace {

/// A sum that is an f64 for floats and an i64, wrapping, for integers.
struct Sum {
  double floats = 0;
  uint64_t ints = 0;

  void addProduct(ArrayRef<ReferenceTensor> factors,
                  ArrayRef<int64_t> positions) {
    double product = 1;
    uint64_t intProduct = 1;
    for (auto [factor, position] : llvm::zip_equal(factors, positions)) {
      product *= factor.getFloat(position);
      if (!factor.isFloat())
        intProduct *= static_cast<uint64_t>(factor.getInt(position));
    }
    floats += product;
    ints += intProduct;
  }
  void store(ReferenceTensor &tensor, int64_t position) const {
    if (tensor.isFloat())
      tensor.setFloat(position, floats);
    else
      tensor.setInt(position, static_cast<int64_t>(ints));
  }
};

} // namespace

/// The row-major position in `tensor`, whose dims are named by `letters`, where
/// each letter has the value in `values`.
static int64_t positionOf(const ReferenceTensor &tensor, StringRef letters,
                          const llvm::StringMap<int64_t> &values) {
  SmallVector<int64_t> index;
  for (const char &letter : letters)
    index.push_back(values.lookup(StringRef(&letter, 1)));
  return tensor.offset(index);
}

/// result[its letters] = sum over the other letters of the product of the
/// inputs.
static void contract(const Equation &equation,
                     ArrayRef<ReferenceTensor> operands,
                     ReferenceTensor &result) {
  llvm::StringMap<int64_t> sizes;
  for (auto [letters, operand] : llvm::zip_equal(equation.inputs, operands))
    for (auto [d, letter] : llvm::enumerate(letters))
      sizes[StringRef(&letter, 1)] = operand.dims()[d];

  std::string summed;
  for (char letter : equation.letters())
    if (!StringRef(equation.result).contains(letter))
      summed += letter;
  SmallVector<int64_t> summedDims;
  for (const char &letter : summed)
    summedDims.push_back(sizes.lookup(StringRef(&letter, 1)));

  llvm::StringMap<int64_t> values;
  auto assign = [&](StringRef letters, ArrayRef<int64_t> index) {
    for (auto [d, letter] : llvm::enumerate(letters))
      values[letters.substr(d, 1)] = index[d];
  };
  forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    assign(equation.result, index);
    Sum sum;
    forEachIndex(summedDims, [&](ArrayRef<int64_t> inner) {
      assign(summed, inner);
      SmallVector<int64_t> positions;
      for (auto [letters, operand] : llvm::zip_equal(equation.inputs, operands))
        positions.push_back(positionOf(operand, letters, values));
      sum.addProduct(operands, positions);
    });
    sum.store(result, result.offset(index));
  });
  result.round();
}

LogicalResult ContractOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                   MutableArrayRef<ReferenceTensor> results) {
  contract(*parseEquation(getEquation()), operands, results[0]);
  return success();
}

LogicalResult MatmulOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &lhs = operands[0], &rhs = operands[1];
  ReferenceTensor &result = results[0];
  bool isRow = lhs.rank() == 1, isColumn = rhs.rank() == 1;
  int64_t depth = lhs.dims().back();
  int64_t numColumns = isColumn ? 1 : rhs.dims().back();

  // A batch index picks one matrix of either side; extent 1 repeats.
  ArrayRef<int64_t> leftBatch = lhs.dims().drop_back(isRow ? 1 : 2);
  ArrayRef<int64_t> rightBatch = rhs.dims().drop_back(isColumn ? 1 : 2);
  int64_t numRows = isRow ? 1 : lhs.dims()[lhs.rank() - 2];
  ArrayRef<int64_t> batchDims =
      result.dims().drop_back((isRow ? 0 : 1) + (isColumn ? 0 : 1));

  int64_t position = 0;
  forEachIndex(batchDims, [&](ArrayRef<int64_t> batch) {
    int64_t left = broadcastPosition(leftBatch, batch) * numRows * depth;
    int64_t right = broadcastPosition(rightBatch, batch) * depth * numColumns;
    for (int64_t m = 0; m < numRows; ++m)
      for (int64_t n = 0; n < numColumns; ++n) {
        Sum sum;
        for (int64_t k = 0; k < depth; ++k)
          sum.addProduct(operands,
                         {left + m * depth + k, right + k * numColumns + n});
        sum.store(result, position++);
      }
  });
  result.round();
  return success();
}

LogicalResult
GroupedMatmulOp::evaluate(ArrayRef<ReferenceTensor> operands,
                          MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &lhs = operands[0], &rhs = operands[1],
                        &scale = operands[2];
  ReferenceTensor &result = results[0];
  int64_t numGroups = rhs.dims()[0], depth = rhs.dims()[1],
          numColumns = rhs.dims()[2];
  for (int64_t position = 0; position < result.numElements(); ++position) {
    int64_t row = position / numColumns, column = position % numColumns;
    double sum = 0;
    for (int64_t g = 0; g < numGroups; ++g) {
      double part = 0;
      for (int64_t k = 0; k < depth; ++k)
        part += lhs.getFloat((row * numGroups + g) * depth + k) *
                rhs.getFloat((g * depth + k) * numColumns + column);
      sum += scale.getFloat(g * numColumns + column) * part;
    }
    result.setFloat(position, sum);
  }
  result.round();
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// All elements at `positions` of `input`, combined.
static double reduceFloats(ReduceKind kind, const ReferenceTensor &input,
                           ArrayRef<int64_t> positions) {
  const double infinity = std::numeric_limits<double>::infinity();
  double result = kind == ReduceKind::Max    ? -infinity
                  : kind == ReduceKind::Min  ? infinity
                  : kind == ReduceKind::Prod ? 1
                                             : 0;
  for (int64_t position : positions) {
    double x = input.getFloat(position);
    switch (kind) {
    case ReduceKind::Sum:
    case ReduceKind::Mean:
      result += x;
      break;
    case ReduceKind::SumSquare:
      result += x * x;
      break;
    case ReduceKind::Prod:
      result *= x;
      break;
    case ReduceKind::Max:
      result = isGreater(x, result) ? x : result;
      break;
    case ReduceKind::Min:
      result = isLess(x, result) ? x : result;
      break;
    }
  }
  return kind == ReduceKind::Mean
             ? result / static_cast<double>(positions.size())
             : result;
}

/// Modulo 2^64, which keeps all bits that any element type has.
static WideInt multiplyWrapping(WideInt a, WideInt b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

static WideInt reduceInts(ReduceKind kind, const ReferenceTensor &input,
                          ArrayRef<int64_t> positions) {
  auto type = cast<IntegerType>(input.elementType());
  const double infinity = std::numeric_limits<double>::infinity();
  WideInt result = kind == ReduceKind::Max    ? truncateToInt(-infinity, type)
                   : kind == ReduceKind::Min  ? truncateToInt(infinity, type)
                   : kind == ReduceKind::Prod ? 1
                                              : 0;
  for (int64_t position : positions) {
    WideInt x = getWideInt(input, position);
    switch (kind) {
    case ReduceKind::Sum:
    case ReduceKind::Mean:
      result += x;
      break;
    case ReduceKind::SumSquare:
      result += multiplyWrapping(x, x);
      break;
    case ReduceKind::Prod:
      result = multiplyWrapping(result, x);
      break;
    case ReduceKind::Max:
      result = std::max(result, x);
      break;
    case ReduceKind::Min:
      result = std::min(result, x);
      break;
    }
  }
  if (kind == ReduceKind::Mean)
    return positions.empty() ? WideInt{0}
                             : result / static_cast<WideInt>(positions.size());
  return result;
}

LogicalResult ReduceOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  ReferenceTensor &result = results[0];
  SmallVector<int64_t> kept, reduced, keptDims, reducedDims;
  for (int64_t d = 0; d < input.rank(); ++d) {
    bool isReduced = llvm::is_contained(getAxes(), d);
    (isReduced ? reduced : kept).push_back(d);
    (isReduced ? reducedDims : keptDims).push_back(input.dims()[d]);
  }
  int64_t position = 0;
  SmallVector<int64_t> index(input.rank(), 0);
  forEachIndex(keptDims, [&](ArrayRef<int64_t> outer) {
    for (auto [d, i] : llvm::zip_equal(kept, outer))
      index[d] = i;
    SmallVector<int64_t> positions;
    forEachIndex(reducedDims, [&](ArrayRef<int64_t> inner) {
      for (auto [d, i] : llvm::zip_equal(reduced, inner))
        index[d] = i;
      positions.push_back(input.offset(index));
    });
    if (input.isFloat())
      result.setFloat(position, reduceFloats(getKind(), input, positions));
    else
      result.setInt(position, static_cast<int64_t>(
                                  reduceInts(getKind(), input, positions)));
    ++position;
  });
  result.round();
  return success();
}

//===----------------------------------------------------------------------===//
// Along one axis
//===----------------------------------------------------------------------===//

/// Whether the element at `a` comes before the one at `b`: greater, or less
/// when `smallest`; NaN before all numbers either way.
static bool comesBefore(const ReferenceTensor &input, int64_t a, int64_t b,
                        bool smallest) {
  if (!input.isFloat()) {
    WideInt x = getWideInt(input, a), y = getWideInt(input, b);
    return smallest ? x < y : x > y;
  }
  double x = input.getFloat(a), y = input.getFloat(b);
  return smallest ? isLess(x, y) : isGreater(x, y);
}

LogicalResult ArgMaxOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  int64_t next = 0;
  bool isEmpty = false;
  forEachLine(input.dims(), getAxis(), [&](Line line) {
    isEmpty |= line.size == 0;
    int64_t best = 0;
    for (int64_t i = 1; i < line.size; ++i)
      if (comesBefore(input, line[i], line[best], getSmallest()))
        best = i;
    results[0].setInt(next++, best);
  });
  if (isEmpty)
    return emitOpError("needs an element to choose: expected a dim ")
           << getAxis() << " that is not 0, got 0";
  return success();
}

LogicalResult TopKOp::evaluate(ArrayRef<ReferenceTensor> operands,
                               MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  int64_t k = getK(), size = input.dims()[getAxis()];
  if (k > size)
    return emitOpError("chooses among the elements of dim ")
           << getAxis() << ": expected k from 0 to " << size << ", got " << k;
  SmallVector<Line> chosen;
  forEachLine(results[0].dims(), getAxis(),
              [&](Line line) { chosen.push_back(line); });
  size_t number = 0;
  forEachLine(input.dims(), getAxis(), [&](Line line) {
    SmallVector<int64_t> order(line.size);
    std::iota(order.begin(), order.end(), 0);
    llvm::sort(order, [&](int64_t a, int64_t b) {
      if (comesBefore(input, line[a], line[b], getSmallest()))
        return true;
      return a < b && !comesBefore(input, line[b], line[a], getSmallest());
    });
    Line to = chosen[number++];
    for (int64_t i = 0; i < k; ++i) {
      copyElement(input, line[order[i]], results[0], to[i]);
      results[1].setInt(to[i], order[i]);
    }
  });
  return success();
}

LogicalResult CumsumOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                 MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0];
  forEachLine(input.dims(), getAxis(), [&](Line line) {
    Sum sum;
    for (int64_t i = 0; i < line.size; ++i) {
      int64_t position = line[getReverse() ? line.size - 1 - i : i];
      if (getExclusive())
        sum.store(results[0], position);
      sum.addProduct(input, position);
      if (!getExclusive())
        sum.store(results[0], position);
    }
  });
  results[0].round();
  return success();
}

} // namespace tenon::graph
