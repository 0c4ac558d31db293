//===- ScalarText.h - scalar ops as C++ for the device --------------------===//
//
//   scalarType(f32)                      "float"
//   scalarText(arith.addf %x, %y)        "(x + y)"
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
#define TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H

#include "mlir/IR/Operation.h"

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

/// The same with the type that the op's result has: C++ computes in wider ones
/// than those of 8 and 16 bits.
std::string typedText(mlir::Operation &op, const std::string &text);

/// Whether the number, with this text, is printed within the text of the op
/// that uses it: it is short, and wanted once.
bool isPartOfUser(mlir::Value value, llvm::StringRef text);

/// The text without those around the whole of it.
std::string withoutParentheses(const std::string &text);

} // namespace tenon::cuda

#endif // TENON_COMPILER_EMIT_CUDA_SCALARTEXT_H
