// archs: 80 120
// Functions that are called, not inlined: one of the device library, with structures by value, under divergence,
// calling one another, with arrays and shared variables of their own, without a result.

struct Pair {
  double value;
  int count;
};

__device__ __noinline__ Pair halvings(Pair from, int limit) {
  while (from.value > 1.0 && from.count < limit) {
    from.value *= 0.5;
    ++from.count;
  }
  return from;
}

__device__ __noinline__ int digits(unsigned value, signed char *out) {
  signed char backwards[12];
  int n = 0;
  do {
    backwards[n++] = value % 10;
    value /= 10;
  } while (value);
  for (int i = 0; i < n; ++i)
    out[i] = backwards[n - 1 - i];
  return n;
}

__device__ __noinline__ unsigned reversed(unsigned value) {
  signed char text[12];
  int n = digits(value, text);
  unsigned result = 0;
  while (n > 0)
    result = result * 10 + text[--n];
  return result;
}

__device__ __noinline__ void put(float *to, int at, bool isNegative, float value) {
  to[at] = isNegative ? -value : value;
}

__device__ __noinline__ float4 scaled(float4 v, short by) {
  return make_float4(v.x * by, v.y * by, v.z * by, v.w * by);
}

__device__ __noinline__ int neighbour(int value) {
  __shared__ int row[64];
  __syncthreads();
  row[threadIdx.x] = value;
  __syncthreads();
  return row[(threadIdx.x + 1) % 64];
}

extern "C" __global__ void powers(const double *x, const double *y, double *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    out[i] = pow(x[i], y[i]) + pow(y[i], 3.0);
}

extern "C" __global__ void calls(const unsigned *x, unsigned *out, float *f, int n) {
  int i = threadIdx.x;
  unsigned v = x[i];
  if (v & 1) {
    out[i] = reversed(v);
  } else {
    Pair pair = halvings({double(v), 0}, n / 4);
    out[i] = 1000 * pair.count + unsigned(8 * pair.value);
  }
  out[n + i] = neighbour(v) + neighbour(2 * v);
  float4 all = scaled(make_float4(i, v, 2.0f, 3.0f), short(-n));
  put(f, i, i % 3 == 0, all.x + all.y + all.z * all.w);
}
