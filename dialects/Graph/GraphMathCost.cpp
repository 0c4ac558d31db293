//===- GraphMathCost.cpp - how many operations mathematical ops are -------===//
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

static DimAttr number(Operation *op, int64_t value) {
  return DimAttr::getConstant(op->getContext(), value);
}

static SmallVector<DimAttr> dimsOf(Value tensor) {
  return getDims(cast<RankedTensorType>(tensor.getType()));
}

/// `perElement` operations for each element of `tensor`.
static DimAttr forEach(Value tensor, int64_t perElement) {
  MLIRContext *context = tensor.getContext();
  return numElements(context, dimsOf(tensor))
      .mul(DimAttr::getConstant(context, perElement));
}

Attribute MatmulOp::countFlops() {
  return forEach(getResult(), 2).mul(dimsOf(getLhs()).back());
}

Attribute GroupedMatmulOp::countFlops() {
  // Of each group a sum of products, and one more product with its scale.
  auto groups = dimsOf(getRhs());
  DimAttr perGroup = groups[1].add(number(*this, 1)).mul(number(*this, 2));
  return forEach(getResult(), 1).mul(groups[0]).mul(perGroup);
}

Attribute ContractOp::countFlops() {
  // One multiply-add for each point of the space of all letters and each
  // operand after the first; a single operand is only summed.
  Equation equation = *parseEquation(getEquation());
  llvm::StringMap<DimAttr> sizes;
  for (auto [letters, operand] :
       llvm::zip_equal(equation.inputs, getOperands()))
    for (auto [d, size] : llvm::enumerate(dimsOf(operand)))
      sizes[StringRef(letters).substr(d, 1)] = size;
  int64_t numProducts = static_cast<int64_t>(getNumOperands()) - 1;
  DimAttr flops = number(*this, numProducts == 0 ? 1 : 2 * numProducts);
  for (const auto &entry : sizes)
    flops = flops.mul(entry.second);
  return flops;
}

/// Twice the pairs of a query and a key that a causal mask leaves: half of the
/// square at the end where queries and keys meet is gone. All pairs where it is
/// not known which of them are more.
static DimAttr countCausalPairsTwice(Operation *op, DimAttr numQueries,
                                     DimAttr numKeys) {
  DimAttr all = number(op, 2).mul(numQueries).mul(numKeys);
  DimAttr square = isNeverSmaller(numKeys, numQueries) ? numQueries : numKeys;
  if (!isNeverSmaller(numQueries, square) || !isNeverSmaller(numKeys, square))
    return all;
  DimAttr twice = number(op, 2).mul(square).mul(numKeys);
  return twice.sub(square.mul(square.sub(number(op, 1))));
}

Attribute AttentionOp::countFlops() {
  // Two dot products a pair of a query and a key, and the softmax: scale, max,
  // subtract, exp, sum; a causal mask compares the positions, too.
  SmallVector<DimAttr> query = dimsOf(getQuery()), value = dimsOf(getValue());
  DimAttr pairs = query[2].mul(value[2]);
  DimAttr twice = pairs.mul(number(*this, 2));
  DimAttr softmax = pairs.mul(number(*this, 5));
  if (getCausal()) {
    twice = countCausalPairsTwice(*this, query[2], value[2]);
    softmax = twice.mul(number(*this, 3));
  }
  DimAttr products = twice.mul(query[3].add(value[3]));
  return query[0].mul(query[1]).mul(products.add(softmax));
}

Attribute ReduceOp::countFlops() {
  return forEach(getInput(), getKind() == ReduceKind::SumSquare ? 2 : 1);
}

Attribute SoftmaxOp::countFlops() {
  return forEach(getInput(), 5); // max, subtract, exp, sum, divide
}

Attribute LayerNormOp::countFlops() {
  // sum, subtract, square and sum, multiply, scale; and the bias
  return forEach(getInput(), getBias() ? 7 : 6);
}

Attribute RmsNormOp::countFlops() {
  return forEach(getInput(), 4); // square and sum, multiply, scale
}

} // namespace tenon::graph
