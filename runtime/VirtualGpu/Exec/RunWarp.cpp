// One warp: which group goes on, and the loop over instructions.
//
// Groups run lowest instruction first, so that lanes that branched around code
// wait where it ends and go on together. A group that spins there would keep
// the others from what it waits for, so now and then another one gets a slice.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"

namespace tenon::vgpu {

/// Every how many slices the lowest group is passed over.
static constexpr uint32_t kFairSlice = 64;

/// The group to run, merged with those at the same instruction; -1 for none.
static int pickGroup(Warp &warp) {
  std::vector<Group> &groups = warp.groups;
  if (groups.size() == 1)
    return groups[0].state == Group::Ready ? 0 : -1;
  bool takesHighest = ++warp.numSlices % kFairSlice == 0;
  int best = -1;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].state != Group::Ready)
      continue;
    bool isBetter = best < 0 || (takesHighest ? groups[i].pc > groups[best].pc
                                              : groups[i].pc < groups[best].pc);
    if (isBetter)
      best = i;
  }
  if (best < 0)
    return -1;
  for (size_t i = 0; i < groups.size();) {
    bool meets = int(i) != best && groups[i].pc == groups[best].pc &&
                 (groups[i].state == Group::Ready ||
                  groups[i].state == Group::Converging);
    if (!meets) {
      ++i;
      continue;
    }
    groups[best].mask |= groups[i].mask;
    groups.erase(groups.begin() + i);
    best -= int(i) < best;
  }
  return best;
}

/// Groups that waited for a group that is gone, or for memory, try again.
static void wakeGroups(Warp &warp, Group::State state) {
  for (Group &group : warp.groups)
    if (group.state == state)
      group.state = Group::Ready;
}

/// Two groups that came to the same collective one after the other are whole
/// now.
static void mergeConverging(Warp &warp) {
  std::vector<Group> &groups = warp.groups;
  for (size_t i = 0; i < groups.size(); ++i)
    for (size_t j = groups.size();
         groups[i].state == Group::Converging && --j > i;)
      if (groups[j].state == Group::Converging &&
          groups[j].pc == groups[i].pc) {
        groups[i].mask |= groups[j].mask;
        groups[i].state = Group::Ready;
        groups.erase(groups.begin() + j);
      }
}

static void exitLanes(Warp &warp, uint32_t lanes) {
  warp.alive &= ~lanes;
  warp.block->numLive -= __builtin_popcount(lanes);
  ++warp.block->progress;
}

/// Splits a group whose lanes go to different places. Returns false when they
/// do.
static bool branch(Warp &warp, const Instruction &inst, Group &group,
                   uint32_t active) {
  Counters &counters = warp.worker->counters;
  ++counters.numBranches;
  if (active == group.mask) {
    group.pc = inst.target;
    return true;
  }
  ++group.pc;
  if (!active)
    return true;
  ++counters.numDivergentBranches;
  group.mask &= ~active;
  Group taken;
  taken.pc = inst.target;
  taken.mask = active;
  warp.groups.push_back(taken);
  return false;
}

static void branchByTable(Warp &warp, const Instruction &inst, Group group,
                          uint32_t active) {
  const std::vector<uint32_t> &table =
      warp.block->launch->program->branchTables[inst.target];
  ++warp.worker->counters.numBranches;
  std::vector<Group> made;
  for (uint32_t rest = active; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    uint32_t index = warp.lanes<uint32_t>(inst.slot[1])[lane];
    if (index >= table.size())
      return stop(warp, inst, lane, ReportKind::Trap, Fault::IllegalInstruction,
                  rt::message("branches to entry ", index, " of a table of ",
                              table.size()));
    Group *found = nullptr;
    for (Group &each : made)
      found = each.pc == table[index] ? &each : found;
    if (!found) {
      found = &made.emplace_back();
      found->pc = table[index];
    }
    found->mask |= 1u << lane;
  }
  if (group.mask & ~active) {
    Group rest;
    rest.pc = group.pc + 1;
    rest.mask = group.mask & ~active;
    made.push_back(rest);
  }
  warp.worker->counters.numDivergentBranches += made.size() > 1;
  warp.groups.insert(warp.groups.end(), made.begin(), made.end());
}

/// After an instruction that decides itself; false when the group cannot go on
/// now.
static bool applyOutcome(Warp &warp, Group &group) {
  switch (warp.outcome) {
  case Outcome::Next:
    ++group.pc;
    return true;
  case Outcome::Yield:
    ++group.pc;
    return false;
  case Outcome::Converge:
    group.state = Group::Converging;
    return false;
  case Outcome::Retry:
    group.state = Group::Retrying;
    return false;
  case Outcome::AtBarrier:
    group.state = Group::AtBarrier;
    return false;
  }
  return false;
}

namespace {

enum class SliceEnd : uint8_t { Pick, Gone, Yielded, Stopped };

/// Runs the group until it ends, splits, waits, or a budget is spent. The group
/// is changed in place, so nothing here may hold it across a push to
/// warp.groups.
SliceEnd runGroup(Warp &warp, size_t at, uint64_t &budget) {
  const KernelProgram &program = *warp.block->launch->program;
  Worker &worker = *warp.worker;
  Group group = warp.groups[at];
  bool isAlone = warp.groups.size() == 1;
  auto leave = [&](SliceEnd end) {
    warp.groups[at] = group;
    return end;
  };
  for (;;) {
    const Instruction &inst = program.code[group.pc];
    uint32_t active = group.mask;
    if (inst.predicate != kNoSlot) {
      uint32_t predicate = warp.mask(inst.predicate);
      active &= inst.isPredicateNegated ? ~predicate : predicate;
    }
    ++worker.numByPipe[unsigned(inst.pipe)];
    worker.counters.numThreadInstructions += __builtin_popcount(active);
    ++warp.numInstructions;
    budget -= budget != 0;
    if (!warp.undefined.empty()) [[unlikely]]
      followUndefined(warp, inst, group.mask, active);
    if (inst.touchesProduct) [[unlikely]]
      followProducts(warp, inst, active);
    switch (inst.flow) {
    case Flow::Next:
      if (active)
        inst.handler(warp, inst, active);
      ++group.pc;
      break;
    case Flow::Branch:
      if (!branch(warp, inst, group, active)) {
        warp.groups[at] = group;
        return SliceEnd::Pick;
      }
      break;
    case Flow::BranchTable:
      if (!active) {
        ++group.pc;
        break;
      }
      warp.groups.erase(warp.groups.begin() + at);
      branchByTable(warp, inst, group, active);
      return warp.block->isStopped ? SliceEnd::Stopped : SliceEnd::Pick;
    case Flow::Exit:
      exitLanes(warp, active);
      group.mask &= ~active;
      ++group.pc;
      if (!group.mask) {
        warp.groups.erase(warp.groups.begin() + at);
        return SliceEnd::Gone;
      }
      break;
    case Flow::Outcome:
      if (!active) {
        ++group.pc;
        break;
      }
      warp.outcome = Outcome::Next;
      inst.handler(warp, inst, active);
      if (warp.block->isStopped)
        return leave(SliceEnd::Stopped);
      if (warp.outcome == Outcome::AtBarrier)
        group.barrier =
            uint8_t(warp.lanes<uint32_t>(inst.slot[1])[firstLane(active)]);
      if (!applyOutcome(warp, group)) {
        bool isYield = warp.outcome == Outcome::Yield;
        return leave(isYield ? SliceEnd::Yielded : SliceEnd::Pick);
      }
      break;
    }
    if (warp.block->isStopped) [[unlikely]]
      return leave(SliceEnd::Stopped);
    // Where other groups may come in, look who is lowest now.
    if ((inst.endsBlock && !isAlone) || budget == 0)
      return leave(SliceEnd::Pick);
  }
}

} // namespace

bool runWarp(Warp &warp, uint64_t budget) {
  uint64_t before = warp.numInstructions;
  wakeGroups(warp, Group::Retrying);
  while (budget && !warp.groups.empty()) {
    int at = pickGroup(warp);
    if (at < 0)
      break;
    SliceEnd end = runGroup(warp, at, budget);
    if (end == SliceEnd::Stopped)
      return true;
    if (end == SliceEnd::Gone)
      wakeGroups(warp, Group::Converging);
    if (warp.outcome == Outcome::Converge)
      mergeConverging(warp);
    warp.outcome = Outcome::Next;
    // A barrier may have been waiting for this arrival or this exit.
    recheckBarriers(*warp.block);
    if (end == SliceEnd::Yielded)
      break;
  }
  return warp.numInstructions != before;
}

} // namespace tenon::vgpu
