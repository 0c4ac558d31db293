//===- Checksum.h - a fast 64-bit checksum against damage -----------------===//
//
// Eight lanes, each eating every eighth 8-byte word w as
//
//     state = rotate(state ^ w * odd1, 31) * odd2        (after xxHash64's
//     round)
//
// and folded into one number at the end together with the length. Each step and
// the fold are one-to-one in the word and in the lane, so a change inside one
// 8-byte word is always seen; damage elsewhere is missed with chance 2^-64. It
// runs at memory speed. It is no defence against somebody who wants to deceive:
// a hostile plan is caught by its checks, not here.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_CHECKSUM_H
#define TENON_RUNTIME_ABI_CHECKSUM_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::abi {

/// Bytes may come in pieces of any size: the sum depends on the bytes only.
class Checksum {
public:
  Checksum();
  void update(std::span<const std::byte> bytes);
  uint64_t finish() const;

private:
  static constexpr size_t kNumLanes = 8;
  static constexpr size_t kBlockBytes = kNumLanes * sizeof(uint64_t);
  using Lanes = std::array<uint64_t, kNumLanes>;

  static void eat(Lanes &lanes, const std::byte *block);

  Lanes lanes;
  std::array<std::byte, kBlockBytes>
      pending; ///< the first length % 64 bytes count
  uint64_t length = 0;
};

uint64_t checksum(std::span<const std::byte> bytes);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_CHECKSUM_H
