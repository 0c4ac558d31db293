//===- ScheduleVariants.h - another schedule for few rows -----------------===//
//
// How many rows a kernel has is often known to a launch only: a token or a
// thousand. A schedule for many can take several times as long for few, so such
// a kernel gets a variant: the same program in another schedule. The host takes
// one of the two when it knows the sizes.
//
//   if (auto variant = variantFor(kernel, machine))
//     // for at most variant->mostRows rows: variant->schedule
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULEVARIANTS_H
#define TENON_PASSES_SCHEDULE_SCHEDULEVARIANTS_H

#include "passes/Schedule/ScheduleMachine.h"

#include "dialects/Tile/TileDialect.h"

namespace tenon {

struct RowVariant {
  int64_t mostRows;
  mlir::DictionaryAttr schedule;
};

/// The axis of the kernel's grid that counts its rows, if their number is not
/// known.
std::optional<unsigned> openRows(tile::KernelOp kernel);

/// The variant of a kernel in the algorithm form that has its schedule, if it
/// takes one: the kernel has products, of rows whose number is not known. It
/// reads packed constants in the kernel's own order, so they are there once.
std::optional<RowVariant> variantFor(tile::KernelOp kernel,
                                     const ScheduleMachine &machine);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULEVARIANTS_H
