//===- KnownValues.h - what is known of a value before the program runs ---===//
//
//   // graph.mul %x, %c with %c a broadcast of dense<0.5>
//   getUniformNumber(mul.getRhs()) == 0.5
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_ANALYSIS_KNOWNVALUES_H
#define TENON_PASSES_ANALYSIS_KNOWNVALUES_H

#include "dialects/Interfaces/Reference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace tenon {

/// The value of every element, when one constant fills the tensor: a splat, or
/// views of one. Its type is the element type. Null otherwise.
mlir::TypedAttr getUniformElement(mlir::Value value);

/// The same as a number (bool: 0 or 1), also through casts.
std::optional<double> getUniformNumber(mlir::Value value);

/// Whether every element is `number`, up to how f32 (or a narrower element
/// type) rounds it twice.
bool isUniformly(mlir::Value value, double number);
/// How far a constant of this type, computed from rounded ones, may be from the
/// number that was meant: four roundings, relative. Of f32 for types without a
/// rounding of their own.
double roundingOf(mlir::Type elementType);

/// The elements of a small constant, or nothing.
std::optional<ReferenceTensor> getConstantElements(mlir::Value value);

/// The number that a tensor of floats of rank 0 is, if it is a constant.
std::optional<double> getConstantNumber(mlir::Value value);

/// Whether the value follows from weights and constants by elementwise ops and
/// moves of data alone, so that it can be computed when the artifact is
/// written.
bool isWeightExpression(mlir::Value value);

/// What costs nothing to compute again where it is needed: constants that are
/// one number, and positions. False for null.
bool isFree(mlir::Operation *op);

/// The ops of a block whose results lie in the artifact: they follow from
/// constants and weights alone, and make no more bytes than they read.
llvm::DenseSet<mlir::Operation *> getStoredExpressions(mlir::Block &block);

/// A constant with the elements of a reference tensor.
mlir::DenseElementsAttr toElements(const ReferenceTensor &tensor);

/// A rank-0 constant, or one that fills a static type.
mlir::Value makeConstant(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::TypedAttr element);
mlir::Value makeFilled(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::RankedTensorType type, double number);

} // namespace tenon

#endif // TENON_PASSES_ANALYSIS_KNOWNVALUES_H
