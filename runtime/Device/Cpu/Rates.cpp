// Long chains of multiply-adds in registers, and sums of a large buffer.

#include "runtime/Device/Cpu/Rates.h"

#include "runtime/Core/Pages.h"
#include "runtime/Device/Cpu/Features.h"
#include "runtime/Device/Cpu/Pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

namespace tenon::rt {
namespace {

// Registers of 4, 8 and 16 floats.
using Vector4 [[gnu::vector_size(16)]] = float;
using Vector8 [[gnu::vector_size(32)]] = float;
using Vector16 [[gnu::vector_size(64)]] = float;

// A multiply-add has a latency of 4 cycles and CPUs start up to 2 in one, so 8
// chains keep them busy; 12 fit into 16 registers with the factor and the term.
constexpr int kNumChains = 12;

/// `rounds` multiply-adds of each chain. The result must be used.
template <typename Vector>
[[gnu::always_inline]] inline float multiplyAdd(int64_t rounds) {
  Vector chains[kNumChains] = {}, factor = Vector{} + 0.5f, term = factor;
  for (int64_t round = 0; round < rounds; ++round) {
    // Unrolled, or a compiler may keep the chains in memory.
#pragma GCC unroll 12
    for (Vector &chain : chains)
      chain = chain * factor + term;
    // Otherwise the compiler would find out where the chains converge.
    asm volatile("" : "+m"(factor));
  }
  Vector sum = {};
  for (Vector chain : chains)
    sum += chain;
  return sum[0];
}

/// Adds up `count` floats, a multiple of 64. The result must be used.
template <typename Vector>
[[gnu::always_inline]] inline float addUp(const float *data, int64_t count) {
  constexpr int64_t kStep = sizeof(Vector) / sizeof(float);
  Vector sums[4] = {};
  for (int64_t i = 0; i + 4 * kStep <= count; i += 4 * kStep)
    for (int64_t chain = 0; chain < 4; ++chain) {
      Vector next;
      std::memcpy(&next, data + i + chain * kStep, sizeof(next));
      sums[chain] += next;
    }
  Vector sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0];
}

/// The widest form that this CPU has.
struct Loops {
  int64_t lanes;
  float (*multiplyAdd)(int64_t rounds);
  float (*addUp)(const float *data, int64_t count);
};

[[gnu::target("avx512f,fma")]] float multiplyAdd16(int64_t rounds) {
  return multiplyAdd<Vector16>(rounds);
}
[[gnu::target("avx512f,fma")]] float addUp16(const float *data, int64_t count) {
  return addUp<Vector16>(data, count);
}
[[gnu::target("avx2,fma")]] float multiplyAdd8(int64_t rounds) {
  return multiplyAdd<Vector8>(rounds);
}
[[gnu::target("avx2,fma")]] float addUp8(const float *data, int64_t count) {
  return addUp<Vector8>(data, count);
}
float multiplyAdd4(int64_t rounds) { return multiplyAdd<Vector4>(rounds); }
float addUp4(const float *data, int64_t count) {
  return addUp<Vector4>(data, count);
}

Loops chooseLoops() {
  const CpuFeatures &cpu = CpuFeatures::host();
  if (cpu.has("avx512f"))
    return {16, multiplyAdd16, addUp16};
  if (cpu.has("avx2") && cpu.has("fma"))
    return {8, multiplyAdd8, addUp8};
  return {4, multiplyAdd4, addUp4};
}

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

} // namespace

Result<Rates> measureRates(Pool &pool) {
  constexpr int64_t kRounds = 1 << 18; // a few milliseconds
  constexpr int64_t kReadBytes = 256
                                 << 20; // more than a core's share of caches
  constexpr int64_t kPieceBytes = 1 << 20;
  constexpr int kNumTries = 5;
  Loops loops = chooseLoops();
  std::atomic<float> sink = 0; // so that nothing is left out

  unsigned numThreads = pool.numThreads();
  double seconds = leastSeconds(kNumTries, [&] {
    pool.run(numThreads, [&](int64_t, int64_t, unsigned) {
      sink = loops.multiplyAdd(kRounds);
    });
  });
  double flops = 2.0 * kNumChains * double(loops.lanes * kRounds) * numThreads;

  auto pages = Pages::reserve(kReadBytes, "measuring how fast memory is");
  if (!pages)
    return pages.error();
  std::byte *data = pages->data();
  auto eachPiece = [&](auto use) {
    pool.run(kReadBytes / kPieceBytes,
             [&](int64_t begin, int64_t end, unsigned) {
               use(data + begin * kPieceBytes, (end - begin) * kPieceBytes);
             });
  };
  // All pages of zeros would be one page, which a cache holds.
  eachPiece([](std::byte *piece, int64_t bytes) {
    std::memset(piece, 1, size_t(bytes));
  });
  double readSeconds = leastSeconds(kNumTries, [&] {
    eachPiece([&](const std::byte *piece, int64_t bytes) {
      sink = loops.addUp(reinterpret_cast<const float *>(piece),
                         bytes / int64_t(sizeof(float)));
    });
  });
  return Rates{flops / seconds, double(kReadBytes) / readSeconds};
}

} // namespace tenon::rt
