//===- BulkCopy.h - between mbarriers and the copies that they count
//----------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_BULKCOPY_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_BULKCOPY_H

#include "runtime/VirtualGpu/Exec/Warp.h"

namespace tenon::vgpu {

/// Null after a report.
MBarrier *findMbarrier(Warp &warp, const Instruction &inst, unsigned lane,
                       Address address);
/// The copy's bytes have come; the phase may end.
void completeBytes(Warp &warp, const Instruction &inst, unsigned lane,
                   MBarrier &barrier, BulkCopy copy);
/// What a unit did until `done` arrives once.
void arriveFor(Warp &warp, const Instruction &inst, unsigned lane,
               MBarrier &barrier, const SharedClocks::Clock &done);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_BULKCOPY_H
