// A driver is found, or one message says why not.

#include "runtime/Device/Cuda/Driver.h"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace tenon::rt;

namespace {

std::string errorOf(const Driver::Options &options) {
  auto driver = Driver::load(options);
  EXPECT_FALSE(driver);
  return driver ? "" : driver.error().message;
}

TEST(CudaDriver, IsLoadedOnce) {
  auto driver = Driver::load({.path = TENON_FAKE_DRIVER});
  ASSERT_TRUE(driver) << driver.error().message;
  EXPECT_EQ((*driver)->version(), 12040);
  EXPECT_EQ((*driver)->path(), TENON_FAKE_DRIVER);
  EXPECT_FALSE((*driver)->isVirtual());
  EXPECT_EQ(*driver, *Driver::load({.path = TENON_FAKE_DRIVER}));
}

TEST(CudaDriver, TheEnvironmentNamesIt) {
  setenv("TENON_CUDA_DRIVER", TENON_FAKE_DRIVER, 1);
  auto driver = Driver::load({Driver::Kind::Cuda, ""});
  auto again = Driver::load({Driver::Kind::VirtualGpu, ""});
  unsetenv("TENON_CUDA_DRIVER");
  ASSERT_TRUE(driver) << driver.error().message;
  EXPECT_EQ((*driver)->path(), TENON_FAKE_DRIVER);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*driver, *again);
}

TEST(CudaDriver, AMissingLibraryIsNamed) {
  auto driver = Driver::load({.path = "/nowhere/libcuda.so.1"});
  ASSERT_FALSE(driver);
  EXPECT_EQ(driver.error().code, Code::BadInput);
  EXPECT_EQ(driver.error().message,
            "no CUDA driver: /nowhere/libcuda.so.1: cannot open shared object "
            "file: No such file or directory");
}

TEST(CudaDriver, AnotherLibraryIsNoDriver) {
  EXPECT_EQ(errorOf({.path = "libm.so.6"}),
            "libm.so.6 is no CUDA driver: it has no cuDriverGetVersion");
}

TEST(CudaDriver, AnOldDriverIsToBeUpdated) {
  EXPECT_EQ(errorOf({.path = TENON_FAKE_OLD_DRIVER}),
            std::string("the CUDA driver ") + TENON_FAKE_OLD_DRIVER +
                " is of CUDA 11.8, expected 12.0 or newer: update the driver");
}

TEST(CudaDriver, AMissingFunctionIsNamed) {
  EXPECT_EQ(errorOf({.path = TENON_FAKE_PARTIAL_DRIVER}),
            std::string("the CUDA driver ") + TENON_FAKE_PARTIAL_DRIVER +
                " of CUDA 12.4 has no cuCtxPopCurrent_v2");
}

TEST(CudaDriver, ErrorsAreInTheDriversWords) {
  auto driver = Driver::load({.path = TENON_FAKE_DRIVER});
  ASSERT_TRUE(driver);
  using namespace tenon::cuda;
  Error full = (*driver)->errorOf(CUDA_ERROR_OUT_OF_MEMORY, "no ", 8, " bytes");
  EXPECT_EQ(full.code, Code::NoMemory);
  EXPECT_EQ(full.message, "no 8 bytes: fake error 2 (FAKE_NAME)");
  Error unnamed = (*driver)->errorOf(CUDA_ERROR_UNKNOWN, "it fails");
  EXPECT_EQ(unnamed.code, Code::Internal);
  EXPECT_EQ(unnamed.message, "it fails: CUDA error 999");
  EXPECT_EQ((*driver)->errorOf(CUDA_ERROR_INVALID_PTX, "").code,
            Code::NoKernel);
}

} // namespace
