// What each architecture allows: the CUDA programming guide's table of
// technical specifications for compute capabilities.

#include "runtime/VirtualGpu/Machine.h"

namespace tenon::vgpu {

static constexpr uint32_t kKiB = 1024;

// SMs: the product the capability is known by (A100, RTX 3090, RTX 4090, H100
// SXM, B200, B300, RTX 5090). A block's shared memory is the SM's less 1 KiB of
// the system's.
static constexpr ArchLimits kArchs[] = {
    // arch SMs threads blocks registers shared/SM  /block     opt-in     params
    // clusters
    {80, 108, 2048, 32, 65536, 164 * kKiB, 48 * kKiB, 163 * kKiB, 4096, false},
    {86, 82, 1536, 16, 65536, 100 * kKiB, 48 * kKiB, 99 * kKiB, 4096, false},
    {89, 128, 1536, 24, 65536, 100 * kKiB, 48 * kKiB, 99 * kKiB, 4096, false},
    {90, 132, 2048, 32, 65536, 228 * kKiB, 48 * kKiB, 227 * kKiB, 32764, true},
    {100, 148, 2048, 32, 65536, 228 * kKiB, 48 * kKiB, 227 * kKiB, 32764, true},
    {103, 148, 2048, 32, 65536, 228 * kKiB, 48 * kKiB, 227 * kKiB, 32764, true},
    {120, 170, 1536, 24, 65536, 100 * kKiB, 48 * kKiB, 99 * kKiB, 32764, true},
};

const ArchLimits *archLimits(int arch) {
  for (const ArchLimits &limits : kArchs)
    if (limits.arch == arch)
      return &limits;
  return nullptr;
}

} // namespace tenon::vgpu
