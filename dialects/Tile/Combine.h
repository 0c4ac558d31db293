//===- Combine.h - the arithmetic of reductions ---------------------------===//
//
//   TypedAttr identity = identityOf(b, Combine::Max, f32);      // -infinity
//   Value larger = combine(b, loc, Combine::Max, x, y);         // NaN wins
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_TILE_COMBINE_H
#define TENON_DIALECTS_TILE_COMBINE_H

#include "dialects/Tile/TileDialect.h"

namespace tenon::tile {

/// The element that changes nothing it is combined with.
mlir::TypedAttr identityOf(mlir::Builder &builder, Combine kind,
                           mlir::Type type);

/// Combines two scalars or two vectors of one type. Max and min propagate NaN;
/// MaxNumber leaves out a NaN in `y`, and `x`, the greatest so far, is a
/// number. Integers are signed.
mlir::Value combine(mlir::OpBuilder &builder, mlir::Location loc, Combine kind,
                    mlir::Value x, mlir::Value y);

} // namespace tenon::tile

#endif // TENON_DIALECTS_TILE_COMBINE_H
