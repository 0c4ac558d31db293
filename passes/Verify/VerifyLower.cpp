//===- VerifyLower.cpp - what lower leaves true ---------------------------===//

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Tile/TileDialect.h"
#include "passes/Verify/Passes.h"
#include "passes/Verify/Promises.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_VERIFYLOWERPASS
#include "passes/Verify/Passes.h.inc"

namespace {

constexpr StringLiteral kStage = "lower";
constexpr StringLiteral kDialects[] = {"arith", "func", "llvm",
                                       "math",  "scf",  "vector"};

LogicalResult checkKernel(func::FuncOp kernel) {
  WalkResult result = kernel.getBody().walk([](Operation *op) {
    if (llvm::is_contained(kDialects, op->getName().getDialectNamespace()))
      return WalkResult::advance();
    (void)breaks(op, kStage, "is left in a kernel",
                 "kernels are functions over vectors, in arith, math, scf, "
                 "vector and llvm");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult checkLaunch(ModuleOp module, exec::LaunchOp launch) {
  SmallVector<StringRef> names = {launch.getKernel()};
  for (exec::VariantAttr variant : launch.getVariantList())
    names.push_back(variant.getKernel().getValue());
  for (StringRef name : names) {
    auto kernel = module.lookupSymbol<func::FuncOp>(name);
    if (!kernel || !kernel.isPublic())
      return breaks(launch, kStage,
                    "launches '" + name + "', which is no kernel's function",
                    "every kernel is one");
  }
  return success();
}

LogicalResult checkModule(ModuleOp module) {
  for (auto kernel : module.getOps<tile::KernelOp>())
    return breaks(kernel, kStage, "'" + kernel.getSymName() + "' is left",
                  "every kernel is a function");
  for (func::FuncOp kernel : publicFunctions(module))
    if (failed(checkKernel(kernel)))
      return failure();
  return checkEach(module, [&](Operation *op) -> LogicalResult {
    auto launch = dyn_cast<exec::LaunchOp>(op);
    return launch ? checkLaunch(module, launch) : success();
  });
}

struct VerifyLower final : impl::VerifyLowerPassBase<VerifyLower> {
  void runOnOperation() override {
    if (failed(checkModule(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace tenon
