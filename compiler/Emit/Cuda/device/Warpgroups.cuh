//===- Warpgroups.cuh - products of four warps (wgmma) --------------------===//
//
// A group of four warps multiplies 64 rows by up to 256 columns, both sides
// read from shared memory where the unit is told by 64 bits where they are
// (PTX ISA, "Asynchronous Warpgroup Level Matrix"), the left one also from
// registers. The sums spread as those of mma.sync.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Shared.cuh"

namespace tenon {

/// A barrier behind which all that the threads of W wrote is there, for the
/// unit, too.
template <class W> TENON_DEVICE void publish() {
  if constexpr (W::kAreGroups)
    fenceAsync();
  W::sync();
}
/// A barrier behind which all copies are there.
template <class W> TENON_DEVICE void finishCopies() {
  commitCopies();
  awaitCopies<0>();
  publish<W>();
}

//===----------------------------------------------------------------------===//
// Sides
//===----------------------------------------------------------------------===//

/// How the unit is told of a tile. `IsDeep`: whether its columns are what is
/// contracted, or the sums' rows or columns ("others").
template <class S, bool IsDeep> struct UnitTile;
template <class T, int R, int C, bool IsDeep>
struct UnitTile<SwizzledTile<T, R, C>, IsDeep> {
  using S = SwizzledTile<T, R, C>;
  using Element = T;
  static constexpr int kDepth = IsDeep ? C : R, kOthers = IsDeep ? R : C;
  static constexpr int kTransposes = !IsDeep;
  static constexpr u32 kSwizzle = S::kRowBytes == 128  ? 1
                                  : S::kRowBytes == 64 ? 2
                                                       : 3;
  /// Of what the unit is told the higher word is the same for all tiles.
  u32 low;

  /// `others` moves the beginning. Both strides are between blocks of 8 rows of
  /// a panel and between panels; along contracted columns the unit never leaves
  /// a panel.
  TENON_DEVICE explicit UnitTile(S tile, int others = 0)
      : low(kept((sharedAddress(0) + bytesBefore(others, 0)) >> 4 |
                 u32(IsDeep ? 1 : S::kPanelBytes >> 4) << 16) +
            (tile.offset >> 4)) {}

  TENON_DEVICE static constexpr u32 bytesBefore(int other, int k) {
    const int row = IsDeep ? other : k, column = IsDeep ? k : other;
    return column / S::kPanel * S::kPanelBytes + column % S::kPanel * S::kSize +
           row * S::kRowBytes;
  }
  TENON_DEVICE u64 at(int other, int k) const {
    constexpr u32 kHigh = 8 * S::kRowBytes >> 4 | kSwizzle << 30;
    return u64(low + bytesBefore(other, k) / 16) | u64(kHigh) << 32;
  }
};

/// 64 rows of a left side for each group.
template <class L, class A> struct GroupLeft;
template <class L, class T, int M, int K>
struct GroupLeft<L, SwizzledTile<T, M, K>>
    : UnitTile<SwizzledTile<T, M, K>, true> {
  using UnitTile<SwizzledTile<T, M, K>, true>::UnitTile;
};
template <class L, class T, int K, int M>
struct GroupLeft<L, TransposedTile<SwizzledTile<T, K, M>>>
    : UnitTile<SwizzledTile<T, K, M>, false> {
  TENON_DEVICE GroupLeft(TransposedTile<SwizzledTile<T, K, M>> a, int row)
      : UnitTile<SwizzledTile<T, K, M>, false>(a.tile, row) {}
};

template <class B> struct GroupRight;
template <class T, int K, int N>
struct GroupRight<SwizzledTile<T, K, N>>
    : UnitTile<SwizzledTile<T, K, N>, false> {
  using UnitTile<SwizzledTile<T, K, N>, false>::UnitTile;
};
template <class T, int N, int K>
struct GroupRight<TransposedTile<SwizzledTile<T, N, K>>>
    : UnitTile<SwizzledTile<T, N, K>, true> {
  TENON_DEVICE explicit GroupRight(TransposedTile<SwizzledTile<T, N, K>> b)
      : UnitTile<SwizzledTile<T, N, K>, true>(b.tile) {}
};

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

TENON_DEVICE constexpr int widthOf(int columns) {
  int width = 16;
  while (width < 256 && 2 * width <= columns)
    width *= 2;
  return width;
}

/// A product of 64 rows and 32 contracted bytes, in as few parts as there are
/// widths in the number of columns.
template <class T, int TA, int Column, int Columns, class Sum, class A, class B>
TENON_DEVICE void multiplyBand(Sum *sums, const A &a, const B &right, int k) {
  if constexpr (Column < Columns) {
    constexpr int kWidth = widthOf(Columns - Column);
    multiplyGroup<TA, B::kTransposes>(Of<T>(), Of<typename B::Element>(),
                                      Width<kWidth>(), sums + Column / 2, a,
                                      right.at(Column, k));
    multiplyBand<T, TA, Column + kWidth, Columns>(sums, a, right, k);
  }
}

template <class T, class L> TENON_DEVICE void settle(Tile<T, L> &sums) {
  TENON_UNROLL for (int i = 0; i < L::kRegisters; ++i) settle(sums.v[i]);
}
template <class T, class L> TENON_DEVICE void settle(Pairs<T, L> &pairs) {
  TENON_UNROLL for (int i = 0; i < L::kRegisters / 2; ++i) settle(pairs.v[i]);
}
/// The compiler must not have read them before.
template <class T, class L> TENON_DEVICE void awaitProducts(Tile<T, L> &sums) {
  awaitAllProducts();
  settle(sums);
}

/// The thread's group of those that multiply; that it is the same for all of a
/// warp shows in a shuffle, and spares moves between registers.
template <class Grid> TENON_DEVICE int groupOfWarp() {
  if constexpr (Grid::kThreads == 128)
    return 0;
  else
    return __shfl_sync(~0u, int(threadIdx.x / 128), 0);
}

template <class Sum, class L, class A, class B>
TENON_DEVICE void multiplyByGroups(Tile<Sum, L> &sums, const A &a, const B &b,
                                   int group) {
  using Left = GroupLeft<L, A>;
  using T = typename Left::Element;
  constexpr int kRows = 64, kStep = 32 / int(sizeof(T));
  const Left left(a, group * kRows);
  const GroupRight<B> right(b);
  constexpr int kAllRows = 16 * L::Grid::kRows;
  constexpr int kDepth = GroupRight<B>::kDepth, kBands = L::kRows / 2;
  static_assert(Left::kDepth == kDepth && kDepth % kStep == 0 &&
                    GroupRight<B>::kOthers >= L::kReachN &&
                    Left::kOthers >= L::kReachM,
                "the factors do not fit");
  settle(sums);
  beginProducts();
  TENON_UNROLL for (int band = 0; band < kBands; ++band)
      TENON_UNROLL for (int k = 0; k < kDepth; k += kStep)
          multiplyBand<T, Left::kTransposes, 0, L::kReachN>(
              sums.v + band * (L::kColumns * 2), left.at(band * kAllRows, k),
              right, k);
  endProducts();
  awaitProducts(sums);
}

/// The left side is in registers, as sums narrowed to pairs are.
template <class L, class T, class LA, class B>
TENON_DEVICE void multiplyByGroups(Tile<float, L> &sums,
                                   const Pairs<T, LA> &pairs, const B &b, int) {
  static_assert(isSameAlong<L, LA>(0) && LA::kReachN == GroupRight<B>::kDepth,
                "the factors do not fit");
  const GroupRight<B> right(b);
  constexpr int kBands = L::kRows / 2;
  Pairs<T, LA> left = pairs;
  settle(sums);
  settle(left);
  beginProducts();
  TENON_UNROLL for (int band = 0; band < kBands; ++band)
      TENON_UNROLL for (int k = 0; k < LA::kReachN; k += 16) {
    u32 a[4];
    TENON_UNROLL for (int i = 0; i < 4; ++i) a[i] =
        left.v[(band * (LA::kColumns / 2) + k / 8) * 2 + i];
    multiplyBand<T, 0, 0, L::kReachN>(sums.v + band * (L::kColumns * 2), a,
                                      right, k);
  }
  endProducts();
  awaitProducts(sums);
}

} // namespace tenon
