// A driver that cannot be used is refused in one clear message; what it refuses
// later is named as it names it.

#include "runtime/Device/Cuda/CudaDevice.h"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::rt;

namespace {

std::string errorOf(const char *library) {
  auto driver = Driver::load(library);
  return driver ? "no error" : driver.error().message;
}

std::string refused(const std::string &library, const std::string &why) {
  return "the CUDA driver '" + library + "' cannot be used: " + why;
}

TEST(Driver, MissingLibrary) {
  EXPECT_EQ(errorOf("/nowhere/libcuda.so.1"),
            refused("/nowhere/libcuda.so.1",
                    "/nowhere/libcuda.so.1: cannot open shared object file: No "
                    "such file or directory"));
}

TEST(Driver, MissingFunction) {
  EXPECT_EQ(errorOf(FAKE_WITHOUT_LAUNCH),
            refused(FAKE_WITHOUT_LAUNCH, "it has no cuLaunchKernel"));
}

TEST(Driver, DoesNotStart) {
  EXPECT_EQ(errorOf(FAKE_WITHOUT_DEVICE),
            refused(FAKE_WITHOUT_DEVICE,
                    "cuInit: CUDA_ERROR_NO_DEVICE (in words, 100)"));
}

TEST(Driver, TooOld) {
  EXPECT_EQ(errorOf(FAKE_OLD),
            refused(FAKE_OLD, "it is of CUDA 12.8, expected 13.0 or newer"));
}

TEST(Driver, ErrorsAreNamed) {
  auto driver = Driver::load(FAKE_DRIVER);
  ASSERT_TRUE(driver) << driver.error().message;
  EXPECT_TRUE((*driver)->check(cu::kSuccess, "a copy"));
  auto known = (*driver)->check(cu::kNotSupported, "a copy");
  EXPECT_EQ(known.error().message,
            "a copy: CUDA_ERROR_NOT_SUPPORTED (in words, 801)");
  EXPECT_EQ(known.error().code, Code::Internal);
  auto unknown = (*driver)->check(4711, "a copy");
  EXPECT_EQ(unknown.error().message, "a copy: unknown error (, 4711)");
}

TEST(CudaDevice, Names) {
  for (const char *name : {"cuda:0", "cuda:12", "vgpu", "vgpu:3"})
    EXPECT_TRUE(isCudaName(name)) << name;
  for (const char *name :
       {"", "cpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "vgpu:"})
    EXPECT_FALSE(isCudaName(name)) << name;
  auto none = CudaDevice::open("tpu", "sm_80");
  EXPECT_EQ(none.error().message, "there is no device 'tpu'; expected cpu, "
                                  "cuda:N, vgpu or vgpu:N");
  EXPECT_EQ(none.error().code, Code::BadInput);
}

TEST(CudaDevice, OpensAndRefuses) {
  setenv("TENON_CUDA_DRIVER", FAKE_DRIVER, 1);
  auto device = CudaDevice::open("cuda:0", "sm_90");
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ((*device)->compute(), 90);
  EXPECT_FALSE((*device)->isVirtual());
  EXPECT_EQ(*CudaDevice::open("cuda:0", "sm_90"), *device) << "once for a name";
  auto second = CudaDevice::open("cuda:1", "sm_90");
  EXPECT_EQ(second.error().message,
            "there is no device 'cuda:1': the driver '" FAKE_DRIVER "' has 1");
  EXPECT_EQ(second.error().code, Code::NoKernel);

  auto memory = (*device)->allocate(1000, "the arena");
  ASSERT_TRUE(memory) << memory.error().message;
  EXPECT_EQ(memory->address(), 4096u);
  EXPECT_EQ(memory->sizeBytes(), 1000u);
  auto tooMuch = (*device)->allocate(1001, "the arena");
  EXPECT_EQ(tooMuch.error().code, Code::NoMemory);
  EXPECT_EQ(tooMuch.error().message,
            "1001 bytes for the arena on cuda:0: CUDA_ERROR_OUT_OF_MEMORY (in "
            "words, 2)");
  int host = 0;
  EXPECT_TRUE((*device)->copyIn(4096, &host, 0)) << "nothing to do";
  EXPECT_EQ((*device)->copyIn(4096, &host, 4).error().message,
            "a copy of 4 bytes to cuda:0: CUDA_ERROR_NOT_SUPPORTED (in words, "
            "801)");
  EXPECT_EQ(
      (*device)->load("", "gelu").error().message,
      "kernel 'gelu' on cuda:0: CUDA_ERROR_NOT_SUPPORTED (in words, 801)");
  EXPECT_EQ((*device)->synchronize("a run").error().message,
            "a run: CUDA_ERROR_NOT_SUPPORTED (in words, 801)");
}

} // namespace
