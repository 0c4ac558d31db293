//===- MergeMaps.h - one map for what is read twice -----------------------===//

#ifndef TENON_PASSES_FUSION_MERGEMAPS_H
#define TENON_PASSES_FUSION_MERGEMAPS_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// Where a tile is read by a map and, through other maps that nothing else
/// reads, by the same map once more, one map takes their place: a tile is
/// computed anew for each that reads it.
void mergeMaps(tile::KernelOp kernel);

} // namespace tenon

#endif // TENON_PASSES_FUSION_MERGEMAPS_H
