//===- KernelTiles.cpp - tiles in registers -------------------------------===//

#include "compiler/Emit/Cuda/KernelText.h"

#include "compiler/Emit/Cuda/LambdaText.h"
#include "compiler/Emit/Cuda/ScalarText.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tenon::cuda {

static tile::TileType typeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Whether one text stands for all spreads: the same number everywhere, or that
/// of the place.
bool KernelText::isMadeAnyhow(Value value) {
  return value.getDefiningOp<tile::FillOp>() ||
         value.getDefiningOp<tile::IndexOp>();
}

KernelText::Access KernelText::accessOf(Value view, ValueRange offsets,
                                        ArrayRef<int64_t> axes,
                                        tile::TileType type,
                                        const Spread &spread) {
  Access access;
  access.view = view.getDefiningOp<tile::ViewOp>();
  access.offsets = offsets;
  int64_t rank = type.getRank(), numAxes = numSpread(spread, rank);
  for (int64_t axis = 0; axis < rank - numAxes; ++axis) {
    if (type.getExtent(axis) != 1)
      fail(access.view, "a tile of " + Twine(rank) + " axes");
    access.pointDims.push_back(axes[axis]);
  }
  for (int64_t axis = rank - numAxes; axis < rank; ++axis) {
    bool isRows = numAxes == 2 ? axis == rank - 2 : spread.part == Part::Rows;
    (isRows ? access.rowDim : access.columnDim) = axes[axis];
    (isRows ? access.rows : access.columns) = type.getExtent(axis);
  }
  return access;
}

std::string KernelText::scratch(int64_t bytes) {
  scratchBytes = std::max(scratchBytes, bytes);
  return "kScratch";
}

//===----------------------------------------------------------------------===//
// One text for each op
//===----------------------------------------------------------------------===//

std::string KernelText::textOfLoad(tile::LoadOp load, const Spread &spread) {
  Access access = accessOf(load.getView(), load.getOffsets(), load.getAxes(),
                           load.getType(), spread);
  return loadText(access, spread);
}

std::string KernelText::loadText(const Access &access, const Spread &spread) {
  tile::ViewOp view = access.view;
  if (dimOrder(view).empty() && view.getType().getRank() > 0)
    return fail(view, "a packed view");
  switch (spread.part) {
  case Part::Scalar:
    return formatv("loadOne({0})", windowText(access));
  case Part::Rows:
    return formatv("loadRows<{0}>({1})", spread.layout, windowText(access));
  case Part::Columns:
    return formatv("loadColumns<{0}, {1}>({2})", spread.layout,
                   neighboursOf(access), windowText(access));
  case Part::Whole:
    return formatv("load<{0}, {1}>({2})", spread.layout, neighboursOf(access),
                   windowText(access));
  }
  llvm_unreachable("there is no other part");
}

std::string KernelText::textOfGather(tile::GatherOp gather,
                                     const Spread &spread) {
  auto view = gather.getView().getDefiningOp<tile::ViewOp>();
  int64_t numIndexAxes = gather.getIndices().getType().getRank();
  int64_t dim = gather.getDim();
  Access access;
  access.view = view;
  access.offsets = gather.getOffsets();
  access.otherDim = dim;
  std::string stride = "i64(" + strideText(view, dim) + ")";
  std::string gathered =
      formatv("GatheredDim{{{0}, {1}}", number(view.getSizes()[dim]), stride);
  if (gather.getAxes().empty()) {
    std::string window = windowText(access);
    std::string indices = tile(gather.getIndices(), spread);
    std::string one =
        formatv("[=](i64 x) {{ return gatherOne({0}.first, {1}, x); }", window,
                gathered);
    if (spread.part == Part::Scalar)
      return formatv("({0})({1})", one, indices);
    return formatv("{0}<{1}>({2}, {3})", mapName(spread), spread.layout, one,
                   indices);
  }
  if (gather.getAxes().size() != 1 || numIndexAxes > 1 ||
      spread.part != Part::Whole)
    return fail(gather, "a gather of this shape");
  access.columnDim = gather.getAxes()[0];
  access.columns = gather.getType().getShape().back();
  Spread rows{Part::Rows, spread.layout};
  std::string indices =
      tile(gather.getIndices(), numIndexAxes == 0 ? Spread() : rows);
  return formatv("gatherRows<{0}, {1}>({2}, {3}, {4})", spread.layout,
                 neighboursOf(access), windowText(access), gathered, indices);
}

/// Whether all that becomes of the map's elements is a sum: a thread adds them
/// up as products.
static bool isOnlyAddedUp(tile::MapOp map) {
  auto reduce =
      map->hasOneUse() ? dyn_cast<tile::ReduceOp>(*map->user_begin()) : nullptr;
  return reduce && reduce.getKind() == tile::Combine::Sum &&
         map.getType().getRank() == 2 && map.getType().getElementType().isF32();
}

/// A map of numbers: what its body computes.
std::string KernelText::textOfNumber(tile::MapOp map) {
  Block &body = map.getBody().front();
  for (auto [argument, input] :
       llvm::zip_equal(body.getArguments(), map.getInputs()))
    numbers[argument] = tile(input, Spread());
  Value result = cast<tile::YieldOp>(body.getTerminator()).getValue();
  std::string text = withoutParentheses(number(result));
  bool isComputed =
      result.getParentBlock() == &body && !matchPattern(result, m_Constant());
  return isComputed ? text : scalarType(result.getType()) + "(" + text + ")";
}

std::string KernelText::textOfMap(tile::MapOp map, const Spread &spread) {
  if (spread.part == Part::Scalar)
    return textOfNumber(map);
  unsigned depth = scopes.size();
  for (auto [n, scope] : llvm::enumerate(scopes))
    if (scope.get() == &scopeOf(map))
      depth = n + 1;
  bool asksWhere = comparesPositions(map);
  FailureOr<std::string> function = lambdaText(
      map, {2 * depth, positionsIn(map), asksWhere, isOnlyAddedUp(map)},
      [&](Value outer) { return number(outer); });
  if (failed(function)) {
    hasFailed = true;
    return "";
  }
  std::string inputs;
  for (auto [n, input, isPosition] :
       llvm::enumerate(map.getInputs(), positionsAmong(map))) {
    Spread ofInput = spreadOfInput(map, n, spread);
    std::string text = tile(input, ofInput);
    bool isNumber =
        ofInput.part == Part::Scalar || !input.getDefiningOp<tile::IndexOp>();
    inputs += (n ? ", " : "") +
              (isPosition && isNumber ? "Position{" + text + "}" : text);
  }
  return formatv("{0}{1}<{2}>({3}{4}{5})", mapName(spread),
                 asksWhere ? "Where" : "", spread.layout, *function,
                 inputs.empty() ? "" : ", ", inputs);
}

StringRef KernelText::nameOf(tile::Combine kind) {
  switch (kind) {
  case tile::Combine::Sum:
    return "Sum";
  case tile::Combine::Max:
    return "Max";
  case tile::Combine::Min:
    return "Min";
  case tile::Combine::Prod:
    return "Prod";
  case tile::Combine::MaxNumber:
    return "MaxNumber";
  }
  llvm_unreachable("there is no other kind");
}

/// Where warps leave what they have of each of so many results.
std::string KernelText::memoryOfReduction(int64_t results, int64_t numWarps) {
  // The layout may reach further than the tile does.
  constexpr int64_t kLanes = 32, kMostBytes = 8;
  int64_t slots = llvm::alignTo(results, kLanes * warpRows * warpColumns);
  return numWarps == 1 ? "0" : scratch(slots * numWarps * kMostBytes);
}

std::string KernelText::endOf(tile::ReduceOp reduce) {
  Value limit = reduce.getLimit();
  return limit ? "Below(" + number(limit) + ")" : "All()";
}

/// Of an element a row, or a column, or of a row of its own.
std::string KernelText::textOfVectorReduce(tile::ReduceOp reduce) {
  Value input = reduce.getInput();
  Spread spread = naturalSpread(input);
  StringRef kind = nameOf(reduce.getKind());
  if (spread.part == Part::Whole)
    return formatv("reduceRows<{0}>({1}, {2}, {3}).v[0]", kind,
                   tileObject(input, spread), endOf(reduce),
                   memoryOfReduction(1, warpColumns));
  int64_t numWarps = spread.part == Part::Rows ? warpRows : warpColumns;
  return formatv("reduceVector<{0}>({1}, {2}, {3})", kind,
                 tileObject(input, spread), endOf(reduce),
                 memoryOfReduction(1, numWarps));
}

/// The warps that have parts of a row of the tile, or of a column.
int64_t KernelText::numWarpsAlong(tile::TileType tile, bool isOfRows) {
  int64_t rows = tile.getExtent(0), columns = tile.getExtent(1);
  bool isAcross = !hasProduct(rows, columns) && isStoredAcross(rows, columns);
  return isOfRows != isAcross ? warpColumns : warpRows;
}

/// In the natural spread.
std::string KernelText::textOfReduce(tile::ReduceOp reduce) {
  Value input = reduce.getInput();
  tile::TileType type = typeOf(input);
  if (type.getRank() == 3)
    return textOfSlicedReduce(reduce);
  if (type.getRank() == 1)
    return textOfVectorReduce(reduce);
  bool isOfRows = reduce.getAxis() == 1;
  StringRef kind = nameOf(reduce.getKind());
  std::string tile = tileObject(input, naturalSpread(input));
  if (partSums.contains(reduce))
    return formatv("{0}<{1}>({2}, {3})",
                   isOfRows ? "reducePartly" : "reduceColumnsPartly", kind,
                   tile, endOf(reduce));
  return formatv("{0}<{1}>({2}, {3}, {4})",
                 isOfRows ? "reduceRows" : "reduceColumns", kind, tile,
                 endOf(reduce),
                 memoryOfReduction(type.getExtent(isOfRows ? 0 : 1),
                                   numWarpsAlong(type, isOfRows)));
}

/// A tile in another spread, by way of memory.
std::string KernelText::textOfConversion(Value value, const Spread &from,
                                         const Spread &to) {
  std::string name = tileObject(value, from);
  tile::TileType type = typeOf(value);
  constexpr int64_t kMostBytes = 8, kMostPadding = 16;
  int64_t bytes = kMostBytes;
  for (int64_t extent : type.getShape())
    bytes *= llvm::alignTo(extent, kMostPadding) + kMostPadding;
  if (type.getRank() == 2)
    return formatv("convert<{0}>({1}, {2})", to.layout, name, scratch(bytes));
  auto isRows = [](const Spread &spread) { return spread.part == Part::Rows; };
  if (from.part == Part::Whole || to.part == Part::Whole)
    return fail(value.getDefiningOp(), "a vector that lies in two ways");
  return formatv("convertVector<{0}, {1}>({2}, {3})", to.layout,
                 isRows(to) ? 0 : 1, name, scratch(bytes));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

std::string KernelText::textOf(Value value, const Spread &spread) {
  return llvm::TypeSwitch<Operation *, std::string>(value.getDefiningOp())
      .Case([&](tile::LoadOp op) { return textOfLoad(op, spread); })
      .Case([&](tile::GatherOp op) { return textOfGather(op, spread); })
      .Case([&](tile::MapOp op) { return textOfMap(op, spread); })
      .Case([&](tile::ReduceOp op) { return textOfReduce(op); })
      .Case([&](tile::MmaOp op) { return textOfProduct(op); })
      .Default([&](Operation *op) {
        return fail(op ? op : kernel.getOperation(), "an op without a text");
      });
}

/// Whether statements before made what the text stands for.
static bool isName(StringRef text) {
  return !text.empty() && llvm::isAlpha(text[0]) &&
         llvm::all_of(text, llvm::isAlnum);
}

std::string KernelText::tile(Value value, const Spread &spread) {
  if (auto fill = value.getDefiningOp<tile::FillOp>())
    return number(fill.getValue());
  if (auto index = value.getDefiningOp<tile::IndexOp>())
    return spread.part == Part::Scalar
               ? number(index.getOffset())
               : formatv("{0}{{{1}}",
                         spread.part == Part::Rows ? "RowIndex" : "ColumnIndex",
                         number(index.getOffset()))
                     .str();
  if (auto loop = value.getDefiningOp<scf::ForOp>();
      loop && !variables.contains(value))
    printLoop(loop);
  Operation *op = value.getDefiningOp();
  bool isFixed = !op || isa<scf::ForOp, tile::ReduceOp, tile::MmaOp>(op);
  Spread natural = isFixed ? naturalSpread(value) : spread;
  bool isConverted = natural.part != spread.part ||
                     (natural.layout != spread.layout &&
                      !(spread.part == Part::Rows &&
                        haveSameRows(natural.layout, spread.layout)));
  if (auto found = variables.find(value);
      found != variables.end() && !isConverted)
    return found->second.name;
  const Spread &key = isConverted ? spread : natural;
  Scope &scope = scopeOf(value);
  if (std::string name = scope.nameOf(value, key.key()); !name.empty())
    return name;
  std::string text = isConverted ? textOfConversion(value, natural, spread)
                                 : textOf(value, natural);
  if (isName(text))
    return scope.nameOf(value, key.key()) = text;
  std::string name = newName("t");
  line(scope, "auto " + name + " = " + text + ";");
  return scope.nameOf(value, key.key()) = name;
}

std::string KernelText::tileObject(Value value, const Spread &spread) {
  std::string text = tile(value, spread);
  bool isNumber = typeOf(value).getRank() == 0 && spread.part != Part::Scalar;
  if (!isNumber && !isMadeAnyhow(value))
    return text;
  Type element = typeOf(value).getElementType();
  if (value.getDefiningOp<tile::IndexOp>())
    return formatv("{0}<{1}>([=](i64 x) {{ return x; }, {2})", mapName(spread),
                   spread.layout, text);
  if (spread.part == Part::Scalar)
    return text;
  return formatv("fill<{0}>({1})", typeText(element, spread), text);
}

/// Where a tile of so many bytes may be laid down behind all products.
std::string KernelText::memoryBehindProducts(int64_t bytes) {
  auto loops = entry().getOps<scf::ForOp>();
  bool isAlone = llvm::hasSingleElement(loops) &&
                 variables.contains((*loops.begin()).getResult(0)) &&
                 entry().getOps<tile::MmaOp>().empty();
  return isAlone && bytes <= sharedBytes ? "0" : scratch(bytes);
}

/// Whether a warp would write half of what memory writes at once, if it wrote
/// the tile as a product leaves it.
bool KernelText::isStaged(tile::StoreOp store) {
  tile::TileType type = typeOf(store.getTile());
  constexpr int64_t kBytes = 16, kSector = 32;
  constexpr int64_t kAlong = 8; // columns of a product that a warp has at once
  int64_t elementBytes = type.getElementType().getIntOrFloatBitWidth() / 8;
  int64_t columns = type.getShape().back(),
          last = fastDim(store.getView().getDefiningOp<tile::ViewOp>());
  return usesUnit && type.getRank() == 2 &&
         hasProduct(type.getExtent(0), columns) &&
         elementBytes * kAlong < kSector && store.getAxes().back() == last &&
         elementBytes * columns % kBytes == 0;
}

/// The tile as rows of neighbours.
std::string KernelText::textOfStagedStore(tile::StoreOp store,
                                          const std::string &tile) {
  if (!isStaged(store))
    return tile;
  tile::TileType type = typeOf(store.getTile());
  constexpr int64_t kLanes = 32, kBytes = 16;
  int64_t elementBytes = type.getElementType().getIntOrFloatBitWidth() / 8,
          columns = type.getShape().back(), neighbours = kBytes / elementBytes;
  int64_t lanes = std::min<int64_t>(
      kLanes, llvm::bit_floor<uint64_t>(columns / neighbours));
  int64_t bytes = type.getExtent(0) * (columns * elementBytes + kBytes);
  return formatv("convert<StoredLayout<{0}, {1}, W, {2}, {3}>>({4}, {5})",
                 type.getExtent(0), columns, lanes, neighbours, tile,
                 memoryBehindProducts(bytes));
}

/// Whether a tensor is more than a GPU's L2 would keep for who reads it next,
/// so that it had better leave room for what the kernel itself reads again.
static bool isStreamed(tile::ViewOp view) {
  constexpr int64_t kKept = 16 << 20;
  int64_t bytes = view.getType().getElementType().getIntOrFloatBitWidth() / 8;
  for (Value size : view.getSizes()) {
    IntegerAttr constant;
    if (!matchPattern(size, m_Constant(&constant)))
      return false;
    bytes *= constant.getInt();
  }
  return bytes >= kKept;
}

/// The same by a tensor map, where the results are boxes and fit into what the
/// products have left; empty elsewhere.
std::string KernelText::textOfTensorStore(tile::StoreOp store,
                                          const Access &access,
                                          const std::string &tile) {
  tile::TileType type = typeOf(store.getTile());
  int64_t elementBytes = type.getElementType().getIntOrFloatBitWidth() / 8,
          columns = type.getShape().back();
  // Panels that reach further would overwrite what lies beside the tile.
  if (!usesGroups || !isStaged(store) ||
      swizzledColumns(columns, elementBytes) != columns)
    return "";
  Side side;
  side.tile = store.getTile();
  side.rows = type.getExtent(0);
  side.columns = columns;
  side.copied = access;
  std::string element = scalarType(type.getElementType());
  int64_t bytes = side.rows * columns * elementBytes;
  std::optional<BoxCopy> box = boxCopy(side);
  if (!box || memoryBehindProducts(bytes) != "0")
    return "";
  std::string at;
  for (Value offset : box->at)
    at += ", " + number(offset);
  return formatv(
      "storeTensor<{0}>(SwizzledTile<{1}, {2}, {3}>(0), {4}, {5}{6});",
      isStreamed(access.view) ? "true" : "false", element, side.rows,
      side.columns, mapName(box->map), tile, at);
}

void KernelText::printStore(tile::StoreOp store) {
  Value value = store.getTile();
  Spread spread = naturalSpread(value);
  std::string object = tileObject(value, spread);
  Access access = accessOf(store.getView(), store.getOffsets(), store.getAxes(),
                           typeOf(value), spread);
  Scope &scope = *scopes.back();
  std::string window = windowText(access);
  switch (spread.part) {
  case Part::Scalar:
    return line(scope, formatv("storeOne({0}, {1});", window, object));
  case Part::Rows:
    return line(scope, formatv("storeRows({0}, {1});", window, object));
  case Part::Columns:
    return line(scope, formatv("storeColumns<{0}>({1}, {2});",
                               neighboursOf(access), window, object));
  case Part::Whole:
    if (std::string text = textOfTensorStore(store, access, object);
        !text.empty())
      return line(scope, text);
    return line(scope, formatv("store<{0}{1}>({2}, {3});", neighboursOf(access),
                               isStreamed(access.view) ? ", true" : "", window,
                               textOfStagedStore(store, object)));
  }
}

} // namespace tenon::cuda
