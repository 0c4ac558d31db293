// archs: 80 120
// Collectives of a warp, under divergence, with results that a host can compute.

extern "C" __global__ void collectives(const int *x, unsigned *out) {
  int lane = threadIdx.x % 32, i = threadIdx.x;
  int v = x[i];
  unsigned *o = out + i * 8;
  o[0] = __ballot_sync(0xffffffff, v > 0);
  o[1] = __match_any_sync(0xffffffff, v);
  o[2] = __reduce_add_sync(0xffffffff, v);
  o[3] = __reduce_max_sync(0xffffffff, v);
  o[4] = __shfl_down_sync(0xffffffff, v, 3, 16);
  o[5] = __shfl_up_sync(0xffffffff, v, 2, 8);
  o[6] = 0;
  if (lane & 1) {
    for (int j = 0; j < lane; ++j)
      o[6] += j;
    o[7] = __shfl_sync(0xaaaaaaaa, v, 1);
  } else {
    o[7] = __any_sync(0x55555555, v == 3) ? __activemask() : 0;
  }
}

// Threads of a warp leave at different times.
extern "C" __global__ void early_exit(int *out) {
  int i = threadIdx.x;
  if (i % 3 == 0)
    return;
  out[i] = i;
  __syncwarp(__activemask());
  if (i % 3 == 1)
    return;
  __syncthreads();
  out[i] += 100;
}

extern "C" __global__ void histogram(const unsigned char *x, unsigned *bins, float *sum, int n) {
  __shared__ unsigned local[16];
  if (threadIdx.x < 16)
    local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    atomicAdd(&local[x[i] & 15], 1u);
    atomicAdd(sum, 1.0f);
  }
  __syncthreads();
  if (threadIdx.x < 16)
    atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}
