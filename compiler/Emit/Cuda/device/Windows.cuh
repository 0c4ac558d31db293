//===- Windows.cuh - tiles from memory and back ---------------------------===//
//
//   Window x{a0 + i * 384, Fixed<384>(), Fixed<1>(), Below{n0 - i}, All()};
//   auto t = load<L, 4>(x);        zero where there is nothing
//   store<4>(y, t);                nothing is written there
//
// A window begins where the tile's first element is or would be, in memory or
// not. What is known when the kernel is printed is a type: a stride, a bound
// that holds by itself. 4: that many neighbours lie aligned, inside or outside
// together.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Tiles.cuh"

namespace tenon {

template <i64 Value> struct Fixed {
  static constexpr bool kIsOne = Value == 1;
  TENON_DEVICE constexpr operator i64() const { return Value; }
  /// Elements before coordinate `i` of a tile.
  TENON_DEVICE static auto times(int i) {
    // A tile has no more than 2^16 rows or columns.
    if constexpr (Value < 1 << 15)
      return i * int(Value);
    else
      return i64(i) * Value;
  }
};
struct Open {
  static constexpr bool kIsOne = false;
  i64 value;
  TENON_DEVICE operator i64() const { return value; }
  TENON_DEVICE i64 times(int i) const { return i64(i) * value; }
};

/// Which coordinates of a tile are in memory.
struct All {
  TENON_DEVICE static constexpr bool has(int) { return true; }
};
struct Below {
  int end;
  TENON_DEVICE explicit Below(i64 end) : end(coordinate(end)) {}
  TENON_DEVICE bool has(int i) const { return i < end; }
};
struct Within {
  int begin, end;
  TENON_DEVICE Within(i64 begin, i64 end)
      : begin(coordinate(begin)), end(coordinate(end)) {}
  TENON_DEVICE bool has(int i) const { return i >= begin && i < end; }
};

/// The same, or nothing at all.
template <class Bound> struct OnlyIf {
  bool isThere;
  Bound bound;
  TENON_DEVICE bool has(int i) const { return isThere && bound.has(i); }
};
template <class Bound>
TENON_DEVICE OnlyIf<Bound> onlyIf(bool isThere, Bound bound) {
  return {isThere, bound};
}

/// Where an integer of 4 bits lies: two are in a byte, the first one low.
struct Nibbles {
  const i8 *bytes;
  i64 place = 0;
  TENON_DEVICE Nibbles operator+(i64 n) const { return {bytes, place + n}; }
  /// With the sign of its four bits.
  TENON_DEVICE i8 operator*() const {
    return signedNibble(u32(u8(bytes[place >> 1])) >> (place & 1) * 4);
  }
  TENON_DEVICE i8 operator[](i64 n) const { return *(*this + n); }
  TENON_DEVICE static i8 signedNibble(u32 bits) {
    return i8(int(bits << 28) >> 28);
  }
};

template <class P> struct ElementAt;
template <class T> struct ElementAt<T *> {
  using Type = T;
};
template <> struct ElementAt<Nibbles> {
  using Type = i8;
};

template <class Pointer, class RowStride, class ColumnStride, class RowBound,
          class ColumnBound>
struct Window {
  using Element = typename ElementAt<Pointer>::Type;
  using Rs = RowStride;
  using Cs = ColumnStride;
  Pointer first;
  RowStride rowStride;
  ColumnStride columnStride;
  RowBound rows;
  ColumnBound columns;
  TENON_DEVICE Pointer at(int row, int column) const {
    return first + (rowStride.times(row) + columnStride.times(column));
  }
};
template <class P, class Rs, class Cs, class Rb, class Cb>
Window(P, Rs, Cs, Rb, Cb) -> Window<P, Rs, Cs, Rb, Cb>;

//===----------------------------------------------------------------------===//
// Neighbours
//===----------------------------------------------------------------------===//

template <class T> struct WithoutConst {
  using Type = T;
};
template <class T> struct WithoutConst<const T> {
  using Type = T;
};
template <class W>
using ElementOf = typename WithoutConst<typename W::Element>::Type;

template <int Bytes> struct Words;
template <> struct Words<16> {
  using Type = uint4;
};
template <> struct Words<8> {
  using Type = uint2;
};
template <> struct Words<4> {
  using Type = u32;
};
template <> struct Words<2> {
  using Type = u16;
};
template <> struct Words<1> {
  using Type = u8;
};

template <class W> TENON_DEVICE void storeWords(void *to, W w) {
  *static_cast<W *>(to) = w;
}
/// What leaves the caches first: more than they keep for who reads it next.
template <class W> TENON_DEVICE void streamWords(void *to, W w) {
  __stcs(static_cast<W *>(to), w);
}

/// V elements that lie aligned, or, where they are more than a thread reads at
/// once, parts of them; zeros where `isThere` is not.
template <int V, class T>
TENON_DEVICE void readNeighbours(const T *from, T *to, bool isThere = true) {
  constexpr int kBytes = V * int(sizeof(T));
  if constexpr (kBytes > 16) {
    readNeighbours<V / 2>(from, to, isThere);
    readNeighbours<V / 2>(from + V / 2, to + V / 2, isThere);
  } else {
    using W = typename Words<kBytes>::Type;
    union {
      W words;
      T elements[V];
    };
    // Elements that one of two branches gave would be taken apart in both.
    words = W();
    if (isThere)
      words = *reinterpret_cast<const W *>(from);
    TENON_UNROLL for (int i = 0; i < V; ++i) to[i] = elements[i];
  }
}
/// V is even, or one.
template <int V>
TENON_DEVICE void readNeighbours(Nibbles from, i8 *to, bool isThere = true) {
  if constexpr (V == 1) {
    *to = isThere ? *from : i8();
  } else {
    constexpr int kBytes = V / 2;
    u8 bytes[kBytes];
    readNeighbours<kBytes>(reinterpret_cast<const u8 *>(from.bytes) +
                               (from.place >> 1),
                           bytes, isThere);
    TENON_UNROLL for (int i = 0; i < V; ++i) to[i] =
        Nibbles::signedNibble(bytes[i / 2] >> i % 2 * 4);
  }
}
template <int V, bool Streams, class T>
TENON_DEVICE void writeNeighbours(T *to, const T *from) {
  constexpr int kBytes = V * int(sizeof(T));
  if constexpr (kBytes > 16) {
    writeNeighbours<V / 2, Streams>(to, from);
    writeNeighbours<V / 2, Streams>(to + V / 2, from + V / 2);
  } else {
    using W = typename Words<kBytes>::Type;
    union {
      W words;
      T elements[V];
    };
    TENON_UNROLL for (int i = 0; i < V; ++i) elements[i] = from[i];
    if constexpr (Streams)
      streamWords(to, words);
    else
      storeWords(to, words);
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Calls `access(row slot, column slot, pointer, isThere)` for groups of
/// neighbours, which are there if they are in the tile and in memory.
template <class L, int V, class W, class Access>
TENON_DEVICE void forGroups(const W &window, Access access) {
  constexpr bool kAlongRow = L::kVectorAxis == 1;
  constexpr int kStepM = kAlongRow ? 1 : V, kStepN = kAlongRow ? V : 1;
  TENON_UNROLL for (int r = 0; r < L::kRows; r += kStepM) {
    const int row = L::row(r);
    const bool hasRow = L::hasRow(r) && window.rows.has(row);
    TENON_UNROLL for (int c = 0; c < L::kColumns; c += kStepN) {
      const int column = L::column(c);
      access(r, c, window.at(row, column),
             hasRow && L::hasColumn(c) && window.columns.has(column));
    }
  }
}

/// How many neighbours a thread accesses at once, of V that lie aligned.
template <class L, class W, int V> TENON_DEVICE constexpr int groupOf() {
  using Along = typename Choose<L::kVectorAxis == 1, typename W::Cs,
                                typename W::Rs>::Type;
  if (!Along::kIsOne)
    return 1;
  return V < L::kVector ? V : L::kVector;
}

template <class L, int V = 1, class W> TENON_DEVICE auto load(const W &window) {
  using T = ElementOf<W>;
  constexpr int kGroup = groupOf<L, W, V>();
  constexpr bool kAlongRow = L::kVectorAxis == 1;
  Tile<T, L> result;
  forGroups<L, kGroup>(window, [&](int r, int c, auto from, bool isThere) {
    T elements[kGroup];
    readNeighbours<kGroup>(from, elements, isThere);
    TENON_UNROLL for (int i = 0; i < kGroup; ++i)
        result.v[kAlongRow ? L::at(r, c + i) : L::at(r + i, c)] = elements[i];
  });
  return result;
}

template <int V = 1, bool Streams = false, class T, class L, class W>
TENON_DEVICE void store(const W &window, const Tile<T, L> &tile) {
  constexpr int kGroup = groupOf<L, W, V>();
  constexpr bool kAlongRow = L::kVectorAxis == 1;
  forGroups<L, kGroup>(window, [&](int r, int c, T *to, bool isThere) {
    if (!isThere)
      return;
    T elements[kGroup];
    TENON_UNROLL for (int i = 0; i < kGroup; ++i) elements[i] =
        tile.v[kAlongRow ? L::at(r, c + i) : L::at(r + i, c)];
    writeNeighbours<kGroup, Streams>(to, elements);
  });
}

/// An element a row: of memory in which rows lie as the window's do.
template <class L, class W> TENON_DEVICE auto loadRows(const W &window) {
  using T = ElementOf<W>;
  Rows<T, L> result;
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r) {
    const int row = L::row(r);
    result.v[r] =
        L::hasRow(r) && window.rows.has(row) ? *window.at(row, 0) : T();
  }
  return result;
}
template <class L, int V = 1, class W>
TENON_DEVICE auto loadColumns(const W &window) {
  using T = ElementOf<W>;
  constexpr int kGroup = L::kVectorAxis == 1 ? groupOf<L, W, V>() : 1;
  Columns<T, L> result;
  TENON_UNROLL for (int c = 0; c < L::kColumns; c += kGroup) {
    const int column = L::column(c);
    readNeighbours<kGroup>(window.at(0, column), result.v + c,
                           L::hasColumn(c) && window.columns.has(column));
  }
  return result;
}

/// The window's one element, which all threads have.
template <class W> TENON_DEVICE auto loadOne(const W &window) {
  return window.rows.has(0) ? *window.first : ElementOf<W>();
}
template <class W, class T>
TENON_DEVICE void storeOne(const W &window, T element) {
  if (threadIdx.x == 0 && window.rows.has(0))
    *window.first = element;
}

/// Of the threads that hold the same element one writes it.
template <class L> TENON_DEVICE bool isFirstSharing(int axis) {
  return (lane() & L::lanesSharing(axis)) == 0 && L::warpSharing(axis) == 0;
}
template <class T, class L, class W>
TENON_DEVICE void storeRows(const W &window, const Rows<T, L> &rows) {
  if (!isFirstSharing<L>(0))
    return;
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r) {
    const int row = L::row(r);
    if (L::hasRow(r) && window.rows.has(row))
      *window.at(row, 0) = rows.v[r];
  }
}
template <int V = 1, class T, class L, class W>
TENON_DEVICE void storeColumns(const W &window, const Columns<T, L> &columns) {
  constexpr int kGroup = L::kVectorAxis == 1 ? groupOf<L, W, V>() : 1;
  if (!isFirstSharing<L>(1))
    return;
  TENON_UNROLL for (int c = 0; c < L::kColumns; c += kGroup) {
    const int column = L::column(c);
    if (L::hasColumn(c) && window.columns.has(column))
      writeNeighbours<kGroup, false>(window.at(0, column), columns.v + c);
  }
}

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

/// Where a view's elements along the gathered dim are.
struct GatheredDim {
  i64 size, stride;
  TENON_DEVICE bool has(i64 index) const {
    return (index < 0 ? index + size : index) >= 0 && index < size;
  }
  TENON_DEVICE i64 offset(i64 index) const {
    return (index < 0 ? index + size : index) * stride;
  }
};

/// Row r of the tile is the window's, moved to where index r says.
template <class L, int V = 1, class I, class W>
TENON_DEVICE auto gatherRows(const W &window, GatheredDim dim,
                             const I &indices) {
  using T = ElementOf<W>;
  constexpr int kGroup = L::kVectorAxis == 1 ? groupOf<L, W, V>() : 1;
  Tile<T, L> result;
  TENON_UNROLL for (int r = 0; r < L::kRows; ++r) {
    const i64 index = pickRow<L>(indices, r);
    const bool hasRow = L::hasRow(r) && dim.has(index);
    const auto row = window.first + (hasRow ? dim.offset(index) : 0);
    TENON_UNROLL for (int c = 0; c < L::kColumns; c += kGroup) {
      const int column = L::column(c);
      T elements[kGroup];
      readNeighbours<kGroup>(row + window.columnStride.times(column), elements,
                             hasRow && L::hasColumn(c) &&
                                 window.columns.has(column));
      TENON_UNROLL for (int i = 0; i < kGroup; ++i) result.v[L::at(r, c + i)] =
          elements[i];
    }
  }
  return result;
}

/// The element at one index.
template <class P>
TENON_DEVICE auto gatherOne(P first, GatheredDim dim, i64 index) {
  using T = typename WithoutConst<typename ElementAt<P>::Type>::Type;
  return dim.has(index) ? T(first[dim.offset(index)]) : T();
}

} // namespace tenon
