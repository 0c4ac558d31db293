//===- RegisterBlock.h - the block of a product that lies in registers ----===//
//
//   RegisterBlock block = chooseRegisterBlock(machine, /*rows=*/{}, 768);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_REGISTERBLOCK_H
#define TENON_PASSES_SCHEDULE_REGISTERBLOCK_H

#include "passes/Schedule/ScheduleMachine.h"

#include <optional>

namespace tenon {

struct RegisterBlock {
  int64_t rows, vectors;
};

/// The block of sums that costs the fewest cycles for each element of a product
/// with `rows` rows and `columns` columns (nothing: many). A step along the
/// contracted axis loads `vectors` vectors and `rows` elements and has
/// rows * vectors multiply-adds; loads that run beside them cost part of their
/// time, columns behind the end all of it.
RegisterBlock chooseRegisterBlock(const ScheduleMachine &machine,
                                  std::optional<int64_t> rows,
                                  std::optional<int64_t> columns);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_REGISTERBLOCK_H
