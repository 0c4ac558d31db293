//===- Tiles.cuh - tiles in registers, and functions of their elements ----===//

#pragma once
#include "compiler/Emit/Cuda/device/Layouts.cuh"

namespace tenon {

/// A tile, or, spread in the same way, what has an element a row or a column.
template <class T, class L> struct Tile {
  using Element = T;
  T v[L::kRegisters];
};
template <class T, class L> struct Rows {
  using Element = T;
  T v[L::kRows];
};
template <class T, class L> struct Columns {
  using Element = T;
  T v[L::kColumns];
};
/// Elements of 16 bits in pairs: the registers of a product's left side, in the
/// order in which sums of the same rows have them.
template <class T, class L> struct Pairs {
  using Element = T;
  u32 v[L::kRegisters / 2];
};
template <class T, class L>
TENON_DEVICE Pairs<T, L> pairsOf(const Tile<T, L> &tile) {
  Pairs<T, L> result;
  TENON_UNROLL for (int i = 0; i < L::kRegisters / 2; ++i) result.v[i] =
      u32(tile.v[2 * i].bits) | u32(tile.v[2 * i + 1].bits) << 16;
  return result;
}

/// first, first + 1, ... along the rows or the columns.
struct RowIndex {
  i64 first;
};
struct ColumnIndex {
  i64 first;
};

template <class V> TENON_DEVICE V fill(typename V::Element x) {
  V result;
  TENON_UNROLL for (int i = 0; i < int(sizeof(result.v) / sizeof(x)); ++i)
      result.v[i] = x;
  return result;
}

//===----------------------------------------------------------------------===//
// map
//===----------------------------------------------------------------------===//

template <class L, class T> TENON_DEVICE T pick(const Tile<T, L> &x, int i) {
  return x.v[i];
}
template <class L, class T>
TENON_DEVICE T pick(const Tile<T, Transposed<L>> &x, int i) {
  return x.v[i];
}
// Rows fit every layout with the same rows: what is known of a row of scores
// scales a row of sums without a step in between.
template <class L, class T, class Other>
TENON_DEVICE T pick(const Rows<T, Other> &x, int i) {
  static_assert(isSameAlong<L, Other>(0), "rows of another layout");
  return x.v[L::rowSlot(i)];
}
template <class L, class T, class Other>
TENON_DEVICE T pick(const Columns<T, Other> &x, int i) {
  static_assert(isSameAlong<L, Other>(1), "columns of another layout");
  return x.v[L::columnSlot(i)];
}
template <class L> TENON_DEVICE Position pick(RowIndex x, int i) {
  return {x.first, L::row(L::rowSlot(i))};
}
template <class L> TENON_DEVICE Position pick(ColumnIndex x, int i) {
  return {x.first, L::column(L::columnSlot(i))};
}
template <class L, class T> TENON_DEVICE T pick(T scalar, int) {
  return scalar;
}

template <class L, class T, class Other>
TENON_DEVICE T pickRow(const Rows<T, Other> &x, int i) {
  static_assert(isSameAlong<L, Other>(0), "rows of another layout");
  return x.v[i];
}
template <class L> TENON_DEVICE Position pickRow(RowIndex x, int i) {
  return {x.first, L::row(i)};
}
template <class L, class T> TENON_DEVICE T pickRow(T scalar, int) {
  return scalar;
}

template <class L, class T, class Other>
TENON_DEVICE T pickColumn(const Columns<T, Other> &x, int i) {
  static_assert(isSameAlong<L, Other>(1), "columns of another layout");
  return x.v[i];
}
template <class L> TENON_DEVICE Position pickColumn(ColumnIndex x, int i) {
  return {x.first, L::column(i)};
}
template <class L, class T> TENON_DEVICE T pickColumn(T scalar, int) {
  return scalar;
}

/// f of the elements at every place of the layout.
template <class L, class F, class... In>
TENON_DEVICE auto map(F f, const In &...in) {
  Tile<decltype(f(pick<L>(in, 0)...)), L> result;
  TENON_UNROLL for (int i = 0; i < L::kRegisters; ++i) result.v[i] =
      f(pick<L>(in, i)...);
  return result;
}
template <class L, class F, class... In>
TENON_DEVICE auto mapRows(F f, const In &...in) {
  Rows<decltype(f(pickRow<L>(in, 0)...)), L> result;
  TENON_UNROLL for (int i = 0; i < L::kRows; ++i) result.v[i] =
      f(pickRow<L>(in, i)...);
  return result;
}
template <class L, class F, class... In>
TENON_DEVICE auto mapColumns(F f, const In &...in) {
  Columns<decltype(f(pickColumn<L>(in, 0)...)), L> result;
  TENON_UNROLL for (int i = 0; i < L::kColumns; ++i) result.v[i] =
      f(pickColumn<L>(in, i)...);
  return result;
}

//===----------------------------------------------------------------------===//
// Maps that compare positions
//===----------------------------------------------------------------------===//

/// What a body makes of a comparison: it holds at all places of the tile, it
/// may not, or it is to be seen.
struct Everywhere {
  TENON_DEVICE bool operator()(bool) const { return true; }
};
struct Somewhere {
  TENON_DEVICE bool operator()(bool holds) const { return holds; }
};
struct Corner {
  bool &isEverywhere;
  TENON_DEVICE bool operator()(bool holds) const {
    isEverywhere &= holds;
    return holds;
  }
};

template <class T, class L>
TENON_DEVICE T atCorner(const Tile<T, L> &, int, int) {
  return T();
}
template <class T, class L>
TENON_DEVICE T atCorner(const Rows<T, L> &, int, int) {
  return T();
}
template <class T, class L>
TENON_DEVICE T atCorner(const Columns<T, L> &, int, int) {
  return T();
}
TENON_DEVICE Position atCorner(RowIndex x, int row, int) {
  return {x.first, row};
}
TENON_DEVICE Position atCorner(ColumnIndex x, int, int column) {
  return {x.first, column};
}
template <class T> TENON_DEVICE T atCorner(T scalar, int, int) {
  return scalar;
}

/// Whether all of f's comparisons hold at all places: those that hold at the
/// four corners do.
template <class L, class F, class... In>
TENON_DEVICE bool holdEverywhere(F f, const In &...in) {
  bool isEverywhere = true;
  TENON_UNROLL for (int i = 0; i < 4; ++i)
      f(Corner{isEverywhere},
        atCorner(in, i / 2 * (L::kM - 1), i % 2 * (L::kN - 1))...);
  return isEverywhere;
}

/// As map, of f(where, elements...), which asks `where` of each comparison of
/// positions. Most tiles do not compare.
template <class L, class F, class... In>
TENON_DEVICE auto mapWhere(F f, const In &...in) {
  if (holdEverywhere<L>(f, in...))
    return map<L>([=](auto... x) { return f(Everywhere(), x...); }, in...);
  return map<L>([=](auto... x) { return f(Somewhere(), x...); }, in...);
}
template <class L, class F, class... In>
TENON_DEVICE auto mapRowsWhere(F f, const In &...in) {
  if (holdEverywhere<L>(f, in...))
    return mapRows<L>([=](auto... x) { return f(Everywhere(), x...); }, in...);
  return mapRows<L>([=](auto... x) { return f(Somewhere(), x...); }, in...);
}
template <class L, class F, class... In>
TENON_DEVICE auto mapColumnsWhere(F f, const In &...in) {
  if (holdEverywhere<L>(f, in...))
    return mapColumns<L>([=](auto... x) { return f(Everywhere(), x...); },
                         in...);
  return mapColumns<L>([=](auto... x) { return f(Somewhere(), x...); }, in...);
}

} // namespace tenon
