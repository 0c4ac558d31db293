//===- UnitOperands.h - what a unit of 16 x 16 sums multiplies ------------===//

#ifndef TENON_PASSES_LOWER_UNITOPERANDS_H
#define TENON_PASSES_LOWER_UNITOPERANDS_H

#include "passes/Lower/TileLowering.h"

namespace tenon {

/// Rows and columns of a tile of sums, lines of a tile of a factor, and words
/// of a step.
inline constexpr int64_t kTileSide = 16;
/// A full row of a tile register, and all of one.
inline constexpr int64_t kLineBytes = 64;
inline constexpr int64_t kTileBytes = kTileSide * kLineBytes;

/// Elements of the contracted axis in one step.
int64_t depthOfStep(tile::MmaOp mma);
/// Steps of the contracted axis, the last one perhaps filled up with zeros.
int64_t numStepsOf(tile::MmaOp mma);
/// Bytes of an element of an operand.
int64_t elementBytes(tile::MmaOp mma);
/// The left side as the unit reads it.
mlir::Value narrowLeft(tile::MmaOp mma);

} // namespace tenon

#endif // TENON_PASSES_LOWER_UNITOPERANDS_H
