// What a block leaves behind when it ends: its shared memory is given to
// another block, while copies still write or read it. Its tensor memory is not,
// unless it gives it back.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

namespace tenon::vgpu {

using rt::message;

static void checkMbarriers(Block &block) {
  const std::vector<Instruction> &code = block.launch->program->code;
  for (const auto &[offset, barrier] : block.mbarriers)
    if (barrier.lastCopyPhase && *barrier.lastCopyPhase >= barrier.numSeen)
      report(
          block.warps[barrier.lastCopyLane / kWarpSize], code[barrier.lastCopy],
          barrier.lastCopyLane % kWarpSize, ReportKind::AsyncInFlight,
          message("the block ends while nobody has waited for ",
                  code[barrier.lastCopy].handler == commitTensor
                      ? "these products"
                      : "this copy",
                  ", at the mbarrier at byte ", offset, " of shared memory"));
}

static void checkTensorMemory(Block &block) {
  const std::vector<Instruction> &code = block.launch->program->code;
  for (const auto &[column, allocation] : block.tensor->allocations())
    report(block.warps[allocation.warp], code[allocation.instruction], 0,
           ReportKind::TensorMisuse,
           message("the block ends while ", allocation.numColumns,
                   " columns of tensor memory from column ", column,
                   " on are allocated: nobody gave them back "
                   "(tcgen05.dealloc)"));
}

void checkEnd(Block &block) {
  if (!block.clocks || block.isStopped)
    return;
  checkMbarriers(block);
  if (block.tensor)
    checkTensorMemory(block);
  const std::vector<Instruction> &code = block.launch->program->code;
  for (Warp &warp : block.warps)
    for (const AsyncRead &read : warp.bulkReads)
      report(
          warp, code[read.instruction], read.lane, ReportKind::AsyncInFlight,
          "the block ends while nobody has waited for this copy to have read "
          "shared memory");
}

} // namespace tenon::vgpu
