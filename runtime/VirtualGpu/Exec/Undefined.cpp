// Values made from bytes that nobody wrote.
//
// They are followed to their use, not reported at the load: library kernels
// read a tile's unused edge and drop it. A use is what can show: an address, a
// predicate that decides, a store to global memory. Shared memory remembers
// them.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

namespace tenon::vgpu {

void markUndefined(Warp &warp, uint32_t slot, uint32_t lanes) {
  if (warp.undefined.empty())
    warp.undefined.resize(warp.block->launch->program->registerImage.size() /
                          4);
  warp.undefined[slot / 4] |= lanes;
}

static void reportUse(Warp &warp, const Instruction &inst, uint32_t lanes,
                      const char *what) {
  if (lanes)
    report(warp, inst, firstLane(lanes), ReportKind::Uninitialised, what);
}

static bool mixesLanes(const Instruction &inst) {
  return inst.pipe == Pipe::Tensor || inst.pipe == Pipe::Collective;
}

void followUndefined(Warp &warp, const Instruction &inst, uint32_t group,
                     uint32_t mask) {
  std::vector<uint32_t> &undefined = warp.undefined;
  if (inst.predicate != kNoSlot)
    reportUse(warp, inst, undefined[inst.predicate / 4] & group,
              "a value made from bytes never written decides what is executed");
  const KernelProgram &program = *warp.block->launch->program;
  const Effect &effect = program.effects[inst.id];
  const uint32_t *slots = program.effectSlots.data() + effect.firstSlot;
  bool isAccess = inst.pipe == Pipe::Memory || inst.pipe == Pipe::Async;
  uint32_t found = 0;
  if (isAccess) {
    if (inst.slot[1] != kNoSlot)
      reportUse(warp, inst, undefined[inst.slot[1] / 4] & mask,
                "an address is made from bytes never written");
    // What is loaded is noted by its handler.
  } else if (inst.flags & kSelects && inst.slot[3] != kNoSlot) {
    uint32_t chosen = warp.mask(inst.slot[3]);
    found = (undefined[inst.slot[1] / 4] & chosen) |
            (undefined[inst.slot[2] / 4] & ~chosen) |
            undefined[inst.slot[3] / 4];
  } else {
    for (unsigned i = 0; i < effect.numRead; ++i)
      found |= undefined[slots[effect.numWritten + i] / 4] & mask;
    if (found && mixesLanes(inst) && inst.handler != shuffle)
      found = kFullMask;
  }
  if (inst.handler == shuffle)
    return;
  for (unsigned i = 0; i < effect.numWritten; ++i) {
    uint32_t &to = undefined[slots[i] / 4];
    to = (to & ~mask) | (found & mask);
  }
}

} // namespace tenon::vgpu
