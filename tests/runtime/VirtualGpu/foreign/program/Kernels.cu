// Kernels such as CUDA's first programs have; nvcc compiles them to PTX.

constexpr int kTile = 32;
constexpr int kNumBins = 64;
constexpr int kMostTaps = 15;

__constant__ float taps[kMostTaps];

extern "C" __global__ void vectorAdd(const float *a, const float *b, float *c,
                                     int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    c[i] = a[i] + b[i];
}

// A column of the tile more keeps its columns in different banks.
extern "C" __global__ void transpose(const float *in, float *out, int rows,
                                     int columns) {
  __shared__ float tile[kTile][kTile + 1];
  int x = blockIdx.x * kTile + threadIdx.x;
  int firstRow = blockIdx.y * kTile + threadIdx.y;
  for (int j = 0; j < kTile; j += blockDim.y)
    if (x < columns && firstRow + j < rows)
      tile[threadIdx.y + j][threadIdx.x] = in[(firstRow + j) * columns + x];
  __syncthreads();
  x = blockIdx.y * kTile + threadIdx.x;
  firstRow = blockIdx.x * kTile + threadIdx.y;
  for (int j = 0; j < kTile; j += blockDim.y)
    if (x < rows && firstRow + j < columns)
      out[(firstRow + j) * rows + x] = tile[threadIdx.x][threadIdx.y + j];
}

__device__ double sumOfWarp(double value) {
  for (int distance = 16; distance; distance /= 2)
    value += __shfl_down_sync(0xffffffff, value, distance);
  return value;
}

extern "C" __global__ void sum(const float *in, double *total, int count) {
  __shared__ double ofWarp[32];
  double mine = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count;
       i += gridDim.x * blockDim.x)
    mine += in[i];
  mine = sumOfWarp(mine);
  if (threadIdx.x % 32 == 0)
    ofWarp[threadIdx.x / 32] = mine;
  __syncthreads();
  if (threadIdx.x >= 32)
    return;
  mine = sumOfWarp(threadIdx.x < blockDim.x / 32 ? ofWarp[threadIdx.x] : 0);
  if (threadIdx.x == 0)
    atomicAdd(total, mine);
}

extern "C" __global__ void histogram(const unsigned char *in, unsigned *bins,
                                     int count) {
  extern __shared__ unsigned ofBlock[];
  for (int i = threadIdx.x; i < kNumBins; i += blockDim.x)
    ofBlock[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count;
       i += gridDim.x * blockDim.x)
    atomicAdd(&ofBlock[in[i] % kNumBins], 1);
  __syncthreads();
  for (int i = threadIdx.x; i < kNumBins; i += blockDim.x)
    atomicAdd(&bins[i], ofBlock[i]);
}

extern "C" __global__ void convolve(const float *in, float *out, int count,
                                    int numTaps) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i + numTaps > count)
    return;
  float value = 0;
  for (int tap = 0; tap < numTaps; ++tap)
    value = fmaf(taps[tap], in[i + tap], value);
  out[i] = value;
}

struct Body {
  float x, y, z, mass;
};

// Square roots, divisions and a struct by value.
extern "C" __global__ void accelerate(const Body *bodies, float3 *out,
                                      int count, Body sun) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  Body body = bodies[i];
  float dx = sun.x - body.x, dy = sun.y - body.y, dz = sun.z - body.z;
  float squared = dx * dx + dy * dy + dz * dz + 1e-3f;
  float factor = sun.mass / (squared * sqrtf(squared));
  out[i] = make_float3(dx * factor, dy * factor, dz * factor);
}
