// From a lane's address to bytes.

#include "runtime/VirtualGpu/Exec/Access.h"

#include "runtime/Core/Message.h"

#include <cstring>

namespace tenon::vgpu {

using ptx::Space;
using rt::message;

static std::string_view verb(AccessKind kind) {
  return kind == AccessKind::Write    ? "writes "
         : kind == AccessKind::Atomic ? "updates "
                                      : "reads ";
}

static std::string rangeText(uint32_t offset, uint32_t sizeBytes) {
  return message("shared bytes [", offset, ", ", offset + sizeBytes, ")");
}

static LaneBytes refuseGlobal(Warp &warp, const Instruction &inst,
                              unsigned lane, Address address,
                              uint32_t sizeBytes, AccessKind kind) {
  const Memory &memory = *warp.block->launch->memory;
  bool isFreed = memory.isFreedAt(address);
  stop(warp, inst, lane,
       isFreed ? ReportKind::UseAfterFree : ReportKind::OutOfBounds,
       Fault::IllegalAddress,
       message(verb(kind), sizeBytes, " bytes, ", memory.describe(address)));
  return {};
}

static LaneBytes resolveGlobal(Warp &warp, const Instruction &inst,
                               unsigned lane, Address address,
                               uint32_t sizeBytes, AccessKind kind) {
  Launch &launch = *warp.block->launch;
  Memory::Range &range = warp.worker->ranges[inst.id];
  if (address < range.begin || address + sizeBytes > range.end) {
    range = launch.memory->rangeAt(address);
    if (address + sizeBytes > range.end || range.end == 0) {
      range = {};
      return refuseGlobal(warp, inst, lane, address, sizeBytes, kind);
    }
  }
  bool isRead = kind != AccessKind::Write && kind != AccessKind::Atomic;
  if (!isRead && range.isReadOnly) {
    stop(warp, inst, lane, ReportKind::ReadOnly, Fault::IllegalAddress,
         message(verb(kind), sizeBytes, " bytes ",
                 launch.memory->describe(address), ", which is constant"));
    return {};
  }
  uint8_t *defined = launch.options.checks
                         ? launch.memory->initialisedBytes(address)
                         : nullptr;
  return {reinterpret_cast<uint8_t *>(address), defined, Space::Global, 0};
}

void checkGlobal(Warp &warp, const Instruction &inst, unsigned lane,
                 const uint8_t *bytes, uint32_t sizeBytes, bool isWrite,
                 const uint8_t *data) {
  Launch &launch = *warp.block->launch;
  if (!launch.races)
    return;
  auto address = reinterpret_cast<Address>(bytes);
  auto found = launch.races->access(warp.worker->racePages, warp.block->number,
                                    address, sizeBytes, isWrite);
  // Several blocks may store what they all computed.
  if (!found || (data && std::memcmp(bytes, data, sizeBytes) == 0))
    return;
  std::string other = found->otherBlock < launch.grid.count()
                          ? message("block number ", found->otherBlock)
                          : "other blocks";
  report(warp, inst, lane, ReportKind::Race,
         message(isWrite ? "writes " : "reads ", sizeBytes, " bytes ",
                 launch.memory->describe(address), ", which ", other,
                 found->otherWrites ? " wrote" : " read",
                 " in the same launch"));
}

bool areAloneInGlobal(Warp &warp, const Address *addresses, uint32_t mask,
                      uint32_t sizeBytes, bool isWrite) {
  GlobalRaces *races = warp.block->launch->races.get();
  if (!races)
    return true;
  for (unsigned lane = 0; lane < kWarpSize;) {
    if (!hasLane(mask, lane)) {
      ++lane;
      continue;
    }
    Address begin = addresses[lane], end = begin + sizeBytes;
    for (++lane;
         lane < kWarpSize && hasLane(mask, lane) && addresses[lane] == end;
         ++lane)
      end += sizeBytes;
    if (!races->addAlone(warp.worker->racePages, warp.block->number, begin,
                         uint32_t(end - begin), isWrite))
      return false;
  }
  return true;
}

void reportSharedFinding(Warp &warp, const Instruction &inst, unsigned lane,
                         uint32_t offset, uint32_t sizeBytes,
                         SharedClocks::Result found) {
  std::string bytes = rangeText(offset, sizeBytes),
              self = warpText(*warp.block, warp.clock),
              other = warpText(*warp.block, found.otherWarp);
  switch (found.finding) {
  case SharedClocks::Finding::None:
    return;
  case SharedClocks::Finding::ReadAfterWrite:
    return report(warp, inst, lane, ReportKind::Race,
                  message(self, " reads ", bytes, " that ", other,
                          " wrote, with nothing between"));
  case SharedClocks::Finding::WriteAfterRead:
    return report(warp, inst, lane, ReportKind::Race,
                  message(self, " overwrites ", bytes, " that ", other,
                          " reads, with nothing between"));
  case SharedClocks::Finding::WriteAfterWrite:
    return report(warp, inst, lane, ReportKind::Race,
                  message(self, " overwrites ", bytes, " that ", other,
                          " wrote, with nothing between"));
  case SharedClocks::Finding::InFlight:
    return report(warp, inst, lane, ReportKind::AsyncInFlight,
                  message("touches ", bytes, " while a copy by ", other,
                          " is in flight: nobody waited for it"));
  case SharedClocks::Finding::StillRead:
    return report(warp, inst, lane, ReportKind::AsyncInFlight,
                  message("overwrites ", bytes,
                          " while a product or bulk copy "
                          "of ",
                          other, " reads them: nobody waited for it"));
  case SharedClocks::Finding::Unfenced:
    return report(warp, inst, lane, ReportKind::MissingFence,
                  message("takes ", bytes, " through the async proxy, which ",
                          other, " wrote with no fence.proxy.async behind"));
  }
}

void checkSharedWrite(Warp &warp, const Instruction &inst, unsigned lane,
                      uint32_t offset, uint32_t sizeBytes, const uint8_t *data,
                      bool isAtomic) {
  Block &block = *warp.block;
  if (!block.clocks)
    return;
  bool isSame =
      data && std::memcmp(data, block.shared.data() + offset, sizeBytes) == 0;
  SharedClocks::Result found =
      block.clocks->write(warp.clock, offset, sizeBytes, isSame, isAtomic);
  if (found.finding != SharedClocks::Finding::None)
    reportSharedFinding(warp, inst, lane, offset, sizeBytes, found);
}

SharedPlace sharedPlace(Block &from, Address address) {
  if (address >= kSharedWindow)
    address -= kSharedWindow;
  uint64_t rank = address >> kRankShift;
  auto offset = uint32_t(address & ((Address(1) << kRankShift) - 1));
  if (rank == 0)
    return {&from, offset};
  std::vector<std::unique_ptr<Block>> &blocks = from.cluster->blocks;
  bool isThere = rank <= blocks.size() && blocks[rank - 1]->numLive;
  return {isThere ? blocks[rank - 1].get() : nullptr, offset};
}

static LaneBytes resolveShared(Warp &warp, const Instruction &inst,
                               unsigned lane, Address address,
                               uint32_t sizeBytes, AccessKind kind) {
  SharedPlace place = sharedPlace(*warp.block, address);
  bool isRead = kind != AccessKind::Write && kind != AccessKind::Atomic;
  if (place.block != warp.block && (!place.block || !isRead)) {
    stop(warp, inst, lane, ReportKind::OutOfBounds, Fault::IllegalAddress,
         message(verb(kind), sizeBytes, " bytes of another block's shared ",
                 place.block ? "memory: only loads, arrivals and bulk copies "
                               "there are executed"
                             : "memory, which is not in the cluster or has "
                               "ended"));
    return {};
  }
  Block &block = *place.block;
  if (place.offset + sizeBytes > block.shared.size() ||
      place.offset > block.shared.size()) {
    stop(warp, inst, lane, ReportKind::OutOfBounds, Fault::IllegalAddress,
         message(verb(kind), sizeBytes, " bytes at byte ", place.offset,
                 " of shared memory, which has ", block.shared.size(),
                 " bytes"));
    return {};
  }
  bool isGeneric = kind == AccessKind::Read,
       isUnit = kind == AccessKind::UnitRead;
  if (isRead && block.clocks) {
    SharedClocks::Result found = block.clocks->read(
        isUnit ? block.tensor->unitClock : warp.clock, place.offset, sizeBytes,
        isGeneric ? SharedClocks::Proxy::Generic : SharedClocks::Proxy::Async);
    if (found.finding != SharedClocks::Finding::None)
      reportSharedFinding(warp, inst, lane, place.offset, sizeBytes, found);
  }
  uint8_t *defined =
      block.clocks ? block.sharedDefined.data() + place.offset : nullptr;
  return {block.shared.data() + place.offset, defined, Space::Shared,
          place.offset};
}

static LaneBytes resolveLocal(Warp &warp, const Instruction &inst,
                              unsigned lane, Address address,
                              uint32_t sizeBytes, AccessKind kind) {
  uint32_t size = warp.block->launch->program->info.localBytes;
  if (address + sizeBytes > size || address > size) {
    stop(warp, inst, lane, ReportKind::OutOfBounds, Fault::IllegalAddress,
         message(verb(kind), sizeBytes, " bytes at byte ", address,
                 " of local memory, which has ", size, " bytes"));
    return {};
  }
  return {warp.local + size_t(lane) * size + address, nullptr, Space::Local, 0};
}

static LaneBytes resolveParameter(Warp &warp, const Instruction &inst,
                                  unsigned lane, Address address,
                                  uint32_t sizeBytes, AccessKind kind) {
  std::span<const std::byte> parameters = warp.block->launch->parameters;
  bool isInside =
      address <= parameters.size() && sizeBytes <= parameters.size() - address;
  if (!isInside || kind != AccessKind::Read) {
    stop(warp, inst, lane,
         isInside ? ReportKind::ReadOnly : ReportKind::OutOfBounds,
         Fault::IllegalAddress,
         message(verb(kind), sizeBytes, " bytes at byte ", address,
                 " of the parameters, which have ", parameters.size(),
                 " bytes"));
    return {};
  }
  // Only read: see above.
  auto *bytes = const_cast<std::byte *>(parameters.data() + address);
  return {reinterpret_cast<uint8_t *>(bytes), nullptr, Space::Parameter, 0};
}

LaneBytes resolve(Warp &warp, const Instruction &inst, unsigned lane,
                  Address address, uint32_t sizeBytes, AccessKind kind,
                  uint32_t alignBytes) {
  alignBytes = alignBytes ? alignBytes : sizeBytes;
  Space space = resolveSpace(inst.space, address);
  if (address % alignBytes) {
    std::string where = space == Space::Global || space == Space::Constant
                            ? warp.block->launch->memory->describe(address)
                            : message("at byte ", address);
    stop(warp, inst, lane, ReportKind::Misaligned, Fault::MisalignedAddress,
         message(verb(kind), sizeBytes, " bytes ", where,
                 ": the address is no multiple of ", alignBytes));
    return {};
  }
  switch (space) {
  case Space::Shared:
    return resolveShared(warp, inst, lane, address, sizeBytes, kind);
  case Space::Local:
    return resolveLocal(warp, inst, lane, address, sizeBytes, kind);
  case Space::Parameter:
    return resolveParameter(warp, inst, lane, address, sizeBytes, kind);
  default:
    return resolveGlobal(warp, inst, lane, address, sizeBytes, kind);
  }
}

} // namespace tenon::vgpu
