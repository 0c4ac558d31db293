//===- VerifyImport.cpp - what import leaves true -------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYIMPORTPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "import";

LogicalResult checkOp(Operation *op) {
  if (!isa<func::FuncDialect, graph::GraphDialect>(op->getDialect()))
    return breaks(op, kStage, "is no op of graph",
                  "the model is written in graph ops");
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isKnown =
        tensor && llvm::none_of(graph::getDims(tensor), [](graph::DimAttr dim) {
          return dim.isUnknown();
        });
    if (!isKnown)
      return breaks(op, kStage,
                    "has a result whose size nobody knows, '" +
                        debugString(type) + "'",
                    "every size is a number or an expression of symbols");
  }
  return success();
}

struct VerifyImport final : impl::VerifyImportPassBase<VerifyImport> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (publicFunctions(module).empty()) {
      (void)breaks(module, kStage, "has no public function",
                   "the model is one");
      return signalPassFailure();
    }
    if (failed(checkEach(module, checkOp)))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
