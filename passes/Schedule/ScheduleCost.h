//===- ScheduleCost.h - how long a kernel takes in a schedule -------------===//

#ifndef TENON_PASSES_SCHEDULE_SCHEDULECOST_H
#define TENON_PASSES_SCHEDULE_SCHEDULECOST_H

#include "passes/Schedule/ScheduleMachine.h"

#include "dialects/Tile/TileDialect.h"

namespace tenon {

/// `batch` products of rows x depth by depth x columns. Of attention: its
/// queries, keys and the width of a head.
struct ProductSizes {
  int64_t batch = 1, rows = 1, columns = 1, depth = 1;
};

/// Those of a launch of `kernel`, in the algorithm form, with these scalars. A
/// loop whose end follows from the place in the grid counts as far as it goes.
ProductSizes productSizes(tile::KernelOp kernel,
                          mlir::ArrayRef<int64_t> scalars);

/// The time of such a launch of a kernel with products in `schedule`: the
/// longest of its multiply-adds at the unit's rate, the operands of its blocks
/// from the cache that holds them, and its weights from the last cache; and
/// what is done with the sums. The kernel is in the algorithm form.
double predictedSeconds(tile::KernelOp kernel, mlir::DictionaryAttr schedule,
                        const ProductSizes &sizes, target::CpuAttr cpu,
                        unsigned numThreads);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_SCHEDULECOST_H
