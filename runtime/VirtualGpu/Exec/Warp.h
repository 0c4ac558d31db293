//===- Warp.h - the state that kernels run on
//--------------------------------===//
//
// A launch has blocks, a block has warps, a warp has groups: lanes that stand
// at one instruction. A warp starts as one group; a branch that lanes take
// differently splits it, and groups that meet at an instruction are one again.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_WARP_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_WARP_H

#include "runtime/VirtualGpu/Check/GlobalRaces.h"
#include "runtime/VirtualGpu/Check/SharedClocks.h"
#include "runtime/VirtualGpu/Count/Traffic.h"
#include "runtime/VirtualGpu/Count/UnitWork.h"
#include "runtime/VirtualGpu/Decode/Program.h"
#include "runtime/VirtualGpu/Exec/TensorMemory.h"

#include <array>
#include <atomic>
#include <memory>

namespace tenon::vgpu {

constexpr uint32_t kFullMask = ~0u;
constexpr unsigned kWarpSize = 32;
/// Those that kernels number, and one for barrier.cluster.
constexpr unsigned kClusterBarrier = 16;
constexpr unsigned kNumBarriers = 17;

/// Generic addresses: windows far below every device address. A shared address
/// of another block of the cluster has its rank + 1 in bits 24 to 31; 0 is the
/// own.
constexpr Address kLocalWindow = Address(1) << 32;
constexpr Address kSharedWindow = Address(2) << 32;
constexpr Address kParameterWindow = Address(3) << 32;
constexpr Address kFirstGlobal = Address(4) << 32;
constexpr unsigned kRankShift = 24;

enum class Outcome : uint8_t {
  Next,
  Converge,  ///< stay here until more lanes of the warp come
  Retry,     ///< stay here, let others run
  Yield,     ///< go on, but let others run
  AtBarrier, ///< stay here until the barrier lets go, which steps over it
};

struct Group {
  enum State : uint8_t { Ready, Converging, AtBarrier, Retrying };
  uint32_t pc = 0;
  uint32_t mask = 0;
  State state = Ready;
  uint8_t barrier = 0;
};

/// A cp.async that nobody has waited for: its bytes, and where they go.
struct PendingCopy {
  uint32_t sharedOffset = 0, groupNumber = 0;
  uint8_t lane = 0, sizeBytes = 0;
  uint16_t defined = 0; ///< a bit for each byte
  uint8_t bytes[16] = {};
};

/// Bytes of shared memory, or columns of tensor memory, that are read (or
/// written) until somebody waits.
struct AsyncRead {
  uint64_t group = 0; ///< the number of groups committed when it began
  uint32_t offset = 0, sizeBytes = 0;
  uint32_t lane = 0;
  uint32_t instruction = 0;
};

/// A warp's products (wgmma) between their issue and the wait.
struct ProductState {
  uint64_t numGroups = 0, numDone = 0; ///< committed, and waited for
  SharedClocks::Clock released;        ///< what the groups read before
  std::vector<AsyncRead> reads;
  bool hasFenced = false;
  /// By number of the register: the group that has it, plus 1, and whether a
  /// thread wrote it since the last fence.
  std::vector<uint64_t> groupOf;
  std::vector<bool> isUnfenced;
};

struct Block;
struct Cluster;
struct Launch;

/// One thread of the host that executes blocks.
struct Worker {
  Launch *launch = nullptr;
  /// Since the block that runs was last charged.
  std::array<uint64_t, kNumPipes> numByPipe = {};
  Counters counters;
  /// By instruction: the allocation it touched last, so that the map is asked
  /// once.
  std::vector<Memory::Range> ranges;
  GlobalRaces::Cache racePages;
};

struct Warp {
  uint8_t *registers = nullptr;
  Block *block = nullptr;
  Worker *worker = nullptr;
  uint32_t id = 0;
  uint32_t clock = 0; ///< its number among the warps of the cluster
  uint32_t alive = 0; ///< lanes that have not exited
  Outcome outcome = Outcome::Next;
  uint64_t numInstructions = 0;
  std::vector<Group> groups;
  uint8_t *local = nullptr; ///< of lane 0; lanes follow each other
  /// By slot / 4: lanes that hold a value made from bytes never written. Empty
  /// until there is one, and then every instruction is followed.
  std::vector<uint32_t> undefined;
  std::array<uint32_t, kWarpSize> numCopyGroups = {};
  std::vector<PendingCopy> copies;
  uint32_t numSlices = 0;
  /// Waits that were not over: a warp that does nothing else waits.
  uint64_t numFailedWaits = 0;
  uint32_t failedWait = 0; ///< instruction of the last of them
  ProductState products;
  /// What bulk copies to global memory still read, and each lane's groups.
  std::vector<AsyncRead> bulkReads;
  std::array<uint32_t, kWarpSize> numBulkGroups = {};
  /// tcgen05.ld and st that no wait followed yet; offsets of the clocks.
  std::vector<AsyncRead> tensorLoads, tensorStores;
  uint32_t numRegisters = 0; ///< of a thread; 0 when that is not known

  template <typename T> T *lanes(uint32_t slot) const {
    return reinterpret_cast<T *>(registers + slot);
  }
  uint32_t &mask(uint32_t slot) const { return *lanes<uint32_t>(slot); }
};

struct Barrier {
  uint32_t numArrived = 0;  ///< threads
  uint32_t numExpected = 0; ///< threads; 0: all that live
  uint32_t numHolding = 0;  ///< of a reduction: threads whose predicate held
  uint32_t waiting = 0;     ///< warps
  bool isUsed = false;
  SharedClocks::Clock released; ///< of those who arrived and went on
};

/// A copy to shared memory that an mbarrier counts: its bytes stand there from
/// the end of the barrier's phase on.
struct BulkCopy {
  uint32_t warp = 0; ///< its clock
  struct Piece {
    uint32_t sharedOffset = 0, sizeBytes = 0;
    uint8_t bytes[16] = {}, defined[16] = {};
  };
  std::vector<Piece> pieces;
};

struct MBarrier {
  Block *block = nullptr;   ///< in whose shared memory it is
  uint32_t numExpected = 0; ///< arrivals of a phase
  int64_t numPending = 0;
  int64_t pendingBytes = 0;
  uint64_t phase = 0; ///< the one that is not complete
  std::vector<BulkCopy> copies;
  SharedClocks::Clock arrived;   ///< of this phase
  SharedClocks::Clock completed; ///< of the phases before
  uint32_t initWarp = 0, initTime = 0;
  bool isFenced = false; ///< bulk copies see that it was initialised
  /// The last copy to it: instruction, lane, phase; and the phases that
  /// somebody saw end.
  uint32_t lastCopy = 0, lastCopyLane = 0;
  std::optional<uint64_t> lastCopyPhase;
  uint64_t numSeen = 0;
};

struct Block {
  Launch *launch = nullptr;
  Dim3 index;
  uint64_t number = 0; ///< in the grid
  Cluster *cluster = nullptr;
  uint32_t rank = 0; ///< in its cluster
  uint32_t numThreads = 0, numLive = 0;
  bool isStopped = false;
  std::vector<uint8_t> shared, sharedDefined;
  std::unique_ptr<SharedClocks> clocks; ///< null without checks
  std::unique_ptr<TensorMemory> tensor; ///< null where no tcgen05 is
  std::vector<Warp> warps;
  std::vector<uint8_t> registerFiles, localBytes;
  std::array<Barrier, kNumBarriers> barriers;
  std::map<uint32_t, MBarrier> mbarriers; ///< by offset in shared memory
  /// Counts what may let somebody go on: stores, atomics, arrivals. A round of
  /// all warps in which it stands still, while all wait, is a deadlock.
  uint64_t progress = 0;
  uint64_t numFreeRegisters = 0; ///< that warps gave up (setmaxnreg)
  uint64_t nextRandom = 0;
  uint32_t numIdleRounds = 0;
  uint32_t nextWarp = 0;
  Counters counters; ///< of what it did so far
  Trace trace;       ///< empty when nobody follows traffic
  std::vector<Report> reports;
  std::vector<uint32_t> reportedAt; ///< by report: the instruction
};

/// Blocks that run side by side and reach each other's shared memory. Most
/// have one.
struct Cluster {
  std::vector<std::unique_ptr<Block>> blocks; ///< by rank
};

struct Launch {
  const KernelProgram *program = nullptr;
  Memory *memory = nullptr;
  MachineOptions options;
  Dim3 grid, block, cluster;
  std::span<const std::byte> parameters;
  uint32_t sharedBytes = 0, dynamicSharedBytes = 0;
  uint32_t numSms = 1, numResident = 1;
  std::atomic<uint64_t> nextCluster = 0;
  /// The first block that stopped the launch; blocks before it run to their
  /// ends, so that what is reported does not depend on who was faster.
  std::atomic<uint64_t> stoppedAt = ~uint64_t(0);
  std::unique_ptr<Traffic> traffic;   ///< null unless it is followed
  std::unique_ptr<GlobalRaces> races; ///< null unless blocks are checked

  std::mutex mutex; ///< of what follows
  Fault fault = Fault::None;
  std::map<uint64_t, std::vector<Report>> reports; ///< by block
  Counters counters;
  WorkSpread work;
};

/// Makes or counts a report. `lane` is one of the lanes that show it.
void report(Warp &warp, const Instruction &inst, unsigned lane, ReportKind kind,
            std::string what);
/// The same, and the launch ends.
void stop(Warp &warp, const Instruction &inst, unsigned lane, ReportKind kind,
          Fault fault, std::string what);

inline unsigned firstLane(uint32_t mask) { return __builtin_ctz(mask); }
inline bool hasLane(uint32_t mask, unsigned lane) { return (mask >> lane) & 1; }

//===--- Barriers.cpp
//--------------------------------------------------------===//

/// After threads exited: barriers that wait for nobody else now let go.
void recheckBarriers(Block &block);
/// Lets the cluster's blocks go on when all have come to its barrier.
void recheckClusterBarrier(Cluster &cluster);
/// For collectives that the whole warp executes together: true when it is here.
/// Else the outcome is set, or a report made.
bool isWholeWarp(Warp &warp, const Instruction &inst, uint32_t mask);
/// The lanes of a collective's mask that are alive, when all are here; 0
/// otherwise, with the outcome set or a report made.
uint32_t gatherLanes(Warp &warp, const Instruction &inst, uint32_t mask,
                     uint32_t named);

//===--- Products.cpp
//-------------------------------------------------------===//

/// Before an instruction that touches registers of products.
void followProducts(Warp &warp, const Instruction &inst, uint32_t mask);

//===--- TensorProducts.cpp
//-------------------------------------------------===//

/// What was committed so far is done.
void finishCommits(Block &block);

//===--- EndOfBlock.cpp
//-----------------------------------------------------===//

/// Copies that a block leaves behind.
void checkEnd(Block &block);

//===--- RunWarp.cpp, RunBlock.cpp
//-------------------------------------------===//

/// Executes up to `budget` instructions; false when none could be.
bool runWarp(Warp &warp, uint64_t budget);
void startBlock(Block &block, Worker &worker, uint64_t number);
/// Idle: it waits for something that another block of its cluster may do.
enum class BlockState : uint8_t { Finished, Unfinished, Idle };
BlockState runBlock(Block &block, uint64_t budget);
/// Which warp a clock is of, for people.
std::string warpText(const Block &block, uint32_t clock);
/// The body of a worker: blocks, until there are no more.
void runWorker(Worker &worker);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_WARP_H
