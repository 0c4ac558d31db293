//===- RandomSchedules.h - legal schedules, drawn at random ---------------===//

#ifndef TENON_TESTS_COMPILER_PROPERTY_RANDOMSCHEDULES_H
#define TENON_TESTS_COMPILER_PROPERTY_RANDOMSCHEDULES_H

#include "dialects/Tile/TileDialect.h"

#include <random>

namespace tenon {

/// A schedule that checkSchedule accepts for `kernel`, in the algorithm form:
/// any extents, lanes and order of the grid that are legal. A null attribute
/// when chance finds none.
mlir::DictionaryAttr drawSchedule(tile::KernelOp kernel, int64_t vectorBytes,
                                  std::mt19937 &random);

} // namespace tenon

#endif // TENON_TESTS_COMPILER_PROPERTY_RANDOMSCHEDULES_H
