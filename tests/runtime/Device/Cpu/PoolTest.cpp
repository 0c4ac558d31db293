// The pool covers every instance once, synchronizes, sleeps and wakes.

#include "runtime/Device/Cpu/Pool.h"
#include "runtime/Device/Cpu/Topology.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <set>
#include <thread>

using namespace tenon::rt;

namespace {

std::unique_ptr<Pool> poolOf(unsigned numThreads, bool pin = false) {
  auto pool = Pool::create({numThreads, pin});
  EXPECT_TRUE(pool) << pool.error().message;
  return std::move(*pool);
}

TEST(Pool, EveryInstanceRunsOnce) {
  for (unsigned numThreads : {1u, 2u, 3u, 5u}) {
    std::unique_ptr<Pool> pool = poolOf(numThreads);
    EXPECT_EQ(pool->numThreads(), numThreads);
    for (int64_t instances : {0, 1, 2, 3, 4, 5, 7, 100}) {
      std::vector<int> runs(size_t(instances), 0);
      pool->run(instances, [&](int64_t begin, int64_t end, unsigned thread) {
        EXPECT_LT(thread, numThreads);
        for (int64_t i = begin; i < end; ++i)
          ++runs[size_t(i)]; // disjoint: no lock is needed
      });
      EXPECT_EQ(std::vector<int>(size_t(instances), 1), runs)
          << instances << " instances on " << numThreads << " threads";
    }
  }
}

TEST(Pool, WhoIsDoneTakesFromTheOthers) {
  // Who has instance 0 waits for all others: some of them were in his share.
  constexpr int64_t kInstances = 64;
  std::unique_ptr<Pool> pool = poolOf(2);
  std::atomic<int64_t> done = 0;
  pool->run(kInstances, [&](int64_t begin, int64_t end, unsigned) {
    while (begin == 0 && done < kInstances - end)
      std::this_thread::yield();
    done += end - begin;
  });
  EXPECT_EQ(done, kInstances);
}

TEST(Pool, ARunSeesWhatTheOneBeforeWrote) {
  // Each run reads what other threads wrote in the run before: a missing
  // barrier gives wrong sums, and the thread sanitizer sees the race.
  constexpr int64_t kSize = 64;
  std::unique_ptr<Pool> pool = poolOf(4);
  std::vector<int64_t> from(kSize, 1), to(kSize);
  for (int step = 0; step < 2000; ++step) {
    pool->run(kSize, [&](int64_t begin, int64_t end, unsigned) {
      for (int64_t i = begin; i < end; ++i)
        to[size_t(i)] = from[size_t(kSize - 1 - i)] + 1;
    });
    std::swap(from, to);
  }
  EXPECT_EQ(from, std::vector<int64_t>(kSize, 2001));
}

TEST(Pool, WakesWorkersThatSleep) {
  std::unique_ptr<Pool> pool = poolOf(2);
  int64_t sum = 0;
  for (int run = 0; run < 5; ++run) {
    // Much longer than workers spin.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::vector<int64_t> parts(2);
    pool->run(
        2, [&](int64_t begin, int64_t, unsigned) { parts[size_t(begin)] = 1; });
    sum += parts[0] + parts[1];
  }
  EXPECT_EQ(sum, 10);
}

TEST(Pool, TheCallerSleepsUntilASlowWorkerIsDone) {
  std::unique_ptr<Pool> pool = poolOf(2);
  std::atomic<bool> hasBegun = false;
  bool isDone = false;
  pool->run(2, [&](int64_t, int64_t, unsigned thread) {
    while (thread == 0 && !hasBegun) // or it would do the worker's part, too
      std::this_thread::yield();
    if (thread == 1) {
      hasBegun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      isDone = true;
    }
  });
  EXPECT_TRUE(isDone);
}

TEST(Pool, PoolsRunAtTheSameTime) {
  auto work = [](int64_t *sum) {
    std::unique_ptr<Pool> pool = poolOf(3);
    for (int run = 0; run < 200; ++run) {
      std::vector<int64_t> parts(3);
      pool->run(30, [&](int64_t begin, int64_t end, unsigned thread) {
        parts[thread] += end - begin;
      });
      *sum += std::accumulate(parts.begin(), parts.end(), int64_t(0));
    }
  };
  int64_t first = 0, second = 0;
  std::thread other(work, &first);
  work(&second);
  other.join();
  EXPECT_EQ(first, 6000);
  EXPECT_EQ(second, 6000);
}

TEST(Pool, OneInstanceRunsOnTheCaller) {
  std::unique_ptr<Pool> pool = poolOf(4);
  std::thread::id where;
  pool->run(1, [&](int64_t, int64_t, unsigned) {
    where = std::this_thread::get_id();
  });
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(Pool, OnlyOnePoolIsPinned) {
  unsigned numCores = unsigned(allowedCores().size());
  if (numCores < 2)
    GTEST_SKIP() << "one core: nothing to pin to";
  std::unique_ptr<Pool> first = poolOf(numCores, true);
  EXPECT_TRUE(first->isPinned());
  EXPECT_FALSE(poolOf(numCores, true)->isPinned());
  first.reset();
  EXPECT_TRUE(poolOf(numCores, true)->isPinned());
  EXPECT_FALSE(poolOf(numCores + 1, true)->isPinned());
  EXPECT_FALSE(poolOf(numCores, false)->isPinned());
}

TEST(Topology, CoresAreAllowedCpus) {
  std::vector<unsigned> cpus = allowedCpus(), cores = allowedCores();
  EXPECT_FALSE(cores.empty());
  std::set<unsigned> allowed(cpus.begin(), cpus.end());
  for (unsigned core : cores)
    EXPECT_TRUE(allowed.count(core)) << core;
}

/// chooseNumThreads(0) with this in the environment.
std::string chosenWith(const char *value) {
  setenv("TENON_NUM_THREADS", value, 1);
  auto chosen = chooseNumThreads(0);
  unsetenv("TENON_NUM_THREADS");
  return chosen ? std::to_string(*chosen) : chosen.error().message;
}

TEST(NumThreads, TheCallersWordCountsMost) {
  setenv("TENON_NUM_THREADS", "7", 1);
  EXPECT_EQ(*chooseNumThreads(3), 3u);
  unsetenv("TENON_NUM_THREADS");
  EXPECT_EQ(chooseNumThreads(1025).error().message,
            "1025 threads are asked for, expected 1 to 1024");
}

TEST(NumThreads, Environment) {
  EXPECT_EQ(chosenWith("7"), "7");
  EXPECT_EQ(chosenWith(""), std::to_string(allowedCores().size()));
  for (const char *wrong : {"0", "1025", "-1", "two", "2 ", "99999999999"})
    EXPECT_EQ(chosenWith(wrong), std::string("TENON_NUM_THREADS is '") + wrong +
                                     "', expected a number from 1 to 1024");
}

} // namespace
