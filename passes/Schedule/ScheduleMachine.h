//===- ScheduleMachine.h - what a choice of schedules knows of the machine ===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULEMACHINE_H
#define TENON_PASSES_SCHEDULE_SCHEDULEMACHINE_H

#include "dialects/Target/TargetDialect.h"

#include <string>
#include <vector>

namespace tenon {

struct ScheduleMachine {
  int64_t vectorBytes = 64;
  int64_t numVectors = 32; ///< vector registers
  int64_t f32Macs = 16;    ///< multiply-adds per cycle
  int64_t l2Bytes = 1 << 20;
  /// Units that are faster than f32, the fastest first.
  std::vector<std::string> units;
  int64_t lanes() const { return vectorBytes / 4; }
};

ScheduleMachine scheduleMachine(target::CpuAttr cpu);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULEMACHINE_H
