// Fences of the async proxy, and registers that warps give to each other.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

namespace tenon::vgpu {

using rt::message;

void fenceProxy(Warp &warp, const Instruction &inst, uint32_t) {
  Block &block = *warp.block;
  if (!block.clocks)
    return;
  for (auto &[offset, barrier] : block.mbarriers)
    if (block.clocks->knows(warp.clock, barrier.initWarp, barrier.initTime))
      barrier.isFenced = true;
  if (inst.flags & 1)
    block.clocks->fence(warp.clock);
}

/// What setmaxnreg may ask for; empty when it may.
static std::string refusalOf(const Warp &warp, const Instruction &inst) {
  constexpr int64_t kLeast = 24, kMost = 256, kStep = 8;
  int64_t wanted = inst.immediate, has = warp.numRegisters;
  bool takesMore = inst.flags & 1;
  if (wanted < kLeast || wanted > kMost || wanted % kStep)
    return message("asks for ", wanted,
                   " registers: expected a multiple of 8 from 24 to 256");
  if (has && (takesMore ? wanted < has : wanted > has))
    return message(takesMore ? "takes " : "keeps ", wanted,
                   " registers of a warp that has ", has);
  return "";
}

void setRegisters(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  std::string refusal = refusalOf(warp, inst);
  if (!refusal.empty())
    return report(warp, inst, 0, ReportKind::BarrierMisuse, refusal);
  // Without ptxas' number it is not known what there is to give.
  if (!warp.numRegisters)
    return;
  uint64_t &free = warp.block->numFreeRegisters;
  int64_t more = inst.immediate - int64_t(warp.numRegisters);
  if (more > int64_t(free)) {
    warp.outcome = Outcome::Retry;
    return;
  }
  free = uint64_t(int64_t(free) - more);
  warp.numRegisters = uint32_t(inst.immediate);
  ++warp.block->progress;
}

} // namespace tenon::vgpu
