//===- GraphShapeVerifiers.cpp - constraints of the ops with written types ===//
//
//
// The result type of these ops is a parameter: nothing else says the new shape.
// Each check stands below the label of its constraint in GraphShapeOps.td.
// Symbolic dims are accepted while some binding can make them agree; the
// interpreter and the compiled program check the numbers.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace tenon::graph;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static LogicalResult verifyAxis(Operation *op, int64_t axis,
                                RankedTensorType type) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return op->emitOpError() << "needs an axis of " << type << ": expected 0 to "
                           << type.getRank() - 1 << ", got " << axis;
}

static LogicalResult verifyElementType(Operation *op, Type expected,
                                       Value value) {
  Type found = typeOf(value).getElementType();
  if (found == expected)
    return success();
  return op->emitOpError() << "needs one element type: expected " << expected
                           << ", got " << found << " in " << value.getType();
}

/// Whether some binding makes the dims of `a` and `b` agree, other than dim
/// `except`.
static bool mayAgree(RankedTensorType a, RankedTensorType b,
                     int64_t except = -1) {
  if (a.getRank() != b.getRank())
    return false;
  return llvm::all_of(llvm::seq<int64_t>(0, a.getRank()), [&](int64_t d) {
    return d == except || mayBeEqual(getDim(a, d), getDim(b, d));
  });
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

int64_t WeightAttr::countBytes(RankedTensorType type) {
  int64_t bits = type.getElementTypeBitWidth();
  return llvm::divideCeil(type.getNumElements() * (bits == 1 ? 8 : bits), 8);
}

LogicalResult WeightOp::verify() {
  RankedTensorType type = typeOf(getResult());
  // weight_c1
  if (!type.hasStaticShape())
    return emitOpError() << "needs a static shape: expected numbers, got "
                         << type;
  // weight_c2
  if (getRef().getBytes() != WeightAttr::countBytes(type))
    return emitOpError() << "needs the bytes of its elements: expected "
                         << WeightAttr::countBytes(type) << " for " << type
                         << ", got " << getRef().getBytes();
  // weight_c3
  if (getRef().getOffset() < 0)
    return emitOpError() << "needs a place in its file: expected an offset of "
                            "at least 0, got "
                         << getRef().getOffset();
  return success();
}

LogicalResult IotaOp::verify() {
  // iota_c1
  return verifyAxis(*this, getAxis(), typeOf(getResult()));
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = typeOf(getInput()), to = typeOf(getResult());
  // reshape_c1
  if (failed(verifyElementType(*this, from.getElementType(), getResult())))
    return failure();
  // reshape_c2
  DimAttr expected = numElements(getContext(), getDims(from));
  DimAttr found = numElements(getContext(), getDims(to));
  if (expected.isUnknown() || found.isUnknown() || expected == found)
    return success();
  return emitOpError() << "needs as many elements as its input: expected "
                       << expected.str() << " for " << from << ", got "
                       << found.str() << " in " << to;
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = typeOf(getInput()), to = typeOf(getResult());
  // broadcast_c1
  if (failed(verifyElementType(*this, from.getElementType(), getResult())))
    return failure();
  // broadcast_c2
  int64_t lead = to.getRank() - from.getRank();
  if (lead < 0)
    return emitOpError() << "needs all dims of its input: expected rank "
                         << from.getRank() << " or more for " << from
                         << ", got " << to;
  // broadcast_c3
  for (auto [d, dim] : llvm::enumerate(getDims(from)))
    if (dim.getConstantValue() != 1 && !mayBeEqual(dim, getDim(to, lead + d)))
      return emitOpError() << "repeats only dims of extent 1: expected 1 or "
                           << getDim(to, lead + d).str() << " for dimension "
                           << d << " of " << from << ", got " << dim.str();
  return success();
}

/// Whether the polynomial is a negative number.
static bool isNegative(DimAttr dim) {
  return dim.getConstantValue().value_or(0) < 0;
}

LogicalResult SliceOp::verify() {
  RankedTensorType from = typeOf(getInput()), to = typeOf(getResult());
  // slice_c1
  if (failed(verifyElementType(*this, from.getElementType(), getResult())))
    return failure();
  // slice_c2
  int64_t axis = getAxis();
  if (failed(verifyAxis(*this, axis, from)))
    return failure();
  // slice_c3
  if (!mayAgree(from, to, axis))
    return emitOpError() << "changes only dimension " << axis
                         << ": expected the other dims of " << from << ", got "
                         << to;
  // slice_c4
  if (getStep() == 0)
    return emitOpError() << "needs a step to the next element: expected any "
                            "number but 0, got 0";
  // slice_c5
  DimAttr size = getDim(from, axis), count = getDim(to, axis);
  auto number = [&](int64_t value) {
    return DimAttr::getConstant(getContext(), value);
  };
  DimAttr last = getStart().add(count.sub(number(1)).mul(number(getStep())));
  if (count.getConstantValue() == 0)
    return success();
  for (DimAttr position : {getStart(), last})
    if (isNegative(position) || isNegative(size.sub(number(1)).sub(position)))
      return emitOpError() << "stays inside dimension " << axis
                           << ": expected elements 0 to "
                           << size.sub(number(1)).str() << " of " << from
                           << ", got element " << position.str();
  return success();
}

LogicalResult PadOp::verify() {
  RankedTensorType from = typeOf(getInput()), to = typeOf(getResult());
  // pad_c1
  for (Value value : {Value(getValue()), Value(getResult())})
    if (failed(verifyElementType(*this, from.getElementType(), value)))
      return failure();
  // pad_c2
  if (typeOf(getValue()).getRank() != 0)
    return emitOpError() << "pads with one element: expected rank 0, got "
                         << getValue().getType();
  // pad_c3
  int64_t rank = from.getRank();
  for (auto [name, counts] :
       {std::pair("low", getLow()), std::pair("high", getHigh())})
    if (static_cast<int64_t>(counts.size()) != rank ||
        llvm::any_of(counts, [](int64_t count) { return count < 0; })) {
      InFlightDiagnostic error =
          emitOpError() << "needs a count of at least 0 for each dim: expected "
                        << rank << " in '" << name << "', got [";
      llvm::interleaveComma(counts, error);
      return error << "]";
    }
  // pad_c4
  SmallVector<DimAttr> dims = getDims(from);
  for (auto [dim, low, high] : llvm::zip_equal(dims, getLow(), getHigh()))
    dim = dim.add(DimAttr::getConstant(getContext(), low + high));
  RankedTensorType expected = tensorOf(dims, from.getElementType());
  if (areCompatible(expected, to))
    return success();
  return emitOpError() << "grows by what it pads: expected " << expected
                       << ", got " << to;
}
