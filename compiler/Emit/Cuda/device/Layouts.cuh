//===- Layouts.cuh - how a tile is spread over the threads of a block -----===//
//
// A layout is three lists of digits, the least significant first: of a thread's
// registers, of a warp's lanes, of a block's warps. A digit moves `stride`
// elements along an axis: 0 from row to row, 1 from column to column.
//
//   RowLayout<8, 384, Warps<8, 1>, 32, 4>: a row a warp, 4 neighbours a thread
//
// Digits may reach further than the tile does; elements out there are nobody's:
// loads give zero for them, stores and reductions leave them out.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Types.cuh"

namespace tenon {

TENON_DEVICE u32 lane() { return threadIdx.x % 32; }
// Not a shuffle: a shuffle is convergent, and nothing made of it would leave a
// loop.
TENON_DEVICE u32 warp() { return threadIdx.x / 32; }

/// So many warps along the rows and along the columns of all tiles.
template <int Rows, int Columns> struct Warps {
  static constexpr int kRows = Rows, kColumns = Columns;
  static constexpr int kThreads = 32 * Rows * Columns;
  static constexpr bool kAreGroups = false;
  TENON_DEVICE static void sync() { __syncthreads(); }
};

/// Groups of four warps along the rows, each of which multiplies as one. A
/// block may have others, which have no tiles and do not come to the barrier.
template <int Groups> struct Warpgroups : Warps<4 * Groups, 1> {
  static constexpr bool kAreGroups = true;
  TENON_DEVICE static void sync() { syncSome<128 * Groups>(); }
};

struct Digit {
  int extent, axis, stride;
};

template <Digit... Ds> struct Digits {
  /// How many numbers spread along the axis.
  TENON_DEVICE static constexpr int count(int axis) {
    int result = 1;
    ((result *= Ds.axis == axis ? Ds.extent : 1), ...);
    return result;
  }
  /// What a number adds to the coordinate along the axis.
  TENON_DEVICE static constexpr int coordinate(int axis, u32 number) {
    u32 sum = 0;
    ((sum += Ds.axis == axis ? number % Ds.extent * Ds.stride : 0,
      number /= Ds.extent),
     ...);
    return int(sum);
  }
  /// The number's place among those along the axis.
  TENON_DEVICE static constexpr int slot(int axis, int number) {
    int sum = 0, size = 1;
    ((Ds.axis == axis ? (sum += number % Ds.extent * size, size *= Ds.extent)
                      : 0,
      number /= Ds.extent),
     ...);
    return sum;
  }
  /// The number at two such places.
  TENON_DEVICE static constexpr int number(int row, int column) {
    int sum = 0, size = 1;
    ((sum += (Ds.axis == 0 ? row : column) % Ds.extent * size,
      size *= Ds.extent, (Ds.axis == 0 ? row : column) /= Ds.extent),
     ...);
    return sum;
  }
  /// What a place along the axis adds to the coordinate.
  TENON_DEVICE static constexpr int coordinateOfSlot(int axis, int slot) {
    int sum = 0;
    ((Ds.axis == axis ? (sum += slot % Ds.extent * Ds.stride, slot /= Ds.extent)
                      : 0),
     ...);
    return sum;
  }
};

/// `Vector`: so many slots lie side by side along `VectorAxis`.
template <int M, int N, class WarpGrid, int VectorAxis, int Vector,
          class Registers, class Lanes, class WarpDigits>
struct Layout {
  using Grid = WarpGrid;
  using R = Registers;
  using La = Lanes;
  using Wa = WarpDigits;
  static constexpr int kM = M, kN = N;
  static constexpr int kVectorAxis = VectorAxis, kVector = Vector;
  static constexpr int kRows = R::count(0), kColumns = R::count(1),
                       kRegisters = kRows * kColumns;
  static constexpr int kReachM = kRows * La::count(0) * Wa::count(0);
  static constexpr int kReachN = kColumns * La::count(1) * Wa::count(1);
  static constexpr bool kPadsRows = kReachM > M, kPadsColumns = kReachN > N;
  static_assert(kReachM >= M && kReachN >= N,
                "the layout does not cover the tile");

  TENON_DEVICE static constexpr int at(int row, int column) {
    return R::number(row, column);
  }
  TENON_DEVICE static constexpr int rowSlot(int reg) { return R::slot(0, reg); }
  TENON_DEVICE static constexpr int columnSlot(int reg) {
    return R::slot(1, reg);
  }
  TENON_DEVICE static int row(int slot) {
    return R::coordinateOfSlot(0, slot) + La::coordinate(0, lane()) +
           Wa::coordinate(0, warp());
  }
  TENON_DEVICE static int column(int slot) {
    return R::coordinateOfSlot(1, slot) + La::coordinate(1, lane()) +
           Wa::coordinate(1, warp());
  }
  TENON_DEVICE static bool hasRow(int slot) {
    return !kPadsRows || row(slot) < M;
  }
  TENON_DEVICE static bool hasColumn(int slot) {
    return !kPadsColumns || column(slot) < N;
  }

  /// The bits of a lane's number that do not move it along the axis: lanes that
  /// differ in no other hold parts of the same row (axis 0) or column (1).
  TENON_DEVICE static constexpr u32 lanesSharing(int axis) {
    u32 mask = 0;
    for (u32 bit = 1; bit < 32; bit *= 2)
      if (La::coordinate(axis, bit) == 0)
        mask |= bit;
    return mask;
  }
  static constexpr int kWarpsPerRow = Wa::count(1),
                       kWarpsPerColumn = Wa::count(0);
  /// The warp's number among those that share its rows (axis 0) or columns.
  TENON_DEVICE static int warpSharing(int axis) {
    return Wa::slot(1 - axis, int(warp()));
  }
};

/// Rows of neighbours: `LanesN` lanes along a row, the others on rows below.
template <int M, int N, class W, int LanesN, int V, int kLanesM = 32 / LanesN,
          int kStepN = V * LanesN * W::kColumns,
          int kStepM = kLanesM * W::kRows>
using RowLayout = Layout<
    M, N, W, 1, V,
    Digits<Digit{V, 1, 1}, Digit{(N + kStepN - 1) / kStepN, 1, kStepN},
           Digit{(M + kStepM - 1) / kStepM, 0, kStepM}>,
    Digits<Digit{LanesN, 1, V}, Digit{kLanesM, 0, 1}>,
    Digits<Digit{W::kRows, 0, kLanesM}, Digit{W::kColumns, 1, V * LanesN}>>;

/// The same with no warp beside another.
template <int M, int N, class W, int LanesN, int V>
using StoredLayout =
    RowLayout<M, N, Warps<W::kRows * W::kColumns, 1>, LanesN, V>;

/// The same along columns, for memory in which those are contiguous.
template <int M, int N, class W, int LanesM, int V, int kLanesN = 32 / LanesM,
          int kStepM = V * LanesM * W::kColumns,
          int kStepN = kLanesN * W::kRows>
using ColumnLayout = Layout<
    M, N, W, 0, V,
    Digits<Digit{V, 0, 1}, Digit{(M + kStepM - 1) / kStepM, 0, kStepM},
           Digit{(N + kStepN - 1) / kStepN, 1, kStepN}>,
    Digits<Digit{LanesM, 0, V}, Digit{kLanesN, 1, 1}>,
    Digits<Digit{W::kRows, 1, kLanesN}, Digit{W::kColumns, 0, V * LanesM}>>;

/// Sums of a product that each thread computes by multiply-adds: squares of 4 x
/// 4, 16 rows and 32 columns a warp.
template <int M, int N, class W, int kStepM = 16 * W::kRows,
          int kStepN = 32 * W::kColumns>
using SumLayout =
    Layout<M, N, W, 1, 4,
           Digits<Digit{4, 1, 1}, Digit{4, 0, 1},
                  Digit{(N + kStepN - 1) / kStepN, 1, kStepN},
                  Digit{(M + kStepM - 1) / kStepM, 0, kStepM}>,
           Digits<Digit{8, 1, 4}, Digit{4, 0, 4}>,
           Digits<Digit{W::kRows, 0, 16}, Digit{W::kColumns, 1, 32}>>;

/// Sums of a matrix unit: mma.sync's m16n8 and wgmma's m64nN spread alike.
/// Bands of 16 rows go to the warps in turn, a warp's columns are neighbours,
/// two products of 8 at least.
template <int M, int N, class W, int kStepM = 16 * W::kRows,
          int kWarpN = (N + 16 * W::kColumns - 1) / (16 * W::kColumns) * 16>
using MatrixLayout =
    Layout<M, N, W, 1, 2,
           Digits<Digit{2, 1, 1}, Digit{2, 0, 8}, Digit{kWarpN / 8, 1, 8},
                  Digit{(M + kStepM - 1) / kStepM, 0, kStepM}>,
           Digits<Digit{4, 1, 2}, Digit{8, 0, 1}>,
           Digits<Digit{W::kRows, 0, 16}, Digit{W::kColumns, 1, kWarpN}>>;

template <class D> struct ExchangedDigits;
template <Digit... Ds> struct ExchangedDigits<Digits<Ds...>> {
  using Type = Digits<Digit{Ds.extent, 1 - Ds.axis, Ds.stride}...>;
};
/// The same registers of the same threads, with rows for columns.
template <class L>
using Transposed =
    Layout<L::kN, L::kM, typename L::Grid, 1 - L::kVectorAxis, L::kVector,
           typename ExchangedDigits<typename L::R>::Type,
           typename ExchangedDigits<typename L::La>::Type,
           typename ExchangedDigits<typename L::Wa>::Type>;

/// Whether a thread's slots along the axis stand at the same coordinates.
template <class A, class B> TENON_DEVICE constexpr bool isSameAlong(int axis) {
  if (A::R::count(axis) != B::R::count(axis))
    return false;
  for (int slot = 0; slot < A::R::count(axis); ++slot)
    if (A::R::coordinateOfSlot(axis, slot) !=
        B::R::coordinateOfSlot(axis, slot))
      return false;
  for (u32 bit = 1; bit < 32; bit *= 2)
    if (A::La::coordinate(axis, bit) != B::La::coordinate(axis, bit))
      return false;
  for (u32 bit = 1; bit < 32; bit *= 2)
    if (A::Wa::coordinate(axis, bit) != B::Wa::coordinate(axis, bit))
      return false;
  return true;
}

} // namespace tenon
