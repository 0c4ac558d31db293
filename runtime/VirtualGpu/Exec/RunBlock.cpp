// Blocks: their start, the order of their warps, deadlocks, and the workers.

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Exec/Access.h"
#include "runtime/VirtualGpu/Exec/Handlers.h"

#include <algorithm>
#include <cstring>

namespace tenon::vgpu {

using rt::message;

static Dim3 unravel(uint64_t number, Dim3 extents) {
  return {uint32_t(number % extents.x),
          uint32_t(number / extents.x % extents.y),
          uint32_t(number / extents.x / extents.y)};
}

//===--- Reports
//--------------------------------------------------------------===//

void report(Warp &warp, const Instruction &inst, unsigned lane, ReportKind kind,
            std::string what) {
  Block &block = *warp.block;
  const Launch &launch = *block.launch;
  const KernelProgram &program = *launch.program;
  for (size_t i = 0; i < block.reports.size(); ++i)
    if (block.reportedAt[i] == inst.id && block.reports[i].kind == kind) {
      ++block.reports[i].count;
      return;
    }
  const Place &place = program.places[inst.id];
  Report made;
  made.kind = kind;
  made.kernel = program.info.name;
  auto file = program.files.find(place.file);
  if (file != program.files.end())
    made.file = file->second;
  made.line = place.line;
  made.ptxLine = place.ptxLine;
  made.block = block.index;
  made.thread = unravel(uint64_t(warp.id) * kWarpSize + lane, launch.block);
  made.warp = warp.id;
  made.lane = lane;
  made.what = std::move(what);
  block.reports.push_back(std::move(made));
  block.reportedAt.push_back(inst.id);
}

void stop(Warp &warp, const Instruction &inst, unsigned lane, ReportKind kind,
          Fault fault, std::string what) {
  Block &block = *warp.block;
  Launch &launch = *block.launch;
  report(warp, inst, lane, kind, std::move(what));
  block.isStopped = true;
  std::lock_guard lock(launch.mutex);
  if (block.number < launch.stoppedAt) {
    launch.stoppedAt = block.number;
    launch.fault = fault;
  }
}

//===--- Start
//------------------------------------------------------------------===//

static uint32_t blockSpecial(const Block &block, SpecialRegister which) {
  const Launch &launch = *block.launch;
  auto part = [](Dim3 dim, unsigned i) {
    return i == 0 ? dim.x : i == 1 ? dim.y : dim.z;
  };
  auto in = [&](SpecialRegister first) {
    return unsigned(which) - unsigned(first);
  };
  Dim3 c = launch.cluster, at = block.index;
  if (which >= SpecialRegister::NtidX && which <= SpecialRegister::NtidZ)
    return part(launch.block, in(SpecialRegister::NtidX));
  if (which >= SpecialRegister::CtaidX && which <= SpecialRegister::CtaidZ)
    return part(at, in(SpecialRegister::CtaidX));
  if (which >= SpecialRegister::NctaidX && which <= SpecialRegister::NctaidZ)
    return part(launch.grid, in(SpecialRegister::NctaidX));
  if (which >= SpecialRegister::ClusterIdX &&
      which <= SpecialRegister::ClusterIdZ)
    return part({at.x / c.x, at.y / c.y, at.z / c.z},
                in(SpecialRegister::ClusterIdX));
  if (which >= SpecialRegister::NclusterIdX &&
      which <= SpecialRegister::NclusterIdZ)
    return part({launch.grid.x / c.x, launch.grid.y / c.y, launch.grid.z / c.z},
                in(SpecialRegister::NclusterIdX));
  if (which >= SpecialRegister::ClusterCtaidX &&
      which <= SpecialRegister::ClusterCtaidZ)
    return part({at.x % c.x, at.y % c.y, at.z % c.z},
                in(SpecialRegister::ClusterCtaidX));
  if (which >= SpecialRegister::ClusterNctaidX &&
      which <= SpecialRegister::ClusterNctaidZ)
    return part(c, in(SpecialRegister::ClusterNctaidX));
  switch (which) {
  case SpecialRegister::NumWarps:
    return block.warps.size();
  case SpecialRegister::SmId:
    return block.number % launch.numSms;
  case SpecialRegister::NumSms:
    return launch.numSms;
  case SpecialRegister::DynamicSharedBytes:
    return launch.dynamicSharedBytes;
  case SpecialRegister::TotalSharedBytes:
    return launch.sharedBytes;
  case SpecialRegister::ClusterCtarank:
    return block.rank;
  case SpecialRegister::ClusterNctarank:
    return c.count();
  default:
    return 0;
  }
}

static void fillSpecial(Warp &warp, KernelProgram::Special special) {
  const Launch &launch = *warp.block->launch;
  uint32_t *to = warp.lanes<uint32_t>(special.slot);
  uint32_t same = blockSpecial(*warp.block, special.which);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    Dim3 thread = unravel(uint64_t(warp.id) * kWarpSize + lane, launch.block);
    uint32_t self = 1u << lane;
    switch (special.which) {
    case SpecialRegister::TidX:
      to[lane] = thread.x;
      break;
    case SpecialRegister::TidY:
      to[lane] = thread.y;
      break;
    case SpecialRegister::TidZ:
      to[lane] = thread.z;
      break;
    case SpecialRegister::LaneId:
      to[lane] = lane;
      break;
    case SpecialRegister::WarpId:
      to[lane] = warp.id;
      break;
    case SpecialRegister::LaneMaskEq:
      to[lane] = self;
      break;
    case SpecialRegister::LaneMaskLe:
      to[lane] = self | (self - 1);
      break;
    case SpecialRegister::LaneMaskLt:
      to[lane] = self - 1;
      break;
    case SpecialRegister::LaneMaskGe:
      to[lane] = ~(self - 1);
      break;
    case SpecialRegister::LaneMaskGt:
      to[lane] = ~(self | (self - 1));
      break;
    default:
      to[lane] = same;
    }
  }
}

std::string warpText(const Block &block, uint32_t clock) {
  uint32_t numWarps = block.warps.size();
  if (clock >= block.cluster->blocks.size() * numWarps)
    return "the tensor unit";
  std::string text = message("warp ", clock % numWarps);
  return block.cluster->blocks.size() == 1
             ? text
             : message(text, " of block ", clock / numWarps, " of the cluster");
}

static void startWarp(Block &block, Worker &worker, uint32_t id) {
  const KernelProgram &program = *block.launch->program;
  size_t fileBytes = program.registerImage.size();
  Warp &warp = block.warps[id];
  warp.registers = block.registerFiles.data() + id * fileBytes;
  std::memcpy(warp.registers, program.registerImage.data(), fileBytes);
  warp.block = &block;
  warp.worker = &worker;
  warp.id = id;
  warp.clock = block.rank * block.warps.size() + id;
  uint32_t numThreads = std::min(block.numThreads - id * kWarpSize, kWarpSize);
  warp.alive = numThreads == kWarpSize ? kFullMask : (1u << numThreads) - 1;
  warp.groups.resize(1);
  warp.groups[0].mask = warp.alive;
  warp.numRegisters = (program.info.ptxasRegisters.value_or(0) + 7) / 8 * 8;
  warp.local = block.localBytes.data() +
               size_t(id) * kWarpSize * program.info.localBytes;
  for (KernelProgram::Special special : program.specials)
    fillSpecial(warp, special);
}

void startBlock(Block &block, Worker &worker, uint64_t number) {
  Launch &launch = *worker.launch;
  const KernelProgram &program = *launch.program;
  block.launch = &launch;
  block.number = number;
  block.index = unravel(number, launch.grid);
  block.numThreads = block.numLive = launch.block.count();
  uint32_t numWarps = (block.numThreads + kWarpSize - 1) / kWarpSize;
  // Fresh shared memory holds NaN of every type.
  block.shared.assign(launch.sharedBytes, 0xff);
  if (launch.options.checks)
    block.sharedDefined.assign(launch.sharedBytes, 0);
  // Slots are multiples of 64 bytes, and vectors need not be aligned beyond
  // that.
  block.registerFiles.resize(numWarps * program.registerImage.size());
  block.localBytes.assign(
      size_t(numWarps) * kWarpSize * program.info.localBytes, 0xff);
  block.warps.resize(numWarps);
  block.nextRandom = launch.options.seed * 0x9e3779b97f4a7c15 + number + 1;
  for (uint32_t id = 0; id < numWarps; ++id)
    startWarp(block, worker, id);
}

//===--- The order of warps
//-------------------------------------------------------===//

static uint64_t nextRandom(Block &block) {
  block.nextRandom ^= block.nextRandom << 13;
  block.nextRandom ^= block.nextRandom >> 7;
  block.nextRandom ^= block.nextRandom << 17;
  return block.nextRandom;
}

static uint64_t sliceBudget(Block &block) {
  switch (block.launch->options.schedule) {
  case Schedule::InOrder:
    return 256;
  case Schedule::Random:
    return 1 + nextRandom(block) % 64;
  case Schedule::Adversarial:
    return uint64_t(1) << 20;
  }
  return 256;
}

/// What has not come to the mbarrier that the lane waits for.
static std::string awaitedText(const Warp &warp, const Instruction &inst,
                               unsigned lane) {
  MbarrierOp op = MbarrierOp(inst.flags & 0xff);
  if (inst.handler != mbarrier ||
      (op != MbarrierOp::Wait && op != MbarrierOp::WaitParity))
    return "";
  uint32_t offset =
      sharedPlace(*warp.block, laneAddress(warp, inst, lane)).offset;
  auto found = warp.block->mbarriers.find(offset);
  if (found == warp.block->mbarriers.end())
    return "";
  const MBarrier &barrier = found->second;
  std::string bytes = barrier.pendingBytes < 0
                          ? message(-barrier.pendingBytes,
                                    " bytes more than expected have come")
                          : message(barrier.pendingBytes, " bytes have not");
  return message(": at the mbarrier at byte ", offset, " in phase ",
                 barrier.phase, " ", barrier.numPending,
                 " arrivals have not come, and ", bytes);
}

static void reportDeadlock(Block &block) {
  const KernelProgram &program = *block.launch->program;
  std::string text;
  unsigned count = 0;
  const unsigned kMost = 8;
  Warp *first = nullptr;
  for (Warp &warp : block.warps)
    for (const Group &group : warp.groups) {
      first = first ? first : &warp;
      if (++count > kMost)
        continue;
      bool spins = group.state == Group::Ready && warp.numFailedWaits;
      const Instruction &inst =
          program.code[spins ? warp.failedWait : group.pc];
      const Place &place = program.places[inst.id];
      std::string where = place.line ? message("line ", place.line)
                                     : message("PTX line ", place.ptxLine);
      text += message(text.empty() ? "" : ", ", "warp ", warp.id, " lanes ",
                      rt::hexText(group.mask), " wait at ",
                      program.opcodes[inst.id], " (", where,
                      awaitedText(warp, inst, firstLane(group.mask)), ")");
    }
  if (count > kMost)
    text += message(" and ", count - kMost, " more");
  // Lanes that wait for others of their own warp name the cause better.
  ReportKind kind = ReportKind::Deadlock;
  const Group *shown = &first->groups[0];
  for (Warp &warp : block.warps)
    for (const Group &group : warp.groups)
      if (kind == ReportKind::Deadlock && group.state == Group::Converging) {
        first = &warp;
        shown = &group;
        kind = program.code[group.pc].handler == blockBarrier
                   ? ReportKind::DivergentBarrier
                   : ReportKind::LaneMask;
      }
  stop(*first, program.code[shown->pc], firstLane(shown->mask), kind,
       Fault::Timeout, message("no warp can go on: ", text));
}

static void checkLimit(Warp &warp) {
  const MachineOptions &options = warp.block->launch->options;
  if (warp.numInstructions <= options.maxInstructionsPerWarp ||
      warp.groups.empty())
    return;
  const Instruction &inst =
      warp.block->launch->program->code[warp.groups[0].pc];
  stop(warp, inst, firstLane(warp.groups[0].mask), ReportKind::Limit,
       Fault::Timeout,
       message("the warp executed more than ", options.maxInstructionsPerWarp,
               " instructions"));
}

/// Rounds in which every warp found that what it waits for has not come.
static constexpr uint32_t kMostIdleRounds = 64;

BlockState runBlock(Block &block, uint64_t budget) {
  Launch &launch = *block.launch;
  bool isRandom = launch.options.schedule != Schedule::InOrder;
  uint32_t numWarps = block.warps.size();
  uint64_t spent = 0;
  while (block.numLive && !block.isStopped) {
    if (block.number > launch.stoppedAt)
      return BlockState::Finished;
    if (spent >= budget)
      return BlockState::Unfinished;
    uint64_t before = block.progress;
    if (block.tensor && launch.options.schedule == Schedule::Random &&
        nextRandom(block) % 2)
      finishCommits(block);
    bool hasRun = false, waits = true, hasSpun = false;
    uint32_t first = isRandom ? nextRandom(block) % numWarps : 0;
    for (uint32_t i = 0; i < numWarps && !block.isStopped; ++i) {
      Warp &warp = block.warps[(first + i) % numWarps];
      if (warp.groups.empty())
        continue;
      uint64_t start = warp.numInstructions, failed = warp.numFailedWaits;
      hasRun |= runWarp(warp, sliceBudget(block));
      spent += warp.numInstructions - start;
      for (const Group &group : warp.groups) {
        hasSpun |= warp.numFailedWaits != failed;
        waits &= group.state != Group::Ready || warp.numFailedWaits != failed;
      }
      checkLimit(warp);
    }
    if (waits && block.progress == before)
      finishCommits(block);
    if (block.progress != before)
      block.numIdleRounds = 0;
    if (block.isStopped || !block.numLive || !waits || block.progress != before)
      continue;
    // Warps that wait in loops of their own may be on their way to something
    // else.
    if (!hasRun || !hasSpun || ++block.numIdleRounds > kMostIdleRounds) {
      if (block.cluster->blocks.size() > 1)
        return BlockState::Idle;
      reportDeadlock(block);
    }
  }
  finishCommits(block);
  return BlockState::Finished;
}

//===--- Workers
//------------------------------------------------------------------===//

/// What the worker counted goes to the block that ran.
static void charge(Worker &worker, Block &block) {
  Counters &to = worker.counters;
  uint64_t *members[kNumPipes] = {
      &to.numFloat32, &to.numFloat64,    &to.numHalf,   &to.numInteger,
      &to.numSpecial, &to.numConvert,    &to.numMove,   &to.numMemory,
      &to.numControl, &to.numCollective, &to.numTensor, &to.numAsync,
      &to.numAdd,     &to.numMultiply};
  for (unsigned i = 0; i < kNumPipes; ++i) {
    *members[i] += worker.numByPipe[i];
    to.numInstructions += worker.numByPipe[i];
  }
  block.counters += to;
  worker.numByPipe = {};
  to = {};
}

static void finishBlock(Launch &launch, Block &block) {
  checkEnd(block);
  if (launch.traffic)
    launch.traffic->add(block.number, std::move(block.trace));
  std::lock_guard lock(launch.mutex);
  launch.counters += block.counters;
  launch.work.add(workOf(block.counters));
  if (!block.reports.empty())
    launch.reports[block.number] = std::move(block.reports);
}

/// The blocks of a cluster, which stand beside each other in the grid.
static std::unique_ptr<Cluster> startCluster(Worker &worker, uint64_t number) {
  Launch &launch = *worker.launch;
  Dim3 extents = launch.cluster, grid = launch.grid;
  Dim3 at = unravel(
      number, {grid.x / extents.x, grid.y / extents.y, grid.z / extents.z});
  auto cluster = std::make_unique<Cluster>();
  uint64_t numBlocks = extents.count();
  uint32_t numWarps = (launch.block.count() + kWarpSize - 1) / kWarpSize;
  bool hasUnits = launch.program->usesTensorMemory;
  std::shared_ptr<SharedClocks::Warps> clocks;
  if (launch.options.checks)
    clocks = std::make_shared<SharedClocks::Warps>(numBlocks *
                                                   (numWarps + hasUnits));
  for (uint32_t rank = 0; rank < numBlocks; ++rank) {
    Dim3 in = unravel(rank, extents);
    uint64_t x = uint64_t(at.x) * extents.x + in.x,
             y = uint64_t(at.y) * extents.y + in.y,
             z = uint64_t(at.z) * extents.z + in.z;
    Block &block = *cluster->blocks.emplace_back(std::make_unique<Block>());
    block.cluster = cluster.get();
    block.rank = rank;
    if (clocks)
      block.clocks = std::make_unique<SharedClocks>(launch.sharedBytes, clocks);
    // Every second block finds another one's columns before its own.
    if (hasUnits)
      block.tensor = std::make_unique<TensorMemory>(
          clocks, uint32_t(numBlocks * numWarps) + rank, (number + rank) % 2);
    startBlock(block, worker, x + grid.x * (y + grid.y * z));
  }
  return cluster;
}

/// What may let the blocks of a cluster go on.
static uint64_t progressOf(const Cluster &cluster) {
  uint64_t progress = 0;
  for (const std::unique_ptr<Block> &block : cluster.blocks)
    progress += block->progress;
  return progress;
}

/// True when all blocks are done. Where each waits and nothing came about, they
/// wait for each other.
static bool runCluster(Worker &worker, Cluster &cluster, uint64_t budget) {
  uint64_t before = progressOf(cluster);
  size_t numDone = 0, numIdle = 0;
  Block *idle = nullptr;
  for (std::unique_ptr<Block> &block : cluster.blocks) {
    BlockState state = runBlock(*block, budget);
    charge(worker, *block);
    if (block->isStopped)
      return true;
    numDone += state == BlockState::Finished;
    if (state == BlockState::Idle && ++numIdle)
      idle = block.get();
  }
  if (idle && numDone + numIdle == cluster.blocks.size() &&
      progressOf(cluster) == before) {
    reportDeadlock(*idle);
    return true;
  }
  return numDone == cluster.blocks.size();
}

// Blocks that may wait for each other get turns: one that is not done after a
// while makes room for the next, as far as the device has room.
void runWorker(Worker &worker) {
  Launch &launch = *worker.launch;
  constexpr uint64_t kTurn = uint64_t(1) << 20;
  uint64_t size = launch.cluster.count(),
           numClusters = launch.grid.count() / size;
  const bool getsTurns = launch.program->blocksMeet || size > 1;
  std::vector<std::unique_ptr<Cluster>> resident;
  for (;;) {
    if (resident.size() * size < launch.numResident &&
        launch.nextCluster < numClusters) {
      uint64_t number = launch.nextCluster++;
      if (number < numClusters && number * size < launch.stoppedAt)
        resident.push_back(startCluster(worker, number));
    }
    if (resident.empty())
      break;
    for (std::unique_ptr<Cluster> &cluster : resident)
      if (runCluster(worker, *cluster, getsTurns ? kTurn : ~uint64_t(0))) {
        for (std::unique_ptr<Block> &block : cluster->blocks)
          finishBlock(launch, *block);
        cluster.reset();
      }
    std::erase(resident, nullptr);
  }
}

} // namespace tenon::vgpu
