//===- RegisterBlock.h - the block of a product that lies in registers ----===//
//
//   RegisterBlock block = chooseRegisterBlock(machine, /*columns=*/768);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SCHEDULE_REGISTERBLOCK_H
#define TENON_PASSES_SCHEDULE_REGISTERBLOCK_H

#include <cstdint>
#include <optional>

namespace tenon {

/// What a choice of schedules must know of the machine.
struct ScheduleMachine {
  int64_t vectorBytes = 64;
  int64_t numVectors = 32; ///< vector registers
  int64_t f32Macs = 16;    ///< multiply-adds per cycle
  int64_t l2Bytes = 1 << 20;
  int64_t lanes() const { return vectorBytes / 4; }
};

struct RegisterBlock {
  int64_t rows, vectors;
};

/// The block of sums that costs the fewest cycles for each element of a product
/// with `columns` columns (nothing: many). A step along the contracted axis
/// loads `vectors` vectors and `rows` elements and has rows * vectors
/// multiply-adds; loads that run beside them cost part of their time, columns
/// behind the end all of it.
RegisterBlock chooseRegisterBlock(const ScheduleMachine &machine,
                                  std::optional<int64_t> columns);

} // namespace tenon

#endif // TENON_PASSES_SCHEDULE_REGISTERBLOCK_H
