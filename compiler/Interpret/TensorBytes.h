//===- TensorBytes.h - reference tensors from and to raw bytes ------------===//
//
// Bytes are those of files and of the runtime: row-major, little-endian, a bool
// in a byte, 4-bit integers two in a byte with the first one low.
//
//   FailureOr<ReferenceTensor> t = tensorFromBytes(bytes, type, emitError);
//   std::vector<char> same = toBytes(*t);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_COMPILER_INTERPRET_TENSORBYTES_H
#define TENON_COMPILER_INTERPRET_TENSORBYTES_H

#include "dialects/Interfaces/Reference.h"

#include "mlir/IR/Diagnostics.h"

namespace tenon {

/// The tensor of a static type whose elements are `bytes`. Fails with one error
/// when their number is not that of the type.
llvm::FailureOr<ReferenceTensor>
tensorFromBytes(llvm::ArrayRef<char> bytes, mlir::RankedTensorType type,
                llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The elements, already rounded to their type, as bytes.
std::vector<char> toBytes(const ReferenceTensor &tensor);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_TENSORBYTES_H
