// What is measured is possible: figures that no CPU of our kind lies outside.

#include "runtime/Device/Cpu/Rates.h"

#include "runtime/Device/Cpu/Features.h"
#include "runtime/Device/Cpu/Pool.h"

#include <gtest/gtest.h>

namespace tenon::rt {
namespace {

TEST(Rates, ArePossible) {
  auto pool = Pool::create({1, false});
  ASSERT_TRUE(pool) << pool.error().message;
  auto rates = measureRates(**pool);
  ASSERT_TRUE(rates) << rates.error().message;
  // From one element a microsecond, under a slow sanitizer, to two registers of
  // 16 lanes at 8 GHz, for bf16 and int8 to a tile of 16 x 16 a cycle with 8
  // and 16 products in each element, and to ten times what a memory channel
  // gives.
  EXPECT_GT(rates->f32FlopsPerSecond, 1e6);
  EXPECT_LT(rates->f32FlopsPerSecond, 2 * 2 * 16 * 8e9);
  EXPECT_GT(rates->bf16FlopsPerSecond, 1e6);
  EXPECT_LT(rates->bf16FlopsPerSecond, 2 * 16 * 16 * 8 * 8e9);
  EXPECT_GT(rates->int8FlopsPerSecond, 1e6);
  EXPECT_LT(rates->int8FlopsPerSecond, 2 * 16 * 16 * 16 * 8e9);
  EXPECT_GT(rates->bytesPerSecond, 1e6);
  EXPECT_LT(rates->bytesPerSecond, 5e11);
}

} // namespace
} // namespace tenon::rt
