// Work runs in the order that CUDA promises, and not before it must.

#include "tests/runtime/VirtualGpu/Driver/DriverTest.h"

#include <atomic>

namespace tenon::cuda {
namespace {

class VirtualStreams : public DriverTest {
protected:
  void SetUp() override {
    DriverTest::SetUp();
    buffer = reserve(256);
    ASSERT_EQ(cuMemsetD32_v2(buffer, 0, 64), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
    host = pinned(64);
  }
  CUresult copyOut(CUstream stream) {
    return cuMemcpyDtoHAsync_v2(host, buffer, 256, stream);
  }
  CUdeviceptr buffer = 0;
  uint32_t *host = nullptr;
};

TEST_F(VirtualStreams, NothingRunsBeforeSomebodyWaits) {
  CUstream stream = makeStream();
  host[3] = 77;
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(stream), CUDA_SUCCESS);
  EXPECT_EQ(host[3], 77u);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(host[3], 5u);
}

TEST_F(VirtualStreams, OrdinaryMemoryIsReadAtOnceAndPinnedMemoryLate) {
  CUstream stream = makeStream();
  uint32_t ordinary = 1;
  *host = 2;
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(buffer, &ordinary, 4, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(buffer + 4, host, 4, stream), CUDA_SUCCESS);
  ordinary = 10;
  *host = 20;
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(read(buffer, 2), (std::vector<uint32_t>{1, 20}));
}

TEST_F(VirtualStreams, ACopyToOrdinaryMemoryIsWaitedFor) {
  CUstream stream = makeStream();
  uint32_t value = 0;
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(&value, buffer, 4, stream), CUDA_SUCCESS);
  EXPECT_EQ(value, 5u);
}

TEST_F(VirtualStreams, WithoutAnEventTwoStreamsAreNotOrdered) {
  CUstream first = makeStream(), second = makeStream();
  ASSERT_EQ(launchAdd(buffer, 64, 5, first), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(second), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(second), CUDA_SUCCESS);
  EXPECT_EQ(*host, 0u); // nobody has waited for the first
}

TEST_F(VirtualStreams, AnEventOrdersTwoStreams) {
  CUstream first = makeStream(), second = makeStream();
  CUevent event = makeEvent();
  ASSERT_EQ(launchAdd(buffer, 64, 5, first), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(event, first), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 100, first), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(second, event, 0), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(second), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(second), CUDA_SUCCESS);
  EXPECT_EQ(*host, 5u); // what the event came after, and no more
}

TEST_F(VirtualStreams, TheLegacyStreamWaitsForOthersUnlessTheyOptOut) {
  CUstream blocking = makeStream(0), free = makeStream();
  ASSERT_EQ(launchAdd(buffer, 1, 1, blocking), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 1, 10, free), CUDA_SUCCESS);
  EXPECT_EQ(read(buffer, 1)[0], 1u);
  ASSERT_EQ(launchAdd(buffer, 1, 100, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(blocking), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(blocking), CUDA_SUCCESS);
  EXPECT_EQ(*host, 101u);
  ASSERT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
  EXPECT_EQ(read(buffer, 1)[0], 111u);
}

TEST_F(VirtualStreams, WhoAsksOftenEnoughGetsThere) {
  CUstream stream = makeStream();
  CUevent event = makeEvent();
  EXPECT_EQ(cuStreamQuery(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventQuery(event), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(event, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_NOT_READY); // runs the kernel
  EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_NOT_READY); // and the event
  EXPECT_EQ(cuEventQuery(event), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamQuery(stream), CUDA_SUCCESS);
}

TEST_F(VirtualStreams, EventsMeasureTime) {
  CUevent start = makeEvent(), end = makeEvent(),
          untimed = makeEvent(CU_EVENT_DISABLE_TIMING);
  float milliseconds = -1;
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, end),
            CUDA_ERROR_INVALID_HANDLE);
  ASSERT_EQ(cuEventRecord(start, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 5), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(end, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, end),
            CUDA_ERROR_NOT_READY);
  ASSERT_EQ(cuEventSynchronize(end), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, end), CUDA_SUCCESS);
  EXPECT_GT(milliseconds, 0);
  ASSERT_EQ(cuEventRecord(untimed, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, untimed),
            CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(VirtualStreams, TheHostIsCalledInOrder) {
  CUstream stream = makeStream();
  struct Seen {
    uint32_t *host, value;
  } seen{host, 0};
  auto look = [](void *data) {
    auto *s = static_cast<Seen *>(data);
    s->value = *s->host;
  };
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuLaunchHostFunc(stream, look, &seen), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(stream), CUDA_SUCCESS);
  EXPECT_EQ(seen.value, 0u);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(seen.value, 5u);
  EXPECT_EQ(*host, 10u);
}

TEST_F(VirtualStreams, MemoryOfAStreamIsGivenBackInOrder) {
  CUstream stream = makeStream();
  CUdeviceptr memory = 0;
  ASSERT_EQ(cuMemAllocAsync(&memory, 16, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD32Async(memory, 3, 4, stream), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(memory, 4, 4, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(host, memory, 16, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(memory, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(memory, stream), CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(host[3], 7u);
  EXPECT_EQ(cuMemcpyDtoHAsync_v2(host, memory, 16, stream),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(VirtualStreams, WhatIsFreedIsDoneWithFirst) {
  CUstream stream = makeStream();
  CUdeviceptr memory = reserve(16);
  ASSERT_EQ(cuMemsetD32Async(memory, 3, 4, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(host, memory, 16, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFree_v2(memory), CUDA_SUCCESS);
  EXPECT_EQ(*host, 3u);
}

TEST_F(VirtualStreams, HandlesThatAreGoneAreRefused) {
  CUstream stream = makeStream();
  CUevent event = makeEvent();
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(copyOut(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
  EXPECT_EQ(*host, 5u); // its work was done first
  ASSERT_EQ(cuEventDestroy_v2(event), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventSynchronize(event), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(launchAdd(buffer, 1, 1, stream), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(VirtualStreams, ManyLaunchesDoNotPileUp) {
  CUstream stream = makeStream();
  for (int i = 0; i < 10000; ++i)
    ASSERT_EQ(launchAdd(buffer, 1, 1, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(read(buffer, 1)[0], 10000u);
}

} // namespace
} // namespace tenon::cuda
