// A kernel of CUTLASS 3's collectives, and `describe`, which fills its
// parameters, tensor maps among them: C = A B (+ C) in bf16 with sums in f32,
// rows first. Compiled twice: with DEVICE to the kernel's PTX, and without it
// to `describe`.
//
// Before it stand Architecture, Output, Schedule and Scheduler, and kAdds.
// TILE_* and CLUSTER_M come with the command; cutlass_gemm.py has it.

#include "tests/runtime/VirtualGpu/foreign/Launch.h"

#include "cute/tensor.hpp"
#include "cutlass/util/packed_stride.hpp"

using Element = cutlass::bfloat16_t;
using RowMajor = cutlass::layout::RowMajor;
using BlockTile =
    cute::Shape<cute::Int<TILE_M>, cute::Int<TILE_N>, cute::Int<TILE_K>>;
using Cluster = cute::Shape<cute::Int<CLUSTER_M>, cute::_1, cute::_1>;
using Source = std::conditional_t<kAdds, Element, void>;
using Epilogue = cutlass::epilogue::collective::CollectiveBuilder<
    Architecture, cutlass::arch::OpClassTensorOp, BlockTile, Cluster,
    cutlass::epilogue::collective::EpilogueTileAuto, float, float, Source,
    RowMajor, 8, Element, RowMajor, 8, Output>::CollectiveOp;
using MainLoop = cutlass::gemm::collective::CollectiveBuilder<
    Architecture, cutlass::arch::OpClassTensorOp, Element, RowMajor, 8, Element,
    RowMajor, 8, float, BlockTile, Cluster,
    cutlass::gemm::collective::StageCountAutoCarveout<int(
        sizeof(Epilogue::SharedStorage))>,
    Schedule>::CollectiveOp;
using Kernel =
    cutlass::gemm::kernel::GemmUniversal<cute::Shape<int, int, int, int>,
                                         MainLoop, Epilogue, Scheduler>;

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
      {{1, kAdds},
       kAdds ? c : nullptr,
       packed<Kernel::StrideC>(m, n),
       c,
       packed<Kernel::StrideD>(m, n)},
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
