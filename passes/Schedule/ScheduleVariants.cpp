//===- ScheduleVariants.cpp - another schedule for few rows ---------------===//

#include "passes/Schedule/ScheduleVariants.h"

#include "passes/Schedule/ScheduleChoice.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

std::optional<unsigned> openRows(tile::KernelOp kernel) {
  tile::GridOp grid = kernel.getGrid();
  for (auto [axis, block] : llvm::enumerate(grid.getBlocks())) {
    auto symbol = dyn_cast<StringAttr>(block);
    bool isRows = symbol && symbol.getValue() == "BM";
    if (isRows && !matchPattern(grid.getSizes()[axis], m_Constant()))
      return axis;
  }
  return std::nullopt;
}

/// The unit of vectors that multiplies what `unit`, one of tiles, does, and
/// reads it from the same memory. Every CPU that has the one has the other.
static const tile::ProductUnit *vectorUnitFor(const tile::ProductUnit &unit) {
  for (const tile::ProductUnit &other : tile::productUnits())
    if (!other.isOfTiles && other.dotLength == unit.dotLength)
      return &other;
  return nullptr;
}

/// A product of few rows streams its weights, and vectors do that faster than
/// tiles. The weights lie as they do for tiles, so columns are the same. What
/// splits its operands has multiply-adds for few rows in it already.
static std::optional<RowVariant> contractionVariant(tile::KernelOp kernel) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || !unit->isOfTiles || unit->numParts > 1)
    return std::nullopt;
  const tile::ProductUnit *vectors = vectorUnitFor(*unit);
  if (!vectors)
    return std::nullopt;
  Builder b(kernel.getContext());
  NamedAttrList schedule(kernel.getScheduleAttr());
  constexpr int64_t kMostRows = kFewestTileRows - 1;
  schedule.set("BM", b.getIndexAttr(kMostRows));
  schedule.set("unit", b.getStringAttr(vectors->name));
  return RowVariant{kMostRows, schedule.getDictionary(b.getContext())};
}

/// Up to half a block of tiles, smaller ones, which hardly lose where there is
/// one query and win by a third where there are 32. Up to one vector of
/// queries, keys in the lanes: of a block of queries only what there are cost
/// time then. Both as measured on Sapphire Rapids, for 16 to 512 keys.
static std::optional<RowVariant>
attentionVariant(tile::KernelOp kernel, const ScheduleMachine &machine) {
  Builder b(kernel.getContext());
  NamedAttrList schedule(kernel.getScheduleAttr());
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  int64_t mostRows, queries, keys;
  if (unit && unit->isOfTiles) {
    mostRows = 4 * kUnitSide;
    queries = keys = 2 * kUnitSide;
  } else {
    if (!hasWholeColumns(kernel, machine.lanes()))
      return std::nullopt;
    mostRows = machine.lanes();
    queries = machine.lanes() / 2;
    keys = kKeysInLanes;
    schedule.erase("lanes");
  }
  schedule.set("BM", b.getIndexAttr(queries));
  schedule.set("BN", b.getIndexAttr(keys));
  return RowVariant{mostRows, schedule.getDictionary(b.getContext())};
}

std::optional<RowVariant> variantFor(tile::KernelOp kernel,
                                     const ScheduleMachine &machine) {
  bool hasProduct =
      kernel.walk([](tile::MmaOp) { return WalkResult::interrupt(); })
          .wasInterrupted();
  if (!hasProduct || !openRows(kernel))
    return std::nullopt;
  return kernel.getScheduleAttr().contains("BK")
             ? contractionVariant(kernel)
             : attentionVariant(kernel, machine);
}

} // namespace tenon
