//===- Reductions.cuh - along the rows or the columns of a tile -----------===//
//
// In a thread, then over the lanes that share a row, then over the warps that
// do, through memory: always in the same order.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Shared.cuh"

namespace tenon {

template <class Op, class L, int Axis, int Slots, class T>
TENON_DEVICE void reduceLanes(T (&v)[Slots]) {
  TENON_UNROLL for (u32 bit = 1; bit < 32;
                    bit *= 2) if (L::lanesSharing(Axis) & bit)
      TENON_UNROLL for (int i = 0; i < Slots; ++i) v[i] =
          Op::combine(v[i], shuffle(v[i], bit));
}

/// `memory` holds an element of each row (or column) and each warp that shares
/// it.
template <class Op, class L, int Axis, int Slots, class T>
TENON_DEVICE void reduceWarps(T (&v)[Slots], u32 memory) {
  constexpr int kWarps = Axis == 0 ? L::kWarpsPerRow : L::kWarpsPerColumn;
  if constexpr (kWarps > 1) {
    T *all = sharedMemory<T>(memory);
    auto at = [&](int slot, int warpNumber) -> T & {
      return all[(Axis == 0 ? L::row(slot) : L::column(slot)) * kWarps +
                 warpNumber];
    };
    L::Grid::sync();
    if ((lane() & L::lanesSharing(Axis)) == 0)
      TENON_UNROLL for (int i = 0; i < Slots; ++i) at(i, L::warpSharing(Axis)) =
          v[i];
    L::Grid::sync();
    // Lanes that share an element read one each, if they are enough.
    constexpr int kLanes = kWarps - 1;
    if constexpr ((kWarps & kLanes) == 0 &&
                  (L::lanesSharing(Axis) & kLanes) == kLanes) {
      TENON_UNROLL for (int i = 0; i < Slots; ++i) v[i] =
          at(i, int(lane() & kLanes));
      TENON_UNROLL for (u32 bit = 1; bit < kWarps; bit *= 2)
          TENON_UNROLL for (int i = 0; i < Slots; ++i) v[i] =
              Op::combine(v[i], shuffle(v[i], bit));
    } else {
      TENON_UNROLL for (int i = 0; i < Slots; ++i) {
        v[i] = at(i, 0);
        TENON_UNROLL for (int w = 1; w < kWarps; ++w) v[i] =
            Op::combine(v[i], at(i, w));
      }
    }
  }
}

/// An element a row: those of its elements that the thread has, in columns
/// before `end`, combined.
template <class Op, class T, class L, class End>
TENON_DEVICE Rows<T, L> reducePartly(const Tile<T, L> &tile, End end) {
  Rows<T, L> result;
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r) {
    result.v[r] = Op::template identity<T>();
    TENON_UNROLL for (int c = 0; c < L::kColumns;
                      ++c) if (L::hasColumn(c) && end.has(L::column(c)))
        result.v[r] = Op::combine(result.v[r], tile.v[L::at(r, c)]);
  }
  return result;
}
/// What stands for all of a row once, in the first of the threads that share
/// it.
template <class Op, class T, class L>
TENON_DEVICE Rows<T, L> partsOf(Rows<T, L> rows) {
  if (!isFirstSharing<L>(0))
    TENON_UNROLL for (int r = 0; r < L::kRows; ++r) rows.v[r] =
        Op::template identity<T>();
  return rows;
}
/// What all threads have of a row, combined.
template <class Op, class T, class L>
TENON_DEVICE Rows<T, L> combineParts(Rows<T, L> rows, u32 memory) {
  reduceLanes<Op, L, 0>(rows.v);
  reduceWarps<Op, L, 0>(rows.v, memory);
  return rows;
}
template <class Op, class T, class L, class End>
TENON_DEVICE Rows<T, L> reduceRows(const Tile<T, L> &tile, End end,
                                   u32 memory) {
  return combineParts<Op>(reducePartly<Op>(tile, end), memory);
}
/// The same down the columns.
template <class Op, class T, class L, class End>
TENON_DEVICE Columns<T, L> reduceColumns(const Tile<T, L> &tile, End end,
                                         u32 memory) {
  Columns<T, L> result;
  TENON_UNROLL for (int c = 0; c < L::kColumns; ++c) {
    result.v[c] = Op::template identity<T>();
    TENON_UNROLL for (int r = 0; r < L::kRows;
                      ++r) if (L::hasRow(r) && end.has(L::row(r))) result.v[c] =
        Op::combine(result.v[c], tile.v[L::at(r, c)]);
  }
  reduceLanes<Op, L, 1>(result.v);
  reduceWarps<Op, L, 1>(result.v, memory);
  return result;
}

} // namespace tenon
