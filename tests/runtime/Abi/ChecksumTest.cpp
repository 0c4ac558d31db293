// The checksum sees every small change and does not depend on pieces.

#include "runtime/Abi/Checksum.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

using namespace tenon::abi;

namespace {

std::vector<std::byte> numbered(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = std::byte(i * 7 + 1);
  return bytes;
}

TEST(Checksum, IsPartOfTheFormat) {
  EXPECT_EQ(checksum({}), 0xc941b503d941164eu);
  EXPECT_EQ(checksum(numbered(1000)), 0x96bef86e47bd21a6u);
}

TEST(Checksum, DoesNotDependOnThePieces) {
  std::vector<std::byte> bytes = numbered(1000);
  for (size_t piece : {1, 3, 8, 63, 64, 65, 500, 1000}) {
    Checksum sum;
    for (size_t at = 0; at < bytes.size(); at += piece)
      sum.update(
          std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    EXPECT_EQ(sum.finish(), checksum(bytes)) << "pieces of " << piece;
  }
}

TEST(Checksum, SeesEveryFlippedBit) {
  std::vector<std::byte> bytes = numbered(200);
  std::set<uint64_t> sums = {checksum(bytes)};
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_TRUE(sums.insert(checksum(bytes)).second) << "bit " << bit;
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
}

TEST(Checksum, SeesHowManyZerosThereAre) {
  std::set<uint64_t> sums;
  for (size_t size = 0; size < 300; ++size)
    EXPECT_TRUE(sums.insert(checksum(std::vector<std::byte>(size))).second)
        << size;
}

TEST(Checksum, SeesSwappedWords) {
  std::vector<std::byte> bytes = numbered(256), swapped = bytes;
  std::swap_ranges(swapped.begin(), swapped.begin() + 64, swapped.begin() + 64);
  EXPECT_NE(checksum(bytes), checksum(swapped));
}

} // namespace
