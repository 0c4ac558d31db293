//===- LowerToLlvm.cpp - kernels in scf, arith, vector become LLVM dialect ===//

#include "compiler/Emit/Cpu/LowerToLlvm.h"

#include "passes/Lower/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace tenon {
namespace {

/// `symbol` and everything that its body refers to, in order of first use.
void collectUsed(Operation *symbol, SymbolTable &symbols,
                 SetVector<Operation *> &used) {
  if (!used.insert(symbol))
    return;
  symbol->walk([&](Operation *op) {
    for (NamedAttribute attr : op->getAttrs())
      attr.getValue().walk([&](FlatSymbolRefAttr reference) {
        if (Operation *callee = symbols.lookup(reference.getValue()))
          collectUsed(callee, symbols, used);
      });
  });
}

void addPasses(OpPassManager &pm, target::CpuAttr cpu) {
  ExpandMathPassOptions math;
  math.expandBf16 = !cpu.macsPerCycle(target::Unit::Avx512Bf16);
  pm.addPass(createExpandMathPass(math));
  pm.addPass(createSCFToControlFlowPass());
  // Without this option x86vector ops stay and cannot be translated.
  ConvertVectorToLLVMPassOptions vector;
  vector.x86Vector = true;
  pm.addPass(createConvertVectorToLLVMPass(vector));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

} // namespace

FailureOr<OwningOpRef<ModuleOp>> splitKernels(ModuleOp kernels) {
  OwningOpRef<ModuleOp> split = ModuleOp::create(kernels.getLoc());
  SymbolTable symbols(kernels);
  for (Operation &op : *kernels.getBody()) {
    auto kernel = dyn_cast<func::FuncOp>(op);
    if (!kernel || kernel.isPrivate())
      continue;
    if (kernel.isExternal())
      return kernel.emitError()
             << "a kernel has a body, got only a declaration";
    SetVector<Operation *> used;
    collectUsed(kernel, symbols, used);
    OpBuilder builder = OpBuilder::atBlockEnd(split->getBody());
    auto part = ModuleOp::create(builder, kernel.getLoc());
    builder.setInsertionPointToEnd(part.getBody());
    for (Operation *symbol : used)
      builder.clone(*symbol);
  }
  return split;
}

LogicalResult lowerToLlvm(ModuleOp split, target::CpuAttr cpu) {
  PassManager pm(split.getContext());
  // Nested modules: the pass manager runs them in parallel.
  addPasses(pm.nest<ModuleOp>(), cpu);
  return pm.run(split);
}

} // namespace tenon
