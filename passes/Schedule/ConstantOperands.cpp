//===- ConstantOperands.cpp - what launches read that is always the same --===//

#include "passes/Schedule/ConstantOperands.h"

#include "dialects/Interfaces/OpInterfaces.h"

using namespace mlir;

namespace tenon {

Calls callsOf(ModuleOp module) {
  Calls calls;
  module.walk([&](func::CallOp call) {
    calls[call.getCalleeAttr().getAttr()].push_back(call);
  });
  return calls;
}

static bool isConstantExpression(Value value) {
  Operation *op = value.getDefiningOp();
  return op && isa<ReferenceOpInterface>(op) &&
         llvm::all_of(op->getOperands(), isConstantExpression);
}

static bool findConstants(OpOperand &use, const Calls &calls,
                          llvm::SetVector<OpOperand *> &found) {
  auto argument = dyn_cast<BlockArgument>(use.get());
  if (!argument) {
    found.insert(&use);
    return isConstantExpression(use.get());
  }
  auto layer = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto callers = calls.find(layer.getSymNameAttr());
  return layer.isPrivate() && argument.hasOneUse() && callers != calls.end() &&
         llvm::all_of(callers->second, [&](func::CallOp call) {
           return findConstants(call->getOpOperand(argument.getArgNumber()),
                                calls, found);
         });
}

bool findConstants(ArrayRef<tile::LaunchOp> launches, unsigned number,
                   const Calls &calls, llvm::SetVector<OpOperand *> &found) {
  return llvm::all_of(launches, [&](tile::LaunchOp launch) {
    return findConstants(launch.getInputsMutable()[number], calls, found);
  });
}

} // namespace tenon
