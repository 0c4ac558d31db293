// Memory is zeroed, aligned, and asking for too much is an error.

#include "runtime/Core/Pages.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

TEST(Pages, AreZeroedAndAligned) {
  auto pages = Pages::reserve(5000, "a test");
  ASSERT_TRUE(pages) << pages.error().message;
  EXPECT_EQ(pages->sizeBytes(), 5000u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pages->data()) % kPageBytes, 0u);
  EXPECT_EQ(std::count(pages->data(), pages->data() + 5000, std::byte{0}),
            5000);
  pages->data()[4999] = std::byte{1};
}

TEST(Pages, NoBytesHaveAnAddressToo) {
  auto pages = Pages::reserve(0, "a test");
  ASSERT_TRUE(pages);
  EXPECT_NE(pages->data(), nullptr);
  EXPECT_EQ(pages->sizeBytes(), 0u);
}

TEST(Pages, TooMuchIsAnError) {
  for (uint64_t bytes : {uint64_t(1) << 47, UINT64_MAX}) {
    auto pages = Pages::reserve(bytes, "the arena");
    ASSERT_FALSE(pages);
    EXPECT_EQ(pages.error().code, Code::NoMemory);
    EXPECT_EQ(pages.error().message, "cannot reserve " + std::to_string(bytes) +
                                         " bytes for the arena");
  }
}

TEST(Pages, ManyBytesBeginWithAHugePage) {
  constexpr uint64_t kHuge = uint64_t(2) << 20, kBytes = 3 * kHuge + 5000;
  auto pages = Pages::reserve(kBytes, "a test");
  ASSERT_TRUE(pages) << pages.error().message;
  EXPECT_EQ(pages->sizeBytes(), kBytes);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pages->data()) % kHuge, 0u);
  EXPECT_EQ(std::count(pages->data(), pages->data() + kBytes, std::byte{0}),
            std::ptrdiff_t(kBytes));
  pages->data()[kBytes - 1] = std::byte{1};
}

} // namespace
