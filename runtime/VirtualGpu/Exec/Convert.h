//===- Convert.h - cvt between any two numeric types
//---------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_CONVERT_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_CONVERT_H

#include "runtime/VirtualGpu/Decode/Program.h"

namespace tenon::vgpu {

enum class NumberType : uint8_t {
  U8,
  S8,
  U16,
  S16,
  U32,
  S32,
  U64,
  S64,
  F16,
  BF16,
  F32,
  F64
};

std::optional<NumberType> numberType(std::string_view name);
uint8_t numberBytes(NumberType type);
inline bool isFloatType(NumberType type) { return type >= NumberType::F16; }

/// Kept in Instruction::immediate.
struct Conversion {
  NumberType to = NumberType::U32, from = NumberType::U32;
  char rounding = 'n';    ///< n, z, m, p
  bool toInteger = false; ///< .rni .rzi .rmi .rpi
  bool saturates = false, flushes = false, isRelu = false;
  uint8_t unused = 0;
};
static_assert(sizeof(Conversion) == sizeof(int64_t));

/// Slot 0 is written as elementBytes wide, slot 1 read as addressBytes wide.
void convert(Warp &warp, const Instruction &inst, uint32_t mask);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_CONVERT_H
