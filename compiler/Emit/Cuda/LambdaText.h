//===- LambdaText.h - a map's body as a function of the device ------------===//
//
//   lambdaText(map)     "[=](float x0, float x1) { return power2(x0 - x1); }"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_LAMBDATEXT_H
#define TENON_COMPILER_EMIT_CUDA_LAMBDATEXT_H

#include "dialects/Tile/TileDialect.h"

#include "llvm/ADT/DenseSet.h"

#include <string>

namespace tenon::cuda {

/// Which of the map's inputs say where an element stands: counters, and what is
/// the same everywhere beside them.
llvm::SmallVector<bool> positionsAmong(tile::MapOp map);

/// Values of the map's body that are sums of such inputs.
llvm::DenseSet<mlir::Value> positionsIn(tile::MapOp map);

/// Whether the map compares, by order, positions: over most tiles that comes
/// out the same everywhere.
bool comparesPositions(tile::MapOp map);

/// How a body is printed as a function.
struct LambdaForm {
  unsigned indent = 0; ///< spaces
  /// Values that are positions, not numbers.
  llvm::DenseSet<mlir::Value> positions = {};
  /// A first parameter is asked of comparisons of positions.
  bool asksWhere = false;
  /// A result that is a product is returned as its factors.
  bool leavesProduct = false;
};

/// The map's body as a function of its inputs' elements. What it uses from
/// outside is named by `outerText`. Emits an error on an op without a text.
mlir::FailureOr<std::string>
lambdaText(tile::MapOp map, const LambdaForm &form,
           llvm::function_ref<std::string(mlir::Value)> outerText);

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_LAMBDATEXT_H
