// mbarriers: arrivals and bytes of a phase, in shared memory's name. The state
// is kept beside the memory, since its bits are nobody's business.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/BulkCopy.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

using rt::message;

static void finish(Block &block, const BulkCopy &copy) {
  for (const BulkCopy::Piece &piece : copy.pieces) {
    copyPiece(block.shared.data() + piece.sharedOffset, piece.bytes,
              piece.sizeBytes);
    if (!block.clocks)
      continue;
    copyPiece(block.sharedDefined.data() + piece.sharedOffset, piece.defined,
              piece.sizeBytes);
    block.clocks->finishCopy(copy.warp, piece.sharedOffset, piece.sizeBytes,
                             SharedClocks::Proxy::Async);
  }
}

/// Ends the phase when nothing is left to come.
static void advance(MBarrier &barrier) {
  Block &block = *barrier.block;
  if (barrier.numPending > 0 || barrier.pendingBytes != 0)
    return;
  for (const BulkCopy &copy : barrier.copies) {
    finish(block, copy);
    if (block.clocks)
      block.clocks->release(copy.warp, barrier.arrived);
  }
  barrier.copies.clear();
  barrier.completed.join(barrier.arrived);
  barrier.arrived = {};
  barrier.numPending = barrier.numExpected;
  ++barrier.phase;
  ++block.progress;
}

/// Whoever uses a barrier must know that it was initialised.
static void checkKnown(Warp &warp, const Instruction &inst, unsigned lane,
                       const MBarrier &barrier, Address offset) {
  const SharedClocks *clocks = warp.block->clocks.get();
  if (clocks && !clocks->knows(warp.clock, barrier.initWarp, barrier.initTime))
    report(warp, inst, lane, ReportKind::Race,
           message(warpText(*warp.block, warp.clock),
                   " uses the mbarrier at byte ", offset,
                   " of shared memory that ",
                   warpText(*warp.block, barrier.initWarp),
                   " initialised, with nothing between"));
}

MBarrier *findMbarrier(Warp &warp, const Instruction &inst, unsigned lane,
                       Address address) {
  SharedPlace place = sharedPlace(*warp.block, address);
  Address offset = place.offset;
  if (place.block)
    if (auto found = place.block->mbarriers.find(place.offset);
        found != place.block->mbarriers.end()) {
      checkKnown(warp, inst, lane, found->second, offset);
      return &found->second;
    }
  stop(warp, inst, lane, ReportKind::BarrierMisuse, Fault::IllegalInstruction,
       message("no mbarrier was initialised at byte ", offset,
               " of shared memory"));
  return nullptr;
}

/// Of what one phase may wait for.
static constexpr int64_t kMostPendingBytes = (1 << 20) - 1;

void completeBytes(Warp &warp, const Instruction &inst, unsigned lane,
                   MBarrier &barrier, BulkCopy copy) {
  if (warp.block->clocks && !barrier.isFenced)
    report(warp, inst, lane, ReportKind::MissingFence,
           "counts its bytes at an mbarrier that was initialised with no fence "
           "behind (fence.mbarrier_init or fence.proxy.async)");
  barrier.lastCopy = inst.id;
  barrier.lastCopyLane = warp.id * kWarpSize + lane;
  barrier.lastCopyPhase = barrier.phase;
  for (const BulkCopy::Piece &piece : copy.pieces)
    barrier.pendingBytes -= piece.sizeBytes;
  copy.warp = warp.clock;
  barrier.copies.push_back(std::move(copy));
  advance(barrier);
}

static void initialise(Warp &warp, const Instruction &inst, unsigned lane,
                       Address address) {
  LaneBytes at = resolve(warp, inst, lane, address, 8, AccessKind::Write);
  if (!at.bytes)
    return;
  checkSharedWrite(warp, inst, lane, at.offset, 8, nullptr, false);
  if (at.defined)
    std::memset(at.defined, 1, 8);
  auto [place, isNew] = warp.block->mbarriers.try_emplace(at.offset);
  if (!isNew)
    report(warp, inst, lane, ReportKind::BarrierMisuse,
           message(
               "initialises the mbarrier at byte ", at.offset,
               " of shared memory, which is in use: ", place->second.numPending,
               " of ", place->second.numExpected,
               " arrivals have not come in its phase ", place->second.phase));
  MBarrier &barrier = place->second = MBarrier();
  barrier.block = warp.block;
  if (warp.block->clocks) {
    barrier.initWarp = warp.clock;
    barrier.initTime = warp.block->clocks->time();
  }
  barrier.numExpected = warp.lanes<uint32_t>(inst.slot[2])[lane];
  barrier.numPending = barrier.numExpected;
  ++warp.block->progress;
}

/// False after a report.
static bool countArrivals(Warp &warp, const Instruction &inst, unsigned lane,
                          MBarrier &barrier, int64_t count) {
  if (count > barrier.numPending) {
    stop(warp, inst, lane, ReportKind::BarrierMisuse, Fault::IllegalInstruction,
         message("arrives ", count, " times at an mbarrier that expects ",
                 barrier.numPending, " more of ", barrier.numExpected));
    return false;
  }
  barrier.numPending -= count;
  ++barrier.block->progress;
  return true;
}

void arriveFor(Warp &warp, const Instruction &inst, unsigned lane,
               MBarrier &barrier, const SharedClocks::Clock &done) {
  if (!countArrivals(warp, inst, lane, barrier, 1))
    return;
  barrier.arrived.join(done);
  advance(barrier);
}

static void arrive(Warp &warp, const Instruction &inst, unsigned lane,
                   MBarrier &barrier) {
  MbarrierOp op = MbarrierOp(inst.flags & 0xff);
  if (op == MbarrierOp::ArriveExpect || op == MbarrierOp::Expect)
    barrier.pendingBytes += warp.lanes<uint32_t>(inst.slot[3])[lane];
  if (barrier.pendingBytes > kMostPendingBytes)
    return stop(warp, inst, lane, ReportKind::BarrierMisuse,
                Fault::IllegalInstruction,
                message("an mbarrier waits for ", barrier.pendingBytes,
                        " bytes, expected at most ", kMostPendingBytes));
  if (op == MbarrierOp::Expect)
    return;
  int64_t count =
      inst.slot[2] == kNoSlot ? 1 : warp.lanes<uint32_t>(inst.slot[2])[lane];
  if (!countArrivals(warp, inst, lane, barrier, count))
    return;
  if (barrier.block->clocks)
    barrier.block->clocks->release(warp.clock, barrier.arrived);
  if (inst.slot[0] != kNoSlot)
    warp.lanes<uint64_t>(inst.slot[0])[lane] = barrier.phase;
  advance(barrier);
}

/// The lanes whose phase is over.
static uint32_t finishedLanes(Warp &warp, const Instruction &inst,
                              uint32_t mask) {
  uint32_t finished = 0;
  bool isParity = MbarrierOp(inst.flags) == MbarrierOp::WaitParity;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    MBarrier *barrier =
        findMbarrier(warp, inst, lane, laneAddress(warp, inst, lane));
    if (!barrier)
      return 0;
    bool isOver =
        isParity ? (barrier->phase & 1) !=
                       (warp.lanes<uint32_t>(inst.slot[4])[lane] & 1)
                 : barrier->phase > warp.lanes<uint64_t>(inst.slot[4])[lane];
    if (!isOver)
      continue;
    finished |= 1u << lane;
    barrier->numSeen = barrier->phase;
    if (warp.block->clocks)
      warp.block->clocks->acquire(warp.clock, barrier->completed);
  }
  return finished;
}

static void wait(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t finished = finishedLanes(warp, inst, mask);
  uint32_t &to = warp.mask(inst.slot[0]);
  to = (to & ~mask) | finished;
  if (finished == mask)
    return;
  ++warp.numFailedWaits;
  warp.failedWait = inst.id;
  warp.outcome = Outcome::Yield;
}

/// All copies of the lane so far count as done: the wait for the barrier is
/// theirs.
static void copiesArrive(Warp &warp, const Instruction &inst, unsigned lane,
                         MBarrier &barrier) {
  Instruction all = inst;
  all.immediate = -1;
  waitForCopies(warp, all, 1u << lane);
  if (!(inst.flags >> 8))
    ++barrier.numPending;
  Instruction plain = inst;
  plain.flags = uint16_t(MbarrierOp::Arrive);
  arrive(warp, plain, lane, barrier);
}

void mbarrier(Warp &warp, const Instruction &inst, uint32_t mask) {
  MbarrierOp op = MbarrierOp(inst.flags & 0xff);
  if (op == MbarrierOp::Wait || op == MbarrierOp::WaitParity)
    return wait(warp, inst, mask);
  for (uint32_t rest = mask; rest && !warp.block->isStopped; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    Address address = laneAddress(warp, inst, lane);
    if (op == MbarrierOp::Init) {
      initialise(warp, inst, lane, address);
      continue;
    }
    MBarrier *barrier = findMbarrier(warp, inst, lane, address);
    if (!barrier)
      return;
    if (op == MbarrierOp::Invalidate)
      warp.block->mbarriers.erase(uint32_t(address));
    else if (op == MbarrierOp::CopiesArrive)
      copiesArrive(warp, inst, lane, *barrier);
    else
      arrive(warp, inst, lane, *barrier);
  }
}

} // namespace tenon::vgpu
