//===- VerifyPlan.cpp - what plan leaves true -----------------------------===//

#include "dialects/Exec/ExecDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYPLANPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "plan";

LogicalResult checkWeight(func::FuncOp function) {
  ConstantExpressions constants(function.front());
  if (function.getNumArguments() != 0)
    return breaks(function, kStage, "has arguments",
                  "a private function is a weight");
  for (Operation &op : function.front().without_terminator())
    if (!constants.contains(&op))
      return breaks(&op, kStage, "computes at run time",
                    "a private function is a weight");
  return success();
}

LogicalResult checkModule(ModuleOp module) {
  if (module.getOps<exec::ProgramOp>().empty())
    return breaks(module, kStage, "has no exec.program",
                  "every public function became one");
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isPublic())
      return breaks(function, kStage, "is left",
                    "every public function is an exec.program");
    if (!function.isExternal() && failed(checkWeight(function)))
      return failure();
  }
  return success();
}

struct VerifyPlan final : impl::VerifyPlanPassBase<VerifyPlan> {
  void runOnOperation() override {
    if (failed(checkModule(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
