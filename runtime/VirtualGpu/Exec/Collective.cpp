// What the lanes of a warp do together: shuffles, votes, matches, reductions.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"

#include <cmath>
#include <limits>

namespace tenon::vgpu {

using rt::message;

/// Waits for the lanes that slot 4 names; 0 when they are not all here.
static uint32_t gatherNamed(Warp &warp, const Instruction &inst,
                            uint32_t mask) {
  uint32_t named = warp.lanes<uint32_t>(inst.slot[4])[firstLane(mask)];
  uint32_t lanes = gatherLanes(warp, inst, mask, named);
  if (lanes)
    warp.outcome = Outcome::Next;
  return lanes;
}

static void writePredicate(Warp &warp, uint32_t slot, uint32_t value,
                           uint32_t mask) {
  if (slot == kNoSlot)
    return;
  uint32_t &to = warp.mask(slot);
  to = (to & ~mask) | (value & mask);
}

/// The lane that `lane` reads, and whether it is inside of the segment.
static std::pair<unsigned, bool> shuffleSource(ShuffleMode mode, unsigned lane,
                                               uint32_t b, uint32_t c) {
  int by = b & 31, clamp = c & 31, segment = (c >> 8) & 31, self = lane;
  int most = (self & segment) | (clamp & ~segment), least = self & segment;
  int source = self;
  bool isInside = false;
  switch (mode) {
  case ShuffleMode::Up:
    source = self - by;
    isInside = source >= most;
    break;
  case ShuffleMode::Down:
    source = self + by;
    isInside = source <= most;
    break;
  case ShuffleMode::Bfly:
    source = self ^ by;
    isInside = source <= most;
    break;
  case ShuffleMode::Idx:
    source = least | (by & ~segment);
    isInside = source <= most;
    break;
  }
  return {isInside ? unsigned(source) & 31 : lane, isInside};
}

void shuffle(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  ++warp.worker->counters.numShuffles;
  const uint32_t *a = warp.lanes<uint32_t>(inst.slot[1]);
  const uint32_t *b = warp.lanes<uint32_t>(inst.slot[2]);
  const uint32_t *c = warp.lanes<uint32_t>(inst.slot[3]);
  uint32_t result[kWarpSize] = {}, inside = 0;
  uint32_t undefined = undefinedLanes(warp, inst.slot[1]), moved = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    auto [source, isInside] =
        shuffleSource(ShuffleMode(inst.flags), lane, b[lane], c[lane]);
    if (!hasLane(mask, source))
      report(warp, inst, lane, ReportKind::LaneMask,
             message("reads lane ", source, ", which does not take part"));
    result[lane] = a[source];
    inside |= uint32_t(isInside) << lane;
    moved |= uint32_t(hasLane(undefined, source)) << lane;
  }
  if (!warp.undefined.empty()) {
    uint32_t &to = warp.undefined[inst.slot[0] / 4];
    to = (to & ~mask) | moved;
  }
  storeLanes(warp.lanes<uint32_t>(inst.slot[0]), result, mask);
  writePredicate(warp, inst.slot[5], inside, mask);
}

void vote(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  uint32_t holding = warp.mask(inst.slot[1]) & mask;
  switch (VoteMode(inst.flags)) {
  case VoteMode::All:
    return writePredicate(warp, inst.slot[0], holding == mask ? kFullMask : 0,
                          mask);
  case VoteMode::Any:
    return writePredicate(warp, inst.slot[0], holding ? kFullMask : 0, mask);
  case VoteMode::Uni:
    return writePredicate(warp, inst.slot[0],
                          holding == mask || !holding ? kFullMask : 0, mask);
  case VoteMode::Ballot:
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      if (hasLane(mask, lane))
        warp.lanes<uint32_t>(inst.slot[0])[lane] = holding;
  }
}

static uint64_t valueOf(const Warp &warp, const Instruction &inst,
                        unsigned lane) {
  return inst.elementBytes == 8 ? warp.lanes<uint64_t>(inst.slot[1])[lane]
                                : warp.lanes<uint32_t>(inst.slot[1])[lane];
}

void match(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  uint32_t result[kWarpSize] = {};
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    for (unsigned other = 0; other < kWarpSize; ++other)
      if (hasLane(mask, other) &&
          valueOf(warp, inst, lane) == valueOf(warp, inst, other))
        result[lane] |= 1u << other;
  if (inst.flags) {
    bool isAll = result[firstLane(mask)] == mask;
    for (uint32_t &each : result)
      each = isAll ? mask : 0;
    writePredicate(warp, inst.slot[5], isAll ? kFullMask : 0, mask);
  }
  storeLanes(warp.lanes<uint32_t>(inst.slot[0]), result, mask);
}

void reduxFloat(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  const float *values = warp.lanes<float>(inst.slot[1]);
  bool isMin = ReduxOp(inst.flags) == ReduxOp::Min, hasNan = false;
  float result = std::numeric_limits<float>::quiet_NaN();
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    float value = values[firstLane(rest)];
    if (inst.immediate & kReduxAbsolute)
      value = std::fabs(value);
    hasNan |= std::isnan(value);
    result = isMin ? std::fmin(result, value) : std::fmax(result, value);
  }
  if ((inst.immediate & kReduxNan) && hasNan)
    result = std::numeric_limits<float>::quiet_NaN();
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      warp.lanes<float>(inst.slot[0])[lane] = result;
}

void redux(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  const uint32_t *values = warp.lanes<uint32_t>(inst.slot[1]);
  uint32_t result = values[firstLane(mask)];
  // Signed numbers compare as unsigned ones with the sign turned.
  uint32_t sign = inst.immediate ? 0x80000000 : 0;
  for (uint32_t rest = mask & (mask - 1); rest; rest &= rest - 1) {
    uint32_t value = values[firstLane(rest)];
    switch (ReduxOp(inst.flags)) {
    case ReduxOp::Add:
      result += value;
      break;
    case ReduxOp::Min:
      result = (value ^ sign) < (result ^ sign) ? value : result;
      break;
    case ReduxOp::Max:
      result = (value ^ sign) > (result ^ sign) ? value : result;
      break;
    case ReduxOp::And:
      result &= value;
      break;
    case ReduxOp::Or:
      result |= value;
      break;
    case ReduxOp::Xor:
      result ^= value;
      break;
    }
  }
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      warp.lanes<uint32_t>(inst.slot[0])[lane] = result;
}

void activeMask(Warp &warp, const Instruction &inst, uint32_t mask) {
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      warp.lanes<uint32_t>(inst.slot[0])[lane] = mask;
}

// The lowest lane is as good as any, and the same every time.
void elect(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!gatherNamed(warp, inst, mask))
    return;
  unsigned leader = firstLane(mask);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      warp.lanes<uint32_t>(inst.slot[0])[lane] = leader;
  writePredicate(warp, inst.slot[5], 1u << leader, mask);
}

} // namespace tenon::vgpu
