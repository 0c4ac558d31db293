//===- ScheduleRules.h - what makes a schedule legal ----------------------===//
//
// The one place that says which schedules a kernel may have: any that passes is
// compiled to code that computes what the kernel says.
//
//   if (failed(checkSchedule(kernel, schedule, /*vectorBytes=*/64, emitError)))
//     ...
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULERULES_H
#define TENON_PASSES_SCHEDULE_SCHEDULERULES_H

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// The symbols of a kernel in the algorithm form, in the order of their first
/// use.
llvm::SetVector<mlir::StringAttr> symbolsOf(tile::KernelOp kernel);

/// What a GPU is taken to have, and so few queries that attention's rows are
/// those of one product of its matrix unit.
inline constexpr int64_t kMultiprocessors = 128, kFewQueries = 16;

/// The number that an index is, where it is a constant.
std::optional<int64_t> constantOf(mlir::Value value);

/// Checks `schedule` for `kernel`, a kernel in the algorithm form, on a machine
/// whose vectors have `vectorBytes`:
///
/// 1. It holds a number of 1 or more for each symbol of the kernel; `lanes`, if
///    there, is "first"; `order`, if there, is a permutation of the grid's
///    axes; `group`, if there, is 1 or more and the grid has two axes; `panel`,
///    if there, is whole vectors and divides the columns of every product;
///    `unit`, if there, is one of those in Products.h, and there is a product
///    that it computes; there is nothing else.
/// 2. The axis of a product that lies in the lanes (its columns, or its rows
///    with `lanes = "first"`) is whole vectors of 4-byte elements long: a
///    product in registers has no mask for a part of a vector.
///
/// Fails with one error that names the kernel.
mlir::LogicalResult
checkSchedule(tile::KernelOp kernel, mlir::DictionaryAttr schedule,
              int64_t vectorBytes,
              llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULERULES_H
