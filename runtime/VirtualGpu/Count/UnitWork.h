//===- UnitWork.h - what a block asks of each unit of an SM
//-------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_COUNT_UNITWORK_H
#define TENON_RUNTIME_VIRTUALGPU_COUNT_UNITWORK_H

#include "runtime/VirtualGpu/Report.h"

#include <array>

namespace tenon::vgpu {

/// A unit, and what its work is counted in: warp instructions where nothing
/// else is said.
enum class Unit : uint8_t {
  Issue,   ///< all but moves, which ptxas has no need of
  Fma,     ///< f32, and products of integers
  Half,    ///< f16 and bf16, packed
  Double,  ///< f64
  Alu,     ///< logic, comparisons, selections, shifts
  Special, ///< roots, exponentials, logarithms
  Convert, ///< conversions
  Shared,  ///< shared memory and L1: wavefronts of 128 bytes
  Tensor,  ///< flops of wgmma and tcgen05; of 8 bits half a flop, of tf32 two
  MmaSync, ///< the same of mma.sync
};
constexpr unsigned kNumUnits = 10;
const char *unitText(Unit unit);

using UnitWork = std::array<double, kNumUnits>;
UnitWork workOf(const Counters &counters);

/// The work of blocks that run anywhere: the sum, and the least and most of
/// one.
struct WorkSpread {
  uint64_t numBlocks = 0;
  UnitWork total = {}, least = {}, most = {};

  void add(const UnitWork &block);
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_COUNT_UNITWORK_H
