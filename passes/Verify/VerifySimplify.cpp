//===- VerifySimplify.cpp - what simplify leaves true ---------------------===//

#include "dialects/Interfaces/OpInterfaces.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYSIMPLIFYPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "simplify";

LogicalResult checkOp(Operation *op) {
  if (op->getNumRegions() > 0 && !isa<func::FuncOp>(op))
    return breaks(op, kStage, "has bodies, of which no kernel is made yet",
                  "all that is left becomes kernels; 'tenon run --interpret' "
                  "executes the model");
  if (isa<DecomposableOpInterface>(op) && !isa<TileOpInterface>(op))
    return breaks(op, kStage, "has no tiles of its own",
                  "such ops are decomposed");
  if (isOpTriviallyDead(op))
    return breaks(op, kStage, "has no effect, and nothing reads it",
                  "no code is dead");
  return success();
}

struct VerifySimplify final : impl::VerifySimplifyPassBase<VerifySimplify> {
  void runOnOperation() override {
    if (failed(checkEach(getOperation(), checkOp)))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
