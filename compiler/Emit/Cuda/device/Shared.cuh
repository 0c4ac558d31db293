//===- Shared.cuh - tiles in shared memory
//---------------------------------===//
//
// A kernel's shared memory is one block, in which the printed kernel gives each
// tile a place: its bytes from the beginning.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Windows.cuh"

namespace tenon {

extern __shared__ __align__(1024) u8 sharedBytes[];

template <class T> TENON_DEVICE T *sharedMemory(u32 offset) {
  return reinterpret_cast<T *>(sharedBytes + offset);
}
TENON_DEVICE u32 sharedAddress(u32 offset) {
  return u32(__cvta_generic_to_shared(sharedBytes)) + offset;
}

template <class T> TENON_DEVICE T shuffle(T x, u32 bit) {
  if constexpr (sizeof(T) >= 4)
    return __shfl_xor_sync(~0u, x, bit);
  else
    return T(__shfl_xor_sync(~0u, int(x), bit));
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// R rows of C elements, each row `kPad` longer, so that a column's elements
/// lie in different banks.
template <class T, int R, int C> struct PlainTile {
  using Element = T;
  static constexpr int kR = R, kC = C, kPad = 16 / int(sizeof(T)),
                       kStride = C + kPad;
  static constexpr int kRowBytes = kStride * int(sizeof(T)),
                       kBytes = R * kRowBytes;
  /// Rows that are so many apart lie `kRowBytes` times that apart.
  static constexpr int kPeriod = 1;
  u32 offset;
  TENON_DEVICE explicit PlainTile(u32 offset) : offset(offset) {}
  TENON_DEVICE u32 place(int row, int column) const {
    return offset + row * kRowBytes + column * int(sizeof(T));
  }
  TENON_DEVICE T *at(int row, int column) const {
    return sharedMemory<T>(place(row, column));
  }
};

/// A tile for each stage of a pipeline, in one block of shared memory.
template <class S> struct Stages {
  static constexpr u32 kStageBytes = (S::kBytes + 1023) / 1024 * 1024;
  u32 offset;
  TENON_DEVICE explicit Stages(u32 offset) : offset(offset) {}
  TENON_DEVICE S operator[](int stage) const {
    return S(offset + stage * kStageBytes);
  }
};

/// R rows of C elements in panels of at most 128 bytes, whose groups of 16 are
/// exchanged from row to row: what eight rows have at one column lies in
/// different banks, as ldmatrix, TMA and wgmma want it. 1024-byte aligned.
template <class T, int R, int C> struct SwizzledTile {
  using Element = T;
  static constexpr int kR = R, kC = C;
  static constexpr int kSize = int(sizeof(T));
  static constexpr int kPanel = C * kSize < 128 ? C : 128 / kSize,
                       kRowBytes = kSize * kPanel;
  static constexpr u32 kMask = kRowBytes == 128  ? 0x70
                               : kRowBytes == 64 ? 0x30
                                                 : 0x10;
  static constexpr int kPanelBytes = R * kRowBytes;
  static constexpr int kBytes = C / kPanel * kPanelBytes;
  static constexpr int kPeriod = 8;
  static_assert(C % kPanel == 0 && kRowBytes % 32 == 0,
                "columns are no whole panels");
  u32 offset;
  TENON_DEVICE explicit SwizzledTile(u32 offset) : offset(offset) {}
  TENON_DEVICE u32 place(int row, int column) const {
    const u32 byte = row * kRowBytes + column % kPanel * kSize;
    return offset + column / kPanel * kPanelBytes +
           (byte ^ (byte >> 3 & kMask));
  }
  /// The same of a place that depends on the thread alone.
  TENON_DEVICE u32 placeOfThread(int row, int column) const {
    return offset + kept(SwizzledTile(0).place(row, column));
  }
  TENON_DEVICE T *at(int row, int column) const {
    return sharedMemory<T>(place(row, column));
  }
  /// A place so many periods of rows and so many columns on, of which the
  /// number of the first column has no bit: a step of constants costs an
  /// exclusive or.
  TENON_DEVICE static u32 moved(u32 place, int rows, int columns) {
    return (place ^ columns % kPanel * kSize) +
           (rows * kRowBytes + columns / kPanel * kPanelBytes);
  }
};

/// Rows for columns: how a tile is read, not how it lies.
template <class S> struct TransposedTile {
  S tile;
};
template <class S> TENON_DEVICE TransposedTile<S> transposed(S tile) {
  return {tile};
}

/// Copies a group of neighbours, or zeros.
template <int Bytes, class T>
TENON_DEVICE void copyGroup(u32 to, const T *from, bool isThere) {
  if constexpr (Bytes >= 4)
    copyAsync<Bytes>(sharedAddress(to), from, isThere);
  else
    *sharedMemory<T>(to) = isThere ? *from : T();
}

/// Copies a window to shared memory; the copies are there behind awaitCopies
/// and a barrier. V: as of load.
template <class Grid, int V = 1, class S, class W>
TENON_DEVICE void copy(const S &to, const W &window) {
  using T = ElementOf<W>;
  constexpr bool kIsWide =
      W::Cs::kIsOne && V * sizeof(T) >= 16 && S::kC % (16 / sizeof(T)) == 0;
  // What lies together in memory is read by neighbouring threads.
  constexpr bool kAlongRows = W::Rs::kIsOne && !W::Cs::kIsOne;
  constexpr int kGroup = kIsWide ? 16 / int(sizeof(T)) : 1,
                kBytes = kGroup * int(sizeof(T));
  constexpr int kFast = kAlongRows ? S::kR : S::kC / kGroup;
  constexpr int kAll = S::kR * S::kC / kGroup, kThreads = Grid::kThreads;
  constexpr int kStep = kThreads / kFast;
  if constexpr (!kAlongRows && kThreads % kFast == 0 &&
                kStep % S::kPeriod == 0) {
    // A thread's groups lie below each other, as far apart in both memories.
    const int row = threadIdx.x / kFast, column = threadIdx.x % kFast * kGroup;
    const T *from = kept(window.at(row, column));
    const u32 place = to.place(row, column);
    const bool hasColumn = window.columns.has(column);
    TENON_UNROLL for (int i = 0; i < S::kR;
                      i += kStep) if (i + kStep <= S::kR || row + i < S::kR)
        copyGroup<kBytes>(place + i * S::kRowBytes,
                          from + window.rowStride.times(i),
                          hasColumn && window.rows.has(row + i));
  } else {
#pragma unroll 4
    for (int i = threadIdx.x; i < kAll; i += kThreads) {
      const int row = kAlongRows ? i % kFast : i / kFast;
      const int column = kAlongRows ? i / kFast : i % kFast * kGroup;
      copyGroup<kBytes>(to.place(row, column), window.at(row, column),
                        window.rows.has(row) && window.columns.has(column));
    }
  }
}

/// Zeros, for what a tile that is put there lacks; there behind a barrier.
template <class Grid, class S> TENON_DEVICE void clear(const S &to) {
  for (int i = threadIdx.x; i < S::kBytes / 4; i += Grid::kThreads)
    sharedMemory<u32>(to.offset)[i] = 0;
}

/// How many neighbours along a row a thread has at once in such memory.
template <class S, class L> TENON_DEVICE constexpr int sharedGroup() {
  constexpr int kSize = int(sizeof(typename S::Element));
  int group = L::kVectorAxis == 1 ? L::kVector : 1;
  while (group > 1 && (group * kSize > 16 || S::kRowBytes % (group * kSize)))
    group /= 2;
  return group;
}

/// Writes a tile of registers; it is there behind a barrier.
template <class S, class T, class L>
TENON_DEVICE void put(const S &to, const Tile<T, L> &tile) {
  constexpr int kGroup = sharedGroup<S, L>();
  static_assert(S::kR >= L::kM && S::kC >= L::kN, "the tile does not fit");
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r)
      TENON_UNROLL for (int c = 0; c < L::kColumns; c += kGroup) {
    using W = typename Words<kGroup *int(sizeof(T))>::Type;
    union {
      W words;
      T elements[kGroup];
    };
    TENON_UNROLL for (int i = 0; i < kGroup; ++i) elements[i] =
        tile.v[L::at(r, c + i)];
    if (L::hasRow(r) && L::hasColumn(c))
      *sharedMemory<W>(to.place(L::row(r), L::column(c))) = words;
  }
}
template <class S, class T, class L>
TENON_DEVICE void put(const TransposedTile<S> &to, const Tile<T, L> &tile) {
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r)
          TENON_UNROLL for (int c = 0; c < L::kColumns;
                            ++c) if (L::hasRow(r) && L::hasColumn(c)) *
      to.tile.at(L::column(c), L::row(r)) = tile.v[L::at(r, c)];
}

/// The tile as other threads need it, by way of memory.
template <class To, class T, class L>
TENON_DEVICE Tile<T, To> convert(const Tile<T, L> &tile, u32 memory) {
  if constexpr (kIsSame<To, L>) {
    return tile;
  } else {
    PlainTile<T, L::kM, L::kN> all(memory);
    L::Grid::sync();
    put(all, tile);
    L::Grid::sync();
    constexpr int kGroup = sharedGroup<PlainTile<T, L::kM, L::kN>, To>();
    Tile<T, To> result;
    TENON_UNROLL for (int r = 0; r < To::kRows; ++r)
        TENON_UNROLL for (int c = 0; c < To::kColumns; c += kGroup) {
      T elements[kGroup] = {};
      if (To::hasRow(r) && To::hasColumn(c))
        readNeighbours<kGroup>(all.at(To::row(r), To::column(c)), elements);
      TENON_UNROLL for (int i = 0; i < kGroup; ++i) result.v[To::at(r, c + i)] =
          elements[i];
    }
    return result;
  }
}

/// The same of an element a row or a column.
template <class To, int ToAxis, class T, class L, int FromAxis, int Slots>
TENON_DEVICE auto convertSlots(const T (&v)[Slots], u32 memory) {
  T *all = sharedMemory<T>(memory);
  L::Grid::sync();
  if (isFirstSharing<L>(FromAxis))
    TENON_UNROLL for (int i = 0; i < Slots;
                      ++i) if (FromAxis == 0 ? L::hasRow(i) : L::hasColumn(i))
        all[FromAxis == 0 ? L::row(i) : L::column(i)] = v[i];
  L::Grid::sync();
  typename Choose<ToAxis == 0, Rows<T, To>, Columns<T, To>>::Type result;
  TENON_UNROLL for (int i = 0; i < (ToAxis == 0 ? To::kRows : To::kColumns);
                    ++i) {
    const bool isThere = ToAxis == 0 ? To::hasRow(i) : To::hasColumn(i);
    result.v[i] = isThere ? all[ToAxis == 0 ? To::row(i) : To::column(i)] : T();
  }
  return result;
}
template <class To, int ToAxis, class T, class L>
TENON_DEVICE auto convertVector(const Rows<T, L> &rows, u32 memory) {
  return convertSlots<To, ToAxis, T, L, 0>(rows.v, memory);
}
template <class To, int ToAxis, class T, class L>
TENON_DEVICE auto convertVector(const Columns<T, L> &columns, u32 memory) {
  return convertSlots<To, ToAxis, T, L, 1>(columns.v, memory);
}

} // namespace tenon
