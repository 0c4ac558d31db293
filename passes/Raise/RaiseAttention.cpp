//===- RaiseAttention.cpp - matmul(softmax(q k^T ...), v) -> attention ----===//
//
// From the product of probabilities and values backwards:
//
//   1. the probabilities: a softmax, perhaps with NaN replaced by 0;
//   2. the scores: scale, biases and masks (AttentionScores.h);
//   3. queries and keys: factors move into the scale, keys are transposed back
//      (simplify-graph meets the exporter's transpose and both go away);
//   4. keys and values that are repeated for groups of query heads are taken
//      before they are repeated.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Raise/AttentionScores.h"
#include "passes/Raise/Passes.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISEATTENTIONPASS
#include "passes/Raise/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-attention").category("Raise");

//===----------------------------------------------------------------------===//
// Probabilities
//===----------------------------------------------------------------------===//

struct Probabilities {
  graph::SoftmaxOp softmax;
  bool isNanToZero;
};

/// where(is_nan(p), 0, p): p, or null.
graph::SoftmaxOp readNanToZero(graph::WhereOp where) {
  auto isNan = where.getCondition().getDefiningOp<graph::IsNanOp>();
  auto softmax = where.getOtherwise().getDefiningOp<graph::SoftmaxOp>();
  bool matches = isNan && softmax && isNan.getInput() == softmax &&
                 isUniformly(where.getThen(), 0.0) && isNan->hasOneUse() &&
                 llvm::hasNItems(softmax->getUsers(), 2);
  return matches ? softmax : nullptr;
}

FailureOr<Probabilities> readProbabilities(Value value) {
  if (auto cast = value.getDefiningOp<graph::CastOp>())
    return readProbabilities(cast.getInput());
  if (auto softmax = value.getDefiningOp<graph::SoftmaxOp>())
    return Probabilities{softmax, false};
  auto where = value.getDefiningOp<graph::WhereOp>();
  if (auto softmax = where ? readNanToZero(where) : nullptr)
    return Probabilities{softmax, true};
  return failure();
}

/// Whether something but the product with the values reads them.
bool areShared(Value probabilities, const Probabilities &found) {
  if (!probabilities.hasOneUse())
    return true;
  if (auto cast = probabilities.getDefiningOp<graph::CastOp>())
    return areShared(cast.getInput(), found);
  return !found.isNanToZero && !found.softmax->hasOneUse();
}

//===----------------------------------------------------------------------===//
// Queries, keys, values
//===----------------------------------------------------------------------===//

/// The value without factors that are one number, which go into `scale`; views
/// over the factor are built anew.
Value takeFactors(OpBuilder &builder, Value value, double &scale) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<graph::MulOp, graph::DivOp>(op)) {
    std::optional<NumberAndOther> scaled = findNumber(op);
    bool isDividend = scaled && op->getOperand(0) == scaled->other;
    if (!scaled || scaled->other.getType() != value.getType() ||
        (isa<graph::DivOp>(op) && !isDividend))
      return value;
    scale *= isa<graph::DivOp>(op) ? 1.0 / scaled->number : scaled->number;
    return takeFactors(builder, scaled->other, scale);
  }
  if (!isa_and_nonnull<graph::ReshapeOp, graph::TransposeOp>(op))
    return value;
  Value input = takeFactors(builder, op->getOperand(0), scale);
  if (input == op->getOperand(0))
    return value;
  Operation *view = builder.clone(*op);
  view->setOperand(0, input);
  return view->getResult(0);
}

/// The last two dims exchanged; the input of a transpose that did just that.
Value transposeBack(OpBuilder &builder, Value value) {
  int64_t rank = typeOf(value).getRank();
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(permutation[rank - 2], permutation[rank - 1]);
  auto transpose = value.getDefiningOp<graph::TransposeOp>();
  if (transpose && transpose.getPermutation() == ArrayRef(permutation))
    return transpose.getInput();
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  std::swap(dims[rank - 2], dims[rank - 1]);
  auto type = graph::tensorOf(dims, typeOf(value).getElementType());
  return graph::TransposeOp::create(builder, value.getLoc(), type, value,
                                    permutation);
}

/// BxGxSxD, when the value is BxHxSxD with each head repeated H/G times:
/// BxGxSxD -> BxGx1xSxD -> BxGxRxSxD -> BxHxSxD. The value itself otherwise.
Value takeBeforeRepeat(Value value) {
  auto merge = value.getDefiningOp<graph::ReshapeOp>();
  auto repeat =
      merge ? merge.getInput().getDefiningOp<graph::BroadcastOp>() : nullptr;
  auto split =
      repeat ? repeat.getInput().getDefiningOp<graph::ReshapeOp>() : nullptr;
  if (!split || typeOf(split.getInput()).getRank() != 4 ||
      typeOf(value).getRank() != 4)
    return value;
  SmallVector<DimAttr> heads = graph::getDims(typeOf(split.getInput()));
  SmallVector<DimAttr> apart = graph::getDims(typeOf(split));
  SmallVector<DimAttr> repeated = graph::getDims(typeOf(repeat));
  DimAttr one = DimAttr::getConstant(value.getContext(), 1);
  SmallVector<DimAttr> expectedApart = {heads[0], heads[1], one, heads[2],
                                        heads[3]};
  if (apart != expectedApart || repeated.size() != 5)
    return value;
  expectedApart[2] = repeated[2];
  SmallVector<DimAttr> merged = {heads[0], heads[1].mul(repeated[2]), heads[2],
                                 heads[3]};
  bool isRepeat =
      repeated == expectedApart && graph::getDims(typeOf(value)) == merged;
  return isRepeat ? split.getInput() : value;
}

/// The value with dims of extent 1 in front, 4 in all.
Value withFourDims(OpBuilder &builder, Value value) {
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  if (dims.size() == 4)
    return value;
  dims.insert(dims.begin(), 4 - dims.size(),
              DimAttr::getConstant(builder.getContext(), 1));
  auto type = graph::tensorOf(dims, typeOf(value).getElementType());
  return graph::ReshapeOp::create(builder, value.getLoc(), type, value);
}

/// Whether the leading dims of both operands of a matmul are the same:
/// attention does not repeat batches.
bool haveSameBatch(Value a, Value b) {
  if (typeOf(a).getRank() != typeOf(b).getRank())
    return false;
  unsigned numBatchDims = typeOf(a).getRank() - 2;
  for (unsigned d = 0; d < numBatchDims; ++d) {
    bool isOneOnly =
        (typeOf(a).getDimSize(d) == 1) != (typeOf(b).getDimSize(d) == 1);
    if (isOneOnly || !graph::mayBeEqual(graph::getDim(typeOf(a), d),
                                        graph::getDim(typeOf(b), d)))
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

struct RaiseProductWithValues final : OpRewritePattern<graph::MatmulOp> {
  RaiseProductWithValues(MLIRContext *context, bool everyQuerySeesAKey)
      : OpRewritePattern(context), everyQuerySeesAKey(everyQuerySeesAKey) {}

  LogicalResult matchAndRewrite(graph::MatmulOp matmul,
                                PatternRewriter &rewriter) const override {
    FailureOr<Probabilities> probabilities = readProbabilities(matmul.getLhs());
    if (failed(probabilities))
      return rewriter.notifyMatchFailure(matmul,
                                         "the left operand is no softmax");
    std::optional<AttentionScores> scores =
        readScores(probabilities->softmax.getInput());
    if (scores)
      takeCausalMask(*scores, everyQuerySeesAKey);
    if (const char *reason = whyNot(matmul, *probabilities, scores)) {
      remark::missed(matmul.getLoc(), kRemark)
          << (Twine("no attention: ") + reason).str();
      return rewriter.notifyMatchFailure(matmul, reason);
    }
    Location loc = matmul.getLoc();
    Value query =
        takeFactors(rewriter, scores->product.getLhs(), scores->scale);
    Value key = takeFactors(rewriter, scores->product.getRhs(), scores->scale);
    key = withFourDims(rewriter, transposeBack(rewriter, key));
    query = withFourDims(rewriter, query);
    Value value = withFourDims(rewriter, matmul.getRhs());
    groupHeads(key, value);

    Value mask = buildMask(rewriter, loc, *scores);
    Value bias = buildBias(rewriter, loc, *scores);
    SmallVector<DimAttr> dims = graph::getDims(typeOf(query));
    dims[3] = graph::getDim(typeOf(value), 3);
    auto type = graph::tensorOf(dims, typeOf(matmul).getElementType());
    Value result = graph::AttentionOp::create(
        rewriter, loc, type, query, key, value, mask, bias,
        APFloat(scores->scale), scores->isCausal, probabilities->isNanToZero);
    if (type != matmul.getType())
      result =
          graph::ReshapeOp::create(rewriter, loc, matmul.getType(), result);
    remark::passed(loc, kRemark)
        << (Twine("became attention") + (scores->isCausal ? ", causal" : "") +
            (mask ? ", with a mask" : "") + (bias ? ", with a bias" : ""))
               .str();
    rewriter.replaceOp(matmul, result);
    return success();
  }

private:
  /// Why the product is no attention, or null.
  static const char *whyNot(graph::MatmulOp matmul, Probabilities probabilities,
                            const std::optional<AttentionScores> &scores) {
    if (!scores)
      return "the scores are not a scaled, biased and masked matmul";
    if (!llvm::all_of(scores->masks,
                      [](const MaskTerm &mask) { return mask.isExactAsBias; }))
      return "the fill of a mask is finite and too small to absorb a score";
    RankedTensorType type = typeOf(probabilities.softmax);
    if (static_cast<int64_t>(probabilities.softmax.getAxis()) !=
        type.getRank() - 1)
      return "the softmax is not along the keys";
    if (areShared(matmul.getLhs(), probabilities))
      return "the probabilities have another use";
    if (type.getRank() < 2 || type.getRank() > 4)
      return "the scores have more than 4 dims";
    if (graph::getDims(type) != graph::getDims(scores->getType()))
      return "a bias or mask makes the scores larger";
    graph::MatmulOp product = scores->product;
    if (!haveSameBatch(product.getLhs(), product.getRhs()) ||
        !haveSameBatch(matmul.getLhs(), matmul.getRhs()))
      return "keys or values are broadcast along a batch dim";
    return nullptr;
  }

  /// Takes keys and values before they are repeated, when both are.
  static void groupHeads(Value &key, Value &value) {
    Value fewKeys = takeBeforeRepeat(key), fewValues = takeBeforeRepeat(value);
    bool areAlike = fewKeys != key && fewValues != value &&
                    graph::getDim(typeOf(fewKeys), 1) ==
                        graph::getDim(typeOf(fewValues), 1);
    if (!areAlike)
      return;
    key = fewKeys;
    value = fewValues;
  }

  bool everyQuerySeesAKey;
};

struct RaiseAttention final : impl::RaiseAttentionPassBase<RaiseAttention> {
  using RaiseAttentionPassBase::RaiseAttentionPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseProductWithValues>(&getContext(), everyQuerySeesAKey);
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
