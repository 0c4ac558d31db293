//===- ScheduleChoice.h - the numbers that follow from shape and machine --===//
//
//   DictionaryAttr schedule = chooseSchedule(kernel, scheduleMachine(cpu));
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULECHOICE_H
#define TENON_PASSES_SCHEDULE_SCHEDULECHOICE_H

#include "passes/Schedule/RegisterBlock.h"

#include "dialects/Tile/Products.h"

namespace tenon {

/// Sums along a side of a unit of tiles.
inline constexpr int64_t kUnitSide = 16;
/// With fewer rows a product does not fill tiles so far that they would be
/// faster than vectors.
inline constexpr int64_t kFewestTileRows = kUnitSide / 4;
/// Keys of a step of attention where they lie in the lanes, for few queries.
inline constexpr int64_t kKeysInLanes = 32;
/// Keys of a step by tiles of sums.
inline constexpr int64_t kTileAttention = 128;
/// Queries of such a step, for a head's keys stay staged from one to the next:
/// their scores are two thirds of an L1. Measured on Sapphire Rapids, as is
/// what follows.
inline constexpr int64_t kTileQueries = 64;
/// Up to so many queries a causal mask hides so much of a block of more keys
/// that those of as many keys as queries are faster.
inline constexpr int64_t kFewCausalQueries = 384;

/// Whether the loop over keys ends where the queries of its instance do.
bool isCausal(tile::KernelOp kernel);
/// How many queries are not worth the split of their keys. A causal mask hides
/// half of what a split key is multiplied with.
int64_t mostUnsplitQueries(tile::KernelOp kernel);
/// Whether the columns of the kernel's products that are numbers are whole
/// vectors.
bool hasWholeColumns(tile::KernelOp kernel, int64_t lanes);

/// The machine's units that are of use for the kernel's products, the fastest
/// first; at the end null, the vectors' own multiply-adds.
mlir::SmallVector<const tile::ProductUnit *>
unitsFor(tile::KernelOp kernel, const ScheduleMachine &machine);

/// The schedule of a kernel in the algorithm form, of the numbers that suit the
/// unit; null as above.
mlir::DictionaryAttr scheduleWith(tile::KernelOp kernel,
                                  const ScheduleMachine &machine,
                                  const tile::ProductUnit *unit);

/// The same with the first of the units that are of use.
mlir::DictionaryAttr chooseSchedule(tile::KernelOp kernel,
                                    const ScheduleMachine &machine);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULECHOICE_H
