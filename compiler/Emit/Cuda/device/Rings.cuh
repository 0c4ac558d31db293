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

/// The tile that begins at `column` and the others, panel by panel. Zeros come
/// from outside of the tensor.
template <class S, class... Others>
TENON_DEVICE void copyTensor(const S &to, const TensorMap &map, u32 barrier,
                             i64 column, Others... others) {
  TENON_UNROLL for (int panel = 0; panel < S::kC / S::kPanel; ++panel)
      copyBox(sharedAddress(to.offset + panel * S::kPanelBytes), map, barrier,
              int(column) + panel * S::kPanel, int(others)...);
}

//===----------------------------------------------------------------------===//
// The ring
//===----------------------------------------------------------------------===//

template <class W, int Stages> class Ring {
public:
  static constexpr int kThreads = W::kThreads + 128;

  /// Its barriers lie at `offset`: 16 bytes for each stage.
  TENON_DEVICE explicit Ring(u32 offset) : full(sharedAddress(offset)) {
    if (threadIdx.x == 0) {
      for (int i = 0; i < Stages; ++i) {
        initBarrier(full + 8 * i, 1);
        initBarrier(freeOf(i), W::kThreads / 32);
      }
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
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
  template <class Use> TENON_DEVICE void consume(i64 turns, Use use) {
    if constexpr (kGroups > 1)
      asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kOfProducts));
    const int n = kept(int(turns));
#pragma unroll 1
    for (int turn = 0; turn < n; ++turn, next()) {
      await(full + 8 * stage, phase);
      use(turn, stage);
      if (lane() == 0)
        arrive(freeOf(stage));
    }
  }

private:
  // Those who copy leave registers to those who multiply: of what a block may
  // have, a thread's even share is too little for 128 sums and all else.
  static constexpr int kGroups = W::kThreads / 128, kAllRegisters = 65536 / 128,
                       kOfCopies = 40,
                       kOfProducts =
                           (kAllRegisters - kOfCopies) / kGroups / 8 * 8;
  TENON_DEVICE u32 freeOf(int i) const { return full + 8 * (Stages + i); }
  TENON_DEVICE void next() {
    if (++stage == Stages) {
      stage = 0;
      phase ^= 1;
    }
  }

  u32 full;
  int stage = 0;
  u32 phase = 0;
};

} // namespace tenon
