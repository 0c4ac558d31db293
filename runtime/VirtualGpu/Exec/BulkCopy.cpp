// cp.async.bulk, plain and through a tensor map.
//
// A copy to shared memory reads its source when it is issued; its bytes count
// at once, and stand in shared memory when the phase of its mbarrier ends. A
// copy to global memory is done when it is issued.

#include "runtime/VirtualGpu/Exec/BulkCopy.h"
#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/TensorMap.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

using ptx::Space;
using rt::message;

static constexpr uint32_t kPieceBytes = 16;

static uint64_t sizeOf(const BulkCopy &copy) {
  uint64_t size = 0;
  for (const BulkCopy::Piece &piece : copy.pieces)
    size += piece.sizeBytes;
  return size;
}

/// Checks where the pieces go in a block's shared memory, and marks them in
/// flight.
static bool startPieces(Warp &warp, const Instruction &inst, unsigned lane,
                        Block &block, const BulkCopy &copy) {
  for (const BulkCopy::Piece &piece : copy.pieces) {
    if (piece.sharedOffset + piece.sizeBytes > block.shared.size()) {
      stop(warp, inst, lane, ReportKind::OutOfBounds, Fault::IllegalAddress,
           message("writes ", piece.sizeBytes, " bytes at byte ",
                   piece.sharedOffset, " of shared memory, which has ",
                   block.shared.size(), " bytes"));
      return false;
    }
    if (!block.clocks)
      continue;
    SharedClocks::Result found =
        block.clocks->startCopy(warp.clock, piece.sharedOffset, piece.sizeBytes,
                                SharedClocks::Proxy::Async);
    if (found.finding != SharedClocks::Finding::None)
      reportSharedFinding(warp, inst, lane, piece.sharedOffset, piece.sizeBytes,
                          found);
  }
  return true;
}

/// Delivers a copy to the block that its address names, or to those of the
/// cluster that the mask does: at the same bytes, and to the mbarrier at the
/// same place.
static bool deliver(Warp &warp, const Instruction &inst, unsigned lane,
                    BulkCopy copy) {
  constexpr Address kRankMask = ~((Address(1) << kRankShift) - 1);
  Address barrierAt = warp.lanes<uint32_t>(inst.slot[4])[lane],
          address = laneAddress(warp, inst, lane);
  uint32_t blocks = 0; // 0: the one that the address names
  if (inst.flags & kMulticast)
    blocks = warp.lanes<uint16_t>(inst.slot[3])[lane];
  for (uint32_t rest = blocks; rest || !blocks; rest &= rest - 1) {
    if (blocks) {
      Address rank = Address(firstLane(rest) + 1) << kRankShift;
      barrierAt = (barrierAt & ~kRankMask) | rank;
      address = rank;
    }
    SharedPlace to = sharedPlace(*warp.block, address);
    MBarrier *barrier = findMbarrier(warp, inst, lane, barrierAt);
    if (!barrier)
      return false;
    if (barrier->block != to.block) {
      stop(warp, inst, lane, ReportKind::BarrierMisuse,
           Fault::IllegalInstruction,
           "a bulk copy and the mbarrier that counts it are in different "
           "blocks");
      return false;
    }
    if (!startPieces(warp, inst, lane, *to.block, copy))
      return false;
    countSharedBytes(*warp.worker, sizeOf(copy));
    completeBytes(warp, inst, lane, *barrier, copy);
    if (!blocks)
      break;
  }
  return true;
}

/// Moves a piece between global and shared memory: into it, or out of shared
/// memory. `isAlone`: no other block touches its row in global memory.
static bool movePiece(Warp &warp, const Instruction &inst, unsigned lane,
                      Address global, BulkCopy::Piece &piece, bool toGlobal,
                      bool isAlone) {
  Instruction access = inst;
  access.space = Space::Global;
  LaneBytes outside =
      resolve(warp, access, lane, global, piece.sizeBytes,
              toGlobal ? AccessKind::Write : AccessKind::Read, 1);
  if (!outside.bytes)
    return false;
  if (!toGlobal) {
    if (!isAlone)
      checkGlobal(warp, inst, lane, outside.bytes, piece.sizeBytes, false,
                  nullptr);
    copyPiece(piece.bytes, outside.bytes, piece.sizeBytes);
    std::memset(piece.defined, 1, kPieceBytes);
    if (outside.defined)
      copyPiece(piece.defined, outside.defined, piece.sizeBytes);
    return true;
  }
  access.space = Space::Shared;
  LaneBytes inside = resolve(warp, access, lane, piece.sharedOffset,
                             piece.sizeBytes, AccessKind::AsyncRead, 1);
  if (!inside.bytes)
    return false;
  if (warp.block->clocks) {
    warp.block->clocks->startRead(warp.clock, piece.sharedOffset,
                                  piece.sizeBytes);
    warp.bulkReads.push_back({warp.numBulkGroups[lane], piece.sharedOffset,
                              piece.sizeBytes, lane, inst.id});
  }
  if (!isAlone)
    checkGlobal(warp, inst, lane, outside.bytes, piece.sizeBytes, true,
                inside.bytes);
  copyPiece(outside.bytes, inside.bytes, piece.sizeBytes);
  if (inside.defined && !allDefined(inside.defined, piece.sizeBytes))
    report(warp, inst, lane, ReportKind::Uninitialised,
           "copies bytes never written");
  if (outside.defined)
    std::memset(outside.defined, 1, piece.sizeBytes);
  ++warp.block->progress;
  return true;
}

static uint32_t sharedOffset(Warp &warp, Address address) {
  return sharedPlace(*warp.block, address).offset;
}

void copyBulk(Warp &warp, const Instruction &inst, uint32_t mask) {
  bool toGlobal = inst.flags & 1;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    uint32_t shared = sharedOffset(warp, laneAddress(warp, inst, lane));
    Address global = warp.lanes<uint64_t>(inst.slot[2])[lane];
    uint32_t size = warp.lanes<uint32_t>(inst.slot[3])[lane];
    if (shared % 16 || global % 16 || size % 16)
      return stop(
          warp, inst, lane, ReportKind::Misaligned, Fault::MisalignedAddress,
          message("a bulk copy of ", size, " bytes at byte ", shared,
                  " of shared memory: addresses and size are multiples of 16"));
    countBulkRow(warp, global, size, toGlobal ? Trace::Store : Trace::Bypass);
    if (toGlobal)
      countSharedBytes(*warp.worker, size);
    // What no shared memory holds is refused below, and not looked at here.
    bool isAlone = size <= warp.block->shared.size() &&
                   areAloneInGlobal(warp, &global, 1, size, toGlobal);
    BulkCopy copy;
    for (uint32_t at = 0; at < size; at += kPieceBytes) {
      BulkCopy::Piece piece;
      piece.sharedOffset = shared + at;
      piece.sizeBytes = kPieceBytes;
      if (!movePiece(warp, inst, lane, global + at, piece, toGlobal, isAlone))
        return;
      copy.pieces.push_back(piece);
    }
    if (!toGlobal && !deliver(warp, inst, lane, std::move(copy)))
      return;
  }
}

void commitBulkCopies(Warp &warp, const Instruction &, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    ++warp.numBulkGroups[firstLane(rest)];
}

void waitForBulkCopies(Warp &warp, const Instruction &inst, uint32_t mask) {
  std::erase_if(warp.bulkReads, [&](const AsyncRead &read) {
    if (!hasLane(mask, read.lane) ||
        read.group + inst.immediate >= warp.numBulkGroups[read.lane])
      return false;
    warp.block->clocks->finishRead(warp.clock, read.offset, read.sizeBytes);
    return true;
  });
}

/// The map that a lane names: in parameters, constants or global memory.
static bool readMap(Warp &warp, const Instruction &inst, unsigned lane,
                    TensorMap &map) {
  Instruction access = inst;
  access.space = Space::Generic;
  Address address = warp.lanes<uint64_t>(inst.slot[2])[lane];
  // A parameter's own address is below every window.
  if (address < kLocalWindow)
    access.space = Space::Parameter;
  LaneBytes at =
      resolve(warp, access, lane, address, sizeof(map), AccessKind::Read, 64);
  if (!at.bytes)
    return false;
  std::memcpy(&map, at.bytes, sizeof(map));
  if (map.magic == TensorMap::kMagic && map.rank >= 1 &&
      map.rank <= TensorMap::kMostRank && map.rank == inst.numListed)
    return true;
  stop(warp, inst, lane, ReportKind::BarrierMisuse, Fault::IllegalInstruction,
       message("a copy of ", inst.numListed,
               " dimensions needs a tensor map of as many"));
  return false;
}

namespace {
/// One lane's copy of a box, row after row of its innermost dimension.
struct BoxCopy {
  Warp &warp;
  const Instruction &inst;
  unsigned lane;
  const TensorMap &map;
  uint32_t shared;
  int64_t start[TensorMap::kMostRank] = {};
  BulkCopy copy = {};
  bool toGlobal = false;
  bool isAlone = false; ///< the row that is copied

  uint64_t strideOf(unsigned dim) const {
    return dim == 0 ? map.elementBytes : map.strideBytes[dim - 1];
  }
  /// The piece of a row: elements outside of the tensor are filled, or left
  /// alone.
  bool movePiece(uint32_t offset, uint32_t sizeBytes, Address row,
                 int64_t column, bool isRowInside);
  /// Counts the bytes of a row that are inside of the tensor, and asks whose
  /// they are.
  void startRow(Address row);
  Trace::Kind traceKind() const;
  bool run();
};
} // namespace

bool BoxCopy::movePiece(uint32_t offset, uint32_t sizeBytes, Address row,
                        int64_t column, bool isRowInside) {
  BulkCopy::Piece piece;
  piece.sharedOffset = swizzled(shared + offset, map.swizzle);
  piece.sizeBytes = sizeBytes;
  std::memset(piece.defined, 1, kPieceBytes);
  std::memset(piece.bytes, map.fillsWithNan ? 0xff : 0, kPieceBytes);
  int64_t first = std::max<int64_t>(column, 0);
  int64_t last =
      std::min<int64_t>(column + sizeBytes / map.elementBytes, map.extents[0]);
  if (isRowInside && first < last) {
    uint32_t skipped = uint32_t(first - column) * map.elementBytes;
    BulkCopy::Piece part;
    part.sharedOffset = piece.sharedOffset + skipped;
    part.sizeBytes = uint32_t(last - first) * map.elementBytes;
    if (!vgpu::movePiece(warp, inst, lane, row + first * map.elementBytes, part,
                         toGlobal, isAlone))
      return false;
    copyPiece(piece.bytes + skipped, part.bytes, part.sizeBytes);
    copyPiece(piece.defined + skipped, part.defined, part.sizeBytes);
  }
  copy.pieces.push_back(piece);
  return true;
}

/// A store's policy says whether its lines leave L2 before others.
Trace::Kind BoxCopy::traceKind() const {
  if (!toGlobal)
    return Trace::Bypass;
  bool isFirst = inst.slot[3] != kNoSlot &&
                 warp.lanes<uint64_t>(inst.slot[3])[lane] == kEvictFirst;
  return isFirst ? Trace::Stream : Trace::Store;
}

void BoxCopy::startRow(Address row) {
  int64_t first = std::max<int64_t>(start[0], 0);
  int64_t last = std::min<int64_t>(start[0] + map.box[0], map.extents[0]);
  if (first >= last)
    return;
  Address begin = row + first * map.elementBytes;
  uint32_t sizeBytes = uint32_t(last - first) * map.elementBytes;
  countBulkRow(warp, begin, sizeBytes, traceKind());
  isAlone = areAloneInGlobal(warp, &begin, 1, sizeBytes, toGlobal);
}

bool BoxCopy::run() {
  uint32_t rowBytes = map.box[0] * map.elementBytes, numRows = 1;
  for (unsigned dim = 1; dim < map.rank; ++dim)
    numRows *= map.box[dim];
  for (uint32_t number = 0; number < numRows; ++number) {
    Address row = map.address;
    bool isInside = true;
    for (uint32_t dim = 1, rest = number; dim < map.rank; ++dim) {
      int64_t at = start[dim] + rest % map.box[dim];
      rest /= map.box[dim];
      isInside &= at >= 0 && at < map.extents[dim];
      row += at * strideOf(dim);
    }
    if (isInside)
      startRow(row);
    for (uint32_t at = 0; at < rowBytes; at += kPieceBytes)
      if (!movePiece(number * rowBytes + at,
                     std::min(kPieceBytes, rowBytes - at), row,
                     start[0] + at / map.elementBytes, isInside))
        return false;
  }
  if (toGlobal)
    countSharedBytes(*warp.worker, uint64_t(numRows) * rowBytes);
  return true;
}

static bool isSameCopy(Warp &warp, const Instruction &inst, unsigned lane,
                       unsigned other) {
  const uint64_t *maps = warp.lanes<uint64_t>(inst.slot[2]);
  bool isSame = maps[lane] == maps[other] &&
                laneAddress(warp, inst, lane) == laneAddress(warp, inst, other);
  for (unsigned dim = 0; dim < inst.numListed; ++dim) {
    const int32_t *at = warp.lanes<int32_t>(inst.list[dim]);
    isSame &= at[lane] == at[other];
  }
  return isSame;
}

void copyTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    // The machine's instruction is a warp's: a store that all lanes ask for, as
    // CUTLASS' do, is one.
    if ((inst.flags & 1) && lane != firstLane(mask) &&
        isSameCopy(warp, inst, lane, firstLane(mask)))
      continue;
    TensorMap map;
    if (!readMap(warp, inst, lane, map))
      return;
    BoxCopy box{warp, inst, lane, map,
                sharedOffset(warp, laneAddress(warp, inst, lane))};
    box.toGlobal = inst.flags & 1;
    for (unsigned dim = 0; dim < map.rank; ++dim)
      box.start[dim] = warp.lanes<int32_t>(inst.list[dim])[lane];
    uint32_t align = map.swizzle == TensorMap::Swizzle128  ? 1024
                     : map.swizzle == TensorMap::Swizzle64 ? 512
                     : map.swizzle == TensorMap::Swizzle32 ? 256
                                                           : 128;
    if (box.shared % align)
      return stop(warp, inst, lane, ReportKind::Misaligned,
                  Fault::MisalignedAddress,
                  message("a tensor copy at byte ", box.shared,
                          " of shared memory: with its swizzle a box begins at "
                          "a multiple of ",
                          align));
    if (!box.run() ||
        (!box.toGlobal && !deliver(warp, inst, lane, std::move(box.copy))))
      return;
  }
}

} // namespace tenon::vgpu
