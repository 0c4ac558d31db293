// archs: 80 120
// C = A B^T in bf16 over tiles of 64x64x32: cp.async in two stages, ldmatrix, mma.sync.
// Variants forget the wait for the copies, or the barrier after use.

#include <cuda_bf16.h>

__device__ unsigned sharedAddress(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }

__device__ void copy16(void *to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(sharedAddress(to)), "l"(from));
}
__device__ void ldmatrix4(unsigned (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(p)));
}
__device__ void mma(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Rows of 40 elements: 32 and a pad that keeps ldmatrix free of bank conflicts.
constexpr int kRow = 40;

template <bool HasWait, bool HasBarrier>
__device__ void gemm(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k) {
  __shared__ __align__(16) __nv_bfloat16 tileA[2][64 * kRow], tileB[2][64 * kRow];
  int t = threadIdx.x, warp = t / 32, lane = t % 32;
  const __nv_bfloat16 *fromA = a + blockIdx.y * 64 * k, *fromB = b + blockIdx.x * 64 * k;
  auto load = [&](int stage, int at) {
    for (int i = t; i < 256; i += 128) {
      int row = i / 4, column = i % 4 * 8;
      copy16(&tileA[stage][row * kRow + column], fromA + row * k + at + column);
      copy16(&tileB[stage][row * kRow + column], fromB + row * k + at + column);
    }
    asm volatile("cp.async.commit_group;");
  };
  float sum[8][4] = {};
  load(0, 0);
  for (int at = 0; at < k; at += 32) {
    int stage = at / 32 % 2;
    if (at + 32 < k)
      load(stage ^ 1, at + 32);
    else
      asm volatile("cp.async.commit_group;");
    if (HasWait)
      asm volatile("cp.async.wait_group 1;");
    __syncthreads();
    for (int step = 0; step < 32; step += 16) {
      unsigned fa[4];
      ldmatrix4(fa, &tileA[stage][(warp * 16 + lane % 16) * kRow + step + lane / 16 * 8]);
      for (int j = 0; j < 4; ++j) {
        unsigned fb[4];
        ldmatrix4(fb, &tileB[stage][(j * 16 + lane % 8 + lane / 16 * 8) * kRow + step + lane / 8 % 2 * 8]);
        mma(sum[2 * j], fa, fb[0], fb[1]);
        mma(sum[2 * j + 1], fa, fb[2], fb[3]);
      }
    }
    if (HasBarrier)
      __syncthreads();
  }
  int row = blockIdx.y * 64 + warp * 16 + lane / 4, column = blockIdx.x * 64 + lane % 4 * 2;
  for (int j = 0; j < 8; ++j)
    for (int half = 0; half < 2; ++half)
      *(float2 *)&c[(row + half * 8) * n + column + j * 8] =
          make_float2(sum[j][2 * half], sum[j][2 * half + 1]);
}

#define GEMM(name, wait, barrier)                                                              \
  extern "C" __global__ void __launch_bounds__(128)                                            \
      name(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k) {           \
    gemm<wait, barrier>(a, b, c, n, k);                                                        \
  }
GEMM(gemm_bf16, true, true)
GEMM(gemm_bf16_no_wait, false, true)
GEMM(gemm_bf16_no_barrier, true, false)
