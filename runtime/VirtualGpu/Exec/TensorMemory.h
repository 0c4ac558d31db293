//===- TensorMemory.h - the tensor memory of a block
//---------------------------===//
//
//   TensorMemory memory(clocks, unit, /*isHigh=*/false);
//   std::optional<uint32_t> column = memory.allocate(64, {warp, instruction});
//   *memory.cell(lane, *column) = bits;
//   memory.release(*column);
//
// 128 lanes of 512 columns of 32 bits (tcgen05). An address is a lane in its
// upper half and a column in its lower.
//
// The unit of products does in order what threads ask of it. It has one clock
// among those of the warps: it knows what the thread that issued a product
// knew, and hands what it did to the mbarrier of a commit. So a result that is
// read with no wait is a race like any other.
//
// Every access takes sixteen lanes of a column together, which are a word of
// the clocks.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORMEMORY_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORMEMORY_H

#include "runtime/VirtualGpu/Check/SharedClocks.h"

#include <map>
#include <optional>
#include <string>

namespace tenon::vgpu {

/// Cells of columns that follow each other, in lanes that do: multiples of 16.
struct TensorArea {
  uint32_t lane = 0, numLanes = 0;
  uint32_t column = 0, numColumns = 0;
};

/// Products that arrive at an mbarrier when they are done.
struct TensorCommit {
  uint32_t warp = 0, lane = 0, instruction = 0;
  uint64_t mbarrier = 0; ///< its shared address
  SharedClocks::Clock done;
};

class TensorMemory {
public:
  static constexpr uint32_t kLanes = 128, kColumns = 512;
  /// Lanes that are accessed together.
  static constexpr uint32_t kLanesOfWord = 16;

  /// Columns that an instruction took.
  struct Allocation {
    uint32_t numColumns = 0;
    uint32_t warp = 0, instruction = 0;
  };

  /// `unitClock`: the number of the unit's clock. Without `warps` nothing is
  /// followed. `isHigh`: columns are taken from the end, as of a block that
  /// shares its SM with another.
  TensorMemory(std::shared_ptr<SharedClocks::Warps> warps, uint32_t unitClock,
               bool isHigh);

  /// The first column; nothing when there is no room.
  std::optional<uint32_t> allocate(Allocation wanted);
  /// The allocation that begins there is no more.
  void release(uint32_t column) { taken.erase(column); }
  /// Whether all columns of the area are allocated.
  bool holds(const TensorArea &area) const;
  /// "columns [0, 64), [128, 160)", for people.
  std::string allocatedText() const;
  /// By first column.
  const std::map<uint32_t, Allocation> &allocations() const { return taken; }

  uint32_t *cell(uint32_t lane, uint32_t column) {
    return cells.data() + lane * kColumns + column;
  }
  /// One for each cell: whether its value was made from values that were
  /// written.
  uint8_t *defined(uint32_t lane, uint32_t column) {
    return definedCells.data() + lane * kColumns + column;
  }

  /// What the clocks call the area's columns in sixteen lanes from `lane` on.
  static uint32_t clockOffset(uint32_t lane, uint32_t column) {
    return (lane / kLanesOfWord * kColumns + column) * kWordBytes;
  }
  static constexpr uint32_t kWordBytes = 4;

  /// Null when nothing is followed.
  std::unique_ptr<SharedClocks> clocks;
  uint32_t unitClock = 0;
  bool isRelinquished = false;       ///< the block allocates no more
  std::vector<TensorCommit> commits; ///< that did not arrive yet

private:
  bool isFree(uint32_t column, uint32_t numColumns) const;

  bool isHigh;
  std::map<uint32_t, Allocation> taken;
  std::vector<uint32_t> cells;
  std::vector<uint8_t> definedCells;
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_TENSORMEMORY_H
