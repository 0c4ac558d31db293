//===- Symbols.h - the numbers that symbolic dims stand for ---------------===//
//
//   // tensor<?x?xf32, #graph.dims<B, 2*L>> is given a 4x6 tensor:
//   FailureOr<SymbolValues> symbols = bindSymbols(types, dims, declared,
//   emitError);
//   // B = 4, L = 3
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_SYMBOLS_H
#define TENON_COMPILER_INTERPRET_SYMBOLS_H

#include "dialects/Graph/GraphDialect.h"

namespace tenon {

/// One number for each symbol.
using SymbolValues = llvm::StringMap<int64_t>;

/// Finds the symbols in the dims of `types` (ranked tensors) from the numbers
/// in `dims`, one list a type and of its rank. `declared` (#graph.symbol
/// attributes, or null) bounds them. Fails with one error when a dim differs
/// from its number, when nothing determines a symbol, or when it is outside its
/// bounds.
llvm::FailureOr<SymbolValues>
bindSymbols(mlir::TypeRange types,
            llvm::ArrayRef<llvm::SmallVector<int64_t>> dims,
            mlir::ArrayAttr declared,
            llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_SYMBOLS_H
