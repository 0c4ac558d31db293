// Blocks that sort, scan and reduce by CUB, compiled from the headers of the
// wheel nvidia-cuda-cccl; cub_blocks.py launches them.

#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>

constexpr int kNumThreads = 128;
constexpr int kEach = 4;

extern "C" __global__ void sortPairs(unsigned *keys, unsigned *values) {
  using Sort = cub::BlockRadixSort<unsigned, kNumThreads, kEach, unsigned>;
  __shared__ Sort::TempStorage storage;
  unsigned at = (blockIdx.x * kNumThreads + threadIdx.x) * kEach;
  unsigned key[kEach], value[kEach];
  for (int i = 0; i < kEach; ++i) {
    key[i] = keys[at + i];
    value[i] = values[at + i];
  }
  Sort(storage).Sort(key, value);
  for (int i = 0; i < kEach; ++i) {
    keys[at + i] = key[i];
    values[at + i] = value[i];
  }
}

extern "C" __global__ void scanAndReduce(const int *in, int *sums,
                                         int *largest) {
  using Scan = cub::BlockScan<int, kNumThreads, cub::BLOCK_SCAN_WARP_SCANS>;
  using Reduce = cub::BlockReduce<int, kNumThreads>;
  __shared__ Scan::TempStorage ofScan;
  __shared__ Reduce::TempStorage ofReduce;
  unsigned at = (blockIdx.x * kNumThreads + threadIdx.x) * kEach;
  int value[kEach];
  for (int i = 0; i < kEach; ++i)
    value[i] = in[at + i];
  int most = Reduce(ofReduce).Reduce(value, cuda::maximum<>{});
  if (threadIdx.x == 0)
    largest[blockIdx.x] = most;
  Scan(ofScan).InclusiveSum(value, value);
  for (int i = 0; i < kEach; ++i)
    sums[at + i] = value[i];
}
