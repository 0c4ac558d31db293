//===- Tape.h - a plan's steps for one binding ----------------------------===//
//
// Calls unrolled, formulas evaluated, every buffer placed: what is left to do
// at run time is to add pointers and to launch. A tape depends on the binding
// only, so tools can make one without running anything:
//
//   Result<Tape> tape = recordTape(plan, binding);
//   tape->arenaBytes   is what a context will reserve
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PROGRAM_TAPE_H
#define TENON_RUNTIME_PROGRAM_TAPE_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Pages.h"
#include "runtime/Core/Status.h"
#include "runtime/Program/Binding.h"

#include <cstdint>
#include <variant>
#include <vector>

namespace tenon::rt {

/// An arena of more than this is refused before it is asked for.
inline constexpr uint64_t kMaxArenaBytes = uint64_t(1) << 46;

/// Bytes of an input, an output, a weight, or of the arena; parameters and
/// slots are resolved.
struct TapeBuffer {
  abi::Space space; ///< never Parameter
  uint32_t index;   ///< which input, output or weight
  uint64_t offset;  ///< in the arena
  uint64_t bytes;
};

struct TapeLaunch {
  uint32_t kernel;           ///< the launch's, or that of a variant
  uint32_t firstBuffer;      ///< in Tape::buffers
  uint32_t firstScalar;      ///< in Tape::scalars
  int64_t instances;         ///< at least 0
  const abi::Launch *source; ///< the plan's, for its figures
};

struct TapeCopy {
  uint32_t from, to; ///< in Tape::buffers
  uint64_t bytes;
};

using TapeStep = std::variant<TapeLaunch, TapeCopy>;

struct Tape {
  std::vector<TapeStep> steps;
  std::vector<TapeBuffer> buffers;
  std::vector<int64_t> scalars;
  uint64_t arenaBytes = 0;
  uint64_t scratchBytes = 0; ///< for each thread: the largest kernel's

  /// From one thread's scratch to the next: whole pages, so that no two threads
  /// write to one cache line or page.
  uint64_t scratchStride() const {
    return (scratchBytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  }
};

/// `plan` has passed checkPlan and lives as long as the tape; `binding` is one
/// of its own. BadArtifact when
/// sizes come out negative or a copy is larger than its buffers; NoMemory when
/// the arena would be larger than kMaxArenaBytes.
Result<Tape> recordTape(const abi::Plan &plan, const Binding &binding);

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_TAPE_H
