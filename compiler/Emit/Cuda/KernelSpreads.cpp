//===- KernelSpreads.cpp - which thread has which element of a tile -------===//
//
// Products decide first: sums of a shape lie as the unit or the multiply-adds
// leave them. What is made of rows and columns lies as those do. All else lies
// as memory does, neighbours beside each other.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "compiler/Emit/Cuda/ScalarText.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

static tile::TileType typeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Whether a product of the kernel has sums of this shape.
bool KernelText::hasProduct(int64_t rows, int64_t columns) {
  return kernel
      .walk([&](tile::MmaOp mma) {
        bool isIt =
            mma.getType().getShape() == SmallVector<int64_t>{rows, columns};
        return isIt ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether rows, not columns, of tiles of this shape are contiguous where they
/// are stored.
bool KernelText::isStoredAcross(int64_t rows, int64_t columns) {
  return llvm::any_of(entry().getOps<tile::StoreOp>(), [&](tile::StoreOp s) {
    auto last = static_cast<int64_t>(s.getView().getType().getRank()) - 1;
    SmallVector<int64_t> shape = typeOf(s.getTile()).getShape();
    return shape.size() >= 2 &&
           ArrayRef(shape).take_back(2) == ArrayRef({rows, columns}) &&
           s.getAxes().take_back(2)[0] == last;
  });
}

/// How many elements of such tiles a thread reads or writes at once: 16 bytes
/// of the widest that memory has, within what leaves lanes enough.
int64_t KernelText::neighboursInMemory(int64_t rows, int64_t columns) {
  constexpr int64_t kBits = 128, kFewest = 4, kMost = 8;
  int64_t widest = 0;
  auto see = [&](tile::ViewOp view, tile::TileType type) {
    SmallVector<int64_t> shape = type.getShape();
    if (shape.size() >= 2 &&
        ArrayRef(shape).take_back(2) == ArrayRef({rows, columns}))
      widest = std::max<int64_t>(
          widest, view.getType().getElementType().getIntOrFloatBitWidth());
  };
  kernel.walk([&](Operation *op) {
    if (auto load = dyn_cast<tile::LoadOp>(op))
      see(load.getView().getDefiningOp<tile::ViewOp>(), load.getType());
    else if (auto store = dyn_cast<tile::StoreOp>(op))
      see(store.getView().getDefiningOp<tile::ViewOp>(),
          typeOf(store.getTile()));
  });
  return widest ? std::clamp(kBits / widest, kFewest, kMost) : kFewest;
}

KernelText::NamedLayout KernelText::newLayout(int64_t rows, int64_t columns) {
  NamedLayout layout;
  layout.name = formatv("L{0}x{1}", rows, columns);
  if (hasProduct(rows, columns)) {
    StringRef kind = usesUnit ? "MatrixLayout" : "SumLayout";
    layout.text = formatv("{0}<{1}, {2}, W>", kind, rows, columns);
    layout.rows = formatv("{0} {1}", kind, rows);
    return layout;
  }
  bool isAcross = isStoredAcross(rows, columns);
  int64_t length = isAcross ? rows : columns;
  constexpr int64_t kLanes = 32;
  int64_t neighbours = std::min<int64_t>(neighboursInMemory(rows, columns),
                                         llvm::bit_floor<uint64_t>(length));
  uint64_t groups = llvm::divideCeil(length, neighbours);
  int64_t lanes = std::min<int64_t>(kLanes, llvm::bit_ceil(groups));
  StringRef kind = isAcross ? "ColumnLayout" : "RowLayout";
  layout.text = formatv("{0}<{1}, {2}, W, {3}, {4}>", kind, rows, columns,
                        lanes, neighbours);
  layout.rows =
      formatv("{0} {1} {2} {3}", kind, rows, lanes, isAcross ? neighbours : 0);
  return layout;
}

std::string KernelText::layoutOf(int64_t rows, int64_t columns) {
  auto found = layouts.find({rows, columns});
  if (found == layouts.end())
    found = layouts.insert({{rows, columns}, newLayout(rows, columns)}).first;
  return found->second.name;
}

/// An element a row, by the name of the first layout that has its rows so.
KernelText::Spread KernelText::spreadOfRows(const std::string &layout) {
  for (auto &[shape, other] : layouts)
    if (haveSameRows(other.name, layout))
      return {Part::Rows, other.name};
  return {Part::Rows, layout};
}

/// Whether both layouts have their rows in the same threads.
bool KernelText::haveSameRows(StringRef x, StringRef y) {
  auto rowsOf = [&](StringRef name) -> StringRef {
    for (auto &[shape, layout] : layouts)
      if (layout.name == name)
        return layout.rows;
    return name;
  };
  return rowsOf(x) == rowsOf(y);
}

/// What those who use a vector of elements say of it: whether it has one for
/// each row or for each column of a tile.
std::optional<KernelText::Spread> KernelText::spreadByUse(Value tile) {
  for (OpOperand &use : tile.getUses()) {
    auto map = dyn_cast<tile::MapOp>(use.getOwner());
    if (!map)
      continue;
    int64_t rank = map.getType().getRank();
    if (rank >= 2) {
      Spread spread =
          spreadOfInput(map, use.getOperandNumber(), naturalSpread(map));
      if (spread.part != Part::Scalar)
        return spread;
    }
    if (map.getType().getRank() == 1)
      if (std::optional<Spread> found = spreadByUse(map))
        return found;
  }
  return std::nullopt;
}

KernelText::Spread KernelText::spreadOfVector(Value tile) {
  Operation *op = tile.getDefiningOp();
  if (auto reduce = dyn_cast_or_null<tile::ReduceOp>(op)) {
    Spread input = naturalSpread(reduce.getInput());
    return reduce.getAxis() == 1 ? spreadOfRows(input.layout)
                                 : Spread{Part::Columns, input.layout};
  }
  if (auto map = dyn_cast_or_null<tile::MapOp>(op))
    for (Value input : map.getInputs())
      if (typeOf(input).getRank() == 1 && !isMadeAnyhow(input)) {
        Spread spread = naturalSpread(input);
        if (spread.part != Part::Whole)
          return spread;
      }
  if (std::optional<Spread> found = spreadByUse(tile))
    return *found;
  return {Part::Whole, layoutOf(1, typeOf(tile).getExtent(0))};
}

KernelText::Spread KernelText::naturalSpread(Value tile) {
  if (auto found = variables.find(tile); found != variables.end())
    return found->second.spread;
  // What a loop carries lies as what it yields does.
  auto argument = dyn_cast<BlockArgument>(tile);
  if (auto loop = tile.getDefiningOp<scf::ForOp>()) {
    unsigned number = cast<OpResult>(tile).getResultNumber();
    argument = loop.getRegionIterArg(number);
  }
  tile::TileType type = typeOf(tile);
  if (type.getRank() == 0)
    return {};
  if (int64_t rank = type.getRank(); rank >= 2)
    return {Part::Whole,
            layoutOf(type.getExtent(rank - 2), type.getExtent(rank - 1))};
  if (!argument)
    return spreadOfVector(tile);
  auto loop = cast<scf::ForOp>(argument.getOwner()->getParentOp());
  Spread any{Part::Whole, layoutOf(1, type.getExtent(0))};
  variables[argument] = {"", any}; // it says nothing of itself
  Value yielded = loop.getTiedLoopYieldedValue(argument)->get();
  Spread found = naturalSpread(yielded);
  variables.erase(argument);
  return found;
}

std::string KernelText::typeText(Type element, const Spread &spread) {
  static constexpr StringLiteral kNames[] = {"Tile", "Rows", "Columns", ""};
  std::string scalar = scalarType(element);
  if (spread.part == Part::Scalar)
    return scalar;
  return formatv("{0}<{1}, {2}>", kNames[static_cast<int>(spread.part)], scalar,
                 spread.layout);
}

/// How an input of the map must be spread for its elements to meet.
KernelText::Spread KernelText::spreadOfInput(tile::MapOp map, unsigned input,
                                             const Spread &result) {
  return spreadOfAxes(map.getMap(input), map.getType().getRank(), result);
}

StringRef KernelText::mapName(const Spread &spread) {
  return spread.part == Part::Rows      ? "mapRows"
         : spread.part == Part::Columns ? "mapColumns"
                                        : "map";
}

int64_t KernelText::numSpread(const Spread &spread, int64_t rank) {
  int64_t most = spread.part == Part::Whole    ? 2
                 : spread.part == Part::Scalar ? 0
                                               : 1;
  return std::min(most, rank);
}

/// The spread of what has these of a result's axes.
KernelText::Spread KernelText::spreadOfAxes(ArrayRef<unsigned> axes,
                                            int64_t rank,
                                            const Spread &result) {
  int64_t numPoints = rank - numSpread(result, rank);
  SmallVector<unsigned> kept;
  for (unsigned axis : axes)
    if (axis >= numPoints)
      kept.push_back(axis - numPoints);
  if (kept.empty())
    return {};
  if (result.part != Part::Whole || rank < 2)
    return result;
  if (kept.size() == 1)
    return kept[0] == 0 ? spreadOfRows(result.layout)
                        : Spread{Part::Columns, result.layout};
  if (kept[0] == 0)
    return result;
  StringRef layout = result.layout;
  if (layout.consume_front("Transposed<"))
    return {Part::Whole, layout.drop_back().str()};
  return {Part::Whole, "Transposed<" + result.layout + ">"};
}

} // namespace tenon::cuda
