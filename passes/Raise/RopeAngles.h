//===- RopeAngles.h - the factors of rotary embedding as exported ---------===//
//
//   f = positions x frequencies                     BxLx(D/2)
//   factor = cos(each of f twice), spread over heads  Bx1xLxD
//
// In the order of lanes there are two conventions, and the doubling stands
// before or after the cosine. Where the factor is looked up in a table of all
// positions, the rows that are looked up are the positions.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_RAISE_ROPEANGLES_H
#define TENON_PASSES_RAISE_ROPEANGLES_H

#include "passes/Raise/Raising.h"

namespace tenon {

/// A factor read backwards as far as the angles, each once.
struct RopeFactor {
  mlir::Value angles; ///< its last dim is D/2
  graph::RopePairing pairing;
  bool isSine;
  /// The rows of a table of angles that are looked up, in this order: a gather
  /// or a slice along the positions; null when the angles are no table.
  mlir::Operation *lookup = nullptr;
};
std::optional<RopeFactor> readRopeFactor(mlir::Value factor);

/// positions times base^(-2j / D).
struct RopeAngles {
  /// Integers, with L as the last dim, or a slice of a table's rows.
  mlir::Value positions; ///< null for a slice
  graph::SliceOp rows;
  double base;
};

/// Reads the angles of a factor for `length` tokens. Nothing when they follow
/// another law.
std::optional<RopeAngles> readRopeAngles(const RopeFactor &factor,
                                         graph::DimAttr length);

/// Whether both rotate every token alike.
bool areSame(RopeAngles a, RopeAngles b);

/// The positions as a value: of a slice, its rows' numbers.
mlir::Value buildPositions(mlir::OpBuilder &builder, const RopeAngles &angles);

} // namespace tenon

#endif // TENON_PASSES_RAISE_ROPEANGLES_H
