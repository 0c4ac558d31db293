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
    // A thread's columns may be neighbours, its rows are not.
    auto at = [&](int slot, int warpNumber) -> T & {
      return Axis == 0 ? all[L::row(slot) * kWarps + warpNumber]
                       : all[warpNumber * L::kReachN + L::column(slot)];
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
TENON_DEVICE auto reducePartly(const Tile<T, L> &tile, End end) {
  using S = typename SumOf<T>::Type;
  Rows<S, L> result;
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r) {
    result.v[r] = Op::template identity<S>();
    TENON_UNROLL for (int c = 0; c < L::kColumns;
                      ++c) if (L::hasColumn(c) && end.has(L::column(c)))
        result.v[r] = Op::combine(result.v[r], tile.v[L::at(r, c)]);
  }
  return result;
}
/// An element a column, in the same way.
template <class Op, class T, class L, class End>
TENON_DEVICE auto reduceColumnsPartly(const Tile<T, L> &tile, End end) {
  using S = typename SumOf<T>::Type;
  Columns<S, L> result;
  TENON_UNROLL for (int c = 0; c < L::kColumns; ++c) {
    result.v[c] = Op::template identity<S>();
    TENON_UNROLL for (int r = 0; r < L::kRows;
                      ++r) if (L::hasRow(r) && end.has(L::row(r))) result.v[c] =
        Op::combine(result.v[c], tile.v[L::at(r, c)]);
  }
  return result;
}
/// What stands for all of a row or column once, in the first of the threads
/// that share it.
template <class Op, class T, class L>
TENON_DEVICE Rows<T, L> partsOf(Rows<T, L> rows) {
  if (!isFirstSharing<L>(0))
    TENON_UNROLL for (int r = 0; r < L::kRows; ++r) rows.v[r] =
        Op::template identity<T>();
  return rows;
}
template <class Op, class T, class L>
TENON_DEVICE Columns<T, L> partsOf(Columns<T, L> columns) {
  if (!isFirstSharing<L>(1))
    TENON_UNROLL for (int c = 0; c < L::kColumns; ++c) columns.v[c] =
        Op::template identity<T>();
  return columns;
}
/// What all threads have of a row or column, combined.
template <class Op, class T, class L>
TENON_DEVICE Rows<T, L> combineParts(Rows<T, L> rows, u32 memory) {
  reduceLanes<Op, L, 0>(rows.v);
  reduceWarps<Op, L, 0>(rows.v, memory);
  return rows;
}
template <class Op, class T, class L>
TENON_DEVICE Columns<T, L> combineParts(Columns<T, L> columns, u32 memory) {
  reduceLanes<Op, L, 1>(columns.v);
  reduceWarps<Op, L, 1>(columns.v, memory);
  return columns;
}
template <class Op, class T, class L, class End>
TENON_DEVICE auto reduceRows(const Tile<T, L> &tile, End end, u32 memory) {
  return combineParts<Op>(reducePartly<Op>(tile, end), memory);
}
/// The same down the columns.
template <class Op, class T, class L, class End>
TENON_DEVICE auto reduceColumns(const Tile<T, L> &tile, End end, u32 memory) {
  return combineParts<Op>(reduceColumnsPartly<Op>(tile, end), memory);
}

/// What the threads that share rows (axis 0) or columns have, combined.
/// `memory` holds an element of each of those warps.
template <class Op, class L, int Axis, class T>
TENON_DEVICE T reduceThreads(T part, u32 memory) {
  constexpr int kWarps = Axis == 0 ? L::kWarpsPerRow : L::kWarpsPerColumn;
  T all[1] = {part};
  reduceLanes<Op, L, Axis>(all);
  if constexpr (kWarps > 1) {
    T *parts = sharedMemory<T>(memory);
    L::Grid::sync();
    if (lane() == 0 && L::warpSharing(1 - Axis) == 0)
      parts[L::warpSharing(Axis)] = all[0];
    L::Grid::sync();
    all[0] = parts[0];
    TENON_UNROLL for (int w = 1; w < kWarps; ++w) all[0] =
        Op::combine(all[0], parts[w]);
  }
  return all[0];
}
/// All of an element a row or a column, combined.
template <class Op, class T, class L, class End>
TENON_DEVICE T reduceVector(const Rows<T, L> &rows, End end, u32 memory) {
  T part = Op::template identity<T>();
  TENON_UNROLL for (int r = 0; r < L::kRows;
                    ++r) if (L::hasRow(r) && end.has(L::row(r))) part =
      Op::combine(part, rows.v[r]);
  return reduceThreads<Op, L, 1>(part, memory);
}
template <class Op, class T, class L, class End>
TENON_DEVICE T reduceVector(const Columns<T, L> &columns, End end, u32 memory) {
  T part = Op::template identity<T>();
  TENON_UNROLL for (int c = 0; c < L::kColumns;
                    ++c) if (L::hasColumn(c) && end.has(L::column(c))) part =
      Op::combine(part, columns.v[c]);
  return reduceThreads<Op, L, 0>(part, memory);
}

} // namespace tenon
