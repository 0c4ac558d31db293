// Modules, launches, copies and graphs; each failure names its kernel.

#include "runtime/Device/Cuda/LaunchGraph.h"
#include "runtime/Device/Cuda/Staging.h"
#include "tests/runtime/Device/Cuda/FakeDevice.h"

#include <numeric>

using namespace tenon;
using namespace tenon::rt;

namespace {

std::span<const std::byte> bytesOf(const std::string &text) {
  return std::as_bytes(std::span(text));
}

class CudaStream : public test::FakeDeviceTest {
protected:
  void SetUp() override {
    FakeDeviceTest::SetUp();
    auto loaded = Module::load(device, bytesOf("good"), "'good'");
    ASSERT_TRUE(loaded) << loaded.error().message;
    module = std::move(*loaded);
    auto made = Stream::create(device);
    ASSERT_TRUE(made) << made.error().message;
    stream = std::move(*made);
  }
  CudaKernel kernel(const std::string &name) {
    auto found = module.kernel({name, name + "_op", 128, 0});
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }
  std::string refused(CudaKernelInfo info) {
    auto found = module.kernel(std::move(info));
    EXPECT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::NoKernel);
    return found.error().message;
  }

  Module module;
  Stream stream;
};

TEST_F(CudaStream, IsDoneBeforeItGoes) {
  fake->calls.clear();
  stream = Stream();
  EXPECT_EQ(fake->count("cuStreamSynchronize"), 1u);
  EXPECT_EQ(fake->count("cuStreamDestroy_v2"), 1u);
}

TEST_F(CudaStream, CodeThatIsNotTakenComesWithTheLog) {
  auto bad = Module::load(device, bytesOf("bad text"), "'x', PTX");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::NoKernel);
  EXPECT_EQ(bad.error().message,
            "cannot load the device code 'x', PTX: fake error 218 (FAKE_NAME); "
            "the driver's compiler says: line 1: bad text");
}

TEST_F(CudaStream, AKernelMustFit) {
  EXPECT_EQ(refused({"absent", "add", 1, 0}),
            "kernel 'absent' (add) is not in its device code");
  EXPECT_EQ(refused({"k", "add", 32, 101376}),
            "kernel 'k' (add) needs 102400 bytes of shared memory, the device "
            "has 101376");
  fake->threadsPerBlock = 640;
  EXPECT_EQ(refused({"k", "add", 641, 0}),
            "kernel 'k' (add) needs blocks of 641 threads, the device can run "
            "it with 640");
}

TEST_F(CudaStream, MuchSharedMemoryIsAskedFor) {
  ASSERT_TRUE(module.kernel({"k", "add", 32, 48128}));
  EXPECT_EQ(fake->count("cuFuncSetAttribute"), 0u);
  ASSERT_TRUE(module.kernel({"k", "add", 32, 48129}));
  EXPECT_EQ(fake->dynamicSharedBytes, 48129);
}

TEST_F(CudaStream, NoInstancesAreNoLaunch) {
  CudaKernel k = kernel("k");
  ASSERT_TRUE(stream.launch(k, 0, nullptr));
  EXPECT_EQ(fake->count("cuLaunchKernel"), 0u);
  ASSERT_TRUE(stream.launch(k, 1, nullptr));
  EXPECT_EQ(fake->count("cuLaunchKernel"), 1u);
  EXPECT_EQ(fake->count("cuStreamSynchronize"), 0u);
  auto many = stream.launch(k, int64_t(1) << 31, nullptr);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().message, "kernel 'k' (k_op) has 2147483648 instances, "
                                  "the device takes 2147483647");
}

TEST_F(CudaStream, ALaunchThatIsRefused) {
  fake->failures["cuLaunchKernel"] = cuda::CUDA_ERROR_INVALID_VALUE;
  CudaKernel k = kernel("k");
  auto launched = stream.launch(k, 1, nullptr);
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().message,
            "cannot launch kernel 'k' (k_op): fake error 1 (FAKE_NAME)");
  EXPECT_FALSE(device->failure());
}

TEST_F(CudaStream, AFailureNamesWhatRanSinceTheLatestWait) {
  CudaKernel a = kernel("a"), b = kernel("b"), c = kernel("c");
  ASSERT_TRUE(stream.launch(a, 1, nullptr));
  ASSERT_TRUE(stream.wait());
  ASSERT_TRUE(stream.launch(b, 1, nullptr));
  ASSERT_TRUE(stream.launch(c, 1, nullptr));
  EXPECT_EQ(stream.launched().count, 2u);
  fake->failures["cuStreamSynchronize"] = cuda::CUDA_ERROR_ILLEGAL_ADDRESS;
  auto waited = stream.wait();
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().message,
            "one of 2 kernels, 'b' (b_op) to 'c' (c_op), failed on CUDA device "
            "1 (TENON_CUDA_BLOCKING=1 says which): fake error 700 (FAKE_NAME)");
  fake->failures.clear();
  fake->failures["cuLaunchKernel"] = cuda::CUDA_ERROR_ILLEGAL_ADDRESS;
  auto later = stream.launch(a, 1, nullptr);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().message, waited.error().message);
}

TEST_F(CudaStream, ACopyMayBeTheFirstToTell) {
  CudaKernel a = kernel("a");
  ASSERT_TRUE(stream.launch(a, 1, nullptr));
  char byte = 0;
  fake->failures["cuMemcpyHtoDAsync_v2"] = cuda::CUDA_ERROR_LAUNCH_FAILED;
  auto copied = stream.copyIn(1, &byte, 1);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().message,
            "kernel 'a' (a_op) failed on CUDA device 1: fake error 719 "
            "(FAKE_NAME)");
}

TEST_F(CudaStream, ACopyThatIsRefused) {
  fake->failures["cuMemcpyDtoDAsync_v2"] = cuda::CUDA_ERROR_INVALID_VALUE;
  ASSERT_TRUE(stream.copy(1, 2, 0));
  auto copied = stream.copy(1, 2, 3);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().message,
            "cannot copy 3 bytes on CUDA device 1: fake error 1 (FAKE_NAME)");
}

TEST_F(CudaStream, BlockingStreamsNameTheKernel) {
  setenv("TENON_CUDA_BLOCKING", "1", 1);
  auto blocking = Stream::create(device);
  unsetenv("TENON_CUDA_BLOCKING");
  ASSERT_TRUE(blocking);
  CudaKernel a = kernel("a"), b = kernel("b");
  ASSERT_TRUE(blocking->launch(a, 1, nullptr));
  fake->failures["cuStreamSynchronize"] = cuda::CUDA_ERROR_MISALIGNED_ADDRESS;
  auto launched = blocking->launch(b, 1, nullptr);
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().message, "kernel 'b' (b_op) failed on CUDA device "
                                      "1: fake error 716 (FAKE_NAME)");
}

TEST_F(CudaStream, OrdinaryMemoryGoesThroughPinnedPieces) {
  auto staging = Staging::create(device);
  ASSERT_TRUE(staging) << staging.error().message;
  for (uint64_t bytes : {uint64_t(0), uint64_t(1), Staging::kPieceBytes,
                         3 * Staging::kPieceBytes + 5}) {
    auto memory = DeviceMemory::reserve(device, bytes, "a test");
    ASSERT_TRUE(memory);
    std::vector<std::byte> from(bytes), to(bytes);
    for (uint64_t i = 0; i < bytes; ++i)
      from[i] = std::byte(i * 7 + (i >> 22));
    ASSERT_TRUE(staging->upload(stream, memory->address(), from));
    ASSERT_TRUE(staging->download(stream, to, memory->address()));
    EXPECT_TRUE(from == to) << bytes;
  }
  EXPECT_EQ(fake->count("cuMemcpyHtoDAsync_v2"), 6u);
}

TEST_F(CudaStream, EventsMeasureTime) {
  auto start = Event::create(device, true), end = Event::create(device, true);
  ASSERT_TRUE(start && end);
  ASSERT_TRUE(start->record(stream) && end->record(stream) && end->wait());
  EXPECT_EQ(*end->secondsSince(*start), 1.5);
  ASSERT_TRUE(end->holdUp(stream));
  EXPECT_EQ(fake->count("cuStreamWaitEvent"), 1u);
}

TEST_F(CudaStream, AGraphIsUpdatedInPlace) {
  CudaKernel a = kernel("a"), b = kernel("b");
  LaunchGraph graph;
  auto both = [&]() -> Result<void> {
    if (auto done = stream.launch(a, 1, nullptr); !done)
      return done;
    return stream.launch(b, 1, nullptr);
  };
  ASSERT_TRUE(graph.capture(stream, both));
  EXPECT_EQ(stream.launched().count, 0u); // recorded, not launched
  ASSERT_TRUE(graph.capture(stream, both));
  EXPECT_EQ(graph.numUpdates(), 1u);
  fake->failures["cuGraphExecUpdate_v2"] =
      cuda::CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  ASSERT_TRUE(graph.capture(stream, both)); // made anew
  EXPECT_EQ(graph.numUpdates(), 1u);
  EXPECT_EQ(fake->count("cuGraphInstantiateWithFlags"), 2u);
  EXPECT_EQ(fake->count("cuGraphExecDestroy"), 1u);
  EXPECT_EQ(fake->count("cuGraphDestroy"), 3u);
  ASSERT_TRUE(graph.launch(stream));
  EXPECT_EQ(stream.launched().text(),
            "one of 2 kernels, 'a' (a_op) to 'b' (b_op),");
  graph = LaunchGraph();
  EXPECT_EQ(fake->count("cuGraphExecDestroy"), 2u);
}

TEST_F(CudaStream, ACaptureThatFailsEndsToo) {
  LaunchGraph graph;
  auto failing = []() -> Result<void> { return badInput("no"); };
  auto captured = graph.capture(stream, failing);
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().message, "no");
  EXPECT_EQ(fake->count("cuStreamEndCapture"), 1u);
  EXPECT_EQ(fake->count("cuGraphDestroy"), 1u);
  EXPECT_TRUE(graph.isEmpty());
}

} // namespace
