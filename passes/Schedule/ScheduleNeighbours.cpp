//===- ScheduleNeighbours.cpp - schedules that differ in one decision -----===//

#include "passes/Schedule/ScheduleNeighbours.h"

#include "passes/Schedule/ScheduleChoice.h"
#include "passes/Schedule/ScheduleRules.h"

using namespace mlir;

namespace tenon {
namespace {

/// Vectors in the rows and columns of a register block that are worth a try.
constexpr int64_t kMostRows = 14, kMostVectors = 6;

class Neighbours {
public:
  Neighbours(tile::KernelOp kernel, DictionaryAttr schedule,
             const ScheduleMachine &machine)
      : kernel(kernel), schedule(schedule), machine(machine),
        b(kernel.getContext()) {
    if (auto name = schedule.getAs<StringAttr>("unit"))
      unit = tile::productUnit(name.getValue());
  }

  llvm::SetVector<DictionaryAttr> find();

private:
  using Entries = ArrayRef<std::pair<StringRef, int64_t>>;

  bool isContraction() const { return schedule.contains("BK"); }
  int64_t numberOf(StringRef name) const {
    return schedule.getAs<IntegerAttr>(name).getInt();
  }
  void add(DictionaryAttr other);
  void addWith(Entries entries);
  void addScaled(StringRef name, ArrayRef<double> factors);
  void addUnits();
  void addRegisterBlocks();
  void addTileBlocks();
  void addAttentionBlocks();
  void addWithoutLanes();
  void addWalks();

  tile::KernelOp kernel;
  DictionaryAttr schedule;
  const ScheduleMachine &machine;
  const tile::ProductUnit *unit = nullptr;
  Builder b;
  llvm::SetVector<DictionaryAttr> found;
};

void Neighbours::add(DictionaryAttr other) {
  ScopedDiagnosticHandler silence(kernel.getContext(),
                                  [](Diagnostic &) { return success(); });
  if (other != schedule &&
      succeeded(checkSchedule(kernel, other, machine.vectorBytes,
                              [&] { return kernel.emitError(); })))
    found.insert(other);
}

void Neighbours::addWith(Entries entries) {
  NamedAttrList list(schedule);
  for (auto [name, number] : entries)
    if (schedule.contains(name) || name == "panel")
      list.set(name, b.getIndexAttr(number));
  auto panel = dyn_cast_or_null<IntegerAttr>(list.get("panel"));
  if (panel && panel == list.get("BN"))
    list.erase("panel"); // which is the columns of a block anyhow
  add(list.getDictionary(b.getContext()));
}

void Neighbours::addScaled(StringRef name, ArrayRef<double> factors) {
  if (schedule.contains(name))
    for (double factor : factors)
      addWith({{name, std::max<int64_t>(1, numberOf(name) * factor)}});
}

/// A kernel without `order` walks its grid as it is written.
void Neighbours::addWalks() {
  addScaled("group", {0.25, 0.5, 2, 4});
  auto order = schedule.getAs<DenseI64ArrayAttr>("order");
  if (!order || order.size() < 2)
    return;
  auto other = llvm::to_vector(order.asArrayRef());
  std::swap(other[other.size() - 1], other[other.size() - 2]);
  NamedAttrList list(schedule);
  list.set("order", b.getDenseI64ArrayAttr(other));
  add(list.getDictionary(b.getContext()));
}

void Neighbours::addUnits() {
  for (const tile::ProductUnit *other : unitsFor(kernel, machine))
    if (other != unit)
      add(scheduleWith(kernel, machine, other));
}

/// As many rows as registers hold beside a vector of each column and an
/// element, and fewer.
void Neighbours::addRegisterBlocks() {
  for (int64_t vectors = 1; vectors <= kMostVectors; ++vectors) {
    int64_t most =
        std::min(kMostRows, (machine.numVectors - 1 - vectors) / vectors);
    for (int64_t rows : {most, std::min<int64_t>(most, 8), most / 2})
      addWith({{"BM", rows}, {"BN", vectors * machine.lanes()}});
  }
  addScaled("BK", {0.25, 0.5});
}

/// Blocks of several tiles of 16 x 16 sums. Such a block is one panel, unless
/// it splits its operands: then it has several.
void Neighbours::addTileBlocks() {
  int64_t rows = numberOf("BM"), columns = numberOf("BN");
  for (int64_t other : {16, 32, 64, 128, 256, 512})
    addWith({{"BM", other}});
  addScaled("BK", {0.25, 0.5});
  addWith({{"BM", 2 * rows}, {"BN", columns / 2}});
  if (unit->numParts == 1)
    return addScaled("BN", {0.5, 1.5, 2});
  int64_t panel = schedule.contains("panel") ? numberOf("panel") : columns;
  for (int64_t panels : {1, 2, 3, 4, 6, 8})
    addWith({{"BN", panels * panel}, {"panel", panel}});
  addWith({{"BM", 2 * rows}, {"BN", 2 * columns}, {"panel", panel}});
  for (int64_t other : {16, 32, 48})
    addWith({{"panel", other}});
}

void Neighbours::addAttentionBlocks() {
  if (schedule.contains("lanes"))
    addWithoutLanes();
  for (double rows : {0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0})
    for (double keys : {0.25, 0.5, 1.0, 2.0, 4.0})
      if (rows == 1 || keys == 1 || rows == 1 / keys || rows == keys)
        addWith({{"BM", int64_t(numberOf("BM") * rows)},
                 {"BN", int64_t(numberOf("BN") * keys)}});
}

/// Keys in the lanes: for few queries.
void Neighbours::addWithoutLanes() {
  for (int64_t rows : {1, 4, 8})
    for (int64_t vectors : {2, 4, 8}) {
      NamedAttrList list(schedule);
      list.erase("lanes");
      list.set("BM", b.getIndexAttr(rows));
      list.set("BN", b.getIndexAttr(vectors * machine.lanes()));
      add(list.getDictionary(b.getContext()));
    }
}

llvm::SetVector<DictionaryAttr> Neighbours::find() {
  addUnits();
  if (!isContraction())
    addAttentionBlocks();
  else if (unit && unit->isOfTiles)
    addTileBlocks();
  else
    addRegisterBlocks();
  addWalks();
  return std::move(found);
}

} // namespace

llvm::SetVector<DictionaryAttr> neighboursOf(tile::KernelOp kernel,
                                             DictionaryAttr schedule,
                                             const ScheduleMachine &machine) {
  return Neighbours(kernel, schedule, machine).find();
}

} // namespace tenon
