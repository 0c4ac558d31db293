//===- VerifyTile.cpp - what tile leaves true -----------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYTILEPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "tile";

LogicalResult checkFunction(func::FuncOp function) {
  ConstantExpressions constants(function.front());
  for (Operation &op : function.front().without_terminator()) {
    if (isa<graph::GroupOp>(op))
      return breaks(&op, kStage, "is left", "every group is a kernel");
    if (!isa<tile::LaunchOp>(op) && !constants.contains(&op))
      return breaks(&op, kStage, "is no launch",
                    "what computes at run time is a launch of a kernel");
  }
  return success();
}

bool areAlike(tile::KernelOp a, tile::KernelOp b) {
  return a.getNumInputs() == b.getNumInputs() &&
         a.getNumOutputs() == b.getNumOutputs() &&
         a.getScheduleAttr() == b.getScheduleAttr() &&
         a.getSourceAttr() == b.getSourceAttr() &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

LogicalResult checkKernels(ModuleOp module) {
  SmallVector<tile::KernelOp> kernels;
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    for (tile::KernelOp other : kernels)
      if (areAlike(kernel, other))
        return breaks(kernel, kStage,
                      "'" + kernel.getSymName() + "' is the program of '" +
                          other.getSymName() + "' again",
                      "equal programs are one kernel");
    kernels.push_back(kernel);
  }
  return success();
}

struct VerifyTile final : impl::VerifyTilePassBase<VerifyTile> {
  void runOnOperation() override {
    for (func::FuncOp function : publicFunctions(getOperation()))
      if (failed(checkFunction(function)))
        return signalPassFailure();
    if (failed(checkKernels(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
