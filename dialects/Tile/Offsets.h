//===- Offsets.h - what is known of the offsets of loads ------------------===//

#ifndef TENON_DIALECTS_TILE_OFFSETS_H
#define TENON_DIALECTS_TILE_OFFSETS_H

#include "mlir/IR/Value.h"

namespace tenon::tile {

/// Whether an index of a kernel is 0 or more by the way it is computed: sizes,
/// places in the grid, turns of loops, and their sums, products and quotients.
/// False means unknown: a load there must look for its view's beginning too.
bool isKnownNonNegative(mlir::Value index);

} // namespace tenon::tile

#endif // TENON_DIALECTS_TILE_OFFSETS_H
