//===- Norms.h - the parts of layer_norm and rms_norm in an export --------===//

#ifndef TENON_PASSES_RAISE_NORMS_H
#define TENON_PASSES_RAISE_NORMS_H

#include "passes/Raise/Raising.h"

namespace tenon {

/// The mean along the last dim, kept with extent 1: what it is taken of, or
/// null.
mlir::Value readMeanOverLast(mlir::Value value);

/// value / sqrt(mean(square(deviation)) + epsilon), however it is written.
struct Normalized {
  mlir::Value value, deviation;
  double epsilon;
};
std::optional<Normalized> readNormalized(mlir::Operation *op);

/// 1 / sqrt(radicand), or null.
mlir::Value readInverseRoot(mlir::Value value);

/// The deviation and epsilon of mean(square(deviation)) + epsilon.
struct MeanSquare {
  mlir::Value deviation;
  double epsilon;
};
std::optional<MeanSquare> readMeanSquare(mlir::Value radicand);

/// The value as a vector along the last dim of `type`, reshaped when it has
/// leading dims of extent 1; null when it is no such vector.
mlir::Value asVector(mlir::OpBuilder &builder, mlir::Value value,
                     mlir::RankedTensorType type);

/// Ones along the last dim of `type`, or null when its size is unknown.
mlir::Value makeOnes(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::RankedTensorType type);

/// Whether a norm's scale does nothing yet.
bool isUnscaled(mlir::Value scale);

} // namespace tenon

#endif // TENON_PASSES_RAISE_NORMS_H
