// C = A B by CUTLASS 2's device::Gemm for sm_80: bf16 with sums in f32, rows
// first.
//
// Compiled twice: with DEVICE to the kernel's PTX, and without it to
// `describe`, which fills the kernel's parameters. TILE_*, WARP_* and STAGES
// come with the command; cutlass_gemm.py has it.

#include "tests/runtime/VirtualGpu/foreign/Launch.h"

#include "cutlass/gemm/device/gemm.h"

using Element = cutlass::bfloat16_t;
using RowMajor = cutlass::layout::RowMajor;
using BlockTile = cutlass::gemm::GemmShape<TILE_M, TILE_N, TILE_K>;
using WarpTile = cutlass::gemm::GemmShape<WARP_M, WARP_N, TILE_K>;
using Product = cutlass::gemm::GemmShape<16, 8, 16>;
using Output = cutlass::epilogue::thread::LinearCombination<
    Element, 8, float, float, cutlass::epilogue::thread::ScaleType::Nothing>;
using Order = cutlass::gemm::threadblock::GemmIdentityThreadblockSwizzle<8>;
using Gemm =
    cutlass::gemm::device::Gemm<Element, RowMajor, Element, RowMajor, Element,
                                RowMajor, float, cutlass::arch::OpClassTensorOp,
                                cutlass::arch::Sm80, BlockTile, WarpTile,
                                Product, Output, Order, STAGES>;
using Kernel = Gemm::GemmKernel;

#ifdef DEVICE
template __global__ void cutlass::Kernel<Kernel>(Kernel::Params);
#else
extern "C" int describe(void *parameters, Element *a, Element *b, Element *c,
                        int m, int n, int k, Launch *launch) {
  cutlass::gemm::GemmCoord size(m, n, k), tile(TILE_M, TILE_N, TILE_K);
  cutlass::gemm::GemmCoord tiles = Order::get_tiled_shape(size, tile, 1);
  new (parameters)
      Kernel::Params(size, tiles, {a, RowMajor(k)}, {b, RowMajor(n)},
                     {c, RowMajor(n)}, {c, RowMajor(n)});
  dim3 grid = Order::get_grid_shape(tiles);
  *launch = {{grid.x, grid.y, grid.z},
             Kernel::kThreadCount,
             sizeof(Kernel::SharedStorage),
             {1, 1, 1}};
  return sizeof(Kernel::Params);
}
#endif
