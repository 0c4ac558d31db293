//===- ScheduleChoice.cpp - the numbers that follow from shape and machine ===//

#include "passes/Schedule/ScheduleChoice.h"

#include "passes/Schedule/ScheduleRules.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;

namespace tenon {
namespace {

/// Elements of an elementwise instance: some microseconds of work.
constexpr int64_t kElementwiseBlock = 1024;
/// A reduced dim up to this many elements is one block: 16 KiB of f32, half an
/// L1.
constexpr int64_t kWholeReduction = 4096;
/// Rows of an instance: with fewer, what a row's sum is waited for is not
/// hidden; 6 KiB of f32 and what they become leave room in L1 for the next
/// ones, which are on their way. Measured on Sapphire Rapids: rows of 768 two
/// by two, one or four cost 10 % more.
constexpr int64_t kFewRows = 4, kRowElements = 1536;
/// Keys of one step of attention: scores of 4 vectors of queries are 16 KiB.
constexpr int64_t kAttentionKeys = 64;
/// Rows and columns of a block for a unit of 16 x 16 sums: two by two of its
/// tiles are fed by four loads.
constexpr int64_t kTileBlock = 2 * kUnitSide;

/// More than anything is.
constexpr int64_t kMany = std::numeric_limits<int64_t>::max();

/// What the program says about its symbols.
struct Shape {
  llvm::StringMap<std::optional<int64_t>>
      gridSize; ///< symbols of the grid: size if a number
  llvm::StringMap<std::optional<int64_t>>
      loopBound;         ///< symbols of loops: bound if a number
  tile::MmaOp product;   ///< of the longest dot length, if there is any
  int64_t dotLength = 1; ///< of its products, the longest
  int64_t rowLength = 1; ///< of rows that are reduced whole, the longest
  /// Sums of products that the loop around them scales and adds up; 1 where
  /// there is no such loop, or its turns are no number.
  int64_t numGroups = 1;

  bool isContraction() const { return loopBound.contains("BK"); }
  std::optional<int64_t> depth() const { return loopBound.lookup("BK"); }
};

Shape shapeOf(tile::KernelOp kernel) {
  Shape shape;
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] : llvm::zip_equal(grid.getSizes(), grid.getBlocks()))
    if (auto symbol = dyn_cast<StringAttr>(block))
      shape.gridSize[symbol.getValue()] = constantOf(size);
  kernel.walk([&](scf::ForOp loop) {
    if (auto extent = loop.getStep().getDefiningOp<tile::ExtentOp>()) {
      auto [entry, isNew] = shape.loopBound.try_emplace(
          extent.getSymbol(), constantOf(loop.getUpperBound()));
      if (!isNew && entry->second != constantOf(loop.getUpperBound()))
        entry->second = std::nullopt;
    }
  });
  kernel.walk([&](tile::ReduceOp reduce) {
    auto tile = cast<tile::TileType>(reduce.getInput().getType());
    Attribute extent = tile.getExtents()[reduce.getAxis()];
    if (auto number = dyn_cast<IntegerAttr>(extent))
      shape.rowLength = std::max(shape.rowLength, number.getInt());
  });
  kernel.walk([&](tile::MmaOp product) {
    int64_t length = tile::dotLength(product);
    if (!shape.product || length > shape.dotLength)
      shape.product = product;
    shape.dotLength = std::max(shape.dotLength, length);
    auto loop = product->getParentOfType<scf::ForOp>();
    if (auto groups = loop ? loop->getParentOfType<scf::ForOp>() : nullptr)
      shape.numGroups =
          std::max<int64_t>(1, constantOf(groups.getUpperBound()).value_or(1));
  });
  return shape;
}

/// Whether the extents of the kernel's products that are numbers are multiples
/// of `side`, and contract at most so many elements.
bool isWholeTiles(tile::KernelOp kernel, int64_t side, int64_t mostDepth) {
  auto isWhole = [&](Attribute extent, int64_t most) {
    auto number = dyn_cast<IntegerAttr>(extent);
    return !number || (number.getInt() % side == 0 && number.getInt() <= most);
  };
  return !kernel
              .walk([&](tile::MmaOp product) {
                auto lhs = cast<tile::TileType>(product.getLhs().getType());
                ArrayRef<Attribute> sums = product.getType().getExtents();
                return WalkResult(success(
                    isWhole(lhs.getExtents()[1], mostDepth) &&
                    isWhole(sums[0], kMany) && isWhole(sums[1], kMany)));
              })
              .wasInterrupted();
}

/// Contracted elements of a step of the unit.
int64_t depthOfStep(const tile::ProductUnit &unit) {
  constexpr int64_t kStepBytes = 64;
  return kStepBytes / (unit.numParts > 1 ? 2 : 4 / unit.dotLength);
}

/// Whether both sides are of a stack, as activations are, and no weights.
bool isOfStack(tile::MmaOp product) {
  auto load =
      tile::narrowOperand(product.getRhs()).tile.getDefiningOp<tile::LoadOp>();
  return load && load.getView().getType().getRank() > 2;
}

/// Whether the product's operands are copied, with zeros up to whole steps, for
/// the contracted axis ends within one, or nobody knows where.
bool copiesOperands(const Shape &shape, const tile::ProductUnit &unit) {
  return unit.isOfTiles && unit.numParts == 1 && shape.isContraction() &&
         isOfStack(shape.product) &&
         shape.depth().value_or(1) % depthOfStep(unit) != 0;
}

/// Whether tiles of sums fit: products of whole tiles over whole steps, or of
/// operands that are copied; so are those of attention, over half steps too.
/// What attention splits is split at once, so it must not be deep.
bool fitsTiles(tile::KernelOp kernel, const Shape &shape,
               const tile::ProductUnit &unit) {
  if (!shape.isContraction() && unit.numParts > 1)
    return isWholeTiles(kernel, kTileBlock, /*mostDepth=*/kTileAttention);
  if (!shape.isContraction())
    return unit.dotLength == 2 && isWholeTiles(kernel, kUnitSide, kMany);
  return copiesOperands(shape, unit) ||
         shape.depth().value_or(1) % depthOfStep(unit) == 0;
}

/// Whether vectors multiply floats that were integers as fast as these come
/// from memory, so that no unit is worth staging them for: in short sums of
/// groups, or for few rows.
bool multipliesInVectors(const Shape &shape, const tile::ProductUnit &unit) {
  if (shape.numGroups > 1)
    return true;
  bool isFew = shape.gridSize.lookup("BM").value_or(1) < 2 * kTileBlock;
  return isFew && unit.numParts == 1 && tile::bitsOfWidened(shape.product) != 0;
}

/// Whether a contraction has rows and columns enough for the unit: for tiles,
/// which a product of few rows loads for hardly more than to stream its
/// weights, and vectors stream them faster. A unit that splits its operands
/// leaves few rows to vectors, which pass weights in chunks that all rows
/// share: that is worth it for more rows than registers hold.
bool isWorth(tile::KernelOp kernel, const tile::ProductUnit &unit,
             const Shape &shape) {
  if (multipliesInVectors(shape, unit))
    return false;
  if (!unit.isOfTiles)
    return true;
  if (!shape.isContraction())
    return unit.numParts == 1 || shape.gridSize.lookup("BM").value_or(kMany) >
                                     mostUnsplitQueries(kernel);
  auto isMany = [&](StringRef symbol, int64_t least) {
    auto size = shape.gridSize.find(symbol);
    return size != shape.gridSize.end() &&
           size->second.value_or(least) >= least;
  };
  if (unit.numParts == 1)
    return isMany("BM", kFewestTileRows);
  constexpr int64_t kFewestChunkedRows = 7;
  return isMany("BM", kFewestChunkedRows) && isMany("BN", 2 * kTileBlock);
}

/// Rows, columns and contracted elements of a contraction's block, and the
/// columns that lie together in its packed right side.
struct ContractionBlock {
  int64_t rows, columns, depth, panel;
};

/// A block of split numbers: both operands are split once for it, so it is
/// large; the parts of two turns and the sums of 256 x 256 are 1 MiB, half of
/// an L2 beside such units, and larger ones were slower. An even number of
/// blocks shares well among threads.
ContractionBlock splitBlock(const Shape &shape, int64_t depth, int64_t panel) {
  constexpr int64_t kRows = 256, kMostPanels = 4, kLeastPanels = 2;
  /// Columns in the products of which the rest of a block takes as long:
  /// measured on Sapphire Rapids.
  constexpr double kSplitCost = 20;
  std::optional<int64_t> size = shape.gridSize.lookup("BN");
  int64_t best = kMostPanels;
  double least = 0;
  for (int64_t panels = kMostPanels; size && panels >= kLeastPanels; --panels) {
    int64_t columns = panels * panel;
    if (columns % kTileBlock != 0)
      continue;
    double blocks = llvm::alignTo(llvm::divideCeil(*size, columns), 2);
    double cost = blocks * (columns + kSplitCost);
    if (least == 0 || cost < least) {
      least = cost;
      best = panels;
    }
  }
  return {kRows, best * panel, depth, panel};
}

/// A block of tiles: as many rows as half of L2 holds, of which 32 are
/// multiplied while what follows the product is computed of those before.
ContractionBlock tileBlock(const Shape &shape, const ScheduleMachine &machine,
                           int64_t depth) {
  constexpr uint64_t kMostRows = 8 * kTileBlock;
  uint64_t rowBytes = 4 / shape.dotLength * depth;
  uint64_t fitting = llvm::bit_floor(machine.l2Bytes / 2 / rowBytes);
  int64_t rows = std::clamp<uint64_t>(fitting, kTileBlock, kMostRows);
  return {rows, kTileBlock, depth, kTileBlock};
}

/// A block of copies, all of which stay near: as in attention.
ContractionBlock copiedBlock(const Shape &shape,
                             const tile::ProductUnit &unit) {
  auto cut = [&](StringRef symbol) {
    int64_t size = shape.gridSize.lookup(symbol).value_or(kTileAttention);
    return std::min<int64_t>(kTileAttention, llvm::alignTo(size, kTileBlock));
  };
  constexpr int64_t kMostDepth = 2 * kTileAttention;
  int64_t depth =
      llvm::alignTo(shape.depth().value_or(kTileAttention), depthOfStep(unit));
  int64_t columns = cut("BN");
  return {cut("BM"), columns, std::min(kMostDepth, depth), columns};
}

ContractionBlock contractionBlock(const Shape &shape,
                                  const ScheduleMachine &machine,
                                  const tile::ProductUnit *unit) {
  int64_t depth = std::max<int64_t>(1, shape.depth().value_or(kWholeReduction));
  bool isSplit = unit && unit->numParts > 1;
  // Few rows of what is split pass chunks of the panels of many.
  RegisterBlock registers = chooseRegisterBlock(
      machine, isSplit ? std::nullopt : shape.gridSize.lookup("BM"),
      shape.gridSize.lookup("BN"));
  int64_t columns = registers.vectors * machine.lanes();
  if (isSplit)
    return splitBlock(shape, depth, columns);
  if (unit && copiesOperands(shape, *unit))
    return copiedBlock(shape, *unit);
  if (unit && unit->isOfTiles)
    return tileBlock(shape, machine, depth);
  return {registers.rows, columns, depth, columns};
}

bool dependsOnGrid(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (isa<tile::GridOp>(op) ||
                llvm::any_of(op->getOperands(), dependsOnGrid));
}

/// The queries and keys of a step of attention, and whether queries lie in the
/// lanes.
struct AttentionBlock {
  int64_t queries, keys;
  bool hasQueriesInLanes;
};

AttentionBlock attentionBlock(tile::KernelOp kernel, const Shape &shape,
                              const ScheduleMachine &machine,
                              const tile::ProductUnit *unit) {
  // A block is not larger than what there is, in whole steps.
  auto cut = [](std::optional<int64_t> size, int64_t most, int64_t step) {
    int64_t whole =
        llvm::alignTo(std::max<int64_t>(1, size.value_or(most)), step);
    return std::min(most, whole);
  };
  std::optional<int64_t> queries = shape.gridSize.lookup("BM"),
                         keys = shape.loopBound.lookup("BN");
  // What is split is split for each block of queries, so these are large; of a
  // causal mask a large block computes more that is hidden.
  if (unit && unit->numParts > 1)
    return {
        cut(queries, kTileAttention * (isCausal(kernel) ? 1 : 2), kTileBlock),
        cut(keys, kTileAttention, kTileBlock), false};
  // Tiles of sums have rows as they are, and so has what follows them. For one
  // tile of queries all that is staged of the keys should stay in L1.
  if (unit && unit->isOfTiles) {
    int64_t rows = cut(queries, kTileQueries, kUnitSide);
    bool isFewCausal =
        isCausal(kernel) && queries.value_or(kMany) <= kFewCausalQueries;
    int64_t most = rows <= kUnitSide ? 2 * kUnitSide
                   : isFewCausal     ? kTileQueries
                                     : kTileAttention;
    return {rows, cut(keys, most, 2 * kUnitSide), false};
  }
  // Few queries would leave lanes idle; keys are many, as in decoding.
  int64_t lanes = machine.lanes();
  if (queries && *queries <= lanes / 4 && hasWholeColumns(kernel, lanes))
    return {std::max<int64_t>(1, *queries), kKeysInLanes, false};
  return {cut(queries, 4 * lanes, lanes), cut(keys, kAttentionKeys, lanes),
          true};
}

/// The columns of an instance of no product: no more than there are.
int64_t columnsOfInstance(const Shape &shape, const ScheduleMachine &machine) {
  if (shape.gridSize.size() == 1)
    return kElementwiseBlock;
  int64_t size = shape.gridSize.lookup("BN").value_or(kElementwiseBlock);
  return std::min<int64_t>(
      kElementwiseBlock / kFewRows,
      llvm::alignTo(std::max<int64_t>(1, size), machine.lanes()));
}

/// Its rows: few of those that are reduced, else as many as make a block of the
/// columns.
int64_t rowsOfInstance(const Shape &shape, const ScheduleMachine &machine) {
  if (shape.rowLength > 1 || !shape.gridSize.contains("BN"))
    return std::clamp<int64_t>(kRowElements / shape.rowLength, 1, kFewRows);
  int64_t rows = kElementwiseBlock / columnsOfInstance(shape, machine);
  return std::clamp<int64_t>(shape.gridSize.lookup("BM").value_or(rows), 1,
                             rows);
}

/// How a contraction walks its grid: rows are the fastest axis, columns the
/// next, so a panel of columns meets many rows; as many as half of L2 holds
/// meet each panel in turn.
void chooseWalk(tile::KernelOp kernel, const Shape &shape,
                const ScheduleMachine &machine, NamedAttrList &schedule) {
  Builder b(kernel.getContext());
  auto order = llvm::to_vector(
      llvm::seq<int64_t>(0, kernel.getGrid().getBlocks().size()));
  if (order.size() >= 2)
    std::swap(order[order.size() - 1], order[order.size() - 2]);
  schedule.set("order", b.getDenseI64ArrayAttr(order));
  std::optional<int64_t> depth = shape.depth();
  if (!depth || order.size() < 2)
    return;
  int64_t bytes =
      4 / shape.dotLength * shape.numGroups * std::max<int64_t>(1, *depth);
  if (auto rows = schedule.getNamed("BM"))
    bytes *= cast<IntegerAttr>(rows->getValue()).getInt();
  int64_t group = std::max<int64_t>(1, machine.l2Bytes / 2 / bytes);
  schedule.set("group", b.getIndexAttr(group));
}

} // namespace

bool isCausal(tile::KernelOp kernel) {
  return kernel
      .walk([](scf::ForOp loop) {
        return dependsOnGrid(loop.getUpperBound()) ? WalkResult::interrupt()
                                                   : WalkResult::advance();
      })
      .wasInterrupted();
}

int64_t mostUnsplitQueries(tile::KernelOp kernel) {
  return isCausal(kernel) ? 384 : 192;
}

bool hasWholeColumns(tile::KernelOp kernel, int64_t lanes) {
  return !kernel
              .walk([&](tile::MmaOp product) {
                auto columns =
                    dyn_cast<IntegerAttr>(product.getType().getExtents()[1]);
                bool isWhole = !columns || columns.getInt() % lanes == 0;
                return WalkResult(success(isWhole));
              })
              .wasInterrupted();
}

DictionaryAttr scheduleWith(tile::KernelOp kernel,
                            const ScheduleMachine &machine,
                            const tile::ProductUnit *unit) {
  Shape shape = shapeOf(kernel);
  Builder b(kernel.getContext());
  NamedAttrList schedule;
  auto set = [&](StringRef symbol, int64_t value) {
    schedule.set(symbol, b.getIndexAttr(value));
  };
  bool isContraction = shape.isContraction();
  bool isAttention = shape.product && !isContraction;
  ContractionBlock block = {};
  AttentionBlock attention = {};
  if (isContraction)
    block = contractionBlock(shape, machine, unit);
  if (isAttention)
    attention = attentionBlock(kernel, shape, machine, unit);

  for (auto &[symbol, size] : shape.gridSize) {
    bool isRow = symbol == "BM";
    if (isContraction)
      set(symbol, isRow ? block.rows : block.columns);
    else if (isAttention)
      set(symbol, attention.queries);
    else
      set(symbol, isRow ? rowsOfInstance(shape, machine)
                        : columnsOfInstance(shape, machine));
  }
  for (auto &[symbol, bound] : shape.loopBound) {
    if (symbol == "BK")
      set(symbol, block.depth);
    else if (isAttention)
      set(symbol, attention.keys);
    else
      set(symbol, bound && *bound <= kWholeReduction
                      ? std::max<int64_t>(1, *bound)
                      : 64);
  }
  if (attention.hasQueriesInLanes)
    schedule.set("lanes", b.getStringAttr("first"));
  if (unit)
    schedule.set("unit", b.getStringAttr(unit->name));
  if (block.panel != block.columns)
    set("panel", block.panel);
  if (isContraction)
    chooseWalk(kernel, shape, machine, schedule);
  return schedule.getDictionary(kernel.getContext());
}

SmallVector<const tile::ProductUnit *>
unitsFor(tile::KernelOp kernel, const ScheduleMachine &machine) {
  SmallVector<const tile::ProductUnit *> units;
  Shape shape = shapeOf(kernel);
  if (shape.product)
    for (const std::string &device : machine.units)
      for (const tile::ProductUnit &unit : tile::productUnits())
        if (unit.device == device && tile::computes(unit, shape.product) &&
            (!unit.isOfTiles || fitsTiles(kernel, shape, unit)))
          units.push_back(&unit);
  units.push_back(nullptr);
  return units;
}

DictionaryAttr chooseSchedule(tile::KernelOp kernel,
                              const ScheduleMachine &machine) {
  Shape shape = shapeOf(kernel);
  auto units = unitsFor(kernel, machine);
  const auto *unit = llvm::find_if(units, [&](const tile::ProductUnit *unit) {
    return !unit || isWorth(kernel, *unit, shape);
  });
  return scheduleWith(kernel, machine, *unit);
}

} // namespace tenon
