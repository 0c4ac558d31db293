//===- ScalarText.h - scalar ops as C++ for the device --------------------===//
//
//   scalarType(f32)                      "float"
//   lambdaText(map)                      "[=](float x0, float x1) { ... }"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
#define TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H

#include "dialects/Tile/TileDialect.h"

#include "llvm/ADT/DenseSet.h"

#include <string>

namespace tenon::cuda {

/// The device library's name of the type; empty where it has none.
std::string scalarType(mlir::Type type);

/// A number of the type.
std::string constantText(mlir::TypedAttr value);

/// The op's result, given its operands; empty where there is no such text.
std::string
scalarText(mlir::Operation &op,
           llvm::function_ref<std::string(mlir::Value)> operandText);

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

#endif // TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
