//===- GraphMathDecompose.cpp - composite ops in terms of simpler ops -----===//
//
// Floats narrower than f32 are widened first and narrowed last, so a decomposed
// op rounds where the composite one does.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDecomposition.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace tenon::graph {

using Values = SmallVector<Value>;

//===----------------------------------------------------------------------===//
// Softmax, norms
//===----------------------------------------------------------------------===//

FailureOr<Values> SoftmaxOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  int64_t axis = getAxis();
  Value x = d.widen(getInput());
  Value shifted = d.sub(x, d.reduce(x, ReduceKind::Max, axis));
  Value grown = d.make<ExpOp>(shifted);
  Value result = d.make<DivOp>(grown, d.reduce(grown, ReduceKind::Sum, axis));
  return Values{d.castTo(result, getInput().getType().getElementType())};
}

/// x / sqrt(mean(x^2) + epsilon) * scale, along the last dim.
static Value normalize(Decomposition &d, Value x, Value scale, double epsilon) {
  int64_t axis = Decomposition::typeOf(x).getRank() - 1;
  Value variance = d.reduce(d.mul(x, x), ReduceKind::Mean, axis);
  Value offset = d.scalar(getElementTypeOrSelf(x), epsilon);
  Value inverse = d.make<RsqrtOp>(d.add(variance, offset));
  return d.mul(d.mul(x, inverse), d.widen(scale));
}

FailureOr<Values> LayerNormOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  Value x = d.widen(getInput());
  Value mean =
      d.reduce(x, ReduceKind::Mean, getInput().getType().getRank() - 1);
  Value result =
      normalize(d, d.sub(x, mean), getScale(), getEpsilon().convertToDouble());
  if (getBias())
    result = d.add(result, d.widen(getBias()));
  return Values{d.castTo(result, getInput().getType().getElementType())};
}

FailureOr<Values> RmsNormOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  Value result = normalize(d, d.widen(getInput()), getScale(),
                           getEpsilon().convertToDouble());
  return Values{d.castTo(result, getInput().getType().getElementType())};
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Where key j is visible to query i, LxS. j <= i + S - L when as many keys
/// stand from j to the end as queries from i to the end, or more: counting from
/// the ends needs no arithmetic on symbols.
static Value buildCausalMask(Decomposition &d, DimAttr numQueries,
                             DimAttr numKeys) {
  auto countToEnd = [&](DimAttr size) {
    Value ones = d.broadcast(d.constant(APInt(64, 1)), {size});
    return d.make<CumsumOp>(ones, 0, /*exclusive=*/false, /*reverse=*/true);
  };
  Value queriesLeft =
      d.reshape(countToEnd(numQueries), {numQueries, d.number(1)});
  return d.make<CompareOp>(queriesLeft, countToEnd(numKeys), Predicate::Le);
}

/// Scores with -inf where a query may not look.
static Value hideScores(Decomposition &d, AttentionOp op, Value scores) {
  Value hidden = d.scalar(getElementTypeOrSelf(scores),
                          -std::numeric_limits<double>::infinity());
  auto hide = [&](Value mask) {
    scores = d.make<WhereOp>(mask, scores, hidden);
  };
  if (op.getMask())
    hide(op.getMask());
  if (op.getCausal())
    hide(buildCausalMask(d, getDim(op.getQuery().getType(), 2),
                         getDim(op.getKey().getType(), 2)));
  return scores;
}

FailureOr<Values> AttentionOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  SmallVector<DimAttr> q = getDims(getQuery().getType());
  SmallVector<DimAttr> k = getDims(getKey().getType());
  SmallVector<DimAttr> v = getDims(getValue().getType());
  DimAttr perGroup =
      areEqual(q[1], k[1]) ? d.number(1) : q[1].divideExactly(k[1]);
  if (!perGroup)
    return emitOpError(
               "needs a known number of query heads for each key head to be "
               "decomposed, got ")
           << q[1].str() << " and " << k[1].str();
  if (getCausal() && (q[2].isUnknown() || k[2].isUnknown()))
    return emitOpError(
               "needs known numbers of queries and keys for its causal mask to "
               "be decomposed, got ")
           << q[2].str() << " and " << k[2].str();

  // Query heads that read one key head become a dim beside it: BxGxRxLxD.
  bool isGrouped = perGroup.getConstantValue() != 1;
  DimAttr one = d.number(1);
  auto group = [&](Value value, ArrayRef<DimAttr> dims) {
    return isGrouped ? d.reshape(value, dims) : value;
  };
  Value query = group(d.widen(getQuery()), {q[0], k[1], perGroup, q[2], q[3]});
  Value key = group(d.widen(getKey()), {k[0], k[1], one, k[2], k[3]});
  Value value = group(d.widen(getValue()), {v[0], v[1], one, v[2], v[3]});

  Value scale =
      d.scalar(getElementTypeOrSelf(query), getScale().convertToDouble());
  Value scores = d.mul(d.make<MatmulOp>(query, d.swapLast(key)), scale);
  scores = group(scores, {q[0], q[1], q[2], k[2]});
  if (getBias())
    scores = d.add(scores, d.widen(getBias()));
  Value weights = d.make<SoftmaxOp>(hideScores(d, *this, scores), 3);
  if (getNanToZero())
    weights =
        d.make<WhereOp>(d.make<IsNanOp>(weights),
                        d.scalar(getElementTypeOrSelf(weights), 0), weights);

  weights = group(weights, {q[0], k[1], perGroup, q[2], k[2]});
  Value result =
      group(d.make<MatmulOp>(weights, value), {q[0], q[1], q[2], v[3]});
  return Values{d.castTo(result, getQuery().getType().getElementType())};
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// base^(-2j / D) for each pair of lanes.
static Value buildFrequencies(Decomposition &d, Type elementType, double base,
                              int64_t width) {
  SmallVector<Attribute> frequencies;
  for (int64_t j = 0; j < width / 2; ++j) {
    double power = -2.0 * static_cast<double>(j) / static_cast<double>(width);
    frequencies.push_back(FloatAttr::get(elementType, std::pow(base, power)));
  }
  auto type = RankedTensorType::get({width / 2}, elementType);
  return d.make<ConstantOp>(DenseElementsAttr::get(type, frequencies));
}

FailureOr<Values> RopeOp::decompose(OpBuilder &builder) {
  Decomposition d(builder, *this);
  SmallVector<DimAttr> dims = getDims(getInput().getType()); // BxHxLxD
  std::optional<int64_t> width = dims[3].getConstantValue();
  if (!width)
    return emitOpError("needs a known head dimension to be decomposed, got ")
           << dims[3].str();

  // Bx1xLx(D/2): the same for all heads.
  DimAttr half = d.number(*width / 2), one = d.number(1);
  Value x = d.widen(getInput());
  Type computed = getElementTypeOrSelf(x);
  Value positions = d.castTo(getPositions(), computed);
  Value angles =
      d.mul(d.reshape(positions, {dims[0], one, dims[2], one}),
            buildFrequencies(d, computed, getBase().convertToDouble(), *width));
  Value cosine = d.make<CosOp>(angles);
  Value sine = d.make<SinOp>(angles);

  bool isHalves = getPairing() == RopePairing::Halves;
  int64_t step = isHalves ? 1 : 2;
  Value first = d.slice(x, 3, 0, step, half);
  Value second = d.slice(x, 3, isHalves ? *width / 2 : 1, step, half);
  Value turned = d.sub(d.mul(first, cosine), d.mul(second, sine));
  Value other = d.add(d.mul(first, sine), d.mul(second, cosine));

  Value result;
  if (isHalves) {
    result = d.make<ConcatOp>(ValueRange{turned, other}, 3);
  } else {
    SmallVector<DimAttr> pairs = {dims[0], dims[1], dims[2], half, one};
    Value woven = d.make<ConcatOp>(
        ValueRange{d.reshape(turned, pairs), d.reshape(other, pairs)}, 4);
    result = d.reshape(woven, dims);
  }
  return Values{d.castTo(result, getInput().getType().getElementType())};
}

} // namespace tenon::graph
