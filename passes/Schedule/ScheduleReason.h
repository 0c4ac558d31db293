//===- ScheduleReason.h - why a kernel has its schedule, for people -------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULEREASON_H
#define TENON_PASSES_SCHEDULE_SCHEDULEREASON_H

#include "passes/Schedule/RegisterBlock.h"

#include "dialects/Tile/TileDialect.h"

#include <string>

namespace tenon {

/// The schedule for people: "BM 8, BN 48, unit amx-bf16".
std::string scheduleText(mlir::DictionaryAttr schedule);

/// What ties the chosen numbers of `kernel` to `machine`: "8 x 48 sums lie in
/// 24 of 32 registers while all 768 contracted elements pass by; ...". The
/// kernel is in the algorithm form and has its schedule.
std::string scheduleReason(tile::KernelOp kernel,
                           const ScheduleMachine &machine);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULEREASON_H
