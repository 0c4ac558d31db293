//===- TensorAccess.h - accesses of tensor memory, with every check
//--------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORACCESS_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORACCESS_H

#include "runtime/VirtualGpu/Exec/TensorMemory.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

namespace tenon::vgpu {

/// Load, Store: by a warp, until its wait; UnitRead, UnitWrite: by a product;
/// Release: columns that are given back.
enum class TensorUse : uint8_t { Load, Store, UnitRead, UnitWrite, Release };

/// An address of tensor memory.
struct TensorPlace {
  uint32_t lane = 0, column = 0;

  explicit TensorPlace(Address address)
      : lane(uint32_t(address) >> 16), column(uint32_t(address) & 0xffff) {}
};

/// Checks that the area is allocated, and that what was done there before is
/// known to who does this; false after a report that stops the block.
bool useTensorArea(Warp &warp, const Instruction &inst, unsigned lane,
                   const TensorArea &area, TensorUse use);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORACCESS_H
