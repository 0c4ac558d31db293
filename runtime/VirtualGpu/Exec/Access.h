//===- Access.h - from a lane's address to bytes, with every check
//-------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_ACCESS_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_ACCESS_H

#include "runtime/VirtualGpu/Exec/Warp.h"

#include <cstring>

namespace tenon::vgpu {

/// Where a shared address is, as a space's or a generic one: in a block of the
/// cluster, or null where that block is not or has ended.
struct SharedPlace {
  Block *block = nullptr;
  uint32_t offset = 0;
};
SharedPlace sharedPlace(Block &from, Address address);

/// AsyncRead: by a product or a bulk copy; UnitRead: by the unit of tcgen05.
enum class AccessKind : uint8_t { Read, Write, Atomic, AsyncRead, UnitRead };

/// Bytes that a lane may touch.
struct LaneBytes {
  uint8_t *bytes = nullptr; ///< null after a report
  uint8_t *defined =
      nullptr; ///< one for each byte; null where nothing is followed
  ptx::Space space = ptx::Space::Generic;
  uint32_t offset = 0; ///< in shared memory
};

/// The address in slot 1 of the lane, the immediate added.
inline Address laneAddress(const Warp &warp, const Instruction &inst,
                           unsigned lane) {
  Address base = inst.addressBytes == 8
                     ? warp.lanes<uint64_t>(inst.slot[1])[lane]
                     : warp.lanes<uint32_t>(inst.slot[1])[lane];
  return base + inst.immediate;
}

/// The space of an address; a window is taken off it.
inline ptx::Space resolveSpace(ptx::Space space, Address &address) {
  if (space != ptx::Space::Generic || address >= kFirstGlobal ||
      address < kLocalWindow)
    return space == ptx::Space::Generic ? ptx::Space::Global : space;
  if (address >= kParameterWindow) {
    address -= kParameterWindow;
    return ptx::Space::Parameter;
  }
  bool isShared = address >= kSharedWindow;
  address -= isShared ? kSharedWindow : kLocalWindow;
  return isShared ? ptx::Space::Shared : ptx::Space::Local;
}

/// Checks alignment, bounds and liveness, and for reads of shared memory races;
/// for writes the caller calls checkSharedWrite, which needs the data. An
/// alignment of 0 is that of the size.
LaneBytes resolve(Warp &warp, const Instruction &inst, unsigned lane,
                  Address address, uint32_t sizeBytes, AccessKind kind,
                  uint32_t alignBytes = 0);

/// To call before bytes of shared memory are written. Null data: never the same
/// value.
void checkSharedWrite(Warp &warp, const Instruction &inst, unsigned lane,
                      uint32_t offset, uint32_t sizeBytes, const uint8_t *data,
                      bool isAtomic);
void reportSharedFinding(Warp &warp, const Instruction &inst, unsigned lane,
                         uint32_t offset, uint32_t sizeBytes,
                         SharedClocks::Result found);

/// For bytes of global memory: whether another block touches them too. `data`:
/// what is written, or null.
void checkGlobal(Warp &warp, const Instruction &inst, unsigned lane,
                 const uint8_t *bytes, uint32_t sizeBytes, bool isWrite,
                 const uint8_t *data);

/// The same for the lanes' accesses of one instruction, neighbours together;
/// false when one must be looked at by checkGlobal.
bool areAloneInGlobal(Warp &warp, const Address *addresses, uint32_t mask,
                      uint32_t sizeBytes, bool isWrite);

inline bool allDefined(const uint8_t *defined, uint32_t sizeBytes) {
  // Bytes are 0 or 1: four at a time while there are as many.
  while (sizeBytes >= 4) {
    uint32_t four;
    std::memcpy(&four, defined, 4);
    if (four != 0x01010101)
      return false;
    defined += 4;
    sizeBytes -= 4;
  }
  for (uint32_t i = 0; i < sizeBytes; ++i)
    if (!defined[i])
      return false;
  return true;
}

/// Copies of up to 16 bytes, which nearly all have: those need no call.
inline void copyPiece(uint8_t *to, const uint8_t *from, uint32_t sizeBytes) {
  uint64_t halves[2];
  if (sizeBytes != sizeof(halves)) {
    std::memcpy(to, from, sizeBytes);
    return;
  }
  // By halves: compilers make one call of two copies of different sizes.
  std::memcpy(&halves[0], from, 8);
  std::memcpy(&halves[1], from + 8, 8);
  std::memcpy(to, &halves[0], 8);
  std::memcpy(to + 8, &halves[1], 8);
}

//===--- CountAccess.cpp
//-------------------------------------------------------===//

/// Adds one warp access to the counters of sectors or wavefronts.
void countGlobalAccess(Warp &warp, const Address *addresses, uint32_t mask,
                       uint32_t sizeBytes, Trace::Kind kind);
void countSharedAccess(Worker &worker, const Address *addresses, uint32_t mask,
                       uint32_t sizeBytes);
/// A row of a bulk copy; the bytes of one, or of operands, in shared memory.
void countBulkRow(Warp &warp, Address address, uint64_t sizeBytes,
                  Trace::Kind kind);
void countSharedBytes(Worker &worker, uint64_t sizeBytes);

//===--- Undefined.cpp
//-------------------------------------------------------===//

/// Notes that lanes of a slot hold a value made from bytes never written.
void markUndefined(Warp &warp, uint32_t slot, uint32_t lanes);
inline uint32_t undefinedLanes(const Warp &warp, uint32_t slot) {
  return warp.undefined.empty() || slot == kNoSlot ? 0
                                                   : warp.undefined[slot / 4];
}
/// Before an instruction of a warp that holds undefined values: where they go,
/// and whether they decide something. `group`: lanes at the instruction.
void followUndefined(Warp &warp, const Instruction &inst, uint32_t group,
                     uint32_t mask);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_ACCESS_H
