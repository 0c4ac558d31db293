// Chains of multiply-adds in registers, in tiles with operands from L1, and
// sums of a large buffer, each in the widest form that the CPU has.

#include "runtime/Device/Cpu/MachineLoops.h"

#include "runtime/Device/Cpu/Features.h"

#include <cstring>
#include <immintrin.h>
#include <random>

namespace tenon::rt {
namespace {

// Registers of 4, 8 and 16 floats, and of 16 integers.
using Vector4 [[gnu::vector_size(16)]] = float;
using Vector8 [[gnu::vector_size(32)]] = float;
using Vector16 [[gnu::vector_size(64)]] = float;
using Integers16 [[gnu::vector_size(64)]] = int32_t;

// A multiply-add has a latency of 4 to 6 cycles and CPUs start up to 2 in one,
// so 12 chains keep them busy; with the operands they fit into 16 registers.
// g++ keeps an array in registers only where the loop over it is unrolled
// early, which the pragmas ask for.
constexpr int kNumChains = 12;

/// Every chain starts at another value, or they would be one.
template <typename Vector> struct Chains {
  Vector at[kNumChains];

  [[gnu::always_inline]] Chains() {
#pragma GCC unroll kNumChains
    for (int i = 0; i < kNumChains; ++i)
      at[i] = Vector{} + decltype(Vector{}[0] + 0)(i);
  }
  [[gnu::always_inline]] float sum() const {
    Vector all = {};
#pragma GCC unroll kNumChains
    for (Vector chain : at)
      all += chain;
    return float(all[0]);
  }
};

template <typename Vector>
[[gnu::always_inline]] inline float multiplyAdd(int64_t rounds) {
  Chains<Vector> chains;
  Vector factor = Vector{} + 0.5f, term = factor;
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll kNumChains
    for (Vector &chain : chains.at)
      chain = chain * factor + term;
    // Otherwise the compiler would find out where the chains converge.
    asm volatile("" : "+m"(factor));
  }
  return chains.sum();
}

template <typename Vector>
[[gnu::always_inline]] inline float addUpBy(const float *data, size_t count) {
  constexpr size_t kLanes = sizeof(Vector) / sizeof(float);
  Vector sums[4] = {};
  for (size_t i = 0; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (size_t chain = 0; chain < 4; ++chain) {
      Vector next;
      std::memcpy(&next, data + i + chain * kLanes, sizeof(next));
      sums[chain] += next;
    }
  Vector sum = sums[0] + sums[1] + sums[2] + sums[3];
  return sum[0];
}

[[gnu::target("avx512f")]] float multiplyAdd16(int64_t rounds) {
  return multiplyAdd<Vector16>(rounds);
}
[[gnu::target("avx2,fma")]] float multiplyAdd8(int64_t rounds) {
  return multiplyAdd<Vector8>(rounds);
}
float multiplyAdd4(int64_t rounds) { return multiplyAdd<Vector4>(rounds); }
[[gnu::target("avx512f")]] float addUp16(const float *data, size_t count) {
  return addUpBy<Vector16>(data, count);
}
[[gnu::target("avx2")]] float addUp8(const float *data, size_t count) {
  return addUpBy<Vector8>(data, count);
}
float addUp4(const float *data, size_t count) {
  return addUpBy<Vector4>(data, count);
}

[[gnu::target("avx512f,avx512bf16")]] float dotBf16(int64_t rounds) {
  Chains<Vector16> chains;
  __m512i bits = _mm512_set1_epi16(0x3f00); // 0.5
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll kNumChains
    for (Vector16 &chain : chains.at)
      chain = Vector16(
          _mm512_dpbf16_ps(__m512(chain), __m512bh(bits), __m512bh(bits)));
    asm volatile("" : "+m"(bits));
  }
  return chains.sum();
}

[[gnu::target("avx512f,avx512vnni")]] float dotInt8(int64_t rounds) {
  Chains<Integers16> chains;
  __m512i bytes = _mm512_set1_epi8(1);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll kNumChains
    for (Integers16 &chain : chains.at)
      chain = Integers16(_mm512_dpbusd_epi32(__m512i(chain), bytes, bytes));
    asm volatile("" : "+m"(bytes));
  }
  return chains.sum();
}

//===--- Tiles ------------------------------------------------------------===//

constexpr int kNumTiles = 8, kTileRows = 16, kTileRowBytes = 64;
constexpr int64_t kTileBytes = kTileRows * kTileRowBytes;

/// What ldtilecfg reads.
struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t reserved[15] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};

  TileShapes() {
    for (int tile = 0; tile < kNumTiles; ++tile) {
      rowBytes[tile] = kTileRowBytes;
      rows[tile] = kTileRows;
    }
  }
};

/// Each thread has its own tiles.
[[gnu::target("amx-tile")]] void setUpTiles() {
  TileShapes shapes;
  // g++ 12 takes ldtilecfg for a read of 8 bytes and drops the other stores.
  asm volatile("" : : "r"(&shapes) : "memory");
  _tile_loadconfig(&shapes);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

/// Numbers between 0.5 and 2 of both signs as bf16, any bytes as int8. Not
/// zeros: the machine multiplies those a fifth faster than numbers, on less
/// power.
struct alignas(64) Operands {
  uint16_t halves[4 * kTileBytes / 2];

  Operands() {
    std::minstd_rand random;
    for (uint16_t &half : halves)
      half = uint16_t((random() >> 8 & 0x80ff) | 0x3f00);
  }
  const uint8_t *tile(int64_t n) const {
    return reinterpret_cast<const uint8_t *>(halves) + n * kTileBytes;
  }
};

/// Two tiles of each operand from L1, multiplied with each other as a matmul of
/// 32 rows and 32 columns does it: four loads for four products.
#define TENON_TILE_LOOP(dot)                                                   \
  static const Operands operands;                                              \
  setUpTiles();                                                                \
  for (int64_t round = 0; round < rounds; ++round) {                           \
    _tile_loadd(4, operands.tile(0), kTileRowBytes);                           \
    _tile_loadd(5, operands.tile(1), kTileRowBytes);                           \
    _tile_loadd(6, operands.tile(2), kTileRowBytes);                           \
    _tile_loadd(7, operands.tile(3), kTileRowBytes);                           \
    dot(0, 4, 6);                                                              \
    dot(1, 4, 7);                                                              \
    dot(2, 5, 6);                                                              \
    dot(3, 5, 7);                                                              \
  }                                                                            \
  _tile_release();                                                             \
  return 0

[[gnu::target("amx-tile,amx-bf16")]] float dotTilesBf16(int64_t rounds) {
  TENON_TILE_LOOP(_tile_dpbf16ps);
}
[[gnu::target("amx-tile,amx-int8")]] float dotTilesInt8(int64_t rounds) {
  TENON_TILE_LOOP(_tile_dpbusd);
}
#undef TENON_TILE_LOOP

bool mayUseTiles() {
  const CpuFeatures &cpu = CpuFeatures::host();
  return cpu.has("amx-bf16") && cpu.has("amx-int8") && requestTileRegisters();
}

constexpr int64_t kVectorRounds = 1 << 20, kTileRounds = 1 << 17;

} // namespace

Loops chooseLoops() {
  const CpuFeatures &cpu = CpuFeatures::host();
  Loops loops = {.f32 = {multiplyAdd4, kNumChains * 4, kVectorRounds},
                 .addUp = addUp4};
  if (cpu.has("avx512f")) {
    loops.f32 = {multiplyAdd16, kNumChains * 16, kVectorRounds};
    loops.addUp = addUp16;
  } else if (cpu.has("avx2") && cpu.has("fma")) {
    loops.f32 = {multiplyAdd8, kNumChains * 8, kVectorRounds};
    loops.addUp = addUp8;
  }
  loops.bf16 = loops.int8 = loops.f32;
  if (cpu.has("avx512bf16"))
    loops.bf16 = {dotBf16, kNumChains * 32, kVectorRounds};
  if (cpu.has("avx512vnni"))
    loops.int8 = {dotInt8, kNumChains * 64, kVectorRounds};
  if (cpu.has("avx512bf16") && cpu.has("avx512vnni"))
    loops.unit = "avx512";
  if (mayUseTiles()) {
    loops.bf16 = {dotTilesBf16, 4 * 16 * 16 * 32, kTileRounds};
    loops.int8 = {dotTilesInt8, 4 * 16 * 16 * 64, kTileRounds};
    loops.unit = "amx";
  }
  return loops;
}

} // namespace tenon::rt
