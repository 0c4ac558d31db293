//===- RaiseRope.cpp - q cos + rotate_half(q) sin -> rope(q, positions) ---===//
//
// The form of Hugging Face's LLaMA and its descendants:
//
//   f      = positions x frequencies         BxLx(D/2)
//   angles = concat(f, f)                    BxLxD, then Bx1xLxD
//   q cos(angles) + concat(-q[D/2:], q[:D/2]) sin(angles)
//
// Read from the sum backwards; the frequencies must be base^(-2j / D).
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/Raising.h"

#include "mlir/IR/Remarks.h"

#include <cmath>

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RAISEROPEPASS
#include "passes/Raise/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("raise-rope").category("Raise");

/// Frequencies pass through f32 powers in the exporter; base is found from one
/// of them and must explain the others this well, relatively.
constexpr double kFrequencyTolerance = 1.0e-4;

/// The value before casts, and before reshapes and broadcasts that keep the
/// order of its elements.
Value stripMoves(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<graph::ReshapeOp, graph::BroadcastOp, graph::CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

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

/// f, when the value is cos (or sin) of concat(f, f), spread over heads.
template <typename Op> Value readAngles(Value value) {
  auto curve = stripMoves(value).getDefiningOp<Op>();
  auto concat = curve ? stripMoves(curve.getInput())
                            .template getDefiningOp<graph::ConcatOp>()
                      : graph::ConcatOp();
  bool isTwice =
      concat && concat.getInputs().size() == 2 &&
      concat.getInputs()[0] == concat.getInputs()[1] &&
      static_cast<int64_t>(concat.getAxis()) == typeOf(concat).getRank() - 1;
  return isTwice ? concat.getInputs()[0] : Value();
}

/// A small constant vector behind reshapes and broadcasts.
std::optional<SmallVector<double>> readFrequencies(Value value, int64_t count) {
  std::optional<ReferenceTensor> elements =
      getConstantElements(stripMoves(value));
  if (!elements || elements->numElements() != count)
    return std::nullopt;
  SmallVector<double> frequencies;
  for (int64_t j = 0; j < count; ++j)
    frequencies.push_back(elements->getFloat(j));
  return frequencies;
}

/// The base of which the frequencies are powers.
std::optional<double> findBase(ArrayRef<double> frequencies) {
  double count = frequencies.size();
  if (frequencies.size() < 2 || frequencies[1] <= 0.0)
    return std::nullopt;
  // The last frequency is the furthest from 1, so it tells the base best.
  double base = std::pow(frequencies.back(), -count / (count - 1.0));
  for (auto [j, frequency] : llvm::enumerate(frequencies)) {
    double expected = std::pow(base, -static_cast<double>(j) / count);
    if (std::abs(frequency - expected) > kFrequencyTolerance * expected)
      return std::nullopt;
  }
  // Exporters mean round numbers: 10000, 500000.
  double rounded = std::round(base);
  return std::abs(base - rounded) <= kFrequencyTolerance * base ? rounded
                                                                : base;
}

/// An outer product of positions and frequencies.
struct Angles {
  Value positions; ///< integers, with L as the last dim
  double base;
};

/// The two operands of f as an outer product, whichever op makes it.
std::optional<std::pair<Value, Value>> readOuterProduct(Value f) {
  if (auto transpose = f.getDefiningOp<graph::TransposeOp>())
    f = transpose.getInput();
  Operation *op = f.getDefiningOp();
  if (!isa_and_nonnull<graph::MatmulOp, graph::MulOp>(op))
    return std::nullopt;
  auto matmul = dyn_cast<graph::MatmulOp>(op);
  if (matmul && typeOf(matmul.getLhs()).getShape().back() != 1)
    return std::nullopt;
  return std::pair(op->getOperand(0), op->getOperand(1));
}

std::optional<Angles> readPositionsAndBase(Value f, DimAttr length,
                                           int64_t half) {
  auto operands = readOuterProduct(f);
  if (!operands)
    return std::nullopt;
  for (auto [a, b] :
       {*operands, std::pair(operands->second, operands->first)}) {
    std::optional<SmallVector<double>> frequencies = readFrequencies(a, half);
    std::optional<double> base =
        frequencies ? findBase(*frequencies) : std::nullopt;
    Value positions = stripMoves(b);
    RankedTensorType type = typeOf(positions);
    bool arePositions = type.getElementType().isInteger(32) ||
                        type.getElementType().isInteger(64);
    if (!base || !arePositions || type.getRank() < 1 || type.getRank() > 2 ||
        !graph::areEqual(graph::getDim(type, type.getRank() - 1), length))
      continue;
    return Angles{positions, *base};
  }
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
    for (auto [straight, rotated] : {std::pair(a, b), std::pair(b, a)}) {
      auto [input, sine] = readRotated(rotated);
      if (!input)
        continue;
      Value cosine = otherOperand(straight, input);
      if (!cosine)
        continue;
      return raiseRotation(add, input, cosine, sine, rewriter);
    }
    return rewriter.notifyMatchFailure(add, "nothing is rotated");
  }

private:
  /// What is rotated by halves, and the factor of it.
  static std::pair<Value, Value> readRotated(graph::MulOp mul) {
    for (unsigned i : {0u, 1u})
      if (Value input = readRotatedHalves(mul->getOperand(i)))
        return {input, mul->getOperand(1 - i)};
    return {nullptr, nullptr};
  }

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

  static LogicalResult raiseRotation(graph::AddOp add, Value input,
                                     Value cosine, Value sine,
                                     PatternRewriter &rewriter) {
    auto miss = [&](const char *reason) {
      remark::missed(add.getLoc(), kRemark)
          << (Twine("no rope: ") + reason).str();
      return rewriter.notifyMatchFailure(add, reason);
    };
    RankedTensorType type = typeOf(input);
    if (type.getRank() != 4 || type != add.getType())
      return miss("the rotated value is not BxHxLxD");
    Value f = readAngles<graph::CosOp>(cosine);
    if (!f || readAngles<graph::SinOp>(sine) != f)
      return miss("the factors are not cos and sin of the same angles twice");
    if (!isSpreadOverHeads(cosine, type) || !isSpreadOverHeads(sine, type))
      return miss("the angles differ between heads");
    std::optional<Angles> angles = readPositionsAndBase(
        f, graph::getDim(type, 2), type.getShape().back() / 2);
    if (!angles)
      return miss("the angles are not positions times powers of one base");
    Value positions =
        spreadOverBatch(rewriter, add.getLoc(), angles->positions, type);
    remark::passed(add.getLoc(), kRemark)
        << (Twine("became rope with base ") + std::to_string(angles->base))
               .str();
    rewriter.replaceOpWithNewOp<graph::RopeOp>(add, type, input, positions,
                                               APFloat(angles->base),
                                               graph::RopePairing::Halves);
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
