// Which product's rates stand for a device.

#include "runtime/Device/Cuda/DataSheet.h"

#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

TEST(DataSheet, ADeviceIsFoundByItsName) {
  EXPECT_EQ(dataSheetOf(90, "NVIDIA H200").product, "H200 SXM");
  EXPECT_EQ(dataSheetOf(90, "NVIDIA H100 80GB HBM3").product, "H100 SXM");
  EXPECT_EQ(dataSheetOf(80, "NVIDIA A100-SXM4-80GB").rates.bytesPerSecond,
            2039e9);
}

TEST(DataSheet, OthersAreWhatTheirArchitectureIsKnownBy) {
  EXPECT_EQ(dataSheetOf(90).product, "H100 SXM");
  EXPECT_EQ(dataSheetOf(89, "NVIDIA L4").product, "RTX 4090");
  EXPECT_EQ(dataSheetOf(103).product, "B200");
  EXPECT_EQ(dataSheetOf(0).product, "A100 SXM");
}

} // namespace
