//===- ScheduleMachine.cpp - a target as a choice of schedules knows it ---===//

#include "passes/Schedule/ScheduleMachine.h"

using namespace mlir;

namespace tenon {

ScheduleMachine scheduleMachine(target::CpuAttr cpu) {
  SmallVector<target::Unit> faster;
  for (auto rate : cpu.getUnits().getAsRange<target::UnitRateAttr>())
    if (cpu.rateOverF32(rate.getUnit()) > 1)
      faster.push_back(rate.getUnit());
  llvm::sort(faster, [&](target::Unit a, target::Unit b) {
    return cpu.rateOverF32(a) > cpu.rateOverF32(b);
  });
  ScheduleMachine machine{cpu.getVectorBytes(),
                          cpu.getNumVectors(),
                          cpu.getF32Macs(),
                          cpu.cache(2).getSizeBytes(),
                          {}};
  for (target::Unit unit : faster)
    machine.units.push_back(target::stringifyUnit(unit).str());
  return machine;
}

} // namespace tenon
