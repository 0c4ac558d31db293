// Measures what the suite's limits are made of: f32, bf16 and int8
// multiply-adds and reads from memory, each at the best of a few short tries.
//
//   $ echo 2 | bench-machine
//   {"threads": 2, "f32": 2.8e11, "bf16": 4.3e12, "int8": 8.7e12,
//   "read": 2.2e10, "unit": "amx"}
//
// Each line of the input is a number of threads; operations and bytes a second
// of all of them together are the answer.

#include "tests/bench/MachineLoops.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace tenon::bench {
namespace {

constexpr int kNumTries = 3;
constexpr size_t kReadBytes = size_t(512) << 20; // more than any cache holds

using Seconds = std::chrono::duration<double>;

/// The seconds from when all threads began until the last has done its `work`.
double secondsOf(unsigned numThreads,
                 const std::function<void(unsigned)> &work) {
  std::barrier begin(numThreads);
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> starts(numThreads), ends(numThreads);
  auto body = [&](unsigned thread) {
    begin.arrive_and_wait();
    starts[thread] = Clock::now();
    work(thread);
    ends[thread] = Clock::now();
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < numThreads; ++thread)
    others.emplace_back(body, thread);
  body(0);
  for (std::thread &other : others)
    other.join();
  return Seconds(*std::max_element(ends.begin(), ends.end()) -
                 *std::min_element(starts.begin(), starts.end()))
      .count();
}

/// Others on the machine make a try slower, nothing makes it faster.
double leastSecondsOf(unsigned numThreads,
                      const std::function<void(unsigned)> &work) {
  double least = secondsOf(numThreads, work);
  for (int i = 1; i < kNumTries; ++i)
    least = std::min(least, secondsOf(numThreads, work));
  return least;
}

/// Operations a second; a multiply-add is two.
double rateOf(unsigned numThreads, const Loop &loop) {
  double seconds = leastSecondsOf(
      numThreads, [&](unsigned) { keep(loop.run(loop.rounds)); });
  return 2.0 * double(loop.macsPerRound) * double(loop.rounds) * numThreads /
         seconds;
}

double readRate(unsigned numThreads, const std::vector<float> &data) {
  size_t share = data.size() / numThreads;
  double seconds = leastSecondsOf(numThreads, [&](unsigned thread) {
    keep(addUp(data.data() + thread * share, share));
  });
  return double(share * numThreads * sizeof(float)) / seconds;
}

void answer(unsigned numThreads, const Loops &loops,
            const std::vector<float> &data) {
  std::printf("{\"threads\": %u, \"f32\": %.4g, \"bf16\": %.4g, "
              "\"int8\": %.4g, \"read\": %.4g, \"unit\": \"%s\"}\n",
              numThreads, rateOf(numThreads, loops.f32),
              rateOf(numThreads, loops.bf16), rateOf(numThreads, loops.int8),
              readRate(numThreads, data), loops.unit);
  std::fflush(stdout);
}

} // namespace
} // namespace tenon::bench

int main() {
  using namespace tenon::bench;
  // Other values than zero: pages of zeros may be one page.
  std::vector<float> data(kReadBytes / sizeof(float), 1.0f);
  Loops loops = chooseLoops();
  for (unsigned numThreads; std::cin >> numThreads;) {
    if (numThreads == 0) {
      std::fprintf(stderr, "bench-machine: 0 threads, expected 1 or more\n");
      return 1;
    }
    answer(numThreads, loops, data);
  }
  return 0;
}
