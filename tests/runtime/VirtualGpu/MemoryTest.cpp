// Device memory: addresses, bounds, quarantine, buffers inside an arena.

#include "runtime/VirtualGpu/Memory.h"

#include <gtest/gtest.h>

namespace tenon::vgpu {
namespace {

struct MemoryTest : testing::Test {
  std::shared_ptr<Memory> memory = *Memory::create();
};

TEST_F(MemoryTest, CopiesGoInAndOut) {
  Address base = *memory->allocate(0, 8, 0, "x");
  EXPECT_FALSE(memory->isInitialised(base, 8));
  uint32_t in[2] = {1, 2}, out[2] = {};
  ASSERT_TRUE(memory->copyIn(base, in, 8));
  ASSERT_TRUE(memory->copyOut(out, base, 8));
  EXPECT_EQ(out[1], 2u);
  EXPECT_TRUE(memory->isInitialised(base, 8));
}

TEST_F(MemoryTest, AnOverrunOfTheHostIsRefused) {
  Address base = *memory->allocate(0, 8, 0, "x");
  uint8_t bytes[16] = {};
  rt::Result<void> copied = memory->copyIn(base + 4, bytes, 8);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().message, "a copy to the device of 8 bytes at offset "
                                    "4 leaves 'x', which has 8 bytes");
}

TEST_F(MemoryTest, AFreedAddressStaysKnown) {
  Address base = *memory->allocate(0, 8, 0, "x");
  ASSERT_TRUE(memory->free(base));
  EXPECT_TRUE(memory->isFreedAt(base));
  EXPECT_EQ(memory->rangeAt(base).end, 0u);
  EXPECT_EQ(memory->describe(base + 4),
            "at byte 4 of 'x' (8 bytes), which was freed");
  rt::Result<void> again = memory->free(base);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "allocation 'x' was freed before");
  EXPECT_NE(*memory->allocate(0, 8, 0, "y"), base);
}

TEST_F(MemoryTest, ABufferBoundsItsPartOfTheArena) {
  Address arena = *memory->allocate(0, 1024, 0, "arena");
  ASSERT_TRUE(memory->announce(arena, 256, "q"));
  ASSERT_TRUE(memory->announce(arena + 512, 256, "k"));
  EXPECT_EQ(memory->rangeAt(arena + 8).end, arena + 256);
  EXPECT_EQ(memory->rangeAt(arena + 256).end, 0u);
  EXPECT_EQ(memory->describe(arena + 260),
            "4 bytes after the end of 'q' (256 bytes) in 'arena'");
  // The planner gives the bytes to another buffer.
  ASSERT_TRUE(memory->announce(arena + 128, 64, "v"));
  EXPECT_EQ(memory->rangeAt(arena + 8).end, 0u);
  EXPECT_EQ(memory->rangeAt(arena + 130).begin, arena + 128);
}

TEST_F(MemoryTest, LiveBytesFollowTheDevice) {
  Address first = *memory->allocate(1, 100, 0, "x");
  (void)*memory->allocate(2, 50, 0, "y");
  EXPECT_EQ(memory->liveBytes(1), 100u);
  ASSERT_TRUE(memory->free(first));
  EXPECT_EQ(memory->liveBytes(1), 0u);
  EXPECT_EQ(memory->liveBytes(2), 50u);
}

TEST_F(MemoryTest, AnAddressBetweenAllocationsIsToldByItsNeighbour) {
  Address first = *memory->allocate(0, 100, 0, "x");
  Address second = *memory->allocate(0, 100, 0, "y");
  EXPECT_EQ(memory->describe(first + 100),
            "0 bytes after the end of 'x' (100 bytes)");
  EXPECT_EQ(memory->describe(second - 4), "4 bytes before 'y' (100 bytes)");
}

} // namespace
} // namespace tenon::vgpu
