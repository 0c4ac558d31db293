// Packing, unpacking, logic of three operands, addresses.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"

namespace tenon::vgpu {

/// `Whole` holds two of `Part`, the frequent case, or memory is copied part by
/// part.
template <typename Whole, typename Part>
static void packTwo(Warp &warp, const Instruction &inst, uint32_t mask) {
  const Part *low = warp.lanes<Part>(inst.list[0]);
  const Part *high = warp.lanes<Part>(inst.list[1]);
  Whole result[kWarpSize];
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    result[lane] = low[lane] | Whole(high[lane]) << (8 * sizeof(Part));
  storeLanes(warp.lanes<Whole>(inst.slot[0]), result, mask);
}

template <typename Whole, typename Part>
static void unpackTwo(Warp &warp, const Instruction &inst, uint32_t mask) {
  const Whole *from = warp.lanes<Whole>(inst.slot[1]);
  Part result[2][kWarpSize];
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    result[0][lane] = Part(from[lane]);
    result[1][lane] = Part(from[lane] >> (8 * sizeof(Part)));
  }
  for (unsigned i = 0; i < 2; ++i)
    if (inst.list[i] != kNoSlot)
      storeLanes(warp.lanes<Part>(inst.list[i]), result[i], mask);
}

void packLanes(Warp &warp, const Instruction &inst, uint32_t mask) {
  unsigned part = inst.elementBytes, whole = part * inst.numElements;
  if (inst.numElements == 2 && part == 2)
    return packTwo<uint32_t, uint16_t>(warp, inst, mask);
  if (inst.numElements == 2 && part == 4)
    return packTwo<uint64_t, uint32_t>(warp, inst, mask);
  uint8_t packed[kWarpSize * 16];
  for (unsigned i = 0; i < inst.numElements; ++i) {
    const uint8_t *from = warp.registers + inst.list[i];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      std::memcpy(packed + lane * whole + i * part, from + lane * part, part);
  }
  uint8_t *to = warp.registers + inst.slot[0];
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      std::memcpy(to + lane * whole, packed + lane * whole, whole);
}

void unpackLanes(Warp &warp, const Instruction &inst, uint32_t mask) {
  unsigned part = inst.elementBytes, whole = part * inst.numElements;
  if (inst.numElements == 2 && part == 2)
    return unpackTwo<uint32_t, uint16_t>(warp, inst, mask);
  if (inst.numElements == 2 && part == 4)
    return unpackTwo<uint64_t, uint32_t>(warp, inst, mask);
  uint8_t packed[kWarpSize * 16];
  std::memcpy(packed, warp.registers + inst.slot[1], kWarpSize * whole);
  for (unsigned i = 0; i < inst.numElements; ++i) {
    if (inst.list[i] == kNoSlot)
      continue;
    uint8_t *to = warp.registers + inst.list[i];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      if (hasLane(mask, lane))
        std::memcpy(to + lane * part, packed + lane * whole + i * part, part);
  }
}

TENON_VGPU_INLINE void runLop3(Warp &warp, const Instruction &inst,
                               uint32_t mask) {
  const uint32_t *a = warp.lanes<uint32_t>(inst.slot[1]);
  const uint32_t *b = warp.lanes<uint32_t>(inst.slot[2]);
  const uint32_t *c = warp.lanes<uint32_t>(inst.slot[3]);
  alignas(64) uint32_t result[kWarpSize] = {};
  // Bit abc of the table says whether those values of the bits give a one.
  for (unsigned row = 0; row < 8; ++row) {
    if (!((inst.immediate >> row) & 1))
      continue;
    uint32_t x = row & 4 ? 0 : ~0u, y = row & 2 ? 0 : ~0u,
             z = row & 1 ? 0 : ~0u;
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      result[lane] |= (a[lane] ^ x) & (b[lane] ^ y) & (c[lane] ^ z);
  }
  storeLanes(warp.lanes<uint32_t>(inst.slot[0]), result, mask);
}
static void lop3Base(Warp &warp, const Instruction &inst, uint32_t mask) {
  runLop3(warp, inst, mask);
}
TENON_VGPU_WIDE static void lop3Wide(Warp &warp, const Instruction &inst,
                                     uint32_t mask) {
  runLop3(warp, inst, mask);
}
void lop3(Warp &warp, const Instruction &inst, uint32_t mask) {
  hostIsWide() ? lop3Wide(warp, inst, mask) : lop3Base(warp, inst, mask);
}

void mapAddress(Warp &warp, const Instruction &inst, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    uint32_t rank = warp.lanes<uint32_t>(inst.slot[2])[lane];
    uint32_t offset =
        warp.lanes<uint32_t>(inst.slot[1])[lane] & ((1u << kRankShift) - 1);
    warp.lanes<uint32_t>(inst.slot[0])[lane] =
        (rank + 1) << kRankShift | offset;
  }
}

void addWindow(Warp &warp, const Instruction &inst, uint32_t mask) {
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if (!hasLane(mask, lane))
      continue;
    if (inst.elementBytes == 8)
      warp.lanes<uint64_t>(inst.slot[0])[lane] =
          warp.lanes<uint64_t>(inst.slot[1])[lane] + inst.immediate;
    else
      warp.lanes<uint32_t>(inst.slot[0])[lane] =
          warp.lanes<uint32_t>(inst.slot[1])[lane] + uint32_t(inst.immediate);
  }
}

void isOfSpace(Warp &warp, const Instruction &inst, uint32_t mask) {
  uint32_t result = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    Address address = warp.lanes<uint64_t>(inst.slot[1])[lane];
    result |= uint32_t(resolveSpace(ptx::Space::Generic, address) == inst.space)
              << lane;
  }
  uint32_t &to = warp.mask(inst.slot[0]);
  to = (to & ~mask) | (result & mask);
}

void readClock(Warp &warp, const Instruction &inst, uint32_t mask) {
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if (hasLane(mask, lane))
      std::memcpy(warp.registers + inst.slot[0] + lane * inst.elementBytes,
                  &warp.numInstructions, inst.elementBytes);
}

void doNothing(Warp &, const Instruction &, uint32_t) {}

} // namespace tenon::vgpu
