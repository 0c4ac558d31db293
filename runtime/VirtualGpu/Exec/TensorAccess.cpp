// tcgen05: allocation of tensor memory, and what warps load and store there.
//
// A store stands in tensor memory when it is issued, and a load takes what is
// there. That a wait comes before others rely on it is followed: the clocks
// hold a store for a copy in flight, and a load for a read that goes on. The
// loaded registers are not: compilers move arithmetic on them before the wait,
// and ptxas knows what it waits for.

#include "runtime/VirtualGpu/Exec/TensorAccess.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <bit>

namespace tenon::vgpu {

using rt::message;

//===--- Checks
//-----------------------------------------------------------------===//

static std::string areaText(const TensorArea &area) {
  return message("columns [", area.column, ", ", area.column + area.numColumns,
                 ") of lanes [", area.lane, ", ", area.lane + area.numLanes,
                 ") of tensor memory");
}

static bool isRead(TensorUse use) {
  return use == TensorUse::Load || use == TensorUse::UnitRead;
}
static const char *verb(TensorUse use) {
  return isRead(use)                 ? " reads "
         : use == TensorUse::Release ? " gives back "
                                     : " overwrites ";
}

static void reportFinding(Warp &warp, const Instruction &inst, unsigned lane,
                          const TensorArea &area, TensorUse use,
                          SharedClocks::Result found) {
  bool isUnit = use == TensorUse::UnitRead || use == TensorUse::UnitWrite;
  const Block &block = *warp.block;
  std::string self = warpText(block,
                              isUnit ? block.tensor->unitClock : warp.clock),
              other = warpText(block, found.otherWarp), at = areaText(area);
  switch (found.finding) {
  case SharedClocks::Finding::InFlight:
    return report(warp, inst, lane, ReportKind::AsyncInFlight,
                  message(self, verb(use), at, " while a store of ", other,
                          " is in flight: no tcgen05.wait::st stands between"));
  case SharedClocks::Finding::StillRead:
    return report(warp, inst, lane, ReportKind::AsyncInFlight,
                  message(self, verb(use), at, " while a load of ", other,
                          " is in flight: no tcgen05.wait::ld stands between"));
  default:
    return report(warp, inst, lane, ReportKind::Race,
                  message(self, verb(use), at, " that ", other,
                          found.finding == SharedClocks::Finding::WriteAfterRead
                              ? " reads"
                              : " wrote",
                          ", with nothing between"));
  }
}

/// What the clocks say of columns in sixteen lanes.
static SharedClocks::Result follow(Warp &warp, const Instruction &inst,
                                   uint32_t offset, uint32_t sizeBytes,
                                   TensorUse use) {
  TensorMemory &memory = *warp.block->tensor;
  SharedClocks &clocks = *memory.clocks;
  switch (use) {
  case TensorUse::Load: {
    auto found = clocks.read(warp.clock, offset, sizeBytes);
    clocks.startRead(warp.clock, offset, sizeBytes);
    warp.tensorLoads.push_back({0, offset, sizeBytes, 0, inst.id});
    return found;
  }
  case TensorUse::Store:
    warp.tensorStores.push_back({0, offset, sizeBytes, 0, inst.id});
    return clocks.startCopy(warp.clock, offset, sizeBytes,
                            SharedClocks::Proxy::Generic);
  case TensorUse::UnitRead:
    return clocks.read(memory.unitClock, offset, sizeBytes);
  case TensorUse::UnitWrite:
    return clocks.write(memory.unitClock, offset, sizeBytes, false, false);
  case TensorUse::Release:
    return clocks.write(warp.clock, offset, sizeBytes, false, false);
  }
  return {};
}

bool useTensorArea(Warp &warp, const Instruction &inst, unsigned lane,
                   const TensorArea &area, TensorUse use) {
  TensorMemory &memory = *warp.block->tensor;
  if (!memory.holds(area)) {
    stop(warp, inst, lane, ReportKind::OutOfBounds, Fault::IllegalAddress,
         message(isRead(use) ? "reads " : "writes ", areaText(area),
                 ", allocated: ", memory.allocatedText()));
    return false;
  }
  if (!memory.clocks)
    return true;
  for (uint32_t i = 0; i < area.numLanes; i += TensorMemory::kLanesOfWord) {
    TensorArea part{area.lane + i, TensorMemory::kLanesOfWord, area.column,
                    area.numColumns};
    SharedClocks::Result found =
        follow(warp, inst, TensorMemory::clockOffset(part.lane, part.column),
               part.numColumns * TensorMemory::kWordBytes, use);
    if (found.finding != SharedClocks::Finding::None)
      reportFinding(warp, inst, lane, part, use, found);
  }
  return true;
}

//===--- Allocation
//-------------------------------------------------------------===//

static void misuse(Warp &warp, const Instruction &inst, std::string what) {
  stop(warp, inst, firstLane(warp.alive), ReportKind::TensorMisuse,
       Fault::IllegalInstruction, std::move(what));
}

void allocateTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  constexpr uint32_t kLeast = 32;
  Block &block = *warp.block;
  unsigned lane = firstLane(mask);
  uint32_t wanted = warp.lanes<uint32_t>(inst.slot[2])[lane];
  if (!std::has_single_bit(wanted) || wanted < kLeast ||
      wanted > TensorMemory::kColumns)
    return misuse(warp, inst,
                  message("asks for ", wanted,
                          " columns of tensor memory: expected a power of two "
                          "from 32 to 512"));
  if (block.tensor->isRelinquished)
    return misuse(warp, inst,
                  "allocates tensor memory after the block gave up its permit "
                  "(tcgen05.relinquish_alloc_permit)");
  std::optional<uint32_t> column =
      block.tensor->allocate({wanted, warp.id, inst.id});
  if (!column) {
    warp.outcome = Outcome::Retry;
    return;
  }
  ++block.progress;
  LaneBytes at = resolve(warp, inst, lane, laneAddress(warp, inst, lane),
                         sizeof(*column), AccessKind::Write);
  if (!at.bytes)
    return;
  checkSharedWrite(warp, inst, lane, at.offset, sizeof(*column), nullptr,
                   false);
  std::memcpy(at.bytes, &*column, sizeof(*column));
  if (at.defined)
    std::memset(at.defined, 1, sizeof(*column));
}

void releaseTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  Block &block = *warp.block;
  unsigned lane = firstLane(mask);
  TensorPlace at(warp.lanes<uint32_t>(inst.slot[1])[lane]);
  uint32_t numColumns = warp.lanes<uint32_t>(inst.slot[2])[lane];
  auto found = block.tensor->allocations().find(at.column);
  if (at.lane || found == block.tensor->allocations().end() ||
      found->second.numColumns != numColumns)
    return misuse(warp, inst,
                  message("gives back ", numColumns,
                          " columns of tensor memory from lane ", at.lane,
                          ", column ", at.column,
                          " on, allocated: ", block.tensor->allocatedText()));
  useTensorArea(warp, inst, lane,
                {0, TensorMemory::kLanes, at.column, numColumns},
                TensorUse::Release);
  block.tensor->release(at.column);
  ++block.progress;
}

void relinquishTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (isWholeWarp(warp, inst, mask))
    warp.block->tensor->isRelinquished = true;
}

//===--- Loads and stores
//-------------------------------------------------------===//

std::span<const TensorShape> tensorShapes() {
  static constexpr TensorShape kShapes[] = {{"32x32b", 32, 1, 1},
                                            {"16x64b", 16, 2, 1},
                                            {"16x128b", 16, 4, 2},
                                            {"16x256b", 16, 8, 4},
                                            {"16x32bx2", 16, 1, 1}};
  return kShapes;
}

namespace {

/// The rectangle, or two, that a warp's load or store touches, and which cell
/// belongs to which register of which lane.
class WarpWindow {
public:
  WarpWindow(const Warp &warp, const Instruction &inst, Address address)
      : inst(inst), at(address), shape(tensorShapes()[inst.flags]),
        numColumns(inst.numListed / shape.numRegisters * shape.numColumns) {
    if (inst.slot[2] != kNoSlot)
      split = warp.lanes<uint32_t>(inst.slot[2])[0];
  }

  /// A warp reaches the quarter of the lanes that its number names.
  std::string refusal(uint32_t warpId) const {
    uint32_t first = warpId % 4 * kWarpSize;
    if (at.lane >= first && at.lane + shape.numLanes <= first + kWarpSize &&
        at.lane % shape.numLanes == 0)
      return "";
    return message("accesses lanes [", at.lane, ", ", at.lane + shape.numLanes,
                   ") of tensor memory: warp ", warpId, " reaches [", first,
                   ", ", first + kWarpSize, "), from multiples of ",
                   unsigned(shape.numLanes), " on");
  }
  bool use(Warp &warp, TensorUse use) const {
    TensorArea area{at.lane, shape.numLanes, at.column, numColumns};
    if (!useTensorArea(warp, inst, 0, area, use))
      return false;
    area.column += split;
    return inst.slot[2] == kNoSlot || useTensorArea(warp, inst, 0, area, use);
  }
  /// Lane and column of register i.
  std::pair<uint32_t, uint32_t> placeOf(unsigned i, unsigned lane) const {
    auto [row, column] = inWindow(i, lane);
    return {at.lane + row, at.column + column};
  }

private:
  std::pair<uint32_t, uint32_t> inWindow(unsigned i, unsigned lane) const {
    switch (shape.numColumns) {
    case 2:
      return {lane / 4 + lane % 2 * 8, i * 2 + lane / 2 % 2};
    case 4:
      return {lane / 4 + i % 2 * 8, i / 2 * 4 + lane % 4};
    case 8:
      return {lane / 4 + i / 2 % 2 * 8, i / 4 * 8 + lane % 4 * 2 + i % 2};
    default:
      return {lane % shape.numLanes, i + lane / shape.numLanes * split};
    }
  }

  const Instruction &inst;
  TensorPlace at;
  const TensorShape &shape;
  uint32_t numColumns, split = 0;
};

} // namespace

/// Nothing after a report, or when the warp is not here as a whole.
static std::optional<WarpWindow> openWindow(Warp &warp, const Instruction &inst,
                                            uint32_t mask, TensorUse use) {
  if (!isWholeWarp(warp, inst, mask))
    return std::nullopt;
  Address address = laneAddress(warp, inst, firstLane(mask));
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    if (Address other = laneAddress(warp, inst, firstLane(rest));
        other != address) {
      misuse(warp, inst,
             message("lanes name different addresses of tensor memory, ",
                     rt::hexText(address), " and ", rt::hexText(other)));
      return std::nullopt;
    }
  WarpWindow window(warp, inst, address);
  if (std::string refusal = window.refusal(warp.id); !refusal.empty()) {
    misuse(warp, inst, std::move(refusal));
    return std::nullopt;
  }
  if (!window.use(warp, use))
    return std::nullopt;
  return window;
}

void loadTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  auto window = openWindow(warp, inst, mask, TensorUse::Load);
  if (!window)
    return;
  TensorMemory &memory = *warp.block->tensor;
  for (unsigned i = 0; i < inst.numListed; ++i) {
    uint32_t *to = warp.lanes<uint32_t>(inst.list[i]), undefined = 0;
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = window->placeOf(i, lane);
      to[lane] = *memory.cell(row, column);
      undefined |= uint32_t(!*memory.defined(row, column)) << lane;
    }
    if (undefined && memory.clocks)
      markUndefined(warp, inst.list[i], undefined);
  }
}

void storeTensor(Warp &warp, const Instruction &inst, uint32_t mask) {
  auto window = openWindow(warp, inst, mask, TensorUse::Store);
  if (!window)
    return;
  TensorMemory &memory = *warp.block->tensor;
  for (unsigned i = 0; i < inst.numListed; ++i) {
    const uint32_t *from = warp.lanes<uint32_t>(inst.list[i]);
    uint32_t undefined = undefinedLanes(warp, inst.list[i]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      auto [row, column] = window->placeOf(i, lane);
      *memory.cell(row, column) = from[lane];
      *memory.defined(row, column) = !hasLane(undefined, lane);
    }
  }
}

void waitForTensorLoads(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  for (const AsyncRead &load : warp.tensorLoads)
    warp.block->tensor->clocks->finishRead(warp.clock, load.offset,
                                           load.sizeBytes);
  warp.tensorLoads.clear();
}

void waitForTensorStores(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  for (const AsyncRead &store : warp.tensorStores)
    warp.block->tensor->clocks->finishCopy(warp.clock, store.offset,
                                           store.sizeBytes,
                                           SharedClocks::Proxy::Generic);
  warp.tensorStores.clear();
}

} // namespace tenon::vgpu
