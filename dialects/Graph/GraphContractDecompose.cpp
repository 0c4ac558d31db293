//===- GraphContractDecompose.cpp - a contraction as matmuls --------------===//
//
// 1. Operands are contracted pairwise, from the left.
// 2. Of two operands, letters that nothing else needs are summed out first.
// 3. The others are in both and needed later (batch), in both and not (summed),
// or
//    in one (rows, columns). Transposed and reshaped to
//    batch x rows x summed and batch x summed x columns they are one matmul.
// 4. The last value is transposed to the order of the result.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDecomposition.h"
#include "dialects/Graph/GraphEquation.h"

using namespace mlir;

namespace tenon::graph {

namespace {

/// A value and the letter of each of its dims.
struct Factor {
  Value value;
  std::string letters;

  DimAttr dimOf(char letter) const {
    return getDim(Decomposition::typeOf(value), letters.find(letter));
  }
};

} // namespace

static bool has(StringRef letters, char letter) {
  return letters.contains(letter);
}

/// The letters for which `wanted` is true, in order.
template <typename Wanted>
static std::string filter(StringRef letters, Wanted wanted) {
  std::string some;
  llvm::copy_if(letters, std::back_inserter(some), wanted);
  return some;
}

/// `factor` summed over the letters that are not in `needed`.
static Factor sumOut(Decomposition &d, const Factor &factor, StringRef needed) {
  SmallVector<int64_t> axes;
  for (auto [axis, letter] : llvm::enumerate(factor.letters))
    if (!has(needed, letter))
      axes.push_back(axis);
  if (axes.empty())
    return factor;
  Value sum = d.make<ReduceOp>(factor.value, ReduceKind::Sum, axes,
                               /*keep_dims=*/false);
  return {sum, filter(factor.letters, [&](char c) { return has(needed, c); })};
}

/// `factor` with its dims in the order of `letters`, a permutation of its own.
static Factor arrange(Decomposition &d, const Factor &factor,
                      StringRef letters) {
  if (factor.letters == letters)
    return factor;
  SmallVector<int64_t> order;
  for (char letter : letters)
    order.push_back(factor.letters.find(letter));
  return {d.make<TransposeOp>(factor.value, order), letters.str()};
}

static SmallVector<DimAttr> dimsOf(const Factor &factor, StringRef letters) {
  SmallVector<DimAttr> dims;
  for (char letter : letters)
    dims.push_back(factor.dimOf(letter));
  return dims;
}

/// As a stack of matrices: the dims of `batch`, then `rows` as one dim and
/// `columns` as one.
static Value toMatrices(Decomposition &d, const Factor &factor, StringRef batch,
                        StringRef rows, StringRef columns) {
  Factor arranged = arrange(d, factor, (batch + rows + columns).str());
  MLIRContext *context = factor.value.getContext();
  SmallVector<DimAttr> dims = dimsOf(arranged, batch);
  dims.push_back(numElements(context, dimsOf(arranged, rows)));
  dims.push_back(numElements(context, dimsOf(arranged, columns)));
  return d.reshape(arranged.value, dims);
}

/// The product of two factors, summed over what neither `needed` nor the other
/// has.
static Factor contractPair(Decomposition &d, Factor a, Factor b,
                           StringRef needed) {
  a = sumOut(d, a, (b.letters + needed).str());
  b = sumOut(d, b, (a.letters + needed).str());
  std::string batch, summed, rows, columns;
  for (char letter : a.letters)
    (!has(b.letters, letter) ? rows
     : has(needed, letter)   ? batch
                             : summed) += letter;
  columns = filter(b.letters, [&](char c) { return !has(a.letters, c); });

  Value product = d.make<MatmulOp>(toMatrices(d, a, batch, rows, summed),
                                   toMatrices(d, b, batch, summed, columns));
  SmallVector<DimAttr> dims = dimsOf(a, batch + rows);
  llvm::append_range(dims, dimsOf(b, columns));
  return {d.reshape(product, dims), batch + rows + columns};
}

FailureOr<SmallVector<Value>> ContractOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  Equation equation = *parseEquation(getEquation());
  Factor product;
  for (auto [number, input] : llvm::enumerate(getInputs())) {
    Factor factor{d.widen(input), equation.inputs[number]};
    std::string needed = equation.result;
    for (StringRef later : ArrayRef(equation.inputs).drop_front(number + 1))
      needed += later;
    product = number == 0 ? factor : contractPair(d, product, factor, needed);
  }
  product = arrange(d, sumOut(d, product, equation.result), equation.result);
  return SmallVector<Value>{
      d.castTo(product.value, getResult().getType().getElementType())};
}

} // namespace tenon::graph
