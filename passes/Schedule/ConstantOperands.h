//===- ConstantOperands.h - what launches read that is always the same ----===//

#ifndef TENON_PASSES_SCHEDULE_CONSTANTOPERANDS_H
#define TENON_PASSES_SCHEDULE_CONSTANTOPERANDS_H

#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// The calls of a module, by callee.
using Calls =
    mlir::DenseMap<mlir::StringAttr, mlir::SmallVector<mlir::func::CallOp>>;
Calls callsOf(mlir::ModuleOp module);

/// Whether input `number` of each of the launches is known when the artifact is
/// written: computed from constants, or the argument of a layer that nothing
/// else reads and for which all calls give such. Then `found` gets the operands
/// by which it comes into being.
bool findConstants(mlir::ArrayRef<tile::LaunchOp> launches, unsigned number,
                   const Calls &calls,
                   llvm::SetVector<mlir::OpOperand *> &found);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_CONSTANTOPERANDS_H
