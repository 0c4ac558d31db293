//===- Report.h - what a launch found and what it counted -----------------===//
//
//   for (const Report &report : result->reports)
//     log(reportText(report));
//   // gemm.cu:41: race: warp 2 reads shared bytes [512, 516) that warp 0 wrote
//   // with no barrier between; kernel 'gemm', block (1,0,0), thread (64,0,0),
//   // lane 0 (3 times)
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_REPORT_H
#define TENON_RUNTIME_VIRTUALGPU_REPORT_H

#include <cstdint>
#include <string>

namespace tenon::vgpu {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;

  uint64_t count() const { return uint64_t(x) * y * z; }
  bool operator==(const Dim3 &) const = default;
};

enum class ReportKind : uint8_t {
  OutOfBounds,      ///< no live allocation, or planned buffer, holds the bytes
  UseAfterFree,     ///< the bytes belonged to an allocation that was freed
  Misaligned,       ///< an address that is no multiple of the access's size
  ReadOnly,         ///< a store to constants or to parameters
  Uninitialised,    ///< a value never written decides an address, a branch or a
                    ///< result
  Race,             ///< two warps, one of them writing, with nothing between
  AsyncInFlight,    ///< bytes or registers of a copy or a product that nobody
                    ///< has waited for
  MissingFence,     ///< a product or bulk copy that need not see what it reads
  DivergentBarrier, ///< a barrier that not all lanes of the warp reach together
  LaneMask,         ///< a collective whose mask or source lane does not hold
  BarrierMisuse,    ///< a barrier, mbarrier or group used against its rules
  TensorMisuse,     ///< tensor memory, or a descriptor, against its rules
  Deadlock,         ///< no warp can go on
  Trap,             ///< the kernel executed trap, or an assertion in it failed
  Limit,            ///< the launch ran longer than its limit of instructions
};

/// "out of bounds", "use after free", ...
const char *kindText(ReportKind kind);

/// One defect, reported once for each instruction that shows it. Block, thread
/// and lane are those that showed it first.
struct Report {
  ReportKind kind = ReportKind::Trap;
  std::string kernel;
  std::string file; ///< CUDA source, from -lineinfo; empty without
  uint32_t line = 0;
  uint32_t ptxLine = 0;
  Dim3 block{0, 0, 0}, thread{0, 0, 0};
  uint32_t warp = 0, lane = 0;
  std::string what;
  uint64_t count = 1; ///< lanes and times that showed it
};

/// One line for people.
std::string reportText(const Report &report);

/// Why a launch stopped before its end: what the driver turns into an error.
enum class Fault : uint8_t {
  None,
  IllegalAddress,
  MisalignedAddress,
  IllegalInstruction, ///< a collective or barrier used against its rules
  Trap,
  Timeout, ///< deadlock, or the limit of instructions
};

/// The operands of a matrix product.
enum class MmaType : uint8_t { F16, Bf16, Tf32, Int8, Fp8 };
constexpr unsigned kNumMmaTypes = 5;
/// "f16", "bf16", ...
const char *mmaTypeText(MmaType type);

/// What a launch did, summed over its blocks. Instructions are warp
/// instructions.
struct Counters {
  uint64_t numInstructions = 0;
  uint64_t numThreadInstructions = 0; ///< lanes that took part
  uint64_t numFloat32 = 0, numFloat64 = 0, numHalf = 0, numInteger = 0,
           numSpecial = 0, numConvert = 0, numMove = 0, numMemory = 0,
           numControl = 0, numCollective = 0, numTensor = 0, numAsync = 0,
           numAdd = 0, numMultiply = 0; ///< of integers
  uint64_t numShuffles = 0;
  uint64_t mmaFlops = 0; ///< two for each multiply-add
  /// By MmaType: those of mma.sync, and those of wgmma and tcgen05.
  uint64_t mmaSyncFlops[kNumMmaTypes] = {}, wgmmaFlops[kNumMmaTypes] = {};
  uint64_t numBranches = 0, numDivergentBranches = 0;
  uint64_t numBarriers = 0; ///< warps that arrived
  uint64_t globalLoadBytes = 0, globalStoreBytes = 0;
  uint64_t bulkCopyBytes = 0; ///< of global memory, by cp.async.bulk
  /// 32-byte sectors that accesses touched (of a warp, or of a row of a bulk
  /// copy), and the fewest that hold their bytes.
  uint64_t globalSectors = 0, globalSectorsIdeal = 0;
  /// 128-byte lines of warp accesses: passes through L1.
  uint64_t globalLines = 0;
  /// Passes through shared memory's 32 banks, and the fewest possible: of warp
  /// accesses, bulk copies, and the operands of wgmma and tcgen05.
  uint64_t sharedWavefronts = 0, sharedWavefrontsIdeal = 0;
  uint64_t numGlobalAtomics = 0, numSharedAtomics = 0; ///< lanes

  Counters &operator+=(const Counters &other);
};

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_REPORT_H
