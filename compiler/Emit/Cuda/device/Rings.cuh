//===- Rings.cuh - a warpgroup that copies for those that multiply --------===//
//
// A ring has stages of shared memory, and two barriers for each: copies by
// tensor maps (TMA) fill a stage, which its barrier counts in bytes; when all
// warps have multiplied what is in it, it is free. The last warpgroup of the
// block does nothing but ask for copies.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Products.cuh"

namespace tenon {

TENON_DEVICE void await(u32 barrier, u32 phase) {
  while (!isDone(barrier, phase))
    ;
}

/// The tile that begins at `column` and the others, panel by panel. Zeros come
/// from outside of the tensor.
template <class S, class... Others>
TENON_DEVICE void copyTensor(const S &to, const TensorMap &map, u32 barrier,
                             i64 column, Others... others) {
  TENON_UNROLL for (int panel = 0; panel < S::kC / S::kPanel; ++panel)
      copyBox(sharedAddress(to.offset + panel * S::kPanelBytes), map, barrier,
              int(column) + panel * S::kPanel, int(others)...);
}

/// The same tile for each of so many blocks, which copy some of its rows to
/// all.
template <int Blocks, class S>
TENON_DEVICE void copyTensorToAll(const S &to, const TensorMap &map,
                                  u32 barrier, i64 column, i64 row) {
  constexpr int kRows = S::kR / Blocks;
  static_assert(kRows * Blocks == S::kR && kRows % S::kPeriod == 0,
                "the blocks have no rows of their own");
  const int first = int(rankInCluster()) * kRows;
  TENON_UNROLL for (int panel = 0; panel < S::kC / S::kPanel; ++panel)
      copyBoxToAll(sharedAddress(to.offset + panel * S::kPanelBytes +
                                 first * S::kRowBytes),
                   map, barrier, (1 << Blocks) - 1,
                   int(column) + panel * S::kPanel, int(row) + first);
}

/// Writes the tile to the tensor that the map is of, by way of `memory`, which
/// all have read what they need from; what would be outside is left out.
template <bool Streams, class S, class T, class L, class... Others>
TENON_DEVICE void storeTensor(const S &memory, const TensorMap &map,
                              const Tile<T, L> &tile, i64 column,
                              Others... others) {
  L::Grid::sync();
  put(memory, tile);
  publish<typename L::Grid>();
  if (threadIdx.x == 0) {
    const u64 policy = storePolicy<Streams>();
    TENON_UNROLL for (int panel = 0; panel < S::kC / S::kPanel; ++panel)
        storeBox(sharedAddress(memory.offset + panel * S::kPanelBytes), map,
                 policy, int(column) + panel * S::kPanel, int(others)...);
    awaitStoredBoxes();
  }
}

//===----------------------------------------------------------------------===//
// The ring
//===----------------------------------------------------------------------===//

/// `Blocks`: of a cluster, whose copies may fill each other's stages; a stage
/// is free when all of them have multiplied.
template <class W, int Stages, int Blocks = 1> class Ring {
public:
  static constexpr int kThreads = W::kThreads + 128;

  /// Its barriers lie at `offset`: 16 bytes for each stage.
  TENON_DEVICE explicit Ring(u32 offset)
      : full(sharedAddress(offset)),
        there(Blocks > 1 ? placeIn(lane() % Blocks, full) : full) {
    if (threadIdx.x == 0) {
      for (int i = 0; i < Stages; ++i) {
        initBarrier(full + 8 * i, 1);
        initBarrier(freeOf(i), W::kThreads / 32 * Blocks);
      }
      fenceBarrierInit();
    }
    if constexpr (Blocks > 1)
      syncCluster();
    else
      __syncthreads();
  }

  /// The thread's of the groups that multiply.
  const int group = groupOfWarp<W>();

  TENON_DEVICE bool copies() const { return threadIdx.x >= W::kThreads; }

  /// For those who copy: calls load(at, stage, barrier) in one thread, which
  /// asks for copies of so many bytes.
  template <class Load>
  TENON_DEVICE void produce(Range range, u32 bytes, Load load) {
    if constexpr (kGroups > 1)
      giveRegisters<kOfCopies>();
    if (threadIdx.x != W::kThreads)
      return;
    const int n = kept(range.count());
#pragma unroll 1
    for (int turn = 0; turn < n; ++turn, next()) {
      await(freeOf(stage), phase ^ 1);
      arriveAndExpect(full + 8 * stage, bytes);
      load(range.at(turn), stage, full + 8 * stage);
    }
  }

  /// Calls use(at, stage), whose products are there when it returns.
  template <int Unrolled = 1, class Use>
  TENON_DEVICE void consume(Range range, Use use) {
    if constexpr (kGroups > 1)
      takeRegisters<kOfProducts>();
    static_assert(Unrolled == 1 || Unrolled == Stages, "neither");
    const int n = kept(range.count());
    // Stages that are numbers spare the loop arithmetic.
#pragma unroll 1
    for (int turn = 0; turn < n;) {
      TENON_UNROLL for (int i = 0; i < Unrolled; ++i) {
        const int of = Unrolled > 1 ? i : stage;
        await(full + 8 * of, phase);
        use(range.at(turn), of);
        release(of);
        if (++turn == n)
          break;
      }
      if (Unrolled > 1)
        phase ^= 1;
      else
        next();
    }
    // Nobody leaves whose barriers others may still arrive at.
    if constexpr (Blocks > 1)
      syncCluster();
  }

private:
  // Those who copy leave registers to those who multiply: of what a block may
  // have, a thread's even share is too little for 128 sums and all else.
  static constexpr int kGroups = W::kThreads / 128, kAllRegisters = 65536 / 128,
                       kOfCopies = 40,
                       kOfProducts =
                           (kAllRegisters - kOfCopies) / kGroups / 8 * 8;
  TENON_DEVICE void release(int stage) const {
    if constexpr (Blocks > 1) {
      if (lane() < Blocks)
        arriveThere(there + (freeOf(stage) - full));
    } else if (lane() == 0) {
      arrive(freeOf(stage));
    }
  }
  TENON_DEVICE u32 freeOf(int i) const { return full + 8 * (Stages + i); }
  TENON_DEVICE void next() {
    if (++stage == Stages) {
      stage = 0;
      phase ^= 1;
    }
  }

  u32 full;  ///< the first barrier
  u32 there; ///< the same of the block that the lane tells what is free
  int stage = 0;
  u32 phase = 0;
};

} // namespace tenon
