//===- Products.cuh - products of tiles in shared memory ------------------===//
//
// By multiply-adds of each thread (SumLayout), or by the matrix unit
// (MatrixLayout). Left sides are M x K, right sides K x N; either may be read
// from a tile that lies transposed.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Warpgroups.cuh"

namespace tenon {

//===----------------------------------------------------------------------===//
// Multiply-adds
//===----------------------------------------------------------------------===//

TENON_DEVICE float multiplyAdd(float x, float y, float sum) {
  return fmaf(x, y, sum);
}
TENON_DEVICE double multiplyAdd(double x, double y, double sum) {
  return fma(x, y, sum);
}
TENON_DEVICE int multiplyAdd(int x, int y, int sum) { return sum + x * y; }
TENON_DEVICE i64 multiplyAdd(i64 x, i64 y, i64 sum) { return sum + x * y; }

/// Slots in fours at neighbouring columns of a row of the memory.
template <int Slots, class S, class T, class Coordinate>
TENON_DEVICE void readFours(const S &from, int row, Coordinate coordinate,
                            T (&to)[Slots]) {
  TENON_UNROLL for (int i = 0; i < Slots; i += 4)
      readNeighbours<4>(from.at(row, coordinate(i)), to + i);
}

/// `a` lies K x M, `b` K x N. Both reach as far as the layout does.
template <class T, class L, class A, class B>
TENON_DEVICE void multiply(Tile<T, L> &sums, const TransposedTile<A> &a,
                           const B &b) {
  static_assert(A::kR == B::kR && A::kC >= L::kReachM && B::kC >= L::kReachN,
                "the factors do not fit");
#pragma unroll 4
  for (int k = 0; k < B::kR; ++k) {
    T x[L::kRows], y[L::kColumns];
    readFours(a.tile, k, [](int i) { return L::row(i); }, x);
    readFours(b, k, [](int i) { return L::column(i); }, y);
    TENON_UNROLL for (int r = 0; r < L::kRows; ++r)
        TENON_UNROLL for (int c = 0; c < L::kColumns; ++c)
            sums.v[L::at(r, c)] = multiplyAdd(x[r], y[c], sums.v[L::at(r, c)]);
  }
}

//===----------------------------------------------------------------------===//
// The matrix unit: 16 rows, 8 columns and 32 bytes of contracted elements
//===----------------------------------------------------------------------===//

template <bool Transposes>
TENON_DEVICE void readMatrices(u32 (&to)[4], u32 row) {
  loadMatrices<Transposes>(to, sharedAddress(row));
}

/// What was read as the unit multiplies it.
template <class T> TENON_DEVICE void roundFactors(T, u32 (&)[4]) {}
TENON_DEVICE void roundFactors(float, u32 (&x)[4]) {
  TENON_UNROLL for (int i = 0; i < 4; ++i) x[i] =
      __float_as_uint(roundedToTf32(__uint_as_float(x[i])));
}

/// Contracted elements of one instruction, and of half of one: 16 bytes.
template <class T> inline constexpr int kUnitDepth = 32 / int(sizeof(T));
template <class T> inline constexpr int kUnitHalf = 16 / int(sizeof(T));

TENON_DEVICE constexpr bool isPowerOf2(int n) { return (n & (n - 1)) == 0; }

/// 16 rows and 32 bytes of contracted elements of a left side for each warp.
/// The places that a lane reads are steps of constants from its first.
template <class L, class A> struct LeftSide;
template <class L, class T, int M, int K>
struct LeftSide<L, SwizzledTile<T, M, K>> {
  using Element = T;
  using S = SwizzledTile<T, M, K>;
  static constexpr int kDepth = K;
  u32 first;
  TENON_DEVICE explicit LeftSide(S tile)
      : first(tile.placeOfThread(L::Wa::slot(0, int(warp())) * 16 + lane() % 16,
                                 lane() / 16 * kUnitHalf<T>)) {}
  TENON_DEVICE void read(u32 (&to)[4], int band, int k) const {
    readMatrices<false>(to, S::moved(first, band * L::Grid::kRows * 16, k));
  }
};
template <class L, class T, int K, int M>
struct LeftSide<L, TransposedTile<SwizzledTile<T, K, M>>> {
  using Element = T;
  using S = SwizzledTile<T, K, M>;
  static constexpr int kDepth = K;
  static_assert(isPowerOf2(L::Grid::kRows) && sizeof(T) == 2,
                "bands are no steps");
  u32 first;
  TENON_DEVICE explicit LeftSide(TransposedTile<S> a)
      : first(a.tile.placeOfThread(lane() / 16 * 8 + lane() % 8,
                                   L::Wa::slot(0, int(warp())) * 16 +
                                       lane() / 8 % 2 * 8)) {}
  TENON_DEVICE void read(u32 (&to)[4], int band, int k) const {
    readMatrices<true>(to, S::moved(first, k, band * L::Grid::kRows * 16));
  }
};
template <class L, class T, class LA> struct LeftSide<L, Pairs<T, LA>> {
  using Element = T;
  static constexpr int kDepth = LA::kN;
  static_assert(isSameAlong<L, LA>(0), "rows of another layout");
  const Pairs<T, LA> &pairs;
  TENON_DEVICE explicit LeftSide(const Pairs<T, LA> &pairs) : pairs(pairs) {}
  TENON_DEVICE void read(u32 (&to)[4], int band, int k) const {
    TENON_UNROLL for (int i = 0; i < 4; ++i) to[i] =
        pairs.v[(band * (LA::kColumns / 2) + k / 8) * 2 + i];
  }
};

/// 16 columns and 32 bytes of contracted elements of a right side: two
/// products' worth. `column` is among a warp's.
template <class L, class B> struct RightSide;
template <class L, class T, int K, int N>
struct RightSide<L, SwizzledTile<T, K, N>> {
  using Element = T;
  using S = SwizzledTile<T, K, N>;
  static_assert(sizeof(T) == 2, "contracted bytes do not lie together");
  static constexpr int kDepth = K, kColumns = N;
  S tile;
  u32 first;
  TENON_DEVICE explicit RightSide(S tile) : tile(tile), first(place(0)) {}
  TENON_DEVICE u32 place(int column) const {
    return tile.placeOfThread(lane() % 16, L::Wa::coordinate(1, warp()) +
                                               column + lane() / 16 * 8);
  }
  TENON_DEVICE void read(u32 (&to)[4], int column, int k) const {
    // A warp's columns are steps from its first where they are a power of two.
    constexpr bool kIsStep = isPowerOf2(L::kColumns * 4);
    readMatrices<true>(to, kIsStep ? S::moved(first, k, column)
                                   : S::moved(place(column), k, 0));
  }
};
template <class L, class T, int N, int K>
struct RightSide<L, TransposedTile<SwizzledTile<T, N, K>>> {
  using Element = T;
  using S = SwizzledTile<T, N, K>;
  static constexpr int kDepth = K, kColumns = N;
  u32 first;
  TENON_DEVICE explicit RightSide(TransposedTile<S> b)
      : first(b.tile.placeOfThread(L::Wa::coordinate(1, warp()) +
                                       lane() / 16 * 8 + lane() % 8,
                                   lane() / 8 % 2 * kUnitHalf<T>)) {}
  TENON_DEVICE void read(u32 (&to)[4], int column, int k) const {
    readMatrices<false>(to, S::moved(first, column, k));
  }
};

template <class Sum, class L, class A, class B>
TENON_DEVICE void multiplyByWarps(Tile<Sum, L> &sums, const A &left,
                                  const B &right) {
  const LeftSide<L, A> a(left);
  const RightSide<L, B> b(right);
  constexpr int kDepth = LeftSide<L, A>::kDepth, kBands = L::kRows / 2,
                kPairs = L::kColumns / 4;
  using TA = typename LeftSide<L, A>::Element;
  using TB = typename RightSide<L, B>::Element;
  constexpr int kUnit = kUnitDepth<TA>;
  static_assert(kDepth == RightSide<L, B>::kDepth && kDepth % kUnit == 0,
                "the factors do not fit");
  static_assert(L::kColumns % 4 == 0 && RightSide<L, B>::kColumns >= L::kReachN,
                "the factors do not fit");
  TENON_UNROLL for (int k = 0; k < kDepth; k += kUnit) {
    u32 x[kBands][4], y[kPairs][4];
    TENON_UNROLL for (int i = 0; i < kBands; ++i) a.read(x[i], i, k);
    TENON_UNROLL for (int j = 0; j < kPairs; ++j) b.read(y[j], 16 * j, k);
    TENON_UNROLL for (int i = 0; i < kBands; ++i) roundFactors(TA(), x[i]);
    TENON_UNROLL for (int j = 0; j < kPairs; ++j) roundFactors(TB(), y[j]);
    TENON_UNROLL for (int i = 0; i < kBands; ++i)
        TENON_UNROLL for (int j = 0; j < kPairs; ++j) {
      Sum *four = sums.v + (i * kPairs + j) * 8;
      multiplyMatrices(Of<TA>(), Of<TB>(), four, x[i], y[j][0], y[j][1]);
      multiplyMatrices(Of<TA>(), Of<TB>(), four + 4, x[i], y[j][2], y[j][3]);
    }
  }
}

/// Adds to the sums the product of two sides, as one of the warps, or of the
/// given group of four.
template <class Sum, class L, class A, class B>
TENON_DEVICE void multiplyByUnit(Tile<Sum, L> &sums, const A &left,
                                 const B &right, int group) {
  if constexpr (L::Grid::kAreGroups)
    multiplyByGroups(sums, left, right, group);
  else
    multiplyByWarps(sums, left, right);
}
template <class Sum, class L, class A, class B>
TENON_DEVICE void multiplyByUnit(Tile<Sum, L> &sums, const A &left,
                                 const B &right) {
  int group = 0;
  if constexpr (L::Grid::kAreGroups)
    group = groupOfWarp<typename L::Grid>();
  multiplyByUnit(sums, left, right, group);
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

/// A loop whose copies run Stages - 1 turns ahead of their use. load(at, stage)
/// only copies; use(at, stage) multiplies.
template <class W, int Stages, class Load, class Use>
TENON_DEVICE void pipeline(Range range, Load load, Use use) {
  const int n = kept(range.count());
  TENON_UNROLL for (int k = 0; k < Stages - 1; ++k) {
    if (k < n)
      load(range.at(k), k);
    commitCopies();
  }
  int stage = 0, free = Stages - 1;
#pragma unroll 1
  for (int k = 0; k < n; ++k) {
    awaitCopies<Stages - 2>();
    publish<W>();
    if (k + Stages - 1 < n)
      load(range.at(k + Stages - 1), free);
    commitCopies();
    use(range.at(k), stage);
    stage = stage + 1 == Stages ? 0 : stage + 1;
    free = free + 1 == Stages ? 0 : free + 1;
  }
}

} // namespace tenon
