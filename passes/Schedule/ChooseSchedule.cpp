//===- ChooseSchedule.cpp - give each kernel numbers for its symbols ------===//

#include "passes/Schedule/OneBlock.h"
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

/// Columns of the longest rows that are one block: four of them, as f32 and as
/// what becomes of it, are a third of an L1.
constexpr int64_t kMostInOneBlock = 512;

void explain(tile::KernelOp kernel, const Twine &reason) {
  if (!kernel->hasAttr("tenon.reason"))
    kernel->setAttr("tenon.reason",
                    StringAttr::get(kernel.getContext(), reason));
}

/// A copy of the kernel for few rows, or few columns.
tile::KernelOp copyFor(tile::KernelOp kernel, int64_t most) {
  auto copy = cast<tile::KernelOp>(kernel->clone());
  copy.setSymName((kernel.getSymName() + "_at_most_" + Twine(most)).str());
  return copy;
}

struct ChooseSchedule final : impl::ChooseSchedulePassBase<ChooseSchedule> {
  using ChooseSchedulePassBase::ChooseSchedulePassBase;

  LogicalResult check(tile::KernelOp kernel) {
    return checkSchedule(kernel, kernel.getScheduleAttr(), vectorBytes,
                         [&] { return kernel.emitError(); });
  }
  LogicalResult choose(tile::KernelOp kernel, const ScheduleMachine &machine,
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
  SmallVector<Attribute> variants;
  std::string most; // what the last variant is for
  Block::iterator next = std::next(Block::iterator(kernel));
  auto add = [&](tile::KernelOp copy, unsigned axis, int64_t size,
                 StringRef what, const Twine &reason) {
    most = (Twine(size) + what).str();
    explain(copy, "for at most " + most + reason);
    symbols.insert(copy, next);
    variants.push_back(tile::VariantAttr::get(
        &getContext(), FlatSymbolRefAttr::get(copy), axis, size));
    return check(copy);
  };
  for (const RowVariant &variant : variantsFor(kernel, machine)) {
    tile::KernelOp copy = copyFor(kernel, variant.mostRows);
    copy.setScheduleAttr(variant.schedule);
    if (failed(add(copy, *openRows(kernel), variant.mostRows,
                   " rows: ", scheduleReason(copy, machine))))
      return failure();
  }
  if (std::optional<unsigned> axis = axisOfLoops(kernel)) {
    tile::KernelOp copy = copyFor(kernel, kMostInOneBlock);
    putInOneBlock(copy, *axis, kMostInOneBlock);
    if (failed(add(copy, *axis, kMostInOneBlock, " columns: ",
                   "one block holds a row, which is computed once")))
      return failure();
  }
  if (!variants.empty())
    kernel.setVariantsAttr(ArrayAttr::get(&getContext(), variants));
  explain(kernel, (most.empty() ? most : "for more than " + most) +
                      scheduleReason(kernel, machine));
  return check(kernel);
}

} // namespace
} // namespace tenon
