//===- SliceRange.cpp - bounds of slices over symbolic sizes --------------===//

#include "frontends/Onnx/SliceRange.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

/// Beyond this a bound says "to the end", whatever the size.
static constexpr int64_t kFar = int64_t(1) << 31;

/// A bound, moved to `least` to `most`. The two are what an empty slice and a
/// whole one have.
static FailureOr<DimAttr> placeBound(NodeBuilder &b, DimAttr bound,
                                     DimAttr size, DimAttr least,
                                     DimAttr most) {
  Symbols &symbols = b.symbols;
  if (std::optional<int64_t> number = bound.getConstantValue()) {
    if (*number >= kFar)
      return most;
    if (*number <= -kFar)
      return least;
  }
  std::optional<int64_t> upper = symbols.upperBound(bound);
  if (upper && *upper < 0)
    bound = bound.add(size);
  else if (!symbols.isNotNegative(bound))
    return b.error("a slice has a bound of " + bound.str() +
                   ": expected one that is never negative or always is");
  if (symbols.isNotNegative(bound.sub(most)))
    return most;
  if (symbols.isNotNegative(least.sub(bound)))
    return least;
  if (!symbols.assumeNotNegative(bound.sub(least)) ||
      !symbols.assumeNotNegative(most.sub(bound)))
    return b.error("a slice of " + size.str() + " elements has a bound of " +
                   bound.str() + ", which the bounds of their symbols exclude");
  return bound;
}

DimAttr onnx::divideCeil(NodeBuilder &b, DimAttr dividend, int64_t divisor) {
  if (std::optional<int64_t> number = dividend.getConstantValue())
    return b.dim(*number <= 0 ? 0 : (*number + divisor - 1) / divisor);
  if (b.symbols.isNotNegative(b.dim(0).sub(dividend)))
    return b.dim(0);
  // One of these is divisible when the answer is a polynomial. Steps are small.
  static constexpr int64_t kMaxStep = 64;
  for (int64_t more = 0; more < std::min(divisor, kMaxStep); ++more)
    if (DimAttr quotient =
            dividend.add(b.dim(more)).divideExactly(b.dim(divisor)))
      return quotient;
  return nullptr;
}

FailureOr<SliceRange> onnx::sliceRange(NodeBuilder &b, DimAttr size,
                                       DimAttr start, DimAttr end,
                                       int64_t step) {
  if (step == 0 || step >= kFar || step <= -kFar)
    return b.error("a slice needs a small step other than 0, got " +
                   Twine(step));
  // Backwards a slice may start at the last element and end before the first.
  DimAttr shift = b.dim(step > 0 ? 0 : -1);
  FailureOr<DimAttr> first =
      placeBound(b, start, size, b.dim(0), size.add(shift));
  if (failed(first))
    return failure();
  FailureOr<DimAttr> last = placeBound(b, end, size, shift, size.add(shift));
  if (failed(last))
    return failure();
  DimAttr length = step > 0 ? last->sub(*first) : first->sub(*last);
  DimAttr count = divideCeil(b, length, std::abs(step));
  if (!count)
    return b.error("a slice takes each " + Twine(std::abs(step)) + "th of " +
                   length.str() + " elements: expected a multiple");
  return SliceRange{*first, count, step};
}

/// The n-th list of Slice: an input, before operator set 10 an attribute.
static FailureOr<SmallVector<DimAttr>> boundList(NodeBuilder &b, StringRef name,
                                                 unsigned input) {
  if (b.opset >= 10 || b.has(input)) {
    FailureOr<ShapeValue> value = b.needShape(input, name);
    if (failed(value))
      return failure();
    return value->elements;
  }
  SmallVector<DimAttr> bounds;
  if (const NodeAttribute *list = b.attribute(name))
    for (int64_t number : list->integers)
      bounds.push_back(b.dim(number));
  return bounds;
}

FailureOr<SmallVector<AxisSlice>> onnx::readSlices(NodeBuilder &b) {
  FailureOr<SmallVector<DimAttr>> starts = boundList(b, "starts", 1);
  if (failed(starts))
    return failure();
  FailureOr<SmallVector<DimAttr>> ends = boundList(b, "ends", 2);
  if (failed(ends))
    return failure();
  auto axes = b.list("axes", 3), steps = b.list("steps", 4);
  if (failed(axes) || failed(steps))
    return failure();
  size_t count = starts->size();
  if (!*axes)
    *axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  if (!*steps)
    *steps = SmallVector<int64_t>(count, 1);
  if (ends->size() != count || (*axes)->size() != count ||
      (*steps)->size() != count)
    return b.error("'starts', 'ends', 'axes' and 'steps' must be of one "
                   "length: expected " +
                   Twine(count) + ", got " + Twine(ends->size()) + ", " +
                   Twine((*axes)->size()) + " and " + Twine((*steps)->size()));
  SmallVector<AxisSlice> slices;
  SmallVector<DimAttr> sizes = b.dims(0);
  for (size_t i = 0; i < count; ++i) {
    FailureOr<int64_t> axis = b.axis((**axes)[i], b.rank(0));
    if (failed(axis))
      return failure();
    FailureOr<SliceRange> range =
        sliceRange(b, sizes[*axis], (*starts)[i], (*ends)[i], (**steps)[i]);
    if (failed(range))
      return failure();
    slices.push_back({*axis, *range});
    sizes[*axis] = range->count;
  }
  return slices;
}
