// C = A B by CUTLASS 3's collectives for sm_90a: tensor copies by a producer's
// warps, wgmma by one or two warpgroups, bf16 with sums in f32, rows first.
//
// Compiled twice: with DEVICE to the kernel's PTX, and without it to
// `describe`, which fills the kernel's parameters, tensor maps among them.
// TILE_* and CLUSTER_M come with the command; cutlass_gemm.py has it.

#include "tests/runtime/VirtualGpu/foreign/Launch.h"

#include "cute/tensor.hpp"
#include "cutlass/cutlass.h"
#include "cutlass/epilogue/collective/collective_builder.hpp"
#include "cutlass/gemm/collective/collective_builder.hpp"
#include "cutlass/gemm/device/gemm_universal_adapter.h"
#include "cutlass/gemm/kernel/gemm_universal.hpp"
#include "cutlass/util/packed_stride.hpp"

using Element = cutlass::bfloat16_t;
using RowMajor = cutlass::layout::RowMajor;
using BlockTile =
    cute::Shape<cute::Int<TILE_M>, cute::Int<TILE_N>, cute::Int<TILE_K>>;
using Cluster = cute::Shape<cute::Int<CLUSTER_M>, cute::_1, cute::_1>;
// A warpgroup has 64 rows; two of them cooperate on a tile.
constexpr bool kIsOfTwo = TILE_M == 128;
using Output =
    std::conditional_t<kIsOfTwo,
                       cutlass::epilogue::TmaWarpSpecializedCooperative,
                       cutlass::epilogue::TmaWarpSpecialized>;
using Schedule =
    std::conditional_t<kIsOfTwo,
                       cutlass::gemm::KernelTmaWarpSpecializedCooperative,
                       cutlass::gemm::KernelTmaWarpSpecialized>;
using Epilogue = cutlass::epilogue::collective::CollectiveBuilder<
    cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, BlockTile, Cluster,
    cutlass::epilogue::collective::EpilogueTileAuto, float, float, void,
    RowMajor, 8, Element, RowMajor, 8, Output>::CollectiveOp;
using MainLoop = cutlass::gemm::collective::CollectiveBuilder<
    cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, Element, RowMajor, 8,
    Element, RowMajor, 8, float, BlockTile, Cluster,
    cutlass::gemm::collective::StageCountAutoCarveout<int(
        sizeof(Epilogue::SharedStorage))>,
    Schedule>::CollectiveOp;
using Kernel =
    cutlass::gemm::kernel::GemmUniversal<cute::Shape<int, int, int, int>,
                                         MainLoop, Epilogue>;

#ifdef DEVICE
template __global__ void
cutlass::device_kernel<Kernel>(CUTLASS_GRID_CONSTANT Kernel::Params const);
#else
template <class Stride> static Stride packed(int rows, int columns) {
  return cutlass::make_cute_packed_stride(Stride{}, {rows, columns, 1});
}

extern "C" int describe(void *parameters, Element *a, Element *b, Element *c,
                        int m, int n, int k, Launch *launch) {
  constexpr int kMultiprocessors = 132;
  cutlass::KernelHardwareInfo machine;
  machine.sm_count = kMultiprocessors;
  machine.max_active_clusters = kMultiprocessors / CLUSTER_M;
  Kernel::Arguments arguments{
      cutlass::gemm::GemmUniversalMode::kGemm,
      {m, n, k, 1},
      {a, packed<Kernel::StrideA>(m, k), b, packed<Kernel::StrideB>(n, k)},
      {{}, nullptr, {}, c, packed<Kernel::StrideD>(m, n)},
      machine};
  if (!Kernel::can_implement(arguments))
    return 0;
  Kernel::Params made = Kernel::to_underlying_arguments(arguments, nullptr);
  new (parameters) Kernel::Params(made);
  dim3 grid = Kernel::get_grid_shape(made), block = Kernel::get_block_shape();
  *launch = {{grid.x, grid.y, grid.z},
             block.x,
             Kernel::SharedStorageSize,
             {CLUSTER_M, 1, 1}};
  return sizeof(Kernel::Params);
}
#endif
