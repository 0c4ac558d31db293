//===- GraphMathDecompose.cpp - composite ops in terms of simpler ops ------===//
//
// Floats narrower than f32 are widened first and narrowed last, so a decomposed
// op rounds where the composite one does.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;

namespace tenon::graph {

namespace {

/// Short names for the ops of one decomposition.
class Decomposition {
public:
  Decomposition(OpBuilder &builder, Operation *op) : builder(builder), op(op) {}

  template <typename Op, typename... Args>
  Value make(Args &&...args) {
    return Op::create(builder, op->getLoc(), std::forward<Args>(args)...);
  }
  Value add(Value a, Value b) { return make<AddOp>(a, b); }
  Value sub(Value a, Value b) { return make<SubOp>(a, b); }
  Value mul(Value a, Value b) { return make<MulOp>(a, b); }

  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  Type f32() { return builder.getF32Type(); }
  DimAttr number(int64_t value) {
    return DimAttr::getConstant(builder.getContext(), value);
  }

  /// `value` as f32, or as it is when it has that precision.
  Value widen(Value value) {
    unsigned width = getElementTypeOrSelf(value).getIntOrFloatBitWidth();
    return width < 32 ? castTo(value, f32()) : value;
  }
  Value castTo(Value value, Type elementType) {
    if (getElementTypeOrSelf(value) == elementType)
      return value;
    return make<CastOp>(value, TypeAttr::get(elementType));
  }
  /// A tensor of rank 0.
  Value scalar(Type elementType, double value) {
    Attribute attr = builder.getFloatAttr(elementType, value);
    auto type = RankedTensorType::get({}, elementType);
    return make<ConstantOp>(DenseElementsAttr::get(type, attr));
  }
  /// Reduced to a dim of size 1.
  Value reduce(Value value, ReduceKind kind, int64_t axis) {
    return make<ReduceOp>(value, kind, ArrayRef<int64_t>{axis}, /*keep_dims=*/true);
  }
  Value reshape(Value value, ArrayRef<DimAttr> dims) {
    RankedTensorType type = tensorOf(dims, getElementTypeOrSelf(value));
    return type == value.getType() ? value : make<ReshapeOp>(type, value);
  }
  /// Every `step`-th of the elements from `start` on, `size` of them.
  Value slice(Value value, int64_t axis, int64_t start, int64_t step, DimAttr size) {
    SmallVector<DimAttr> dims = getDims(typeOf(value));
    dims[axis] = size;
    RankedTensorType type = tensorOf(dims, getElementTypeOrSelf(value));
    return make<SliceOp>(type, value, axis, number(start), step);
  }
  Value softmax(Value value, int64_t axis) { return make<SoftmaxOp>(value, axis); }

private:
  OpBuilder &builder;
  Operation *op;
};

using Values = SmallVector<Value>;

} // namespace

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
  Value mean = d.reduce(x, ReduceKind::Mean, getInput().getType().getRank() - 1);
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

/// Where key j is visible to query i, LxS: when as many keys follow j as queries
/// follow i, or more. Counting from the ends needs no arithmetic on symbols.
static Value buildCausalMask(OpBuilder &builder, Decomposition &d, DimAttr numQueries,
                             DimAttr numKeys) {
  Type i64 = builder.getI64Type();
  auto countToEnd = [&](DimAttr size) {
    Value iota = d.make<IotaOp>(tensorOf({size}, i64), 0);
    Value one = d.make<SignOp>(d.make<SubOp>(iota, iota));
    return d.make<CumsumOp>(one, 0, /*exclusive=*/false, /*reverse=*/true);
  };
  (void)countToEnd;
  (void)numQueries;
  (void)numKeys;
  return nullptr;
}

FailureOr<Values> AttentionOp::decompose(OpBuilder &builder) {
  (void)buildCausalMask;
  (void)builder;
  return failure();
}

FailureOr<Values> ContractOp::decompose(OpBuilder &builder) {
  (void)builder;
  return failure();
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

FailureOr<Values> RopeOp::decompose(OpBuilder &builder) {
  (void)builder;
  return failure();
}

} // namespace tenon::graph
