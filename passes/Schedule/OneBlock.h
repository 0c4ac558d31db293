//===- OneBlock.h - rows of unknown length as one block -------------------===//
//
// What needs a whole row, as softmax does, passes over a row of unknown length
// in loops: for its maximum, for its sum, and for what becomes of it, and
// computes its elements in each. Where a block holds the row, the loops have
// one turn, and all three read the same tile.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_ONEBLOCK_H
#define TENON_PASSES_SCHEDULE_ONEBLOCK_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// The last axis of the grid of a kernel in the algorithm form, if loops pass
/// over it too, and its size is not known.
std::optional<unsigned> axisOfLoops(tile::KernelOp kernel);

/// Takes the turns of these loops for one, of a block of the axis, which gets
/// `extent` in the kernel's schedule. The kernel is right for grids with one
/// such block.
void putInOneBlock(tile::KernelOp kernel, unsigned axis, int64_t extent);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_ONEBLOCK_H
