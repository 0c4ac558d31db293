//===- ChooseSchedule.cpp - give each kernel numbers for its symbols ------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleChoice.h"
#include "passes/Schedule/ScheduleReason.h"
#include "passes/Schedule/ScheduleRules.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_CHOOSESCHEDULEPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

struct ChooseSchedule final : impl::ChooseSchedulePassBase<ChooseSchedule> {
  using ChooseSchedulePassBase::ChooseSchedulePassBase;

  void runOnOperation() override {
    ScheduleMachine machine{vectorBytes, numVectors, f32Macs, l2Bytes,
                            std::vector<std::string>(units)};
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      bool isGiven = kernel.getSchedule().has_value();
      if (!isGiven)
        kernel.setScheduleAttr(chooseSchedule(kernel, machine));
      if (failed(checkSchedule(kernel, kernel.getScheduleAttr(), vectorBytes,
                               [&] { return kernel.emitError(); })))
        return signalPassFailure();
      std::string reason =
          isGiven ? "given with the kernel" : scheduleReason(kernel, machine);
      if (!kernel->hasAttr("tenon.reason"))
        kernel->setAttr("tenon.reason", StringAttr::get(&getContext(), reason));
    }
  }
};

} // namespace
} // namespace tenon
