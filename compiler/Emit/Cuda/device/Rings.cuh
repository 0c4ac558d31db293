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

/// CUtensorMap: made by the driver for a launch; a parameter of the kernel.
struct alignas(64) TensorMap {
  u64 words[16];
};

//===----------------------------------------------------------------------===//
// Barriers in shared memory, by their addresses
//===----------------------------------------------------------------------===//

TENON_DEVICE void initBarrier(u32 barrier, u32 arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier),
               "r"(arrivals)
               : "memory");
}
TENON_DEVICE void arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier)
               : "memory");
}
/// Arrives, and has the barrier wait for so many bytes of copies.
TENON_DEVICE void arriveAndExpect(u32 barrier, u32 bytes) {
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier),
      "r"(bytes)
      : "memory");
}
TENON_DEVICE bool isDone(u32 barrier, u32 phase) {
  u32 done;
  asm volatile("{.reg .pred p;\n"
               "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
               "selp.u32 %0, 1, 0, p;\n}"
               : "=r"(done)
               : "r"(barrier), "r"(phase)
               : "memory");
  return done;
}
TENON_DEVICE void await(u32 barrier, u32 phase) {
  while (!isDone(barrier, phase))
    ;
}

//===----------------------------------------------------------------------===//
// Copies by tensor maps
//===----------------------------------------------------------------------===//

TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y)
               : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z) {
  asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z)
               : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z, int w) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::"
      "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z), "r"(w)
      : "memory");
}
TENON_DEVICE void copyBox(u32 to, const TensorMap &map, u32 barrier, int x,
                          int y, int z, int w, int v) {
  asm volatile(
      "cp.async.bulk.tensor.5d.shared::cluster.global.tile.mbarrier::"
      "complete_tx::bytes [%0], [%1, {%3, %4, %5, %6, %7}], [%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(x), "r"(y), "r"(z), "r"(w), "r"(v)
      : "memory");
}

//===----------------------------------------------------------------------===//
// Clusters: blocks whose shared memories one copy may fill
//===----------------------------------------------------------------------===//

TENON_DEVICE u32 rankInCluster() {
  u32 rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
/// All threads of all blocks that have not left.
TENON_DEVICE void syncCluster() {
  asm volatile("barrier.cluster.arrive.release.aligned;\n"
               "barrier.cluster.wait.acquire.aligned;" ::
                   : "memory");
}
/// The same place in another block.
TENON_DEVICE u32 placeIn(u32 rank, u32 place) {
  u32 there;
  asm("mapa.shared::cluster.u32 %0, %1, %2;"
      : "=r"(there)
      : "r"(place), "r"(rank));
  return there;
}
/// Arrives at a barrier of another block. What its products have read they
/// have read, so nothing else need be seen there.
TENON_DEVICE void arriveThere(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cluster.b64 _, [%0];" ::"r"(barrier)
               : "memory");
}
/// To the same place in each block of the mask, whose barriers count it.
TENON_DEVICE void copyBoxToAll(u32 to, const TensorMap &map, u32 barrier,
                               u16 mask, int x, int y) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::"
               "complete_tx::bytes.multicast::cluster [%0], [%1, {%3, %4}], "
               "[%2], %5;" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(x), "r"(y), "h"(mask)
               : "memory");
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

/// The same tile for each of so many blocks, which copy parts of it to all.
template <int Blocks, class S>
TENON_DEVICE void copyTensorToAll(const S &to, const TensorMap &map,
                                  u32 barrier, i64 column, i64 row) {
  constexpr int kPanels = S::kC / S::kPanel / Blocks;
  static_assert(kPanels * Blocks * S::kPanel == S::kC,
                "the blocks have no panels of their own");
  const int first = int(rankInCluster()) * kPanels;
  TENON_UNROLL for (int i = 0; i < kPanels; ++i) copyBoxToAll(
      sharedAddress(to.offset + (first + i) * S::kPanelBytes), map, barrier,
      (1 << Blocks) - 1, int(column) + (first + i) * S::kPanel, int(row));
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
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    if constexpr (Blocks > 1)
      syncCluster();
    else
      __syncthreads();
  }

  TENON_DEVICE bool copies() const { return threadIdx.x >= W::kThreads; }

  /// For those who copy: calls load(turn, stage, barrier) in one thread, which
  /// asks for copies of so many bytes.
  template <class Load>
  TENON_DEVICE void produce(i64 turns, u32 bytes, Load load) {
    if constexpr (kGroups > 1)
      asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kOfCopies));
    if (threadIdx.x != W::kThreads)
      return;
    const int n = kept(int(turns));
#pragma unroll 1
    for (int turn = 0; turn < n; ++turn, next()) {
      await(freeOf(stage), phase ^ 1);
      arriveAndExpect(full + 8 * stage, bytes);
      load(turn, stage, full + 8 * stage);
    }
  }

  /// Calls use(turn, stage), whose products are there when it returns.
  template <int Unrolled = 1, class Use>
  TENON_DEVICE void consume(i64 turns, Use use) {
    if constexpr (kGroups > 1)
      asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kOfProducts));
    static_assert(Unrolled == 1 || Unrolled == Stages, "neither");
    const int n = kept(int(turns));
    // Stages that are numbers spare the loop arithmetic.
#pragma unroll 1
    for (int turn = 0; turn < n;) {
      TENON_UNROLL for (int i = 0; i < Unrolled; ++i) {
        const int at = Unrolled > 1 ? i : stage;
        await(full + 8 * at, phase);
        use(turn, at);
        release(at);
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
