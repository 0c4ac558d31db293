//===- VerifyFuse.cpp - what fuse leaves true -----------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphDims.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYFUSEPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "fuse";

LogicalResult checkFunction(func::FuncOp function) {
  ConstantExpressions constants(function.front());
  for (Operation &op : function.front().without_terminator()) {
    if (isa<graph::GroupOp>(op)) {
      bool haveOneShape =
          op.getNumResults() > 0 &&
          llvm::all_of(op.getResultTypes(), [&](Type type) {
            return graph::getDims(cast<RankedTensorType>(type)) ==
                   graph::getDims(
                       cast<RankedTensorType>(op.getResultTypes()[0]));
          });
      if (!haveOneShape)
        return breaks(&op, kStage,
                      "has " + Twine(op.getNumResults()) +
                          " results that differ in shape",
                      "a group's results, which one kernel writes, have one "
                      "shape");
      continue;
    }
    if (!isa<func::CallOp>(op) && !constants.contains(&op))
      return breaks(&op, kStage, "stands outside of a group",
                    "what computes at run time is in one");
  }
  return success();
}

struct VerifyFuse final : impl::VerifyFusePassBase<VerifyFuse> {
  void runOnOperation() override {
    for (func::FuncOp function : functionsThatRun(getOperation()))
      if (failed(checkFunction(function)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tenon
