//===- NodesShape.cpp - importers of ops that move elements ---------------===//

#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/ShapeRules.h"
#include "frontends/Onnx/SliceRange.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

//===----------------------------------------------------------------------===//
// The same elements in another shape
//===----------------------------------------------------------------------===//

/// Sets the output to the first input with other dims: sizes stay sizes.
static LogicalResult setReshaped(NodeBuilder &b, ArrayRef<DimAttr> dims) {
  const ShapeValue *elements = b.shape(0);
  std::optional<SmallVector<int64_t>> shape = ShapeValue::list(dims).numbers();
  if (elements && shape)
    return b.setShape(0, {*shape, elements->elements},
                      b.type(0).getElementType());
  return b.set(0, b.reshape(b.data(0), dims));
}

static DimAttr product(NodeBuilder &b, ArrayRef<DimAttr> dims) {
  return graph::numElements(b.builder.getContext(), dims);
}

/// The dims that Reshape names: 0 is the input's, -1 what is left.
static FailureOr<SmallVector<DimAttr>> reshapedDims(NodeBuilder &b) {
  FailureOr<ShapeValue> target = b.needShape(1, "shape");
  if (failed(target))
    return failure();
  SmallVector<DimAttr> from = b.dims(0), dims = target->elements;
  DimAttr *inferred = nullptr;
  for (auto [d, dim] : llvm::enumerate(dims)) {
    std::optional<int64_t> number = dim.getConstantValue();
    if (number == 0 && !b.integer("allowzero", 0) && d < from.size())
      dim = from[d];
    else if (number == -1 && !inferred)
      inferred = &dim;
    else if (number && *number < 0)
      return b.error("'shape' must have sizes, 0 or one -1, got " + dim.str());
  }
  DimAttr elements = product(b, from);
  if (!inferred) {
    if (failed(b.equate(elements, product(b, dims))))
      return failure();
    return dims;
  }
  *inferred = b.dim(1);
  DimAttr others = product(b, dims);
  *inferred = elements == others ? b.dim(1) : elements.divideExactly(others);
  if (!*inferred)
    return b.error("the size for -1 is no polynomial: expected " +
                   elements.str() + " to be a multiple of " + others.str());
  return dims;
}

static LogicalResult importReshape(NodeBuilder &b) {
  FailureOr<SmallVector<DimAttr>> dims = reshapedDims(b);
  return failed(dims) ? failure() : setReshaped(b, *dims);
}

static LogicalResult importFlatten(NodeBuilder &b) {
  int64_t axis = b.integer("axis", 1);
  if (axis != b.rank(0)) {
    FailureOr<int64_t> counted = b.axis(axis, b.rank(0));
    if (failed(counted))
      return failure();
    axis = *counted;
  }
  SmallVector<DimAttr> dims = b.dims(0);
  return setReshaped(b, {product(b, ArrayRef(dims).take_front(axis)),
                         product(b, ArrayRef(dims).drop_front(axis))});
}

static LogicalResult importSqueeze(NodeBuilder &b) {
  auto written = b.list("axes", 1);
  if (failed(written))
    return failure();
  SmallVector<DimAttr> from = b.dims(0), dims;
  FailureOr<SmallVector<int64_t>> axes =
      b.axes(written->value_or(SmallVector<int64_t>()), b.rank(0));
  if (failed(axes))
    return failure();
  for (auto [d, dim] : llvm::enumerate(from)) {
    bool isNamed = llvm::is_contained(*axes, static_cast<int64_t>(d));
    if (isNamed && failed(b.equate(b.dim(1), dim)))
      return failure();
    if (*written ? !isNamed : dim != b.dim(1))
      dims.push_back(dim);
  }
  return setReshaped(b, dims);
}

static LogicalResult importUnsqueeze(NodeBuilder &b) {
  auto written = b.list("axes", 1);
  if (failed(written))
    return failure();
  if (!*written)
    return b.error("'axes' is required");
  FailureOr<SmallVector<int64_t>> axes =
      b.axes(**written, b.rank(0) + static_cast<int64_t>((*written)->size()));
  if (failed(axes))
    return failure();
  SmallVector<DimAttr> dims = b.dims(0);
  for (int64_t axis : *axes)
    dims.insert(dims.begin() + axis, b.dim(1));
  return setReshaped(b, dims);
}

//===----------------------------------------------------------------------===//
// Order, repetition
//===----------------------------------------------------------------------===//

static LogicalResult importTranspose(NodeBuilder &b) {
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, b.rank(0))));
  if (const NodeAttribute *written = b.attribute("perm"))
    order.assign(written->integers.begin(), written->integers.end());
  FailureOr<SmallVector<int64_t>> axes = b.axes(order, b.rank(0));
  if (failed(axes))
    return failure();
  if (static_cast<int64_t>(order.size()) != b.rank(0))
    return b.error("'perm' must name each dimension: expected " +
                   Twine(b.rank(0)) + ", got " + Twine(order.size()));
  for (int64_t &axis : order)
    axis += axis < 0 ? b.rank(0) : 0;
  return b.set(0, b.transpose(b.data(0), order));
}

static LogicalResult importExpand(NodeBuilder &b) {
  FailureOr<ShapeValue> target = b.needShape(1, "shape");
  if (failed(target))
    return failure();
  FailureOr<SmallVector<DimAttr>> dims =
      b.broadcastShapes({b.dims(0), target->elements});
  return failed(dims) ? failure() : b.set(0, b.broadcast(b.data(0), *dims));
}

/// A repeated dimension gets one before it, which is broadcast and merged.
static LogicalResult importTile(NodeBuilder &b) {
  FailureOr<ShapeValue> repeats = b.needShape(1, "repeats");
  if (failed(repeats))
    return failure();
  SmallVector<DimAttr> from = b.dims(0), apart, repeated, merged;
  if (repeats->elements.size() != from.size())
    return b.error("'repeats' must have one number a dimension: expected " +
                   Twine(from.size()) + ", got " +
                   Twine(repeats->elements.size()));
  for (auto [dim, repeat] : llvm::zip_equal(from, repeats->elements)) {
    apart.append({b.dim(1), dim});
    repeated.append({repeat, dim});
    merged.push_back(dim.mul(repeat));
  }
  return b.set(
      0, b.reshape(b.broadcast(b.reshape(b.data(0), apart), repeated), merged));
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static Value takeSlice(NodeBuilder &b, Value input, int64_t axis,
                       const SliceRange &range) {
  if (b.hasFailed())
    return nullptr;
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<DimAttr> dims = graph::getDims(type);
  if (range.start == b.dim(0) && range.count == dims[axis] && range.step == 1)
    return input;
  dims[axis] = range.count;
  return b.makeOf<graph::SliceOp>(dims, type.getElementType(), input, axis,
                                  range.start, range.step);
}

static LogicalResult importSlice(NodeBuilder &b) {
  FailureOr<SmallVector<AxisSlice>> slices = readSlices(b);
  if (failed(slices))
    return failure();
  Value value = b.data(0);
  for (const AxisSlice &slice : *slices)
    value = takeSlice(b, value, slice.axis, slice.range);
  return b.set(0, value);
}

/// The sizes of Split's parts: written, or equal with the last one smaller.
static FailureOr<SmallVector<DimAttr>> splitSizes(NodeBuilder &b,
                                                  DimAttr whole) {
  if (b.has(1)) {
    FailureOr<ShapeValue> sizes = b.needShape(1, "split");
    if (failed(sizes))
      return failure();
    return sizes->elements;
  }
  if (const NodeAttribute *sizes = b.attribute("split"))
    return llvm::map_to_vector(sizes->integers,
                               [&](int64_t size) { return b.dim(size); });
  auto parts = static_cast<int64_t>(b.node.outputs.size());
  DimAttr part = divideCeil(b, whole, parts);
  if (!part)
    return b.error("splits " + whole.str() + " elements into " + Twine(parts) +
                   " parts: expected a multiple");
  SmallVector<DimAttr> sizes(parts, part);
  sizes.back() = whole.sub(part.mul(b.dim(parts - 1)));
  return sizes;
}

static LogicalResult importSplit(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  if (failed(axis))
    return failure();
  DimAttr whole = b.dims(0)[*axis], start = b.dim(0);
  FailureOr<SmallVector<DimAttr>> sizes = splitSizes(b, whole);
  if (failed(sizes))
    return failure();
  if (sizes->size() != b.node.outputs.size())
    return b.error("'split' must have one size an output: expected " +
                   Twine(b.node.outputs.size()) + ", got " +
                   Twine(sizes->size()));
  for (auto [output, size] : llvm::enumerate(*sizes)) {
    if (b.isUsed(output) &&
        failed(b.set(output, takeSlice(b, b.data(0), *axis, {start, size, 1}))))
      return failure();
    start = start.add(size);
  }
  return b.equate(whole, start);
}

static LogicalResult importConcat(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  if (failed(axis))
    return failure();
  if (b.numInputs() == 1)
    return b.forward(0, 0);
  SmallVector<Value> parts;
  for (unsigned input = 0; input < b.numInputs(); ++input) {
    if (!b.has(input) || b.rank(input) != b.rank(0))
      return b.error("needs inputs of one rank: expected " + Twine(b.rank(0)) +
                     " for input " + Twine(input));
    for (auto [d, sizes] :
         llvm::enumerate(llvm::zip_equal(b.dims(0), b.dims(input))))
      if (static_cast<int64_t>(d) != *axis &&
          failed(b.equate(std::get<0>(sizes), std::get<1>(sizes))))
        return failure();
    parts.push_back(b.data(input));
  }
  return b.set(0, b.make<graph::ConcatOp>(parts, *axis));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Elements before and after each dimension. Negative: to be cut off.
static FailureOr<std::pair<SmallVector<int64_t>, SmallVector<int64_t>>>
readPads(NodeBuilder &b) {
  auto written = b.list("pads", 1);
  if (failed(written))
    return failure();
  auto axisList = b.list("", 3);
  if (failed(axisList))
    return failure();
  SmallVector<int64_t> axes =
      axisList->value_or(llvm::to_vector(llvm::seq<int64_t>(0, b.rank(0))));
  if (!*written || (*written)->size() != 2 * axes.size())
    return b.error("'pads' must have two numbers a dimension: expected " +
                   Twine(2 * axes.size()) + ", got " +
                   Twine(*written ? (*written)->size() : 0));
  SmallVector<int64_t> low(b.rank(0)), high(b.rank(0));
  for (auto [i, negative] : llvm::enumerate(axes)) {
    FailureOr<int64_t> axis = b.axis(negative, b.rank(0));
    if (failed(axis))
      return failure();
    low[*axis] = (**written)[i];
    high[*axis] = (**written)[i + axes.size()];
  }
  return std::pair(low, high);
}

static LogicalResult importPad(NodeBuilder &b) {
  if (b.text("mode", "constant") != "constant")
    return b.error("unsupported form: expected 'mode' to be constant, got " +
                   b.text("mode", "constant"));
  auto pads = readPads(b);
  if (failed(pads))
    return failure();
  auto &[low, high] = *pads;
  Value value = b.data(0);
  SmallVector<DimAttr> dims = b.dims(0);
  for (size_t d = 0; d < dims.size(); ++d) {
    DimAttr cut =
        b.dim(std::min<int64_t>(low[d], 0) + std::min<int64_t>(high[d], 0));
    dims[d] = dims[d].add(cut);
    value = takeSlice(b, value, d,
                      {b.dim(std::max<int64_t>(-low[d], 0)), dims[d], 1});
    low[d] = std::max<int64_t>(low[d], 0);
    high[d] = std::max<int64_t>(high[d], 0);
    dims[d] = dims[d].add(b.dim(low[d] + high[d]));
  }
  if (llvm::all_of(llvm::concat<int64_t>(low, high),
                   [](int64_t count) { return count == 0; }))
    return b.set(0, value);
  Value fill =
      b.has(2) ? b.reshape(b.data(2), {}) : b.like(value, b.number("value", 0));
  return b.set(0, b.makeOf<graph::PadOp>(dims, b.type(0).getElementType(),
                                         value, fill, low, high));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

/// Shape and Size, when evaluateShape and evaluateSize could not: they always
/// can.
static LogicalResult importUnknownSize(NodeBuilder &b) {
  return b.error("the sizes of its input are not known");
}

static constexpr NodeRule kRules[] = {
    {"", "Concat", 4, 1, -1, importConcat, evaluateConcat},
    {"", "Expand", 8, 2, 2, importExpand, evaluateExpand},
    {"", "Flatten", 1, 1, 1, importFlatten, nullptr},
    {"", "Pad", 2, 1, 4, importPad, nullptr},
    {"", "Reshape", 5, 2, 2, importReshape, nullptr},
    {"", "Shape", 1, 1, 1, importUnknownSize, evaluateShape},
    {"", "Size", 1, 1, 1, importUnknownSize, evaluateSize},
    {"", "Slice", 1, 1, 1, importSlice, evaluateSlice},
    {"", "Slice", 10, 3, 5, importSlice, evaluateSlice},
    {"", "Split", 2, 1, 2, importSplit, evaluateSplit},
    {"", "Squeeze", 1, 1, 2, importSqueeze, nullptr},
    {"", "Tile", 6, 2, 2, importTile, nullptr},
    {"", "Transpose", 1, 1, 1, importTranspose, nullptr},
    {"", "Unsqueeze", 1, 1, 2, importUnsqueeze, nullptr},
};

ArrayRef<NodeRule> onnx::shapeRules() { return kRules; }
