//===- VerifyTile.cpp - what tile leaves true -----------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

#include "llvm/ADT/StringMap.h"

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
    if (!isa<tile::LaunchOp, func::CallOp>(op) && !constants.contains(&op))
      return breaks(&op, kStage, "is no launch",
                    "what computes at run time is a launch of a kernel");
  }
  return success();
}

/// The kernel in words, but for its name.
std::string textWithoutName(tile::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  kernel->print(os, OpPrintingFlags().useLocalScope());
  std::string name = ("@" + kernel.getSymName()).str();
  if (size_t place = text.find(name); place != std::string::npos)
    text.erase(place, name.size());
  return text;
}

LogicalResult checkKernels(ModuleOp module) {
  llvm::StringMap<StringRef> names;
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    auto [other, isNew] =
        names.try_emplace(textWithoutName(kernel), kernel.getSymName());
    if (!isNew)
      return breaks(kernel, kStage,
                    "'" + kernel.getSymName() + "' is the program of '" +
                        other->second + "' again",
                    "equal programs are one kernel");
  }
  return success();
}

struct VerifyTile final : impl::VerifyTilePassBase<VerifyTile> {
  void runOnOperation() override {
    for (func::FuncOp function : functionsThatRun(getOperation()))
      if (failed(checkFunction(function)))
        return signalPassFailure();
    if (failed(checkKernels(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
