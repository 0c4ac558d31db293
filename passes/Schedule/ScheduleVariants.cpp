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
static SmallVector<RowVariant> contractionVariants(tile::KernelOp kernel) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || !unit->isOfTiles || unit->numParts > 1)
    return {};
  const tile::ProductUnit *vectors = vectorUnitFor(*unit);
  if (!vectors)
    return {};
  Builder b(kernel.getContext());
  NamedAttrList schedule(kernel.getScheduleAttr());
  constexpr int64_t kMostRows = kFewestTileRows - 1;
  schedule.set("BM", b.getIndexAttr(kMostRows));
  schedule.set("unit", b.getStringAttr(vectors->name));
  return {{kMostRows, schedule.getDictionary(b.getContext())}};
}

static NamedAttrList withBlock(DictionaryAttr schedule, int64_t queries,
                               int64_t keys) {
  Builder b(schedule.getContext());
  NamedAttrList list(schedule);
  list.set("BM", b.getIndexAttr(queries));
  list.set("BN", b.getIndexAttr(keys));
  return list;
}

/// By tiles, up to one block of queries smaller ones, which hardly lose where
/// there is one query and win by a third where there are 32. As measured on
/// Sapphire Rapids, for 16 to 512 keys.
static SmallVector<RowVariant> variantsOfTiles(tile::KernelOp kernel,
                                               DictionaryAttr schedule) {
  auto variant = [&](int64_t mostRows, int64_t side) -> RowVariant {
    return {
        mostRows,
        withBlock(schedule, side, side).getDictionary(schedule.getContext())};
  };
  SmallVector<RowVariant> variants = {variant(kTileQueries, 2 * kUnitSide)};
  if (isCausal(kernel))
    variants.push_back(variant(kFewCausalQueries, kTileQueries));
  return variants;
}

/// By vectors, up to one vector of queries, keys in the lanes: of a block of
/// queries only what there are cost time then.
static SmallVector<RowVariant>
variantsOfVectors(tile::KernelOp kernel, DictionaryAttr schedule,
                  const ScheduleMachine &machine) {
  if (!hasWholeColumns(kernel, machine.lanes()))
    return {};
  NamedAttrList few = withBlock(schedule, machine.lanes() / 2, kKeysInLanes);
  few.erase("lanes");
  return {{machine.lanes(), few.getDictionary(kernel.getContext())}};
}

static SmallVector<RowVariant>
attentionVariants(tile::KernelOp kernel, const ScheduleMachine &machine) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (!unit || !unit->isOfTiles)
    return variantsOfVectors(kernel, schedule, machine);
  if (unit->numParts == 1)
    return variantsOfTiles(kernel, schedule);
  DictionaryAttr vectors = scheduleWith(kernel, machine, /*unit=*/nullptr);
  SmallVector<RowVariant> variants =
      variantsOfVectors(kernel, vectors, machine);
  variants.push_back({mostUnsplitQueries(kernel), vectors});
  return variants;
}

SmallVector<RowVariant> variantsFor(tile::KernelOp kernel,
                                    const ScheduleMachine &machine) {
  if (!tile::hasProduct(kernel) || !openRows(kernel))
    return {};
  return kernel.getScheduleAttr().contains("BK")
             ? contractionVariants(kernel)
             : attentionVariants(kernel, machine);
}

} // namespace tenon
