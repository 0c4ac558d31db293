//===- ScalarText.h - scalar ops as C++ for the device --------------------===//
//
//   scalarType(f32)                      "float"
//   lambdaText(map)                      "[=](float x0, float x1) { ... }"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
#define TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H

#include "dialects/Tile/TileDialect.h"

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

/// The map's body as a function of its inputs' elements, `indent` spaces in.
/// What it uses from outside is named by `outerText`. Emits an error on an op
/// without a text.
mlir::FailureOr<std::string>
lambdaText(tile::MapOp map, unsigned indent,
           llvm::function_ref<std::string(mlir::Value)> outerText);

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
