//===- ScheduleRules.cpp - what makes a schedule legal --------------------===//

#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

llvm::SetVector<StringAttr> tenon::symbolsOf(tile::KernelOp kernel) {
  llvm::SetVector<StringAttr> symbols;
  auto add = [&](ArrayRef<Attribute> extents) {
    for (Attribute extent : extents)
      if (auto symbol = dyn_cast<StringAttr>(extent))
        symbols.insert(symbol);
  };
  kernel.walk([&](Operation *op) {
    if (auto grid = dyn_cast<tile::GridOp>(op))
      add(grid.getBlocks().getValue());
    if (auto extent = dyn_cast<tile::ExtentOp>(op))
      add(extent.getSymbolAttr());
    for (Type type : op->getResultTypes())
      if (auto tile = dyn_cast<tile::TileType>(type))
        add(tile.getExtents());
  });
  return symbols;
}

std::optional<int64_t> tenon::constantOf(Value value) {
  IntegerAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return number.getInt();
  return std::nullopt;
}

namespace {
class ScheduleCheck {
public:
  ScheduleCheck(tile::KernelOp kernel, DictionaryAttr schedule, int64_t lanes,
                function_ref<InFlightDiagnostic()> emitError)
      : kernel(kernel), schedule(schedule), lanes(lanes), emitError(emitError) {
  }

  LogicalResult checkSymbols();
  LogicalResult checkEntries();
  LogicalResult checkOrder();
  LogicalResult checkGroup(Attribute group);
  LogicalResult checkPanel(Attribute panel);
  LogicalResult checkUnit(Attribute entry);
  LogicalResult checkLanes(tile::MmaOp product);

private:
  InFlightDiagnostic begin() {
    return emitError() << "the schedule of kernel '" << kernel.getSymName()
                       << "' ";
  }
  int64_t numberOf(Attribute extent) {
    auto symbol = dyn_cast<StringAttr>(extent);
    return cast<IntegerAttr>(symbol ? schedule.get(symbol) : extent).getInt();
  }

  tile::KernelOp kernel;
  DictionaryAttr schedule;
  int64_t lanes; ///< 4-byte elements of a vector
  function_ref<InFlightDiagnostic()> emitError;
};
} // namespace

LogicalResult ScheduleCheck::checkSymbols() {
  for (StringAttr symbol : symbolsOf(kernel)) {
    auto number = schedule.getAs<IntegerAttr>(symbol);
    if (!number || number.getInt() < 1)
      return begin() << "needs a number of 1 or more for " << symbol.getValue()
                     << ", got " << schedule;
  }
  return success();
}

LogicalResult ScheduleCheck::checkEntries() {
  llvm::SetVector<StringAttr> symbols = symbolsOf(kernel);
  for (NamedAttribute entry : schedule) {
    StringRef name = entry.getName();
    if (name == "lanes") {
      auto text = dyn_cast<StringAttr>(entry.getValue());
      if (!text || text.getValue() != "first")
        return begin() << "knows no lanes but \"first\", got "
                       << entry.getValue();
    } else if (name == "unit") {
      if (failed(checkUnit(entry.getValue())))
        return failure();
    } else if (name == "panel") {
      if (failed(checkPanel(entry.getValue())))
        return failure();
    } else if (name == "group") {
      if (failed(checkGroup(entry.getValue())))
        return failure();
    } else if (name != "order" && !symbols.contains(entry.getName())) {
      return begin() << "has an entry that says nothing: " << name;
    }
  }
  return success();
}

LogicalResult ScheduleCheck::checkGroup(Attribute group) {
  if (kernel.getGrid().getBlocks().size() < 2)
    return begin() << "groups blocks of a grid that has one axis";
  auto number = dyn_cast<IntegerAttr>(group);
  if (!number || number.getInt() < 1)
    return begin() << "needs a group of 1 or more blocks, got " << group;
  return success();
}

LogicalResult ScheduleCheck::checkPanel(Attribute panel) {
  auto number = dyn_cast<IntegerAttr>(panel);
  if (!number || number.getInt() < 1 || number.getInt() % lanes != 0)
    return begin() << "needs a panel of whole vectors: expected a multiple of "
                   << lanes << ", got " << panel;
  WalkResult result = kernel.walk([&](tile::MmaOp product) -> WalkResult {
    int64_t columns = numberOf(product.getType().getExtents()[1]);
    if (columns % number.getInt() == 0)
      return success();
    return begin() << "needs whole panels of a product's columns: expected a "
                      "multiple of "
                   << number.getInt() << ", got " << columns;
  });
  return failure(result.wasInterrupted());
}

LogicalResult ScheduleCheck::checkUnit(Attribute entry) {
  auto name = dyn_cast<StringAttr>(entry);
  const tile::ProductUnit *unit =
      name ? tile::productUnit(name.getValue()) : nullptr;
  if (!unit) {
    InFlightDiagnostic error = begin() << "knows no units but ";
    llvm::interleaveComma(tile::productUnits(), error,
                          [&](const tile::ProductUnit &known) {
                            error << '"' << known.name << '"';
                          });
    return error << ", got " << entry;
  }
  bool isOfUse = false;
  kernel.walk(
      [&](tile::MmaOp product) { isOfUse |= tile::computes(*unit, product); });
  if (!isOfUse)
    return begin() << "names a unit for products of " << unit->factor
                   << ", of which the kernel has none";
  return success();
}

LogicalResult ScheduleCheck::checkOrder() {
  Attribute entry = schedule.get("order");
  if (!entry)
    return success();
  auto order = dyn_cast<DenseI64ArrayAttr>(entry);
  int64_t numAxes = kernel.getGrid().getBlocks().size();
  SmallVector<int64_t> sorted;
  if (order)
    sorted.assign(order.asArrayRef().begin(), order.asArrayRef().end());
  llvm::sort(sorted);
  if (order && sorted == llvm::to_vector(llvm::seq<int64_t>(0, numAxes)))
    return success();
  return begin() << "needs an order of the grid's " << numAxes << " axes, got "
                 << entry;
}

LogicalResult ScheduleCheck::checkLanes(tile::MmaOp product) {
  bool isFirst = schedule.contains("lanes");
  int64_t extent = numberOf(product.getType().getExtents()[isFirst ? 0 : 1]);
  if (extent % lanes == 0)
    return success();
  return begin() << "needs whole vectors of a product's "
                 << (isFirst ? "rows" : "columns")
                 << ": expected a multiple of " << lanes << ", got " << extent;
}

LogicalResult
tenon::checkSchedule(tile::KernelOp kernel, DictionaryAttr schedule,
                     int64_t vectorBytes,
                     function_ref<InFlightDiagnostic()> emitError) {
  ScheduleCheck check(kernel, schedule, vectorBytes / 4, emitError);
  if (failed(check.checkSymbols()) || failed(check.checkEntries()) ||
      failed(check.checkOrder()))
    return failure();
  WalkResult result = kernel.walk([&](tile::MmaOp product) -> WalkResult {
    return check.checkLanes(product);
  });
  return failure(result.wasInterrupted());
}
