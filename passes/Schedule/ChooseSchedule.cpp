//===- ChooseSchedule.cpp - give each kernel numbers for its symbols ------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleChoice.h"
#include "passes/Schedule/ScheduleReason.h"
#include "passes/Schedule/ScheduleRules.h"
#include "passes/Schedule/ScheduleVariants.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_CHOOSESCHEDULEPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

void explain(tile::KernelOp kernel, const Twine &reason) {
  if (!kernel->hasAttr("tenon.reason"))
    kernel->setAttr("tenon.reason",
                    StringAttr::get(kernel.getContext(), reason));
}

struct ChooseSchedule final : impl::ChooseSchedulePassBase<ChooseSchedule> {
  using ChooseSchedulePassBase::ChooseSchedulePassBase;

  LogicalResult check(tile::KernelOp kernel) {
    return checkSchedule(kernel, kernel.getScheduleAttr(), vectorBytes,
                         [&] { return kernel.emitError(); });
  }
  LogicalResult choose(tile::KernelOp kernel, const ScheduleMachine &machine,
                       SymbolTable &symbols);
  LogicalResult addVariant(tile::KernelOp kernel, const RowVariant &variant,
                           const ScheduleMachine &machine,
                           SymbolTable &symbols);

  void runOnOperation() override {
    ScheduleMachine machine{vectorBytes, numVectors, f32Macs, l2Bytes,
                            std::vector<std::string>(units)};
    SymbolTable symbols(getOperation());
    for (auto kernel : llvm::to_vector(getOperation().getOps<tile::KernelOp>()))
      if (failed(choose(kernel, machine, symbols)))
        return signalPassFailure();
  }
};

LogicalResult ChooseSchedule::choose(tile::KernelOp kernel,
                                     const ScheduleMachine &machine,
                                     SymbolTable &symbols) {
  if (kernel.getSchedule()) {
    explain(kernel, "given with the kernel");
    return check(kernel);
  }
  kernel.setScheduleAttr(chooseSchedule(kernel, machine));
  if (auto variant = variantFor(kernel, machine))
    if (failed(addVariant(kernel, *variant, machine, symbols)))
      return failure();
  explain(kernel, scheduleReason(kernel, machine));
  return check(kernel);
}

LogicalResult ChooseSchedule::addVariant(tile::KernelOp kernel,
                                         const RowVariant &variant,
                                         const ScheduleMachine &machine,
                                         SymbolTable &symbols) {
  std::string rows = std::to_string(variant.mostRows) + " rows: ";
  auto copy = cast<tile::KernelOp>(kernel->clone());
  copy.setSymName((kernel.getSymName() + "_few").str());
  copy.setScheduleAttr(variant.schedule);
  explain(copy, "for at most " + rows + scheduleReason(copy, machine));
  explain(kernel, "for more than " + rows + scheduleReason(kernel, machine));
  symbols.insert(copy, std::next(Block::iterator(kernel)));
  auto few = tile::VariantAttr::get(&getContext(), FlatSymbolRefAttr::get(copy),
                                    *openRows(kernel), variant.mostRows);
  kernel.setVariantsAttr(ArrayAttr::get(&getContext(), few));
  return check(copy);
}

} // namespace
} // namespace tenon
