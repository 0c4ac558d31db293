// Measures what the suite's limits are made of: f32, bf16 and int8
// multiply-adds and reads from memory, each at the best of a few short tries.
//
//   $ echo 2 | bench-machine
//   {"threads": 2, "f32": 2.8e11, "bf16": 4.3e12, "int8": 8.7e12,
//   "read": 2.2e10, "unit": "amx"}
//
// Each line of the input is a number of threads, and the kinds that are to be
// measured, if not all; operations and bytes a second of all threads together
// are the answer. `2 f32 read` is quick on what it leaves out.

#include "runtime/Device/Cpu/MachineLoops.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace tenon::rt {
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

double readRate(unsigned numThreads, const Loops &loops,
                const std::vector<float> &data) {
  size_t share = data.size() / numThreads / 64 * 64;
  double seconds = leastSecondsOf(numThreads, [&](unsigned thread) {
    keep(loops.addUp(data.data() + thread * share, share));
  });
  return double(share * numThreads * sizeof(float)) / seconds;
}

/// Whether `kinds` has the kind; all are meant where it names none.
bool names(const std::string &kinds, const std::string &kind) {
  std::istringstream words(kinds);
  std::string word;
  bool hasAny = false;
  while (words >> word) {
    if (word == kind)
      return true;
    hasAny = true;
  }
  return !hasAny;
}

void answer(unsigned numThreads, const std::string &kinds, const Loops &loops,
            const std::vector<float> &data) {
  std::printf("{\"threads\": %u", numThreads);
  auto print = [&](const char *kind, auto measure) {
    if (names(kinds, kind))
      std::printf(", \"%s\": %.4g", kind, measure());
  };
  print("f32", [&] { return rateOf(numThreads, loops.f32); });
  print("bf16", [&] { return rateOf(numThreads, loops.bf16); });
  print("int8", [&] { return rateOf(numThreads, loops.int8); });
  print("read", [&] { return readRate(numThreads, loops, data); });
  std::printf(", \"unit\": \"%s\"}\n", loops.unit);
  std::fflush(stdout);
}

} // namespace
} // namespace tenon::rt

int main() {
  using namespace tenon::rt;
  // Other values than zero: pages of zeros may be one page.
  std::vector<float> data(kReadBytes / sizeof(float), 1.0f);
  Loops loops = chooseLoops();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    unsigned numThreads = 0;
    std::string kinds;
    words >> numThreads;
    std::getline(words, kinds);
    if (numThreads == 0) {
      std::fprintf(stderr, "bench-machine: 0 threads, expected 1 or more\n");
      return 1;
    }
    answer(numThreads, kinds, loops, data);
  }
  return 0;
}
