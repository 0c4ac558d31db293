// A fork-join pool of two counters: one says that there is work, one counts who
// is still at it.
//
//   caller                              worker
//   job = ...; unfinished = workers
//   generation += 1   ----------------> sees another generation
//   works on range 0                    works on its range
//   waits for unfinished == 0  <------- unfinished -= 1
//
// Both waits spin first and sleep on a futex then. Before sleeping, a thread
// says so in a flag; after changing a counter, the other side reads the flag.
// Both are sequentially consistent, so at least one of them sees the other.

#include "runtime/Device/Cpu/Pool.h"

#include "runtime/Core/Message.h"
#include "runtime/Device/Cpu/Topology.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace tenon::rt {
namespace {

/// Longer than kernels of one model wait for each other's slowest thread, short
/// enough not to be seen as load.
constexpr std::chrono::microseconds kSpinTime(200);

/// Parts of a thread's share, of which another may take some: many even out
/// cores of unequal speed, each costs the start of a kernel.
constexpr int64_t kUnitsPerThread = 8;

/// Only one pool of a process binds its threads.
std::atomic<bool> coresAreTaken = false;

void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void wakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

/// Polls until `isDone`, or until the time for spinning is over.
template <typename IsDone> bool spinUntil(IsDone isDone) {
  constexpr int kPollsPerClockRead = 64;
  auto deadline = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < kPollsPerClockRead; ++i) {
      if (isDone())
        return true;
      __builtin_ia32_pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

void bindToCore(unsigned core) {
  size_t maskBytes = CPU_ALLOC_SIZE(core + 1);
  cpu_set_t *mask = CPU_ALLOC(core + 1);
  if (!mask)
    return;
  CPU_ZERO_S(maskBytes, mask);
  CPU_SET_S(core, maskBytes, mask);
  // A refusal costs speed, not correctness.
  (void)sched_setaffinity(0, maskBytes, mask);
  CPU_FREE(mask);
}

} // namespace

Result<unsigned> chooseNumThreads(unsigned requested) {
  auto inRange = [](unsigned number) {
    return number >= 1 && number <= kMaxThreads;
  };
  if (requested) {
    if (!inRange(requested))
      return badInput(requested, " threads are asked for, expected 1 to ",
                      kMaxThreads);
    return requested;
  }
  const char *text = std::getenv("TENON_NUM_THREADS");
  if (!text || !*text)
    return std::min(unsigned(allowedCores().size()), kMaxThreads);
  unsigned number = 0;
  const char *end = text + std::strlen(text);
  auto parsed = std::from_chars(text, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || !inRange(number))
    return badInput("TENON_NUM_THREADS is ", quoted(text),
                    ", expected a number from 1 to ", kMaxThreads);
  return number;
}

Result<std::unique_ptr<Pool>> Pool::create(PoolOptions options) {
  std::vector<unsigned> cores = allowedCores();
  // With more threads than CPUs, spinning keeps the one that is awaited from
  // running.
  bool spins = options.numThreads <= allowedCpus().size();
  std::unique_ptr<Pool> pool(new Pool(spins));
  if (auto started = pool->start(options, cores); !started)
    return started.error();
  return pool;
}

Result<void> Pool::start(PoolOptions options,
                         const std::vector<unsigned> &cores) {
  pinned = options.pin && options.numThreads > 1 &&
           options.numThreads == cores.size() && !coresAreTaken.exchange(true);
  shares = std::make_unique<Share[]>(options.numThreads);
  // The caller stays where it is; workers take the cores after it.
  auto own = std::find(cores.begin(), cores.end(), unsigned(sched_getcpu()));
  size_t first = own == cores.end() ? 0 : size_t(own - cores.begin());
  for (unsigned thread = 1; thread < options.numThreads; ++thread) {
    std::optional<unsigned> core;
    if (pinned)
      core = cores[(first + thread) % cores.size()];
    try {
      workers.emplace_back(&Pool::workerLoop, this, thread, core);
    } catch (const std::system_error &) {
      return Error{Code::NoMemory, message("cannot start thread ", thread + 1,
                                           " of ", options.numThreads)};
    }
  }
  return {};
}

Pool::~Pool() {
  stopping = true;
  generation.fetch_add(1);
  wakeAll(generation);
  for (std::thread &worker : workers)
    worker.join();
  if (pinned)
    coresAreTaken = false;
}

/// Part `number` of `parts` equal ones of `whole` begins here.
static int64_t beginOf(int64_t number, int64_t whole, int64_t parts) {
  // The first (whole % parts) are one longer.
  return whole / parts * number + std::min(number, whole % parts);
}

static uint64_t pack(uint64_t first, uint64_t end) { return first << 32 | end; }

void Pool::shareOut() {
  int64_t threads = numThreads();
  numUnits = std::min(job.instances, threads * kUnitsPerThread);
  for (int64_t thread = 0; thread < threads; ++thread)
    shares[thread].units.store(pack(beginOf(thread, numUnits, threads),
                                    beginOf(thread + 1, numUnits, threads)),
                               std::memory_order_relaxed);
}

/// Takes half of what is left of the owner's share, the first half if it is the
/// owner who asks, and runs it; false when nothing is left.
bool Pool::runPart(unsigned owner, unsigned thread) {
  std::atomic<uint64_t> &units = shares[owner].units;
  uint64_t left = units.load(std::memory_order_relaxed), first, end, count;
  uint64_t after;
  do {
    first = left >> 32, end = left & UINT32_MAX;
    if (first >= end)
      return false;
    count = (end - first + 1) / 2;
    after =
        owner == thread ? pack(first + count, end) : pack(first, end - count);
  } while (
      !units.compare_exchange_weak(left, after, std::memory_order_relaxed));
  uint64_t begin = owner == thread ? first : end - count;
  job.call(job.closure, beginOf(begin, job.instances, numUnits),
           beginOf(begin + count, job.instances, numUnits), thread);
  return true;
}

void Pool::work(unsigned thread) {
  for (unsigned i = 0; i < numThreads(); ++i)
    while (runPart((thread + i) % numThreads(), thread))
      continue;
}

void Pool::workerLoop(unsigned thread, std::optional<unsigned> core) {
  if (core)
    bindToCore(*core);
  for (uint32_t seen = 0;; ++seen) {
    auto isCalled = [&] {
      return generation.load(std::memory_order_acquire) != seen;
    };
    if (!spins || !spinUntil(isCalled)) {
      sleepingWorkers.fetch_add(1);
      while (generation.load() == seen)
        sleepWhile(generation, seen);
      sleepingWorkers.fetch_sub(1);
    }
    if (stopping)
      return;
    work(thread);
    if (unfinished.fetch_sub(1) == 1 && callerSleeps.load())
      wakeAll(unfinished);
  }
}

void Pool::dispatch(Job next) {
  // One instance needs no company.
  if (workers.empty() || next.instances <= 1) {
    if (next.instances > 0)
      next.call(next.closure, 0, next.instances, 0);
    return;
  }
  job = next;
  shareOut();
  unfinished.store(uint32_t(workers.size()), std::memory_order_relaxed);
  generation.fetch_add(1);
  if (sleepingWorkers.load())
    wakeAll(generation);
  work(0);
  auto isDone = [&] { return unfinished.load(std::memory_order_acquire) == 0; };
  if (spins && spinUntil(isDone))
    return;
  callerSleeps.store(1);
  while (uint32_t left = unfinished.load())
    sleepWhile(unfinished, left);
  callerSleeps.store(0);
}

} // namespace tenon::rt
