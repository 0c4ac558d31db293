// Properties, memory, and failures that last.

#include "runtime/Device/Cuda/Memory.h"
#include "tests/runtime/Device/Cuda/FakeDevice.h"

using namespace tenon;
using namespace tenon::rt;

namespace {

class CudaDevice : public test::FakeDeviceTest {};

TEST_F(CudaDevice, HasProperties) {
  const DeviceProperties &facts = device->properties();
  EXPECT_EQ(facts.name, "fake device 1");
  EXPECT_EQ(facts.capability(), 86);
  EXPECT_EQ(facts.memoryBytes, 1u << 20);
  EXPECT_EQ(facts.numSms, 132u);
  EXPECT_EQ(facts.warpSize, 32u);
  EXPECT_EQ(facts.maxThreadsPerBlock, 1024u);
  EXPECT_EQ(facts.sharedPerBlockBytes, 49152u);
  EXPECT_EQ(facts.sharedOptInBytes, 101376u);
  EXPECT_FALSE(facts.isVirtual);
}

TEST_F(CudaDevice, ThereAreOnlySoMany) {
  auto driver = *Driver::load({.path = TENON_FAKE_DRIVER});
  for (int ordinal : {2, -1}) {
    auto opened = Device::open(driver, ordinal);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::BadInput);
    EXPECT_EQ(opened.error().message, "CUDA device " + std::to_string(ordinal) +
                                          " is asked for, there are 2");
  }
}

TEST_F(CudaDevice, TheContextIsGivenBack) {
  auto driver = *Driver::load({.path = TENON_FAKE_DRIVER});
  ASSERT_TRUE(Device::open(driver, 0));
  EXPECT_EQ(fake->count("cuDevicePrimaryCtxRetain"), 1u);
  EXPECT_EQ(fake->count("cuDevicePrimaryCtxRelease_v2"), 1u);
  fake->failures["cuDevicePrimaryCtxRetain"] = cuda::CUDA_ERROR_OUT_OF_MEMORY;
  auto refused = Device::open(driver, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "cannot use CUDA device 0: fake error 2 (FAKE_NAME)");
  EXPECT_EQ(fake->count("cuDevicePrimaryCtxRelease_v2"), 1u);
}

TEST_F(CudaDevice, MemoryIsCountedAndGivenBack) {
  {
    auto memory = DeviceMemory::reserve(device, 1000, "a test");
    ASSERT_TRUE(memory) << memory.error().message;
    EXPECT_NE(memory->address(), 0u);
    EXPECT_EQ(device->memory().liveBytes, 1000u);
    ASSERT_TRUE(memory->growTo(device, 900, "a test"));
    EXPECT_EQ(memory->sizeBytes(), 1000u);
    ASSERT_TRUE(memory->growTo(device, 1500, "a test"));
    EXPECT_EQ(memory->sizeBytes(), 1500u);
    auto none = DeviceMemory::reserve(device, 0, "nothing");
    ASSERT_TRUE(none);
    EXPECT_NE(none->address(), 0u);
  }
  EXPECT_EQ(device->memory().liveBytes, 0u);
  EXPECT_EQ(device->memory().peakBytes, 1500u); // first given back, then grown
  EXPECT_EQ(fake->count("cuMemAlloc_v2"), 3u);
  EXPECT_EQ(fake->count("cuMemFree_v2"), 3u);
}

TEST_F(CudaDevice, MemoryOfAPoolIsInTheOrderOfAStream) {
  auto driver = *Driver::load({.path = TENON_FAKE_DRIVER});
  auto pooled = Device::open(driver, 0);
  ASSERT_TRUE(pooled) << pooled.error().message;
  EXPECT_TRUE((*pooled)->properties().hasPools);
  fake->calls.clear();
  {
    auto memory = DeviceMemory::reserve(*pooled, 1000, "a test");
    ASSERT_TRUE(memory) << memory.error().message;
    EXPECT_EQ((*pooled)->memory().liveBytes, 1000u);
  }
  EXPECT_EQ(fake->count("cuMemAllocAsync"), 1u);
  EXPECT_EQ(fake->count("cuStreamSynchronize"), 1u);
  EXPECT_EQ(fake->count("cuMemFreeAsync"), 1u);
  EXPECT_EQ(fake->count("cuMemAlloc_v2"), 0u);
  fake->failures["cuMemAllocAsync"] = cuda::CUDA_ERROR_OUT_OF_MEMORY;
  auto none = DeviceMemory::reserve(*pooled, 77, "the arena");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::NoMemory);
  pooled->reset();
  EXPECT_EQ(fake->count("cuStreamDestroy_v2"), 1u);
}

TEST_F(CudaDevice, MemoryThatIsNotThere) {
  fake->failures["cuMemAlloc_v2"] = cuda::CUDA_ERROR_OUT_OF_MEMORY;
  auto memory = DeviceMemory::reserve(device, 77, "the arena");
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, Code::NoMemory);
  EXPECT_EQ(memory.error().message,
            "cannot reserve 77 bytes for the arena on CUDA device 1: "
            "fake error 2 (FAKE_NAME)");
  fake->failures["cuMemHostAlloc"] = cuda::CUDA_ERROR_OUT_OF_MEMORY;
  auto pinned = PinnedMemory::reserve(device, 78, "copies");
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().message,
            "cannot pin 78 bytes for copies: fake error 2 (FAKE_NAME)");
  EXPECT_FALSE(device->failure());
}

TEST_F(CudaDevice, PinnedMemoryIsGivenBack) {
  {
    auto memory = PinnedMemory::reserve(device, 10, "a test");
    ASSERT_TRUE(memory);
    ASSERT_TRUE(memory->growTo(device, 20, "a test"));
    EXPECT_EQ(memory->sizeBytes(), 20u);
  }
  EXPECT_EQ(fake->count("cuMemHostAlloc"), 2u);
  EXPECT_EQ(fake->count("cuMemFreeHost"), 2u);
}

TEST_F(CudaDevice, WhatMadeItUselessIsWhatEveryLaterCallSays) {
  Error first =
      device->failed(cuda::CUDA_ERROR_ILLEGAL_ADDRESS, "kernel 'a' fails");
  EXPECT_EQ(first.message, "kernel 'a' fails: fake error 700 (FAKE_NAME)");
  Error second = device->failed(cuda::CUDA_ERROR_OUT_OF_MEMORY, "no memory");
  EXPECT_EQ(second.message, first.message);
  EXPECT_EQ(second.code, Code::Internal);
  ASSERT_TRUE(device->failure());
  EXPECT_EQ(device->failure()->message, first.message);
}

TEST_F(CudaDevice, AScopePutsBackWhatWasThere) {
  {
    Device::Scope inner(*device);
  }
  EXPECT_EQ(fake->calls, (std::vector<std::string>{"cuCtxPushCurrent_v2",
                                                   "cuCtxPopCurrent_v2"}));
  fake->calls.clear();
  fake->failures["cuCtxPushCurrent_v2"] = cuda::CUDA_ERROR_INVALID_CONTEXT;
  {
    Device::Scope inner(*device);
  }
  EXPECT_EQ(fake->count("cuCtxPopCurrent_v2"), 0u);
}

} // namespace
