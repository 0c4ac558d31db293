//===- ChooseSchedule.cpp - give each kernel numbers for its symbols ------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/RegisterBlock.h"
#include "passes/Schedule/ScheduleReason.h"
#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_CHOOSESCHEDULEPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

/// Elements of an elementwise instance: some microseconds of work.
constexpr int64_t kElementwiseBlock = 1024;
/// A reduced dim up to this many elements is one block: 16 KiB of f32, half an
/// L1.
constexpr int64_t kWholeReduction = 4096;
/// Keys of one step of attention: scores of 4 vectors of queries are 8 KiB.
constexpr int64_t kAttentionKeys = 32;
/// Queries and keys of a step by tiles of sums, whose scores are read from
/// memory anyhow: 64 KiB. Measured on Sapphire Rapids.
constexpr int64_t kTileAttention = 128;
/// Rows and columns of a block for a unit of 16 x 16 sums: two by two of its
/// tiles are fed by four loads.
constexpr int64_t kUnitSide = 16, kTileBlock = 2 * kUnitSide;

std::optional<int64_t> constantOf(Value value) {
  IntegerAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return number.getInt();
  return std::nullopt;
}

/// What the program says about its symbols.
struct Shape {
  llvm::StringMap<std::optional<int64_t>>
      gridSize; ///< symbols of the grid: size if a number
  llvm::StringMap<std::optional<int64_t>>
      loopBound;         ///< symbols of loops: bound if a number
  tile::MmaOp product;   ///< of the longest dot length, if there is any
  int64_t dotLength = 1; ///< of its products, the longest

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
  kernel.walk([&](tile::MmaOp product) {
    int64_t length = tile::dotLength(product);
    if (!shape.product || length > shape.dotLength)
      shape.product = product;
    shape.dotLength = std::max(shape.dotLength, length);
  });
  return shape;
}

/// Whether the extents of the kernel's products that are numbers are whole
/// tiles and steps.
bool isWholeTiles(tile::KernelOp kernel, int64_t step) {
  auto isWhole = [](Attribute extent, int64_t unit) {
    auto number = dyn_cast<IntegerAttr>(extent);
    return !number || number.getInt() % unit == 0;
  };
  return !kernel
              .walk([&](tile::MmaOp product) {
                auto lhs = cast<tile::TileType>(product.getLhs().getType());
                ArrayRef<Attribute> sums = product.getType().getExtents();
                return WalkResult(success(isWhole(lhs.getExtents()[1], step) &&
                                          isWhole(sums[0], kUnitSide) &&
                                          isWhole(sums[1], kUnitSide)));
              })
              .wasInterrupted();
}

/// Whether tiles of sums fit: products of whole tiles over whole steps; of
/// split numbers, in contractions with rows and columns enough to be worth the
/// split.
bool fitsTiles(tile::KernelOp kernel, const Shape &shape,
               const tile::ProductUnit &unit) {
  if (!shape.isContraction())
    return unit.dotLength == 2 && isWholeTiles(kernel, 2 * kUnitSide);
  constexpr int64_t kStepBytes = 64;
  int64_t elementBytes = unit.numParts > 1 ? 2 : 4 / unit.dotLength;
  if (shape.depth().value_or(1) % (kStepBytes / elementBytes) != 0)
    return false;
  if (unit.numParts == 1)
    return true;
  auto isMany = [&](StringRef symbol, int64_t least) {
    auto size = shape.gridSize.find(symbol);
    return size != shape.gridSize.end() &&
           size->second.value_or(least) >= least;
  };
  return isMany("BM", 2 * kTileBlock) && isMany("BN", 2 * kTileBlock);
}

/// The first unit that computes the kernel's products.
const tile::ProductUnit *chooseUnit(tile::KernelOp kernel, const Shape &shape,
                                    ArrayRef<std::string> devices) {
  if (!shape.product)
    return nullptr;
  for (const std::string &device : devices)
    for (const tile::ProductUnit &unit : tile::productUnits())
      if (unit.device == device && tile::computes(unit, shape.product) &&
          (!unit.isOfTiles || fitsTiles(kernel, shape, unit)))
        return &unit;
  return nullptr;
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

/// A block of tiles: as many rows as a quarter of L2 holds, of which 32 are
/// multiplied while what follows the product is computed of those before.
ContractionBlock tileBlock(const Shape &shape, const ScheduleMachine &machine,
                           int64_t depth) {
  constexpr uint64_t kMostRows = 8 * kTileBlock;
  uint64_t rowBytes = 4 / shape.dotLength * depth;
  uint64_t fitting = llvm::bit_floor(machine.l2Bytes / 4 / rowBytes);
  int64_t rows = std::clamp<uint64_t>(fitting, kTileBlock, kMostRows);
  return {rows, kTileBlock, depth, kTileBlock};
}

ContractionBlock contractionBlock(const Shape &shape,
                                  const ScheduleMachine &machine,
                                  const tile::ProductUnit *unit) {
  int64_t depth = std::max<int64_t>(1, shape.depth().value_or(kWholeReduction));
  RegisterBlock registers =
      chooseRegisterBlock(machine, shape.gridSize.lookup("BN"));
  int64_t columns = registers.vectors * machine.lanes();
  if (unit && unit->numParts > 1)
    return splitBlock(shape, depth, columns);
  if (unit && unit->isOfTiles)
    return tileBlock(shape, machine, depth);
  return {registers.rows, columns, depth, columns};
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
  int64_t bytes = 4 / shape.dotLength * std::max<int64_t>(1, *depth);
  if (auto rows = schedule.getNamed("BM"))
    bytes *= cast<IntegerAttr>(rows->getValue()).getInt();
  int64_t group = std::max<int64_t>(1, machine.l2Bytes / 2 / bytes);
  schedule.set("group", b.getIndexAttr(group));
}

DictionaryAttr choose(tile::KernelOp kernel, const ScheduleMachine &machine,
                      ArrayRef<std::string> units) {
  Shape shape = shapeOf(kernel);
  Builder b(kernel.getContext());
  NamedAttrList schedule;
  auto set = [&](StringRef symbol, int64_t value) {
    schedule.set(symbol, b.getIndexAttr(value));
  };
  bool isContraction = shape.isContraction();
  bool isAttention = shape.product && !isContraction;
  const tile::ProductUnit *unit = chooseUnit(kernel, shape, units);
  bool usesTiles = unit && unit->isOfTiles;
  ContractionBlock block = {};
  if (isContraction)
    block = contractionBlock(shape, machine, unit);

  for (auto &[symbol, size] : shape.gridSize) {
    bool isRow = symbol == "BM";
    if (isContraction)
      set(symbol, isRow ? block.rows : block.columns);
    else if (isAttention)
      set(symbol, usesTiles ? kTileAttention : 4 * machine.lanes());
    else if (isRow)
      set(symbol, 4);
    else
      set(symbol, shape.gridSize.size() == 1 ? kElementwiseBlock
                                             : kElementwiseBlock / 4);
  }
  for (auto &[symbol, bound] : shape.loopBound) {
    if (symbol == "BK")
      set(symbol, block.depth);
    else if (isAttention)
      set(symbol, usesTiles ? kTileAttention : kAttentionKeys);
    else
      set(symbol, bound && *bound <= kWholeReduction
                      ? std::max<int64_t>(1, *bound)
                      : 64);
  }
  // Tiles of sums have rows as they are, and so has what follows them.
  if (isAttention && !usesTiles)
    schedule.set("lanes", b.getStringAttr("first"));
  if (unit)
    schedule.set("unit", b.getStringAttr(unit->name));
  if (block.panel != block.columns)
    set("panel", block.panel);
  if (isContraction)
    chooseWalk(kernel, shape, machine, schedule);
  return schedule.getDictionary(kernel.getContext());
}

struct ChooseSchedule final : impl::ChooseSchedulePassBase<ChooseSchedule> {
  using ChooseSchedulePassBase::ChooseSchedulePassBase;

  void runOnOperation() override {
    ScheduleMachine machine{vectorBytes, numVectors, f32Macs, l2Bytes};
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      bool isGiven = kernel.getSchedule().has_value();
      if (!isGiven)
        kernel.setScheduleAttr(choose(
            kernel, machine, llvm::to_vector(ArrayRef<std::string>(units))));
      if (failed(checkSchedule(kernel, kernel.getScheduleAttr(), vectorBytes,
                               [&] { return kernel.emitError(); })))
        return signalPassFailure();
      std::string reason =
          isGiven ? "given with the kernel" : scheduleReason(kernel, machine);
      kernel->setAttr("tenon.reason", StringAttr::get(&getContext(), reason));
    }
  }
};

} // namespace
} // namespace tenon
