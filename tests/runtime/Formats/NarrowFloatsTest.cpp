// Every f16 and bf16 against the compiler's own types; 8-bit floats by hand.

#include "runtime/Formats/NarrowFloats.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

namespace tenon::rt {
namespace {

/// Equal bit by bit, but for what a NaN carries.
void expectSame(double found, double expected, uint32_t bits) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(found)) << bits;
  else
    EXPECT_EQ(std::bit_cast<uint64_t>(found), std::bit_cast<uint64_t>(expected))
        << bits;
}

TEST(NarrowFloats, EveryF16IsTheCompilersOwn) {
  for (uint32_t bits = 0; bits <= UINT16_MAX; ++bits)
    expectSame(decodeF16(uint16_t(bits)),
               double(std::bit_cast<_Float16>(uint16_t(bits))), bits);
}

TEST(NarrowFloats, EveryBF16IsTheUpperHalfOfAnF32) {
  for (uint32_t bits = 0; bits <= UINT16_MAX; ++bits)
    expectSame(decodeBF16(uint16_t(bits)),
               double(std::bit_cast<float>(bits << 16)), bits);
}

TEST(NarrowFloats, EightBits) {
  EXPECT_EQ(decodeF8E4M3(0x00), 0);
  EXPECT_EQ(decodeF8E4M3(0x01), 0x1p-9); // the least one
  EXPECT_EQ(decodeF8E4M3(0x08), 0x1p-6); // the least with a leading one
  EXPECT_EQ(decodeF8E4M3(0x38), 1);
  EXPECT_EQ(decodeF8E4M3(0xbc), -1.5);
  EXPECT_EQ(decodeF8E4M3(0x7e), 448);
  EXPECT_TRUE(std::isnan(decodeF8E4M3(0x7f)));
  EXPECT_TRUE(std::isnan(decodeF8E4M3(0xff)));

  EXPECT_EQ(decodeF8E5M2(0x01), 0x1p-16);
  EXPECT_EQ(decodeF8E5M2(0x3c), 1);
  EXPECT_EQ(decodeF8E5M2(0xfb), -57344);
  EXPECT_EQ(decodeF8E5M2(0x7c), HUGE_VAL);
  EXPECT_EQ(decodeF8E5M2(0xfc), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(decodeF8E5M2(0x7d)));
}

} // namespace
} // namespace tenon::rt
