// archs: 80 120
// The sum of a row: shuffles in a warp, shared memory between warps. The second kernel
// forgets the barrier between the warps' stores and their reading.

template <bool HasBarrier> __device__ float blockSum(float v) {
  __shared__ float parts[8];
  for (int by = 16; by > 0; by /= 2)
    v += __shfl_xor_sync(0xffffffff, v, by);
  if (threadIdx.x % 32 == 0)
    parts[threadIdx.x / 32] = v;
  if (HasBarrier)
    __syncthreads();
  float sum = 0;
  for (int i = 0; i < 8; ++i)
    sum += parts[i];
  return sum;
}

template <bool HasBarrier> __device__ void rowSum(const float *x, float *y, int width) {
  float v = 0;
  for (int i = threadIdx.x; i < width; i += 256)
    v += x[blockIdx.x * width + i];
  float sum = blockSum<HasBarrier>(v);
  if (threadIdx.x == 0)
    y[blockIdx.x] = sum;
}

extern "C" __global__ void row_sum(const float *x, float *y, int width) {
  rowSum<true>(x, y, width);
}
extern "C" __global__ void row_sum_no_barrier(const float *x, float *y, int width) {
  rowSum<false>(x, y, width);
}
