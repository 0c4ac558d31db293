// The checksum of artifacts and weights.

#include "runtime/Abi/Checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tenon::abi {

// Odd, with bits spread evenly: the fractions of the golden ratio and of the
// square root of 3.
static constexpr uint64_t kOdd1 = 0x9e3779b97f4a7c15ULL;
static constexpr uint64_t kOdd2 = 0xbb67ae8584caa73bULL;

static uint64_t step(uint64_t state, uint64_t word) {
  return std::rotl(state ^ word * kOdd1, 31) * kOdd2;
}

Checksum::Checksum() {
  for (size_t lane = 0; lane < kNumLanes; ++lane)
    lanes[lane] = kOdd1 * (lane + 1);
}

void Checksum::eat(Lanes &lanes, const std::byte *block) {
  uint64_t words[kNumLanes];
  std::memcpy(words, block, kBlockBytes);
  for (size_t lane = 0; lane < kNumLanes; ++lane)
    lanes[lane] = step(lanes[lane], words[lane]);
}

void Checksum::update(std::span<const std::byte> bytes) {
  size_t filled = length % kBlockBytes;
  length += bytes.size();
  if (filled) {
    size_t taken = std::min(bytes.size(), kBlockBytes - filled);
    std::copy_n(bytes.begin(), taken, pending.begin() + filled);
    bytes = bytes.subspan(taken);
    if (filled + taken < kBlockBytes)
      return;
    eat(lanes, pending.data());
  }
  for (; bytes.size() >= kBlockBytes; bytes = bytes.subspan(kBlockBytes))
    eat(lanes, bytes.data());
  std::copy(bytes.begin(), bytes.end(), pending.begin());
}

uint64_t Checksum::finish() const {
  Lanes last = lanes;
  if (size_t filled = length % kBlockBytes) {
    std::array<std::byte, kBlockBytes> block{};
    std::copy_n(pending.begin(), filled, block.begin());
    eat(last, block.data());
  }
  uint64_t sum = length;
  for (uint64_t lane : last)
    sum = step(sum, lane);
  // The last word has passed one step only; spread it over all bits.
  sum ^= sum >> 32;
  sum *= kOdd1;
  return sum ^ sum >> 29;
}

uint64_t checksum(std::span<const std::byte> bytes) {
  Checksum sum;
  sum.update(bytes);
  return sum.finish();
}

} // namespace tenon::abi
