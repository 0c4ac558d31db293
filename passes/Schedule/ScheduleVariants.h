//===- ScheduleVariants.h - another schedule for few rows -----------------===//
//
// How many rows a kernel has is often known to a launch only: a token or a
// thousand. A schedule for many can take several times as long for few, so such
// a kernel gets variants: the same program in other schedules. The host takes
// one of them when it knows the sizes.
//
//   for (const RowVariant &variant : variantsFor(kernel, machine))
//     // for at most variant.mostRows rows: variant.schedule
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

/// The variants of a kernel in the algorithm form that has its schedule, those
/// for fewest rows first: of a kernel with products, of rows whose number is
/// not known. They read packed constants in the kernel's own order, so these
/// are there once.
llvm::SmallVector<RowVariant> variantsFor(tile::KernelOp kernel,
                                          const ScheduleMachine &machine);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULEVARIANTS_H
