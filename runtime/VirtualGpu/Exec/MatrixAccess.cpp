// ldmatrix and stmatrix: 8x8 matrices of 16-bit elements. Lane 8m + r gives the
// address of row r of matrix m; lane l holds elements 2(l % 4) and 2(l % 4) + 1
// of row l / 4, or, transposed, of that column.

#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

static constexpr unsigned kRowBytes = 16;

/// Eight rows pass in one wavefront when they lie in different groups of four
/// banks.
static void countRows(Worker &worker, const Address *addresses,
                      unsigned numMatrices) {
  for (unsigned m = 0; m < numMatrices; ++m) {
    uint8_t count[8] = {};
    unsigned most = 0;
    for (unsigned r = 0; r < 8; ++r)
      most = std::max<unsigned>(
          most, ++count[(addresses[8 * m + r] / kRowBytes) % 8]);
    worker.counters.sharedWavefronts += most;
    ++worker.counters.sharedWavefrontsIdeal;
  }
}

/// The frequent row, without a detour: in shared memory, aligned, inside, and
/// read by who may. Null for any other, which resolve looks at.
static LaneBytes plainRow(Warp &warp, const Instruction &inst,
                          Address address) {
  Block &block = *warp.block;
  bool isInside = inst.space == ptx::Space::Shared &&
                  address % kRowBytes == 0 && address < block.shared.size() &&
                  block.shared.size() - address >= kRowBytes;
  if (!isInside)
    return {};
  LaneBytes row;
  row.space = ptx::Space::Shared;
  row.offset = uint32_t(address);
  if (block.clocks) {
    if (block.clocks->read(warp.clock, row.offset, kRowBytes).finding !=
        SharedClocks::Finding::None)
      return {};
    row.defined = block.sharedDefined.data() + address;
  }
  row.bytes = block.shared.data() + address;
  return row;
}

/// The rows' bytes; false after a report.
static bool resolveRows(Warp &warp, const Instruction &inst, AccessKind kind,
                        LaneBytes *rows) {
  Address addresses[kWarpSize];
  unsigned numRows = 8 * inst.numElements;
  for (unsigned lane = 0; lane < numRows; ++lane) {
    addresses[lane] = laneAddress(warp, inst, lane);
    rows[lane] = kind == AccessKind::Read
                     ? plainRow(warp, inst, addresses[lane])
                     : LaneBytes();
    if (!rows[lane].bytes)
      rows[lane] = resolve(warp, inst, lane, addresses[lane], kRowBytes, kind);
    if (!rows[lane].bytes)
      return false;
  }
  countRows(*warp.worker, addresses, inst.numElements);
  return true;
}

/// Where an element of a lane stands in its matrix: row and byte in the row.
static std::pair<unsigned, unsigned> elementPlace(unsigned lane, unsigned which,
                                                  bool isTransposed) {
  unsigned outer = lane / 4, inner = 2 * (lane % 4) + which;
  return isTransposed ? std::pair(inner, 2 * outer)
                      : std::pair(outer, 2 * inner);
}

/// Lanes of a matrix with an element that nobody wrote.
static uint32_t undefinedIn(const LaneBytes *rows, bool isTransposed) {
  uint32_t lanes = 0;
  bool isPlain = true;
  for (unsigned r = 0; r < 8; ++r)
    isPlain &= !rows[r].defined || allDefined(rows[r].defined, kRowBytes);
  if (isPlain)
    return 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    for (unsigned which = 0; which < 2; ++which) {
      auto [row, byte] = elementPlace(lane, which, isTransposed);
      if (rows[row].defined && !allDefined(rows[row].defined + byte, 2))
        lanes |= 1u << lane;
    }
  return lanes;
}

void loadMatrix(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  LaneBytes rows[kWarpSize];
  if (!resolveRows(warp, inst, AccessKind::Read, rows))
    return;
  bool isTransposed = inst.flags & kTransposed;
  for (unsigned m = 0; m < inst.numElements; ++m) {
    uint16_t elements[8][8];
    for (unsigned r = 0; r < 8; ++r)
      std::memcpy(elements[r], rows[8 * m + r].bytes, kRowBytes);
    uint32_t *to = warp.lanes<uint32_t>(inst.list[m]);
    if (!isTransposed) {
      std::memcpy(to, elements, sizeof(elements));
    } else {
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        to[lane] = elements[2 * (lane % 4)][lane / 4] |
                   uint32_t(elements[2 * (lane % 4) + 1][lane / 4]) << 16;
    }
    if (!warp.undefined.empty())
      warp.undefined[inst.list[m] / 4] = 0;
    if (uint32_t lanes = undefinedIn(rows + 8 * m, isTransposed))
      markUndefined(warp, inst.list[m], lanes);
  }
}

void storeMatrix(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  LaneBytes rows[kWarpSize];
  if (!resolveRows(warp, inst, AccessKind::Write, rows))
    return;
  ++warp.block->progress;
  bool isTransposed = inst.flags & kTransposed;
  for (unsigned m = 0; m < inst.numElements; ++m) {
    uint8_t data[8][kRowBytes], defined[8][kRowBytes];
    uint32_t undefined = undefinedLanes(warp, inst.list[m]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned which = 0; which < 2; ++which) {
        auto [row, byte] = elementPlace(lane, which, isTransposed);
        uint32_t value =
            warp.lanes<uint32_t>(inst.list[m])[lane] >> (16 * which);
        std::memcpy(&data[row][byte], &value, 2);
        defined[row][byte] = defined[row][byte + 1] = !hasLane(undefined, lane);
      }
    for (unsigned r = 0; r < 8; ++r) {
      const LaneBytes &to = rows[8 * m + r];
      if (to.space == ptx::Space::Shared)
        checkSharedWrite(warp, inst, 8 * m + r, to.offset, kRowBytes, data[r],
                         false);
      std::memcpy(to.bytes, data[r], kRowBytes);
      if (to.defined)
        std::memcpy(to.defined, defined[r], kRowBytes);
    }
  }
}

} // namespace tenon::vgpu
