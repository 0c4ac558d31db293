// archs: 90a
// C (64 x 64) = A B^T over k in steps of 64: a producer warp fills two stages by TMA, a
// warpgroup multiplies with wgmma. Variants expect too many bytes, or do not wait.

#include <cuda_bf16.h>

typedef unsigned long long u64;
struct alignas(64) TensorMap {
  char bytes[128];
};

__device__ unsigned sharedAddress(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }
__device__ void init(u64 *bar, int n) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(sharedAddress(bar)), "r"(n));
}
__device__ void arrive(u64 *bar) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(sharedAddress(bar)) : "memory");
}
__device__ void expect(u64 *bar, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(sharedAddress(bar)),
               "r"(bytes)
               : "memory");
}
__device__ void wait(u64 *bar, int parity) {
  asm volatile("{ .reg .pred p; AGAIN: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
               "@!p bra AGAIN; }" ::"r"(sharedAddress(bar)),
               "r"(parity)
               : "memory");
}
__device__ void load(void *to, const TensorMap *map, int x, int y, u64 *bar) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes "
               "[%0], [%1, {%2, %3}], [%4];" ::"r"(sharedAddress(to)),
               "l"(map), "r"(x), "r"(y), "r"(sharedAddress(bar))
               : "memory");
}
__device__ u64 descriptor(const void *p) {
  // K-major, 128-byte swizzle: eight rows are 1024 bytes.
  return (u64)((sharedAddress(p) & 0x3ffff) >> 4) | (u64)1 << 16 | (u64)64 << 32 | (u64)1 << 62;
}
__device__ void multiply(float (&d)[8], u64 a, u64 b, int add) {
  asm volatile("{ .reg .pred p; setp.ne.b32 p, %10, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 "
               "{%0, %1, %2, %3, %4, %5, %6, %7}, %8, %9, p, 1, 1, 0, 0; }"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]),
                 "+f"(d[7])
               : "l"(a), "l"(b), "r"(add));
}

constexpr int kTile = 64 * 64;

template <int Extra, bool HasWait>
__device__ void gemm(const TensorMap *a, const TensorMap *b, float *c, int k) {
  extern __shared__ __align__(1024) __nv_bfloat16 tiles[];
  __shared__ u64 full[2], empty[2];
  int t = threadIdx.x;
  if (t == 0)
    for (int i = 0; i < 2; ++i) {
      init(&full[i], 1);
      init(&empty[i], 1);
    }
  if (t == 0)
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  __syncthreads();
  if (t >= 128) {
    if (t == 128)
      for (int step = 0; step < k / 64; ++step) {
        int stage = step % 2;
        wait(&empty[stage], (step / 2 + 1) % 2);
        expect(&full[stage], 2 * kTile * 2 + Extra);
        load(tiles + stage * 2 * kTile, a, step * 64, 0, &full[stage]);
        load(tiles + stage * 2 * kTile + kTile, b, step * 64, 0, &full[stage]);
      }
    return;
  }
  float d[4][8] = {};
  for (int step = 0; step < k / 64; ++step) {
    int stage = step % 2;
    if (HasWait)
      wait(&full[stage], step / 2 % 2);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        multiply(d[j], descriptor(tiles + stage * 2 * kTile + i * 16),
                 descriptor(tiles + stage * 2 * kTile + kTile + j * 16 * 64 + i * 16), 1);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    if (t == 0)
      arrive(&empty[stage]);
  }
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 8; ++i)
      c[(t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8) * 64 + j * 16 + i / 4 * 8 + t % 4 * 2 + i % 2] =
          d[j][i];
}

#define GEMM(name, extra, wait)                                                                \
  extern "C" __global__ void __launch_bounds__(160)                                            \
      name(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float *c, \
           int k) {                                                                            \
    gemm<extra, wait>(&a, &b, c, k);                                                           \
  }
GEMM(gemm_tma, 0, true)
GEMM(gemm_tma_expects_too_much, 128, true)
GEMM(gemm_tma_no_wait, 0, false)
