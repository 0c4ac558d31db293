//===- KernelSlices.cpp - reductions of tiles of three axes ---------------===//
//
// A block's threads hold tiles of two axes. Of three, the one that a reduction
// leaves out is walked by a loop, and a slice of the tile is printed for its
// turn.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "compiler/Emit/Cuda/LambdaText.h"
#include "compiler/Emit/Cuda/ScalarText.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

static tile::TileType typeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Without the axis; the axes behind it move up.
static SmallVector<int64_t> without(ArrayRef<int64_t> axes, unsigned axis) {
  SmallVector<int64_t> rest(axes);
  rest.erase(rest.begin() + axis);
  return rest;
}

std::string KernelText::sliceOfLoad(tile::LoadOp load, const Slice &slice,
                                    const Spread &spread) {
  int64_t dim = load.getAxes()[slice.axis];
  SmallVector<int64_t> axes = without(load.getAxes(), slice.axis);
  SmallVector<Attribute> extents(load.getType().getExtents());
  extents.erase(extents.begin() + slice.axis);
  auto type = tile::TileType::get(load.getContext(), extents,
                                  load.getType().getElementType());
  Access access =
      accessOf(load.getView(), load.getOffsets(), axes, type, spread);
  access.slicedDim = dim;
  access.sliceTurn = slice.turn;
  return loadText(access, spread);
}

/// The map at the turn: its inputs' slices, or what they are for all turns.
std::string KernelText::sliceOfMap(tile::MapOp map, const Slice &slice,
                                   const Spread &spread) {
  std::string inputs;
  for (auto [n, input] : llvm::enumerate(map.getInputs())) {
    SmallVector<unsigned> axes = map.getMap(n);
    Slice inner{
        static_cast<unsigned>(llvm::find(axes, slice.axis) - axes.begin()),
        slice.turn};
    bool isSliced = inner.axis < axes.size();
    // The axes that the slice has, as those of the result's.
    SmallVector<unsigned> kept;
    for (unsigned axis : axes)
      if (axis != slice.axis)
        kept.push_back(axis - (axis > slice.axis));
    Spread of = spreadOfAxes(kept, map.getType().getRank() - 1, spread);
    inputs += ", " + (isSliced ? sliceText(input, inner, of) : tile(input, of));
  }
  FailureOr<std::string> function =
      lambdaText(map, {.indent = static_cast<unsigned>(2 * scopes.size())},
                 [&](Value outer) { return number(outer); });
  if (failed(function)) {
    hasFailed = true;
    return "";
  }
  return formatv("{0}<{1}>({2}{3})", mapName(spread), spread.layout, *function,
                 inputs);
}

std::string KernelText::sliceText(Value value, const Slice &slice,
                                  const Spread &spread) {
  if (auto fill = value.getDefiningOp<tile::FillOp>())
    return number(fill.getValue());
  if (auto index = value.getDefiningOp<tile::IndexOp>())
    return "(" + number(index.getOffset()) + " + " + slice.turn + ")";
  std::string text;
  if (auto load = value.getDefiningOp<tile::LoadOp>())
    text = sliceOfLoad(load, slice, spread);
  else if (auto map = value.getDefiningOp<tile::MapOp>())
    text = sliceOfMap(map, slice, spread);
  else
    return fail(value.getDefiningOp() ? value.getDefiningOp()
                                      : kernel.getOperation(),
                "a slice of it");
  std::string name = newName("t");
  line(*scopes.back(), "auto " + name + " = " + text + ";");
  return name;
}

std::string KernelText::textOfSlicedReduce(tile::ReduceOp reduce) {
  Spread spread = naturalSpread(reduce);
  tile::TileType type = typeOf(reduce.getInput());
  int64_t extent = type.getExtent(reduce.getAxis());
  std::string element = scalarType(type.getElementType()),
              kind = nameOf(reduce.getKind()).str();
  Scope &scope = scopeOf(reduce);
  std::string result = newName("sum"), turn = newName("at");
  std::string end = std::to_string(extent);
  if (Value limit = reduce.getLimit())
    end = formatv("smallest<i64>({0}, {1})", number(limit), extent);
  line(scope, formatv("auto {0} = fill<{1}>({2}::identity<{3}>());", result,
                      typeText(type.getElementType(), spread), kind, element));
  std::string head =
      formatv("for (i64 {0} = 0; {0} < {1}; ++{0}) {{", turn, end);
  // No op's block: what is no slice is printed before the loop.
  Scope &body = open(nullptr);
  std::string slice =
      sliceText(reduce.getInput(),
                {static_cast<unsigned>(reduce.getAxis()), turn}, spread);
  line(body,
       formatv("{0} = {1}<{2}>([=]({3} x, {3} y) {{ return {4}::combine(x, "
               "y); }, {0}, {5});",
               result, mapName(spread), spread.layout, element, kind, slice));
  std::string text = close();
  line(scope, head);
  scope.text += text;
  line(scope, "}");
  return result;
}

} // namespace tenon::cuda
