//===- ScheduleReason.cpp - why a kernel has its schedule, for people -----===//

#include "passes/Schedule/ScheduleReason.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tenon {
namespace {

int64_t numberOf(DictionaryAttr schedule, StringRef symbol) {
  auto number = schedule.getAs<IntegerAttr>(symbol);
  return number ? number.getInt() : 1;
}

/// Where the sums of a contraction lie, and what computes them.
std::string unitReason(DictionaryAttr schedule, const tile::ProductUnit *unit,
                       const ScheduleMachine &machine) {
  int64_t rows = numberOf(schedule, "BM"), columns = numberOf(schedule, "BN");
  std::string block = (Twine(rows) + " x " + Twine(columns)).str();
  std::string name = unit ? unit->name.str() : "";
  if (unit && unit->numParts > 1)
    return (Twine(name) + " multiplies sums of " + Twine(unit->numParts) +
            " narrow numbers faster than vectors multiply f32; a block of " +
            block + " splits its operands once, and fits L2; up to " +
            Twine(tile::kMostUnsplitRows) +
            " rows are left to vectors, which pass weights in chunks")
        .str();
  if (unit && unit->isOfTiles)
    return (Twine(name) + " is the target's fastest unit for these types; " +
            block +
            " sums are its tiles two by two, fed by four loads, and what "
            "follows them is computed while it multiplies what comes next")
        .str();
  int64_t registers = rows * columns / machine.lanes();
  return (Twine(unit ? name + " computes the products; " : std::string()) +
          block + " sums lie in " + Twine(registers) + " of " +
          Twine(machine.numVectors) +
          " vector registers: the block with the fewest cycles an element")
      .str();
}

std::string contractionReason(tile::KernelOp kernel, tile::MmaOp product,
                              const ScheduleMachine &machine) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  std::string reason = unitReason(schedule, unit, machine) + "; " +
                       std::to_string(numberOf(schedule, "BK")) +
                       " contracted elements pass by at a time";
  if (int64_t bits = product ? tile::bitsOfWidened(product) : 0; bits && !unit)
    reason += "; weights of " + std::to_string(bits) +
              " bits become floats in registers";
  if (schedule.contains("group"))
    reason += "; row blocks, " + std::to_string(numberOf(schedule, "group")) +
              " at a time as half of L2 holds, meet each panel of columns";
  return reason;
}

std::string attentionReason(tile::KernelOp kernel,
                            const ScheduleMachine &machine) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  int64_t queries = numberOf(schedule, "BM");
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  if (unit && unit->isOfTiles)
    return unit->name.str() + " multiplies blocks of " +
           std::to_string(queries) + " queries and " +
           std::to_string(numberOf(schedule, "BN")) + " keys, which are " +
           (unit->numParts > 1
                ? "split for it; what follows a product reads its sums from L2"
                : "staged for it and stay for a head's next queries");
  if (!schedule.contains("lanes"))
    return "lanes are left to " + std::to_string(numberOf(schedule, "BN")) +
           " keys, since few queries would leave them idle";
  return std::to_string(queries) + " queries lie in " +
         std::to_string(queries / machine.lanes()) +
         " vectors, a lane each, so a row's maximum and sum need no shuffles; "
         "scores of a step stay in L1";
}

} // namespace

std::string scheduleText(DictionaryAttr schedule) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(schedule, os, [&](NamedAttribute entry) {
    os << entry.getName().getValue() << ' ';
    if (auto number = dyn_cast<IntegerAttr>(entry.getValue()))
      os << number.getInt();
    else if (auto name = dyn_cast<StringAttr>(entry.getValue()))
      os << name.getValue();
    else
      llvm::interleave(cast<DenseI64ArrayAttr>(entry.getValue()).asArrayRef(),
                       os, "-");
  });
  return text;
}

std::string scheduleReason(tile::KernelOp kernel,
                           const ScheduleMachine &machine) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  tile::MmaOp product;
  bool hasLoop = false;
  kernel.walk([&](Operation *op) {
    product = isa<tile::MmaOp>(op) ? cast<tile::MmaOp>(op) : product;
    hasLoop |= isa<scf::ForOp>(op);
  });
  if (schedule.contains("BK"))
    return contractionReason(kernel, product, machine);
  if (product)
    return attentionReason(kernel, machine);
  if (hasLoop || schedule.contains("BM"))
    return "a few rows an instance: enough to hide what it costs to start one, "
           "and each row is reduced while L1 holds it";
  return "elements enough to hide what it costs to start an instance";
}

} // namespace tenon
