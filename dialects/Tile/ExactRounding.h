//===- ExactRounding.h - roundings that change no value -------------------===//

#ifndef TENON_DIALECTS_TILE_EXACTROUNDING_H
#define TENON_DIALECTS_TILE_EXACTROUNDING_H

#include "dialects/Tile/TileDialect.h"

namespace tenon::tile {

/// The tile of floats that a map rounded to a narrower type, when that changes
/// no value: those of small integers and their differences. Others are
/// themselves.
mlir::Value withoutExactRounding(mlir::Value tile);

} // namespace tenon::tile

#endif // TENON_DIALECTS_TILE_EXACTROUNDING_H
