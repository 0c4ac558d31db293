// Registers of products (wgmma) between their issue and the wait: the unit has
// them, and a thread that reads or writes one meets anything. A thread that
// wrote one before needs a fence between (wgmma.fence).
//
// Moves are looked through: a compiler renames registers by them, and ptxas
// takes them away.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

namespace tenon::vgpu {

static ProductState &stateOf(Warp &warp) {
  ProductState &state = warp.products;
  if (state.groupOf.empty()) {
    uint32_t count = warp.block->launch->program->numProductRegisters;
    state.groupOf.assign(count, 0);
    state.isUnfenced.assign(count, false);
  }
  return state;
}

static bool isInFlight(const ProductState &state, uint32_t number) {
  return state.groupOf[number] > state.numDone;
}

void fenceProducts(Warp &warp, const Instruction &, uint32_t) {
  ProductState &state = stateOf(warp);
  state.hasFenced = true;
  state.isUnfenced.assign(state.isUnfenced.size(), false);
}

static void issueProduct(Warp &warp, const Instruction &inst,
                         const std::vector<ProductTouch> &touches) {
  ProductState &state = stateOf(warp);
  bool isUnfenced = !state.hasFenced;
  for (const ProductTouch &touch : touches) {
    isUnfenced |= state.isUnfenced[touch.number];
    state.groupOf[touch.number] = state.numGroups + 1;
  }
  if (isUnfenced)
    report(warp, inst, 0, ReportKind::MissingFence,
           "multiplies with registers that the threads wrote with no "
           "wgmma.fence behind");
}

static void renameRegister(ProductState &state,
                           const std::vector<ProductTouch> &touches) {
  const ProductTouch *from = nullptr;
  for (const ProductTouch &touch : touches)
    if (!touch.isWrite)
      from = &touch;
  for (const ProductTouch &touch : touches)
    if (touch.isWrite) {
      state.groupOf[touch.number] = from ? state.groupOf[from->number] : 0;
      state.isUnfenced[touch.number] =
          from ? state.isUnfenced[from->number] : true;
    }
}

void followProducts(Warp &warp, const Instruction &inst, uint32_t mask) {
  const KernelProgram &program = *warp.block->launch->program;
  const std::vector<ProductTouch> &touches = program.touches.at(inst.id);
  if (!warp.block->clocks || !mask)
    return;
  if (inst.pipe == Pipe::Tensor && inst.flow == Flow::Outcome &&
      program.opcodes[inst.id].starts_with("wgmma"))
    return issueProduct(warp, inst, touches);
  ProductState &state = stateOf(warp);
  if (inst.pipe == Pipe::Move && !inst.numListed)
    return renameRegister(state, touches);
  for (const ProductTouch &touch : touches) {
    if (isInFlight(state, touch.number))
      report(warp, inst, firstLane(mask), ReportKind::AsyncInFlight,
             rt::message(touch.isWrite ? "writes" : "reads",
                         " a register of a product in flight: no "
                         "wgmma.wait_group stands between"));
    if (touch.isWrite)
      state.isUnfenced[touch.number] = true;
  }
}

} // namespace tenon::vgpu
