//===- GraphElementwise.h - scalar kernels shared by elementwise ops ------===//
//
// What an elementwise op means is one line of a table: its scalar function in
// f64 and, where it takes them, in integers. The reference interpreter, the
// tests and the NumPy oracle all read this table.
//
//   const ElementwiseKernel *relu = findElementwiseKernel("relu");
//   relu->onFloats(-2.0, 0, 0);   // 0.0
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHELEMENTWISE_H
#define TENON_DIALECTS_GRAPH_GRAPHELEMENTWISE_H

#include "dialects/Interfaces/Reference.h"

#include "mlir/IR/Operation.h"

namespace tenon::graph {

class DimAttr;

/// Wide enough for every i64 and every ui64, so one kernel serves both. A
/// result is taken modulo 2^bits of its element type.
using WideInt = __int128;

/// One scalar function of up to three operands; it ignores the others.
struct ElementwiseKernel {
  llvm::StringLiteral
      name; ///< the op's mnemonic, then `_` and its variant if any
  unsigned arity;
  double (*onFloats)(double, double, double);   ///< null: takes no floats
  WideInt (*onInts)(WideInt, WideInt, WideInt); ///< null: takes no integers
};

llvm::ArrayRef<ElementwiseKernel> getElementwiseKernels();

/// The kernel of that name, or null.
const ElementwiseKernel *findElementwiseKernel(llvm::StringRef name);

/// The integer at a position, without losing the sign or the top bit of ui64.
WideInt getWideInt(const ReferenceTensor &tensor, int64_t position);

/// `value` truncated toward zero into the integer `type`, saturating; NaN is 0.
WideInt truncateToInt(double value, mlir::IntegerType type);

/// Applies the kernel of `op` (with `variant`, may be empty) to broadcast
/// operands.
llvm::LogicalResult
evaluateElementwise(mlir::Operation *op, llvm::StringRef variant,
                    llvm::ArrayRef<ReferenceTensor> operands,
                    llvm::MutableArrayRef<ReferenceTensor> results);

/// The type in which a body computes an element: f32 for narrower floats,
/// signless for integers, the same for f64 and bool.
mlir::Type getScalarType(mlir::Type elementType);

/// Arith and math ops in the body of an elementwise op, constants not counted,
/// for each element of its result.
DimAttr countBodyFlops(mlir::Operation *op);

/// NumPy's broadcast of all operands, with elements of `elementType`. `typed`
/// are the operands whose element types must agree. Emits one error at
/// `location`, if there is one, and fails where they do not or the shapes do
/// not broadcast.
llvm::LogicalResult
inferElementwise(llvm::StringRef opName, std::optional<mlir::Location> location,
                 mlir::ValueRange operands, mlir::ValueRange typed,
                 mlir::Type elementType,
                 llvm::SmallVectorImpl<mlir::Type> &inferred);

/// The operand that the op's result always equals: x + 0, x * 1, cast to the
/// same type ... Null when there is none of the result's type. `constants` are
/// the operands' values where they are known.
mlir::OpFoldResult foldElementwise(mlir::Operation *op,
                                   llvm::ArrayRef<mlir::Attribute> constants);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHELEMENTWISE_H
