// Allocations of tensor memory.

#include "runtime/VirtualGpu/Exec/TensorMemory.h"

#include "runtime/Core/Message.h"

#include <algorithm>

namespace tenon::vgpu {

/// Allocations begin at multiples of it.
static constexpr uint32_t kUnit = 32;

// Fresh tensor memory holds NaN, as shared memory does.
TensorMemory::TensorMemory(std::shared_ptr<SharedClocks::Warps> warps,
                           uint32_t unitClock, bool isHigh)
    : unitClock(unitClock), isHigh(isHigh), cells(kLanes * kColumns, ~0u),
      definedCells(kLanes * kColumns) {
  if (warps)
    clocks = std::make_unique<SharedClocks>(
        kLanes / kLanesOfWord * kColumns * kWordBytes, std::move(warps));
}

bool TensorMemory::isFree(uint32_t column, uint32_t numColumns) const {
  return std::none_of(taken.begin(), taken.end(), [&](const auto &each) {
    return each.first < column + numColumns &&
           column < each.first + each.second.numColumns;
  });
}

std::optional<uint32_t> TensorMemory::allocate(Allocation wanted) {
  for (uint32_t at = 0; at + wanted.numColumns <= kColumns; at += kUnit) {
    uint32_t column = isHigh ? kColumns - wanted.numColumns - at : at;
    if (!isFree(column, wanted.numColumns))
      continue;
    taken[column] = wanted;
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      std::fill_n(cell(lane, column), wanted.numColumns, ~0u);
      std::fill_n(defined(lane, column), wanted.numColumns, 0);
    }
    return column;
  }
  return std::nullopt;
}

bool TensorMemory::holds(const TensorArea &area) const {
  if (area.column >= kColumns || area.numColumns > kColumns ||
      area.lane >= kLanes || area.lane + area.numLanes > kLanes)
    return false;
  uint32_t end = area.column + area.numColumns;
  for (uint32_t at = area.column; at < end;) {
    auto next = taken.upper_bound(at);
    if (next == taken.begin())
      return false;
    const auto &[column, allocation] = *std::prev(next);
    if (at >= column + allocation.numColumns)
      return false;
    at = column + allocation.numColumns;
  }
  return true;
}

std::string TensorMemory::allocatedText() const {
  std::string text;
  for (const auto &[column, allocation] : taken)
    text += rt::message(text.empty() ? "columns [" : ", [", column, ", ",
                        column + allocation.numColumns, ")");
  return text.empty() ? "none" : text;
}

} // namespace tenon::vgpu
