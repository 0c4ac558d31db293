//===- Slots.h - places in the register file
//------------------------------------===//
//
// PTX has thousands of registers and few are alive at once. Values share places
// by their live ranges, so that a warp's file stays in the cache: a range is
// the span of instructions in which the value may be needed, over all loops.
//
// Lanes at different instructions share a place too: a lane's values live along
// its own path, and a store touches the lanes of its mask only.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DECODE_SLOTS_H
#define TENON_RUNTIME_VIRTUALGPU_DECODE_SLOTS_H

#include "runtime/VirtualGpu/Decode/Program.h"

namespace tenon::vgpu {

struct Value {
  uint8_t sizeBytes = 0; ///< 0 for a predicate
  bool isPinned = false; ///< a constant or special register: never shared
  uint64_t bits = 0;     ///< of a constant
};

/// What one instruction reads and writes, as values.
struct ValueEffect {
  std::vector<uint32_t> written, read;
};

/// Fills the program's touches; before assignSlots.
void findProductRegisters(KernelProgram &program,
                          const std::vector<Value> &values,
                          const std::vector<ValueEffect> &effects);

/// Replaces the values in the program's instructions, lists, specials and
/// effects by slots, and makes its register image.
void assignSlots(KernelProgram &program, const std::vector<Value> &values,
                 const std::vector<ValueEffect> &effects);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DECODE_SLOTS_H
