// bar.sync and its kin, and what makes a warp wait for its own lanes.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <cstring>

namespace tenon::vgpu {

using rt::hexText;
using rt::message;

bool isWholeWarp(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (mask == warp.alive)
    return true;
  if (warp.groups.size() > 1) {
    warp.outcome = Outcome::Converge;
    return false;
  }
  stop(warp, inst, firstLane(mask), ReportKind::DivergentBarrier,
       Fault::IllegalInstruction,
       message(warp.block->launch->program->opcodes[inst.id],
               " is executed by lanes ", hexText(mask), " of a warp in which ",
               hexText(warp.alive), " live"));
  return false;
}

uint32_t gatherLanes(Warp &warp, const Instruction &inst, uint32_t mask,
                     uint32_t named) {
  if (mask & ~named) {
    stop(warp, inst, firstLane(mask & ~named), ReportKind::LaneMask,
         Fault::IllegalInstruction,
         message("lanes ", hexText(mask), " execute ",
                 warp.block->launch->program->opcodes[inst.id],
                 " with the mask ", hexText(named),
                 ", which does not name them all"));
    return 0;
  }
  uint32_t wanted = named & warp.alive;
  if (wanted == mask)
    return mask;
  if (warp.groups.size() > 1) {
    warp.outcome = Outcome::Converge;
    return 0;
  }
  stop(warp, inst, firstLane(wanted & ~mask), ReportKind::LaneMask,
       Fault::IllegalInstruction,
       message(warp.block->launch->program->opcodes[inst.id], " names lanes ",
               hexText(named), ", of which ", hexText(wanted & ~mask),
               " do not execute it"));
  return 0;
}

static uint32_t numExpected(const Block &block, const Barrier &barrier) {
  return barrier.numExpected ? barrier.numExpected : block.numLive;
}

static void writeResult(Warp &warp, const Instruction &inst, uint32_t mask,
                        const Barrier &barrier) {
  BarrierOp op = BarrierOp(inst.flags);
  if (inst.slot[0] == kNoSlot)
    return;
  if (op == BarrierOp::ReducePopc) {
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      if (hasLane(mask, lane))
        warp.lanes<uint32_t>(inst.slot[0])[lane] = barrier.numHolding;
    return;
  }
  bool holds = op == BarrierOp::ReduceAnd
                   ? barrier.numHolding == barrier.numArrived
                   : barrier.numHolding != 0;
  uint32_t &to = warp.mask(inst.slot[0]);
  to = (to & ~mask) | (holds ? mask : 0);
}

static void letGo(Block &block, unsigned number) {
  Barrier &barrier = block.barriers[number];
  const std::vector<Instruction> &code = block.launch->program->code;
  if (block.clocks && number != kClusterBarrier)
    block.clocks->synchronise(uint64_t(barrier.waiting)
                              << block.warps[0].clock);
  for (Warp &warp : block.warps) {
    if (!hasLane(barrier.waiting, warp.id))
      continue;
    if (block.clocks)
      block.clocks->acquire(warp.clock, barrier.released);
    for (Group &group : warp.groups) {
      if (group.state != Group::AtBarrier || group.barrier != number)
        continue;
      writeResult(warp, code[group.pc], group.mask, barrier);
      group.state = Group::Ready;
      ++group.pc;
    }
  }
  barrier = Barrier();
  ++block.progress;
}

static bool isComplete(const Block &block, unsigned number) {
  const Barrier &barrier = block.barriers[number];
  return barrier.isUsed && barrier.waiting &&
         barrier.numArrived >= numExpected(block, barrier);
}

void recheckBarriers(Block &block) {
  for (unsigned number = 0; number < kClusterBarrier; ++number)
    if (isComplete(block, number))
      letGo(block, number);
  recheckClusterBarrier(*block.cluster);
}

void recheckClusterBarrier(Cluster &cluster) {
  uint64_t waiting = 0;
  for (const std::unique_ptr<Block> &block : cluster.blocks) {
    if (block->numLive && !isComplete(*block, kClusterBarrier))
      return;
    if (block->numLive)
      waiting |= uint64_t(block->barriers[kClusterBarrier].waiting)
                 << block->warps[0].clock;
  }
  if (!waiting)
    return;
  if (cluster.blocks[0]->clocks)
    cluster.blocks[0]->clocks->synchronise(waiting);
  for (const std::unique_ptr<Block> &block : cluster.blocks)
    if (block->numLive)
      letGo(*block, kClusterBarrier);
}

void blockBarrier(Warp &warp, const Instruction &inst, uint32_t mask) {
  Block &block = *warp.block;
  if (inst.immediate && !isWholeWarp(warp, inst, mask))
    return;
  unsigned lane = firstLane(mask);
  uint32_t number = warp.lanes<uint32_t>(inst.slot[1])[lane];
  uint32_t count =
      inst.slot[2] == kNoSlot ? 0 : warp.lanes<uint32_t>(inst.slot[2])[lane];
  bool isNamed = inst.elementBytes == 0;
  if ((isNamed && number >= kClusterBarrier) || count % kWarpSize)
    return stop(warp, inst, lane, ReportKind::BarrierMisuse,
                Fault::IllegalInstruction,
                message("barrier ", number, " of ", count,
                        " threads: expected a number below 16 and a multiple "
                        "of 32 threads"));
  Barrier &barrier = block.barriers[number];
  if (barrier.isUsed && barrier.numExpected != count)
    return stop(warp, inst, lane, ReportKind::BarrierMisuse,
                Fault::IllegalInstruction,
                message("barrier ", number, " is used for ", count,
                        " threads while others use it for ",
                        barrier.numExpected, " (0: the whole block)"));
  barrier.isUsed = true;
  barrier.numExpected = count;
  // A barrier with a count counts whole warps.
  barrier.numArrived +=
      count && inst.immediate ? kWarpSize : __builtin_popcount(mask);
  if (inst.slot[3] != kNoSlot)
    barrier.numHolding += __builtin_popcount(warp.mask(inst.slot[3]) & mask);
  ++warp.worker->counters.numBarriers;
  ++block.progress;
  bool isArrival = BarrierOp(inst.flags) == BarrierOp::Arrive;
  if (isArrival) {
    if (block.clocks)
      block.clocks->release(warp.clock, barrier.released);
    warp.outcome = Outcome::Next;
  } else {
    barrier.waiting |= 1u << warp.id;
    warp.outcome = Outcome::AtBarrier;
  }
}

void warpBarrier(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t named = warp.lanes<uint32_t>(inst.slot[1])[firstLane(mask)];
  if (gatherLanes(warp, inst, mask, named))
    warp.outcome = Outcome::Next;
}

void executeTrap(Warp &warp, const Instruction &inst, uint32_t mask) {
  stop(warp, inst, firstLane(mask), ReportKind::Trap, Fault::Trap,
       "the kernel executed trap");
}

/// Text at an address that a parameter of the call holds, as far as it can be
/// read.
static std::string textAt(Warp &warp, unsigned lane, Address parameter) {
  uint32_t size = warp.block->launch->program->info.localBytes;
  if (parameter + 8 > size)
    return "";
  Address address = 0;
  std::memcpy(&address, warp.local + size_t(lane) * size + parameter, 8);
  const Memory &memory = *warp.block->launch->memory;
  Memory::Range range = memory.rangeAt(address);
  std::string text;
  for (; address < range.end && text.size() < 200; ++address) {
    char c = *reinterpret_cast<const char *>(address);
    if (!c)
      break;
    text += c;
  }
  return text;
}

// __assertfail(message, file, line, function, size of a character)
void failAssertion(Warp &warp, const Instruction &inst, uint32_t mask) {
  unsigned lane = firstLane(mask);
  std::string condition =
      textAt(warp, lane, warp.lanes<uint64_t>(inst.slot[1])[lane]);
  stop(warp, inst, lane, ReportKind::Trap, Fault::Trap,
       message("assertion ", rt::quoted(condition), " failed"));
}

void yieldWarp(Warp &warp, const Instruction &, uint32_t) {
  warp.outcome = Outcome::Yield;
}

} // namespace tenon::vgpu
