//===- RaiseRope.cpp - q cos + rotated(q) sin -> rope(q, positions) -------===//
//
// Read from the sum backwards. A quarter turn of all pairs of lanes is
//
//   concat(-q[D/2:], q[:D/2])           pairs are halves: Hugging Face's LLaMA
//   flatten(stack(-q[1::2], q[::2]))    pairs are neighbours: the paper, Cohere
//
// and the factors are what RopeAngles.h reads.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"
#include "passes/Raise/RopeAngles.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISEROPEPASS
#include "passes/Raise/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-rope").category("Raise");

/// q, when the value is concat(-q[D/2:], q[:D/2]) along the last dim.
Value readRotatedHalves(Value value) {
  auto concat = value.getDefiningOp<graph::ConcatOp>();
  if (!concat || concat.getInputs().size() != 2)
    return nullptr;
  auto negated = concat.getInputs()[0].getDefiningOp<graph::NegOp>();
  auto high =
      negated ? negated.getInput().getDefiningOp<graph::SliceOp>() : nullptr;
  auto low = concat.getInputs()[1].getDefiningOp<graph::SliceOp>();
  if (!high || !low || high.getInput() != low.getInput() ||
      high.getInput().getType() != value.getType())
    return nullptr;
  int64_t last = typeOf(value).getRank() - 1;
  int64_t half = typeOf(value).getShape().back() / 2;
  auto isHalf = [&](graph::SliceOp slice, int64_t start) {
    return static_cast<int64_t>(slice.getAxis()) == last &&
           slice.getStep() == 1 &&
           slice.getStart().getConstantValue() == start &&
           typeOf(slice).getShape().back() == half;
  };
  bool isRotated = static_cast<int64_t>(concat.getAxis()) == last &&
                   isHalf(high, half) && isHalf(low, 0);
  return isRotated ? high.getInput() : Value();
}

/// The input of stack((-q[1::2], q[::2])), flattened.
Value readRotatedPairs(Value value) {
  auto flatten = value.getDefiningOp<graph::ReshapeOp>();
  auto concat = flatten ? flatten.getInput().getDefiningOp<graph::ConcatOp>()
                        : graph::ConcatOp();
  if (!concat || concat.getInputs().size() != 2 ||
      static_cast<int64_t>(concat.getAxis()) != typeOf(concat).getRank() - 1)
    return nullptr;
  auto behindUnitDim = [](Value part) -> Value {
    auto reshape = part.getDefiningOp<graph::ReshapeOp>();
    return reshape && typeOf(part).getShape().back() == 1 ? reshape.getInput()
                                                          : Value();
  };
  Value first = behindUnitDim(concat.getInputs()[0]);
  Value second = behindUnitDim(concat.getInputs()[1]);
  if (!first || !second)
    return nullptr;
  auto negated = first.getDefiningOp<graph::NegOp>();
  auto odd =
      negated ? negated.getInput().getDefiningOp<graph::SliceOp>() : nullptr;
  auto even = second.getDefiningOp<graph::SliceOp>();
  if (!odd || !even || odd.getInput() != even.getInput() ||
      odd.getInput().getType() != value.getType())
    return nullptr;
  int64_t last = typeOf(value).getRank() - 1;
  auto isEverySecond = [&](graph::SliceOp slice, int64_t start) {
    return static_cast<int64_t>(slice.getAxis()) == last &&
           slice.getStep() == 2 &&
           slice.getStart().getConstantValue() == start &&
           typeOf(slice).getShape().back() ==
               typeOf(value).getShape().back() / 2;
  };
  return isEverySecond(odd, 1) && isEverySecond(even, 0) ? odd.getInput()
                                                         : Value();
}

/// What is rotated by a quarter turn, and which lanes are pairs.
struct Rotated {
  Value input;
  graph::RopePairing pairing;
};

std::optional<Rotated> readRotated(Value value) {
  if (Value input = readRotatedHalves(value))
    return Rotated{input, graph::RopePairing::Halves};
  if (Value input = readRotatedPairs(value))
    return Rotated{input, graph::RopePairing::Interleaved};
  return std::nullopt;
}

struct RaiseSumOfRotations final : OpRewritePattern<graph::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::AddOp add,
                                PatternRewriter &rewriter) const override {
    auto a = add.getLhs().getDefiningOp<graph::MulOp>();
    auto b = add.getRhs().getDefiningOp<graph::MulOp>();
    if (!a || !b)
      return rewriter.notifyMatchFailure(add, "no sum of two products");
    for (auto [straight, turned] : {std::pair(a, b), std::pair(b, a)})
      for (unsigned i : {0u, 1u}) {
        std::optional<Rotated> rotated = readRotated(turned->getOperand(i));
        Value cosine =
            rotated ? otherOperand(straight, rotated->input) : Value();
        if (cosine)
          return raiseRotation(add, *rotated, cosine, turned->getOperand(1 - i),
                               rewriter);
      }
    return rewriter.notifyMatchFailure(add, "nothing is rotated");
  }

private:
  static Value otherOperand(graph::MulOp mul, Value operand) {
    if (mul.getLhs() == operand)
      return mul.getRhs();
    return mul.getRhs() == operand ? mul.getLhs() : Value();
  }

  /// Whether the factor is Bx1xLxD, or one for all sequences.
  static bool isSpreadOverHeads(Value factor, RankedTensorType input) {
    RankedTensorType type = typeOf(factor);
    int64_t rank = type.getRank();
    return rank >= 2 && rank <= 4 &&
           type.getShape().back() == input.getShape().back() &&
           graph::areEqual(graph::getDim(type, rank - 2),
                           graph::getDim(input, 2)) &&
           (rank < 3 || type.getDimSize(rank - 3) == 1);
  }

  static LogicalResult raiseRotation(graph::AddOp add, const Rotated &rotated,
                                     Value cosine, Value sine,
                                     PatternRewriter &rewriter) {
    auto miss = [&](const char *reason) {
      remark::missed(add.getLoc(), kRemark)
          << (Twine("no rope: ") + reason).str();
      return rewriter.notifyMatchFailure(add, reason);
    };
    RankedTensorType type = typeOf(rotated.input);
    if (type.getRank() != 4 || type != add.getType())
      return miss("the rotated value is not BxHxLxD");
    std::optional<RopeFactor> cosines = readRopeFactor(cosine);
    std::optional<RopeFactor> sines = readRopeFactor(sine);
    if (!cosines || cosines->isSine || !sines || !sines->isSine ||
        typeOf(cosines->angles).getShape().back() * 2 != type.getShape().back())
      return miss("the factors are not cos and sin of angles twice");
    if (cosines->pairing != rotated.pairing ||
        sines->pairing != rotated.pairing)
      return miss("the angles are in another order than the lanes");
    if (!isSpreadOverHeads(cosine, type) || !isSpreadOverHeads(sine, type))
      return miss("the angles differ between heads");
    DimAttr length = graph::getDim(type, 2);
    std::optional<RopeAngles> angles = readRopeAngles(*cosines, length);
    std::optional<RopeAngles> sineAngles = readRopeAngles(*sines, length);
    if (!angles || !sineAngles)
      return miss("the angles are not positions times powers of one base");
    if (!areSame(*angles, *sineAngles))
      return miss("the factors are cos and sin of different angles");
    Value positions = spreadOverBatch(rewriter, add.getLoc(),
                                      buildPositions(rewriter, *angles), type);
    remark::passed(add.getLoc(), kRemark)
        << (Twine("became rope with base ") + std::to_string(angles->base))
               .str();
    rewriter.replaceOpWithNewOp<graph::RopeOp>(add, type, rotated.input,
                                               positions, APFloat(angles->base),
                                               rotated.pairing);
    return success();
  }

  /// L or 1xL as BxL.
  static Value spreadOverBatch(OpBuilder &builder, Location loc,
                               Value positions, RankedTensorType input) {
    SmallVector<DimAttr> dims = {graph::getDim(input, 0),
                                 graph::getDim(input, 2)};
    auto type = graph::tensorOf(dims, typeOf(positions).getElementType());
    if (positions.getType() == type)
      return positions;
    return graph::BroadcastOp::create(builder, loc, type, positions);
  }
};

struct RaiseRope final : impl::RaiseRopePassBase<RaiseRope> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseSumOfRotations>(&getContext());
    raise(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace tenon
