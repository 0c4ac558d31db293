//===- RandomSchedules.cpp - legal schedules, drawn at random -------------===//

#include "tests/compiler/Property/RandomSchedules.h"

#include "dialects/Tile/Products.h"
#include "passes/Schedule/ScheduleRules.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kExtents[] = {1,  2,  3,  4,  5,  7,  8,  11, 16, 16,
                                       17, 24, 32, 32, 33, 48, 48, 50, 64, 96};

/// Any schedule, legal or not.
static DictionaryAttr drawAny(tile::KernelOp kernel, std::mt19937 &random) {
  Builder b(kernel.getContext());
  NamedAttrList schedule;
  std::uniform_int_distribution<size_t> place(0, std::size(kExtents) - 1);
  std::bernoulli_distribution coin(0.5);
  for (StringAttr symbol : symbolsOf(kernel))
    schedule.set(symbol, b.getIndexAttr(kExtents[place(random)]));
  if (coin(random))
    schedule.set("lanes", b.getStringAttr("first"));
  if (coin(random)) {
    auto order = llvm::to_vector(
        llvm::seq<int64_t>(0, kernel.getGrid().getBlocks().size()));
    std::shuffle(order.begin(), order.end(), random);
    schedule.set("order", b.getDenseI64ArrayAttr(order));
  }
  if (coin(random))
    schedule.set("group", b.getIndexAttr(kExtents[place(random)]));
  if (coin(random) && coin(random))
    schedule.set("panel", b.getIndexAttr(kExtents[place(random)]));
  llvm::SmallSetVector<StringRef, 4> units;
  kernel.walk([&](tile::MmaOp product) {
    for (const tile::ProductUnit &unit : tile::productUnits())
      if (tile::computes(unit, product))
        units.insert(unit.name);
  });
  if (!units.empty() && !coin(random)) {
    std::uniform_int_distribution<size_t> any(0, units.size() - 1);
    schedule.set("unit", b.getStringAttr(units[any(random)]));
  }
  return schedule.getDictionary(b.getContext());
}

DictionaryAttr drawSchedule(tile::KernelOp kernel, int64_t vectorBytes,
                            std::mt19937 &random) {
  constexpr int kNumTries = 200;
  ScopedDiagnosticHandler silence(kernel.getContext(),
                                  [](Diagnostic &) { return success(); });
  for (int i = 0; i < kNumTries; ++i) {
    DictionaryAttr schedule = drawAny(kernel, random);
    if (succeeded(checkSchedule(kernel, schedule, vectorBytes,
                                [&] { return kernel.emitError(); })))
      return schedule;
  }
  return nullptr;
}

} // namespace tenon
