//===- ScheduleNeighbours.h - schedules that differ in one decision -------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULENEIGHBOURS_H
#define TENON_PASSES_SCHEDULE_SCHEDULENEIGHBOURS_H

#include "passes/Schedule/ScheduleMachine.h"

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// Legal schedules of a kernel with products, in the algorithm form, that each
/// take one decision otherwise than `schedule`, a legal one of it: the unit,
/// with the numbers that suit it; the block of a product; how much of a loop
/// passes at a time; the columns of a panel; the walk through the grid.
llvm::SetVector<mlir::DictionaryAttr>
neighboursOf(tile::KernelOp kernel, mlir::DictionaryAttr schedule,
             const ScheduleMachine &machine);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULENEIGHBOURS_H
