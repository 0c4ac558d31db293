//===- VerifySchedule.cpp - what schedule leaves true ---------------------===//

#include "dialects/Tile/TileDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYSCHEDULEPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "schedule";
constexpr StringLiteral kNumbers = "every extent is a number";

LogicalResult checkOp(Operation *op) {
  if (auto extent = dyn_cast<tile::ExtentOp>(op))
    return breaks(op, kStage, "asks for '" + extent.getSymbol() + "'",
                  kNumbers);
  if (auto grid = dyn_cast<tile::GridOp>(op))
    for (Attribute block : grid.getBlocks())
      if (auto symbol = dyn_cast<StringAttr>(block))
        return breaks(op, kStage, "has blocks of '" + symbol.getValue() + "'",
                      kNumbers);
  for (Type type : op->getResultTypes())
    if (auto tile = dyn_cast<tile::TileType>(type); tile && !tile.isScheduled())
      return breaks(op, kStage, "makes a '" + debugString(type) + "'",
                    kNumbers);
  return success();
}

struct VerifySchedule final : impl::VerifySchedulePassBase<VerifySchedule> {
  void runOnOperation() override {
    if (failed(checkEach(getOperation(), checkOp)))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
