//===- RandomWork.cpp - the kinds of work that graphs are drawn from ------===//

#include "tests/compiler/Property/GraphDrawer.h"

namespace tenon {

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

Value GraphDrawer::unary(Value x) {
  if (!typeOf(x).getElementType().isF32())
    return graph::NegOp::create(b, loc, x);
  switch (number(0, 7)) {
  case 0:
    return graph::GeluOp::create(
        b, loc, x, oneOf({graph::GeluForm::Erf, graph::GeluForm::Tanh}));
  case 1:
    return graph::ReluOp::create(b, loc, x);
  case 2:
    return graph::TanhOp::create(b, loc, x);
  case 3:
    return graph::SigmoidOp::create(b, loc, x);
  case 4:
    return graph::SiluOp::create(b, loc, x);
  case 5:
    return graph::NegOp::create(b, loc, x);
  case 6:
    return graph::AbsOp::create(b, loc, x);
  default:
    return graph::SinOp::create(b, loc, x);
  }
}

Value GraphDrawer::binary(Value x, Value y) {
  switch (number(0, 4)) {
  case 0:
    return graph::SubOp::create(b, loc, x, y);
  case 1:
    return graph::MulOp::create(b, loc, x, y);
  case 2:
    return graph::MaxOp::create(b, loc, x, y);
  case 3: {
    Value condition = input(dimsOf(y), b.getI1Type());
    return graph::WhereOp::create(b, loc, condition, x, y);
  }
  default:
    return graph::AddOp::create(b, loc, x, y);
  }
}

Value GraphDrawer::elementwise(Value x, int64_t maxOps) {
  for (int64_t left = number(0, maxOps); left > 0; --left)
    switch (number(0, 3)) {
    case 0:
      x = unary(x);
      break;
    case 1: // a residual
      x = binary(x, residualFor(x));
      break;
    case 2:
      x = binary(broadcastOperand(x), x);
      break;
    default:
      x = binary(x, broadcastOperand(x));
      break;
    }
  return x;
}

/// x times a matrix: a weight, one that lies transposed, or one for each of the
/// leading dims.
Value GraphDrawer::product(Value x, DimAttr columns) {
  Dims left = dimsOf(x), right;
  if (chance(0.3))
    right.assign(left.begin(), left.end() - 2);
  bool isTransposed = chance(0.3);
  right.push_back(isTransposed ? columns : left.back());
  right.push_back(isTransposed ? left.back() : columns);
  double depth = std::max(sizeOf(left.back()), 1.0);
  Value w = operand(right, 1 / std::sqrt(depth));
  if (isTransposed) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, right.size()));
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    w = graph::TransposeOp::create(b, loc, w, order);
  }
  return graph::MatmulOp::create(b, loc, x, w);
}

/// One product, or two of the same value, of which one gates the other.
Value GraphDrawer::products(Value x) {
  if (typeOf(x).getRank() < 2)
    return x;
  DimAttr columns = dim();
  Value first = product(x, columns);
  if (chance(0.7))
    return first;
  return graph::MulOp::create(b, loc, unary(first), product(x, columns));
}

/// Along the last dim, which is a number as in every model. With a residual,
/// without which the variance of a row could be all rounding.
Value GraphDrawer::norm(Value x) {
  x = graph::AddOp::create(b, loc, x, input(dimsOf(x), b.getF32Type()));
  Dims size{dimsOf(x).back()};
  auto epsilon = b.getF64FloatAttr(1e-5);
  if (chance(0.3))
    return graph::RmsNormOp::create(b, loc, x, operand(size), epsilon);
  Value bias = chance(0.7) ? operand(size) : Value();
  return graph::LayerNormOp::create(b, loc, x, operand(size), bias, epsilon);
}

Value GraphDrawer::softmax(Value x) {
  int64_t last = typeOf(x).getRank() - 1;
  return graph::SoftmaxOp::create(b, loc, x,
                                  chance(0.7) ? last : number(0, last));
}

/// Heads share keys or not; masks and biases of every shape that repeats.
Value GraphDrawer::attention() {
  int64_t kvHeads = number(1, 2), group = number(1, 3);
  DimAttr batch = fixed(number(1, 2)), heads = fixed(kvHeads * group),
          queries = dim(), keys = chance(0.5) ? queries : dim(),
          depth = fixed(oneOf<int64_t>({1, 4, 8, 16, 20, 32, 48, 64}));
  Value q = operand({batch, heads, queries, depth});
  Value k = operand({batch, fixed(kvHeads), keys, depth});
  Value v = operand({batch, fixed(kvHeads), keys, depth});
  auto scores = [&](Type type) {
    Dims dims{batch, heads, queries, keys};
    for (unsigned d = 0; d < 3; ++d)
      if (chance(0.5))
        dims[d] = fixed(1);
    return input(Dims(ArrayRef(dims).drop_front(number(0, 2))), type);
  };
  Value mask = chance(0.5) ? scores(b.getI1Type()) : Value();
  Value bias = chance(0.4) ? scores(b.getF32Type()) : Value();
  auto flag = [&](double probability) {
    return chance(probability) ? b.getUnitAttr() : UnitAttr();
  };
  UnitAttr causal = flag(0.3), nanToZero = flag(0.5);
  return graph::AttentionOp::create(b, loc, q, k, v, mask, bias,
                                    b.getF64FloatAttr(0.25), causal, nanToZero);
}

Value GraphDrawer::reduction(Value x) {
  int64_t rank = typeOf(x).getRank(), first = number(0, rank - 1),
          last = number(first, rank - 1);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(first, last + 1));
  auto kind = oneOf({graph::ReduceKind::Sum, graph::ReduceKind::Max,
                     graph::ReduceKind::Min, graph::ReduceKind::Mean,
                     graph::ReduceKind::SumSquare});
  if (!typeOf(x).getElementType().isF32())
    kind = oneOf({graph::ReduceKind::Sum, graph::ReduceKind::Max,
                  graph::ReduceKind::Min});
  double numTerms = 1;
  for (int64_t axis : axes)
    numTerms *= std::max(sizeOf(dimsOf(x)[axis]), 1.0);
  Value sum = graph::ReduceOp::create(b, loc, x, kind, axes, chance(0.5));
  if (kind != graph::ReduceKind::Sum && kind != graph::ReduceKind::SumSquare)
    return sum;
  // Of the size of its terms again, as far as their type allows.
  Type type = typeOf(x).getElementType();
  auto factor = DenseElementsAttr::get(
      RankedTensorType::get({}, type),
      type.isF32() ? Attribute(b.getF32FloatAttr(
                         static_cast<float>(1 / std::sqrt(numTerms))))
                   : Attribute(b.getIntegerAttr(type, 1)));
  return graph::MulOp::create(b, loc, sum,
                              graph::ConstantOp::create(b, loc, factor));
}

Value GraphDrawer::view(Value x) {
  Dims dims = dimsOf(x);
  int64_t rank = static_cast<int64_t>(dims.size());
  switch (number(0, 3)) {
  case 0: {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::shuffle(order.begin(), order.end(), random);
    return graph::TransposeOp::create(b, loc, x, order);
  }
  case 1: { // two neighbouring dims become one
    if (rank < 2)
      return x;
    int64_t at = number(0, rank - 2);
    dims[at] = dims[at].mul(dims[at + 1]);
    dims.erase(dims.begin() + at + 1);
    break;
  }
  case 2: { // a dim becomes two, as heads do
    int64_t at = number(0, rank - 1);
    std::optional<int64_t> size = dims[at].getConstantValue();
    int64_t factor = size && *size > 0 && *size % 4 == 0 ? 4 : 1;
    if (!size)
      return x;
    dims[at] = fixed(*size / factor);
    dims.insert(dims.begin() + at + 1, fixed(factor));
    break;
  }
  default: {
    int64_t axis = number(0, rank - 1);
    std::optional<int64_t> size = dims[axis].getConstantValue();
    if (!size || *size < 3)
      return x;
    int64_t start = number(0, *size - 2), step = number(1, 2);
    dims[axis] = fixed(number(1, (*size - start + step - 1) / step));
    auto type = graph::tensorOf(dims, typeOf(x).getElementType());
    return graph::SliceOp::create(b, loc, type, x, axis, fixed(start), step);
  }
  }
  auto type = graph::tensorOf(dims, typeOf(x).getElementType());
  return graph::ReshapeOp::create(b, loc, type, x);
}

/// What puts tensors together: beside one another, into a frame, or in places
/// that integers choose.
Value GraphDrawer::join(Value x) {
  RankedTensorType type = typeOf(x);
  int64_t rank = type.getRank(), axis = number(0, rank - 1);
  Type element = type.getElementType();
  Dims dims = dimsOf(x);
  switch (number(0, 2)) {
  case 0: {
    SmallVector<Value> parts{x};
    for (int64_t left = number(1, 2); left > 0; --left) {
      dims[axis] = dim();
      parts.insert(parts.begin() + number(0, 1), operand(dims, element));
    }
    return graph::ConcatOp::create(b, loc, parts, axis);
  }
  case 1: {
    SmallVector<int64_t> low, high;
    for (DimAttr &dim : dims) {
      low.push_back(number(0, 2));
      high.push_back(number(0, 2));
      dim = dim.add(fixed(low.back() + high.back()));
    }
    return graph::PadOp::create(b, loc, graph::tensorOf(dims, element), x,
                                input({}, element), low, high);
  }
  default: {
    if (sizeOf(dims[axis]) < 5) // indices are -4 to 4
      return x;
    dims[axis] = fixed(number(0, 6));
    Value indices = input(dims, b.getI64Type());
    return graph::ScatterOp::create(b, loc, x, indices, operand(dims, element),
                                    axis, chance(0.5));
  }
  }
}

/// Along one axis: running sums, the first largest, the largest few.
Value GraphDrawer::search(Value x) {
  int64_t axis = number(0, typeOf(x).getRank() - 1);
  DimAttr dim = dimsOf(x)[axis];
  switch (number(0, 2)) {
  case 0:
    return graph::CumsumOp::create(b, loc, x, axis, chance(0.3), chance(0.3));
  case 1:
    if (sizeOf(dim) < 1)
      return x;
    return graph::ArgMaxOp::create(b, loc, x, axis, chance(0.5), chance(0.5));
  default: {
    int64_t k = number(1, 3);
    std::optional<int64_t> size = dim.getConstantValue();
    if (!size || *size < k)
      return x;
    auto top = graph::TopKOp::create(b, loc, x, k, axis, chance(0.5));
    return top->getResult(chance(0.8) ? 0 : 1);
  }
  }
}

/// Rows of a table, chosen by integers that drawInputs draws from -4 to 4.
Value GraphDrawer::rows() {
  Value table = operand({fixed(number(5, 9)), dim()});
  Value indices = input(dims(number(1, 2)), b.getI64Type());
  return graph::GatherOp::create(b, loc, table, indices, 0);
}

Value GraphDrawer::start() {
  if (chance(0.2))
    return attention();
  if (chance(0.1))
    return rows();
  Type type = chance(0.1) ? Type(b.getI64Type()) : Type(b.getF32Type());
  return input(dims(number(1, 4)), type);
}

Value GraphDrawer::work(Value x) {
  RankedTensorType type = typeOf(x);
  if (type.getRank() == 0)
    return elementwise(x, 3);
  bool isF32 = type.getElementType().isF32();
  switch (number(0, 8)) {
  case 0:
  case 1:
    return isF32 ? products(x) : x;
  case 2:
    return isF32 && !type.isDynamicDim(type.getRank() - 1) ? norm(x) : x;
  case 3:
    return isF32 ? softmax(x) : x;
  case 4:
    return reduction(x);
  case 5:
    return view(x);
  case 6:
    return join(x);
  case 7:
    return search(x);
  default:
    return elementwise(x, 3);
  }
}

} // namespace tenon
