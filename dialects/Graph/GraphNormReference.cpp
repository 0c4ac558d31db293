//===- GraphNormReference.cpp - softmax, norms, attention and rope --------===//
//
// What composite ops mean, computed in f64 and rounded once. The formulas are
// those of the ops' pages.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphReference.h"

#include <limits>

using namespace mlir;

namespace tenon::graph {

/// exp(x - max) / sum, in place. A row of -inf, or with a NaN or +inf, is NaN.
static void applySoftmax(MutableArrayRef<double> row) {
  double largest = -std::numeric_limits<double>::infinity();
  for (double x : row)
    largest = isGreater(x, largest) ? x : largest;
  double sum = 0;
  for (double &x : row)
    sum += x = std::exp(x - largest);
  for (double &x : row)
    x /= sum;
}

static SmallVector<double> readLine(const ReferenceTensor &tensor, Line line) {
  SmallVector<double> values;
  for (int64_t i = 0; i < line.size; ++i)
    values.push_back(tensor.getFloat(line[i]));
  return values;
}

LogicalResult SoftmaxOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                  MutableArrayRef<ReferenceTensor> results) {
  forEachLine(operands[0].dims(), getAxis(), [&](Line line) {
    SmallVector<double> row = readLine(operands[0], line);
    applySoftmax(row);
    for (auto [i, x] : llvm::enumerate(row))
      results[0].setFloat(line[i], x);
  });
  results[0].round();
  return success();
}

/// (x - shift) / sqrt(mean square of (x - shift) + epsilon) * scale + bias,
/// where `shift` is the mean or, without `subtractsMean`, 0.
static void normalize(const ReferenceTensor &input,
                      const ReferenceTensor &scale, const ReferenceTensor *bias,
                      double epsilon, bool subtractsMean,
                      ReferenceTensor &result) {
  forEachLine(input.dims(), input.rank() - 1, [&](Line line) {
    SmallVector<double> row = readLine(input, line);
    auto size = static_cast<double>(row.size());
    double sum = 0, sumSquares = 0;
    for (double x : row)
      sum += x;
    double shift = subtractsMean ? sum / size : 0;
    for (double x : row)
      sumSquares += (x - shift) * (x - shift);
    for (auto [i, x] : llvm::enumerate(row)) {
      double normal = (x - shift) / std::sqrt(sumSquares / size + epsilon);
      double moved =
          normal * scale.getFloat(i) + (bias ? bias->getFloat(i) : 0);
      result.setFloat(line[i], moved);
    }
  });
  result.round();
}

LogicalResult LayerNormOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                    MutableArrayRef<ReferenceTensor> results) {
  normalize(operands[0], operands[1], getBias() ? &operands[2] : nullptr,
            getEpsilon().convertToDouble(), /*subtractsMean=*/true, results[0]);
  return success();
}

LogicalResult RmsNormOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                  MutableArrayRef<ReferenceTensor> results) {
  normalize(operands[0], operands[1], nullptr, getEpsilon().convertToDouble(),
            /*subtractsMean=*/false, results[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {

/// The operands of one evaluation, absent ones null.
struct AttentionOperands {
  const ReferenceTensor &query, &key, &value;
  const ReferenceTensor *mask, *bias;
};

} // namespace

/// scale * q k^T + bias for query row (b, h, i), -inf where it may not look.
static SmallVector<double> computeScores(AttentionOp op,
                                         const AttentionOperands &in, int64_t b,
                                         int64_t h, int64_t i) {
  int64_t numHeads = in.query.dims()[1], numQueries = in.query.dims()[2];
  int64_t numKeys = in.key.dims()[2], width = in.query.dims()[3];
  int64_t kvHead = h / (numHeads / in.key.dims()[1]);
  double scale = op.getScale().convertToDouble();

  SmallVector<double> scores;
  for (int64_t j = 0; j < numKeys; ++j) {
    double dot = 0;
    for (int64_t d = 0; d < width; ++d)
      dot += in.query.getFloat(in.query.offset({b, h, i, d})) *
             in.key.getFloat(in.key.offset({b, kvHead, j, d}));
    double score = scale * dot;
    if (in.bias)
      score += in.bias->getFloat(in.bias->broadcastOffset({b, h, i, j}));
    bool isHidden = op.getCausal() && j > i + numKeys - numQueries;
    if (in.mask)
      isHidden |= in.mask->getInt(in.mask->broadcastOffset({b, h, i, j})) == 0;
    scores.push_back(isHidden ? -std::numeric_limits<double>::infinity()
                              : score);
  }
  return scores;
}

LogicalResult AttentionOp::evaluate(ArrayRef<ReferenceTensor> operands,
                                    MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor *mask = getMask() ? &operands[3] : nullptr;
  const ReferenceTensor *bias = getBias() ? &operands.back() : nullptr;
  AttentionOperands in{operands[0], operands[1], operands[2], mask, bias};
  ReferenceTensor &result = results[0];
  int64_t numHeads = in.query.dims()[1], numKvHeads = in.key.dims()[1];
  if (numHeads != 0 && (numKvHeads == 0 || numHeads % numKvHeads != 0))
    return emitOpError("needs groups of query heads of one size: expected a "
                       "multiple of ")
           << numKvHeads << ", got " << numHeads;

  // One row (b, h, i) of probabilities after the other.
  forEachIndex(result.dims().drop_back(), [&](ArrayRef<int64_t> row) {
    int64_t kvHead = row[1] / (numHeads / numKvHeads);
    SmallVector<double> weights =
        computeScores(*this, in, row[0], row[1], row[2]);
    applySoftmax(weights);
    if (getNanToZero())
      for (double &weight : weights)
        weight = std::isnan(weight) ? 0 : weight;
    for (int64_t e = 0; e < result.dims()[3]; ++e) {
      double sum = 0;
      for (auto [j, weight] : llvm::enumerate(weights))
        sum += weight * in.value.getFloat(in.value.offset(
                            {row[0], kvHead, static_cast<int64_t>(j), e}));
      result.setFloat(result.offset({row[0], row[1], row[2], e}), sum);
    }
  });
  result.round();
  return success();
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

LogicalResult RopeOp::evaluate(ArrayRef<ReferenceTensor> operands,
                               MutableArrayRef<ReferenceTensor> results) {
  const ReferenceTensor &input = operands[0], &positions = operands[1];
  int64_t width = input.dims()[3], numPairs = width / 2;
  bool isHalves = getPairing() == RopePairing::Halves;
  forEachIndex(input.dims().drop_back(), [&](ArrayRef<int64_t> token) {
    auto m = static_cast<double>(
        positions.getInt(positions.offset({token[0], token[2]})));
    for (int64_t j = 0; j < numPairs; ++j) {
      double power = -2.0 * static_cast<double>(j) / static_cast<double>(width);
      double angle = m * std::pow(getBase().convertToDouble(), power);
      int64_t first =
          input.offset({token[0], token[1], token[2], isHalves ? j : 2 * j});
      int64_t second = first + (isHalves ? numPairs : 1);
      double x = input.getFloat(first), y = input.getFloat(second);
      results[0].setFloat(first, x * std::cos(angle) - y * std::sin(angle));
      results[0].setFloat(second, x * std::sin(angle) + y * std::cos(angle));
    }
  });
  results[0].round();
  return success();
}

} // namespace tenon::graph
