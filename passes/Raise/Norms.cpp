//===- Norms.cpp - the parts of layer_norm and rms_norm in an export ------===//

#include "passes/Raise/Norms.h"

#include "passes/Analysis/KnownValues.h"

using namespace mlir;

namespace tenon {

/// The input of a reduction of the last dim of this kind, or null.
static Value readReduceOverLast(Value value, graph::ReduceKind kind) {
  auto reduce = value.getDefiningOp<graph::ReduceOp>();
  if (!reduce || reduce.getKind() != kind || !reduce.getKeepDims())
    return nullptr;
  int64_t last = typeOf(reduce.getInput()).getRank() - 1;
  return reduce.getAxes() == ArrayRef(last) ? reduce.getInput() : Value();
}

/// The same divided by the number of elements: a mean in two steps.
static Value readSumDividedByCount(Value value, graph::ReduceKind kind) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<graph::DivOp, graph::MulOp>(op))
    return nullptr;
  std::optional<NumberAndOther> scaled = findNumber(op);
  Value input = scaled ? readReduceOverLast(scaled->other, kind) : Value();
  if (!input || (isa<graph::DivOp>(op) && op->getOperand(0) != scaled->other))
    return nullptr;
  double count = typeOf(input).getShape().back();
  double factor = isa<graph::DivOp>(op) ? 1.0 / scaled->number : scaled->number;
  return std::abs(factor * count - 1.0) <=
                 roundingOf(typeOf(value).getElementType())
             ? input
             : Value();
}

Value readMeanOverLast(Value value) {
  if (Value input = readReduceOverLast(value, graph::ReduceKind::Mean))
    return input;
  return readSumDividedByCount(value, graph::ReduceKind::Sum);
}

static Value readSquare(Value value) {
  if (auto mul = value.getDefiningOp<graph::MulOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  auto pow = value.getDefiningOp<graph::PowOp>();
  return pow && isUniformly(pow.getRhs(), 2.0) ? pow.getLhs() : Value();
}

std::optional<MeanSquare> readMeanSquare(Value radicand) {
  auto sum = radicand.getDefiningOp<graph::AddOp>();
  std::optional<NumberAndOther> epsilon = sum ? findNumber(sum) : std::nullopt;
  if (!epsilon)
    return std::nullopt;
  Value square = readMeanOverLast(epsilon->other);
  Value deviation =
      square
          ? readSquare(square)
          : readSumDividedByCount(epsilon->other, graph::ReduceKind::SumSquare);
  if (!deviation)
    return std::nullopt;
  return MeanSquare{deviation, epsilon->number};
}

static Value readRoot(Value value) {
  if (auto sqrt = value.getDefiningOp<graph::SqrtOp>())
    return sqrt.getInput();
  auto pow = value.getDefiningOp<graph::PowOp>();
  return pow && isUniformly(pow.getRhs(), 0.5) ? pow.getLhs() : Value();
}

Value readInverseRoot(Value value) {
  if (auto rsqrt = value.getDefiningOp<graph::RsqrtOp>())
    return rsqrt.getInput();
  if (auto reciprocal = value.getDefiningOp<graph::ReciprocalOp>())
    return readRoot(reciprocal.getInput());
  if (auto div = value.getDefiningOp<graph::DivOp>();
      div && isUniformly(div.getLhs(), 1.0))
    return readRoot(div.getRhs());
  auto pow = value.getDefiningOp<graph::PowOp>();
  return pow && isUniformly(pow.getRhs(), -0.5) ? pow.getLhs() : Value();
}

static std::optional<Normalized> normalize(Value value, Value radicand) {
  std::optional<MeanSquare> square =
      radicand ? readMeanSquare(radicand) : std::nullopt;
  if (!square)
    return std::nullopt;
  return Normalized{value, square->deviation, square->epsilon};
}

std::optional<Normalized> readNormalized(Operation *op) {
  if (auto div = dyn_cast<graph::DivOp>(op))
    return normalize(div.getLhs(), readRoot(div.getRhs()));
  auto mul = dyn_cast<graph::MulOp>(op);
  if (!mul)
    return std::nullopt;
  if (auto result = normalize(mul.getLhs(), readInverseRoot(mul.getRhs())))
    return result;
  return normalize(mul.getRhs(), readInverseRoot(mul.getLhs()));
}

Value asVector(OpBuilder &builder, Value value, RankedTensorType type) {
  int64_t size = type.getShape().back();
  RankedTensorType valueType = typeOf(value);
  bool isVector = valueType.getRank() > 0 && valueType.hasStaticShape() &&
                  valueType.getShape().back() == size &&
                  valueType.getNumElements() == size;
  if (!isVector)
    return nullptr;
  if (valueType.getRank() == 1)
    return value;
  auto flat = RankedTensorType::get({size}, valueType.getElementType());
  return graph::ReshapeOp::create(builder, value.getLoc(), flat, value);
}

Value makeOnes(OpBuilder &builder, Location loc, RankedTensorType type) {
  if (type.getRank() == 0 || type.isDynamicDim(type.getRank() - 1))
    return nullptr;
  auto ones =
      RankedTensorType::get({type.getShape().back()}, type.getElementType());
  return makeFilled(builder, loc, ones, 1.0);
}

bool isUnscaled(Value scale) { return isUniformly(scale, 1.0); }

} // namespace tenon
