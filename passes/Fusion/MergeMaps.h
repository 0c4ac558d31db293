//===- MergeMaps.h - one map for what is read twice -----------------------===//

#ifndef TENON_PASSES_FUSION_MERGEMAPS_H
#define TENON_PASSES_FUSION_MERGEMAPS_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// A map takes in those whose results it alone reads, place by place, where
/// `isWanted(maker, reader)`.
void mergeMaps(
    tile::KernelOp kernel,
    llvm::function_ref<bool(tile::MapOp maker, tile::MapOp reader)> isWanted);

/// Whether the maker of an input of `reader` reads, directly or through maps
/// that are for it alone, what `reader` reads too.
bool readTheSame(tile::MapOp maker, tile::MapOp reader);

} // namespace tenon

#endif // TENON_PASSES_FUSION_MERGEMAPS_H
