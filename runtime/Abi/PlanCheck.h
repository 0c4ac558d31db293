//===- PlanCheck.h - does a plan make sense by itself? --------------------===//
//
// The compiler asks before it writes a plan, the runtime before it believes
// one. After a yes: every index is in range, every formula is well formed,
// launches and calls pass what their callee takes, calls end, and every symbol
// gets its value from an input. What depends on the file (addresses, weight
// bytes) or on the symbols' values (sizes) is checked where these are known.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_PLANCHECK_H
#define TENON_RUNTIME_ABI_PLANCHECK_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

namespace tenon::abi {

/// Far above any model, low enough that a hostile plan cannot exhaust memory.
inline constexpr size_t kMaxCallDepth = 16;
/// Steps and their buffers, calls unrolled.
inline constexpr uint64_t kMaxTapeEntries = uint64_t(1) << 22;
inline constexpr size_t kMaxRank = 16;
inline constexpr uint64_t kMaxScratchBytes = uint64_t(1) << 30;
/// Threads of a block, on any GPU.
inline constexpr uint32_t kMaxBlockThreads = 1024;
/// A device's plan repeats the signature and the table of weights.
inline constexpr size_t kMaxAlternatives = 16;

/// BadArtifact: "function 'layer', step 3: kernel 'gelu' takes 3 buffers, but 2
/// are passed".
rt::Result<void> checkPlan(const Plan &plan);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_PLANCHECK_H
