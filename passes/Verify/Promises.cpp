//===- Promises.cpp - how a stage's promise is checked and reported -------===//

#include "passes/Verify/Promises.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tenon {

LogicalResult breaks(Operation *op, StringRef stage, const Twine &found,
                     const Twine &promise) {
  return op->emitOpError(found)
         << ": stage '" << stage << "' promises that " << promise.str();
}

LogicalResult checkEach(ModuleOp module,
                        llvm::function_ref<LogicalResult(Operation *)> check) {
  WalkResult result = module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    return op == module || succeeded(check(op)) ? WalkResult::advance()
                                                : WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

SmallVector<func::FuncOp> publicFunctions(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      functions.push_back(function);
  return functions;
}

SmallVector<func::FuncOp> functionsThatRun(ModuleOp module) {
  SymbolTable symbols(module);
  llvm::SetVector<func::FuncOp> functions;
  functions.insert_range(publicFunctions(module));
  for (size_t i = 0; i < functions.size(); ++i) { // what it calls is added
    func::FuncOp function = functions[i];
    for (auto call : function.front().getOps<func::CallOp>())
      if (auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
          callee && !callee.isExternal())
        functions.insert(callee);
  }
  return functions.takeVector();
}

ConstantExpressions::ConstantExpressions(Block &block) {
  for (Operation &op : block) {
    bool isSource =
        isa<graph::WeightOp>(op) || op.hasTrait<OpTrait::ConstantLike>();
    bool follows = op.getNumOperands() > 0 &&
                   llvm::all_of(op.getOperands(), [&](Value operand) {
                     return ops.contains(operand.getDefiningOp());
                   });
    if (isSource || follows)
      ops.insert(&op);
  }
}

} // namespace tenon
