//===- GraphMathCost.cpp - floating-point operations of mathematical ops --===//
//
// A multiply-add counts as two, every other scalar operation (exp, division and
// comparison too) as one. Elementwise ops count their body
// (GraphElementwise.h).
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphEquation.h"

using namespace mlir;

namespace tenon::graph {

using Dims = ArrayRef<SmallVector<int64_t>>;

int64_t MatmulOp::countFlops(Dims operandDims, Dims resultDims) {
  return 2 * llvm::product_of(resultDims[0]) * operandDims[0].back();
}

int64_t ContractOp::countFlops(Dims operandDims, Dims) {
  // One multiply-add for each point of the space of all letters and each
  // operand after the first; a single operand is only summed.
  Equation equation = *parseEquation(getEquation());
  llvm::StringMap<int64_t> sizes;
  for (auto [letters, dims] : llvm::zip_equal(equation.inputs, operandDims))
    for (auto [d, size] : llvm::enumerate(dims))
      sizes[StringRef(letters).substr(d, 1)] = size;
  int64_t numPoints = 1;
  for (const auto &entry : sizes)
    numPoints *= entry.second;
  int64_t numProducts = static_cast<int64_t>(operandDims.size()) - 1;
  return numProducts == 0 ? numPoints : 2 * numProducts * numPoints;
}

int64_t AttentionOp::countFlops(Dims operandDims, Dims) {
  // Two matmuls over all pairs of a query and a key; causal ones need half of
  // the square at the end where queries and keys meet. Softmax: five operations
  // a pair (scale, max, subtract, exp, sum).
  const SmallVector<int64_t> &query = operandDims[0], &value = operandDims[2];
  int64_t numQueries = query[2], numKeys = value[2];
  int64_t numPairs = numQueries * numKeys;
  if (getCausal()) {
    int64_t square = std::min(numQueries, numKeys);
    numPairs = square * numKeys - square * (square - 1) / 2;
  }
  return query[0] * query[1] * numPairs * (2 * query[3] + 2 * value[3] + 5);
}

int64_t ReduceOp::countFlops(Dims operandDims, Dims) {
  int64_t perElement = getKind() == ReduceKind::SumSquare ? 2 : 1;
  return perElement * llvm::product_of(operandDims[0]);
}

int64_t SoftmaxOp::countFlops(Dims operandDims, Dims) {
  return 5 *
         llvm::product_of(operandDims[0]); // max, subtract, exp, sum, divide
}

int64_t LayerNormOp::countFlops(Dims operandDims, Dims) {
  // sum, subtract, square and sum, multiply, scale; and the bias
  return (getBias() ? 7 : 6) * llvm::product_of(operandDims[0]);
}

int64_t RmsNormOp::countFlops(Dims operandDims, Dims) {
  return 4 *
         llvm::product_of(operandDims[0]); // square and sum, multiply, scale
}

} // namespace tenon::graph
