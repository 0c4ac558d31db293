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
