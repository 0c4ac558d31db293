// The best of several tries of the machine's loops.

#include "runtime/Device/Cpu/Rates.h"

#include "runtime/Core/Pages.h"
#include "runtime/Device/Cpu/MachineLoops.h"
#include "runtime/Device/Cpu/Pool.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace tenon::rt {
namespace {

/// The least seconds that `work` takes, of `numTries`.
template <typename Work> double leastSeconds(int numTries, Work work) {
  double least = 0;
  for (int i = 0; i < numTries; ++i) {
    auto start = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double> taken =
        std::chrono::steady_clock::now() - start;
    least = i == 0 ? taken.count() : std::min(least, taken.count());
  }
  return least;
}

constexpr int kNumTries = 5;

/// Operations a second of all threads together.
double flopsPerSecond(Pool &pool, const Loop &loop) {
  constexpr int64_t kParts = 4; // a few milliseconds a try are enough
  int64_t rounds = loop.rounds / kParts;
  double seconds = leastSeconds(kNumTries, [&] {
    pool.run(pool.numThreads(),
             [&](int64_t, int64_t, unsigned) { keep(loop.run(rounds)); });
  });
  return 2.0 * double(loop.macsPerRound) * double(rounds) * pool.numThreads() /
         seconds;
}

Result<double> bytesPerSecond(Pool &pool, const Loops &loops) {
  constexpr int64_t kReadBytes = 256
                                 << 20; // more than a core's share of caches
  constexpr int64_t kPieceBytes = 1 << 20;
  auto pages = Pages::reserve(kReadBytes, "measuring how fast memory is");
  if (!pages)
    return pages.error();
  std::byte *data = pages->data();
  auto eachPiece = [&](auto use) {
    pool.run(
        kReadBytes / kPieceBytes, [&](int64_t begin, int64_t end, unsigned) {
          use(data + begin * kPieceBytes, size_t((end - begin) * kPieceBytes));
        });
  };
  // All pages of zeros would be one page, which a cache holds.
  eachPiece(
      [](std::byte *piece, size_t bytes) { std::memset(piece, 1, bytes); });
  double seconds = leastSeconds(kNumTries, [&] {
    eachPiece([&](const std::byte *piece, size_t bytes) {
      keep(loops.addUp(reinterpret_cast<const float *>(piece),
                       bytes / sizeof(float)));
    });
  });
  return double(kReadBytes) / seconds;
}

} // namespace

Result<Rates> measureRates(Pool &pool) {
  Loops loops = chooseLoops();
  double f32 = flopsPerSecond(pool, loops.f32);
  double bf16 = flopsPerSecond(pool, loops.bf16);
  double int8 = flopsPerSecond(pool, loops.int8);
  Result<double> bytes = bytesPerSecond(pool, loops);
  if (!bytes)
    return bytes.error();
  return Rates{f32, bf16, int8, *bytes};
}

} // namespace tenon::rt
