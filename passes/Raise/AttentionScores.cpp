//===- AttentionScores.cpp - what stands between q k^T and the softmax ----===//
//
// Read from the softmax backwards, one op at a time:
//
//   scores * c            everything so far is scaled
//   scores + b            a bias; a bias where(m, 0, fill) is a mask
//   where(m, scores, f)   a mask
//   cast(scores)          attention computes scores in f32 anyway
//   matmul(q, k^T)        the end
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionScores.h"

#include "passes/Analysis/KnownValues.h"
#include "passes/Analysis/Positions.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

constexpr unsigned kDeepestScores = 10;

/// A masked score of at most this has probability 0 beside any seen one: f32's
/// exp is 0 below -104, and scores of a trained model are within a few hundred.
constexpr double kSurelyMasked = -1.0e4;

Value stripBroadcasts(Value value) {
  while (auto broadcast = value.getDefiningOp<graph::BroadcastOp>())
    value = broadcast.getInput();
  return value;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Splits a condition into ones that must all hold (or all fail) for a key to
/// be seen.
void addConditions(Value value, bool isSeenWhen, MaskTerm &mask) {
  value = stripBroadcasts(value);
  if (auto negation = value.getDefiningOp<graph::NotOp>())
    return addConditions(negation.getInput(), !isSeenWhen, mask);
  Operation *op = value.getDefiningOp();
  bool splits = isSeenWhen ? isa_and_nonnull<graph::AndOp>(op)
                           : isa_and_nonnull<graph::OrOp>(op);
  if (!splits)
    return mask.conditions.push_back({value, isSeenWhen});
  for (Value operand : op->getOperands())
    addConditions(operand, isSeenWhen, mask);
}

/// where(condition, 0, fill) or where(condition, fill, 0) as a mask.
std::optional<MaskTerm> readAdditiveMask(Value value) {
  auto where = stripBroadcasts(value).getDefiningOp<graph::WhereOp>();
  if (!where)
    return std::nullopt;
  bool isSeenWhen = isUniformly(where.getThen(), 0.0);
  Value zero = isSeenWhen ? where.getThen() : where.getOtherwise();
  std::optional<double> fill =
      getUniformNumber(isSeenWhen ? where.getOtherwise() : where.getThen());
  if (!isUniformly(zero, 0.0) || !fill || *fill > kSurelyMasked)
    return std::nullopt;
  MaskTerm mask{{}, *fill, true};
  addConditions(where.getCondition(), isSeenWhen, mask);
  return mask;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

std::optional<AttentionScores> read(Value value, unsigned depth);

std::optional<AttentionScores> readSum(graph::AddOp add, unsigned depth) {
  for (auto [rest, term] : {std::pair(add.getLhs(), add.getRhs()),
                            std::pair(add.getRhs(), add.getLhs())}) {
    std::optional<AttentionScores> scores = read(rest, depth);
    if (!scores)
      continue;
    if (std::optional<MaskTerm> mask = readAdditiveMask(term))
      scores->masks.push_back(*mask);
    else
      scores->biases.push_back({stripBroadcasts(term)});
    return scores;
  }
  return std::nullopt;
}

std::optional<AttentionScores> readScaled(Operation *op, unsigned depth) {
  std::optional<NumberAndOther> scaled = findNumber(op);
  if (!scaled || (isa<graph::DivOp>(op) && op->getOperand(0) != scaled->other))
    return std::nullopt;
  double factor = isa<graph::DivOp>(op) ? 1.0 / scaled->number : scaled->number;
  std::optional<AttentionScores> scores = read(scaled->other, depth);
  // A factor of 0 or less would show what a mask hides.
  if (!scores || (factor <= 0.0 && !scores->masks.empty()))
    return std::nullopt;
  scores->scale *= factor;
  for (BiasTerm &bias : scores->biases)
    bias.factor *= factor;
  for (MaskTerm &mask : scores->masks)
    mask.fill *= factor;
  return scores;
}

/// A finite fill stands for itself when it is too large to leave anything of a
/// score that it is added to: half an ulp of it exceeds every score.
bool absorbsScores(double fill, Type elementType) {
  return fill <= (elementType.isF16() ? -6.0e4 : -1.0e30);
}

/// Adds a mask that replaces scores. Two finite fills must not be added, for
/// they could overflow where both hide a key: equal ones become one mask.
void addReplacingMask(MaskTerm mask, Type elementType,
                      AttentionScores &scores) {
  mask.isExactAsBias =
      mask.fill == -INFINITY || absorbsScores(mask.fill, elementType);
  for (MaskTerm &inner : scores.masks) {
    if (inner.fill == -INFINITY || !absorbsScores(inner.fill, elementType))
      continue;
    if (inner.fill == mask.fill)
      return void(llvm::append_range(inner.conditions, mask.conditions));
    mask.isExactAsBias = false;
  }
  scores.masks.push_back(std::move(mask));
}

std::optional<AttentionScores> readWhere(graph::WhereOp where, unsigned depth) {
  bool isSeenWhen = !getUniformNumber(where.getThen());
  Value rest = isSeenWhen ? where.getThen() : where.getOtherwise();
  std::optional<double> fill =
      getUniformNumber(isSeenWhen ? where.getOtherwise() : where.getThen());
  std::optional<AttentionScores> scores =
      fill ? read(rest, depth) : std::nullopt;
  if (!scores || rest.getType() != where.getType() || *fill > kSurelyMasked)
    return std::nullopt;
  MaskTerm mask{{}, *fill, true};
  addConditions(where.getCondition(), isSeenWhen, mask);
  addReplacingMask(std::move(mask), where.getType().getElementType(), *scores);
  return scores;
}

std::optional<AttentionScores> read(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, std::optional<AttentionScores>>(op)
      .Case([&](graph::MatmulOp matmul) {
        return AttentionScores{matmul, 1.0, false, {}, {}};
      })
      .Case([&](graph::AddOp add) { return readSum(add, depth - 1); })
      .Case([&](graph::MulOp) { return readScaled(op, depth - 1); })
      .Case([&](graph::DivOp) { return readScaled(op, depth - 1); })
      .Case([&](graph::WhereOp where) { return readWhere(where, depth - 1); })
      .Case(
          [&](graph::CastOp cast) { return read(cast.getInput(), depth - 1); })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Causal masks
//===----------------------------------------------------------------------===//

/// A comparison of positions: the sign of `difference` decides.
struct PositionTest {
  Positions difference;
  graph::Predicate predicate;
};

/// Reads a comparison behind views, since masks are cut out of larger
/// triangles, and behind casts, since older ones are kept as bytes: 0 and 1 in
/// any type.
std::optional<PositionTest> readPositionTest(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto compare = dyn_cast_or_null<graph::CompareOp>(op)) {
    std::optional<Positions> lhs = readPositions(compare.getLhs());
    std::optional<Positions> rhs = readPositions(compare.getRhs());
    if (!lhs || !rhs)
      return std::nullopt;
    return PositionTest{subtract(*lhs, *rhs, typeOf(compare).getRank()),
                        compare.getPredicate()};
  }
  if (auto cast = dyn_cast_or_null<graph::CastOp>(op))
    return readPositionTest(cast.getInput());
  if (!isa_and_nonnull<graph::ReshapeOp, graph::BroadcastOp, graph::TransposeOp,
                       graph::SliceOp>(op))
    return std::nullopt;
  std::optional<PositionTest> test = readPositionTest(op->getOperand(0));
  std::optional<Positions> moved =
      test ? moveThrough(op, test->difference) : std::nullopt;
  if (!moved)
    return std::nullopt;
  return PositionTest{*moved, test->predicate};
}

/// c, when the condition is "j - i <= c" of the last two dims: query i, key j.
std::optional<DimAttr> readTriangle(const MaskTerm::Condition &condition) {
  unsigned rank = typeOf(condition.value).getRank();
  std::optional<PositionTest> test = readPositionTest(condition.value);
  if (!test || rank < 2)
    return std::nullopt;
  Positions difference = test->difference;
  SmallVector<int64_t> onlyLast(rank, 0);
  onlyLast[rank - 2] = -1;
  onlyLast[rank - 1] = 1;

  // Turned so that it reads: difference < 0 or difference <= 0.
  graph::Predicate predicate = test->predicate;
  bool isLess =
      predicate == graph::Predicate::Lt || predicate == graph::Predicate::Le;
  bool isStrict =
      predicate == graph::Predicate::Lt || predicate == graph::Predicate::Gt;
  if (predicate == graph::Predicate::Eq || predicate == graph::Predicate::Ne)
    return std::nullopt;
  if (!condition.isSeenWhen) {
    isLess = !isLess;
    isStrict = !isStrict;
  }
  DimAttr minusOne = DimAttr::getConstant(condition.value.getContext(), -1);
  if (!isLess) {
    for (int64_t &stride : difference.strides)
      stride = -stride;
    difference.offset = difference.offset.mul(minusOne);
  }
  if (difference.strides != onlyLast)
    return std::nullopt;
  DimAttr limit = difference.offset.mul(minusOne);
  return isStrict ? limit.add(minusOne) : limit;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

RankedTensorType broadcastType(ValueRange values, Type elementType) {
  SmallVector<DimAttr> dims;
  for (Value value : values)
    dims = *graph::broadcastDims(dims, graph::getDims(typeOf(value)));
  return graph::tensorOf(dims, elementType);
}

/// One op of two operands over all values, null for none.
template <typename Op>
Value join(OpBuilder &builder, Location loc, ArrayRef<Value> values) {
  Value result;
  for (Value value : values)
    result = !result ? value
                     : Op::create(builder, loc,
                                  broadcastType({result, value},
                                                typeOf(value).getElementType()),
                                  result, value);
  return result;
}

Value buildCondition(OpBuilder &builder, Location loc, const MaskTerm &mask) {
  SmallVector<Value> conditions;
  for (const MaskTerm::Condition &condition : mask.conditions)
    conditions.push_back(condition.isSeenWhen
                             ? condition.value
                             : graph::NotOp::create(builder, loc,
                                                    condition.value.getType(),
                                                    condition.value));
  return join<graph::AndOp>(builder, loc, conditions);
}

Value makeNumber(OpBuilder &builder, Location loc, Type elementType,
                 double number) {
  return makeFilled(builder, loc, RankedTensorType::get({}, elementType),
                    number);
}

} // namespace

std::optional<AttentionScores> readScores(Value scores) {
  return read(scores, kDeepestScores);
}

void takeCausalMask(AttentionScores &scores, bool everyQuerySeesAKey) {
  RankedTensorType type = scores.getType();
  DimAttr queries = graph::getDim(type, type.getRank() - 2);
  DimAttr keys = graph::getDim(type, type.getRank() - 1);
  DimAttr past = keys.sub(queries);
  auto isCausal = [&](const MaskTerm::Condition &condition) {
    std::optional<DimAttr> limit = readTriangle(condition);
    return limit && graph::areEqual(*limit, past);
  };
  bool isAlone = isNeverNegative(past) && scores.biases.empty() &&
                 scores.masks.size() == 1 &&
                 llvm::all_of(scores.masks[0].conditions, isCausal);
  for (MaskTerm &mask : scores.masks) {
    if (mask.fill != -INFINITY && !isAlone && !everyQuerySeesAKey)
      continue;
    size_t numBefore = mask.conditions.size();
    llvm::erase_if(mask.conditions, isCausal);
    scores.isCausal |= mask.conditions.size() < numBefore;
  }
  llvm::erase_if(scores.masks,
                 [](const MaskTerm &mask) { return mask.conditions.empty(); });
}

Value buildMask(OpBuilder &builder, Location loc,
                const AttentionScores &scores) {
  SmallVector<Value> masks;
  for (const MaskTerm &mask : scores.masks)
    if (mask.fill == -INFINITY)
      masks.push_back(buildCondition(builder, loc, mask));
  return join<graph::AndOp>(builder, loc, masks);
}

Value buildBias(OpBuilder &builder, Location loc,
                const AttentionScores &scores) {
  Type elementType = scores.getType().getElementType();
  SmallVector<Value> biases;
  for (const MaskTerm &mask : scores.masks) {
    if (mask.fill == -INFINITY)
      continue;
    Value condition = buildCondition(builder, loc, mask);
    biases.push_back(graph::WhereOp::create(
        builder, loc, broadcastType(condition, elementType), condition,
        makeNumber(builder, loc, elementType, 0.0),
        makeNumber(builder, loc, elementType, mask.fill)));
  }
  for (const BiasTerm &bias : scores.biases) {
    Type type = typeOf(bias.value).getElementType();
    biases.push_back(bias.factor == 1.0
                         ? bias.value
                         : graph::MulOp::create(
                               builder, loc, bias.value.getType(), bias.value,
                               makeNumber(builder, loc, type, bias.factor)));
  }
  return join<graph::AddOp>(builder, loc, biases);
}

} // namespace tenon
