//===- SymbolBounds.h - what a model's symbols may at most be -------------===//

#ifndef TENON_COMPILER_SYMBOLBOUNDS_H
#define TENON_COMPILER_SYMBOLBOUNDS_H

#include "mlir/IR/BuiltinOps.h"

namespace tenon {

/// Lowers the maximum of symbol `name` in the module's public functions to
/// `max`: buffers are planned for it, and the runtime refuses more. Emits one
/// error when no symbol has that name or the bounds would leave no value.
mlir::LogicalResult limitSymbol(mlir::ModuleOp module, llvm::StringRef name,
                                int64_t max);

} // namespace tenon

#endif // TENON_COMPILER_SYMBOLBOUNDS_H
