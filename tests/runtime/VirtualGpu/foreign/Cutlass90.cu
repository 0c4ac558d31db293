// C = A B by CUTLASS 3's collectives for sm_90a: tensor copies by a producer's
// warps, wgmma by one or two warpgroups.

#include "cutlass/cutlass.h"
#include "cutlass/epilogue/collective/collective_builder.hpp"
#include "cutlass/gemm/collective/collective_builder.hpp"
#include "cutlass/gemm/device/gemm_universal_adapter.h"
#include "cutlass/gemm/kernel/gemm_universal.hpp"

using Architecture = cutlass::arch::Sm90;
constexpr bool kAdds = false;
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
using Scheduler = void;

#include "tests/runtime/VirtualGpu/foreign/Collectives.h"
