// C = A B + C by CUTLASS 3's collectives for sm_100a: tensor copies, tcgen05
// and the output by warps of their own. Without the sum its output ends with a
// copy that nobody waits for, which is reported.

#include "cutlass/cutlass.h"
#include "cutlass/epilogue/collective/collective_builder.hpp"
#include "cutlass/gemm/collective/collective_builder.hpp"
#include "cutlass/gemm/device/gemm_universal_adapter.h"
#include "cutlass/gemm/kernel/gemm_universal.hpp"

using Architecture = cutlass::arch::Sm100;
constexpr bool kAdds = true;
using Output = cutlass::epilogue::TmaWarpSpecialized1Sm;
using Schedule = cutlass::gemm::KernelTmaWarpSpecialized1SmSm100;
// Blocks have their tiles from the start; by default the device hands them out
// (clusterlaunchcontrol).
using Scheduler = cutlass::gemm::StaticPersistentScheduler;

#include "tests/runtime/VirtualGpu/foreign/Collectives.h"
