// Captures and graphs.

#include "tests/runtime/VirtualGpu/Driver/DriverTest.h"

namespace tenon::cuda {
namespace {

class VirtualGraphs : public DriverTest {
protected:
  void SetUp() override {
    DriverTest::SetUp();
    buffer = reserve(256);
    ASSERT_EQ(cuMemsetD32_v2(buffer, 0, 64), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
    stream = makeStream();
    host = pinned(64);
  }
  void begin(CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    ASSERT_EQ(cuStreamBeginCapture_v2(stream, mode), CUDA_SUCCESS);
  }
  CUgraph end() {
    CUgraph graph = nullptr;
    EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
    return graph;
  }
  CUgraphExec instantiate(CUgraph graph) {
    CUgraphExec exec = nullptr;
    EXPECT_EQ(cuGraphInstantiateWithFlags(&exec, graph, 0), CUDA_SUCCESS);
    return exec;
  }
  /// buffer[0] after launching the graph so often.
  uint32_t after(CUgraphExec exec, int times) {
    for (int i = 0; i < times; ++i)
      EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
    EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
    return read(buffer, 1)[0];
  }

  CUdeviceptr buffer = 0;
  CUstream stream = nullptr;
  uint32_t *host = nullptr;
};

TEST_F(VirtualGraphs, ACaptureIsLaunchedAnyNumberOfTimes) {
  begin();
  ASSERT_EQ(cuMemsetD32Async(buffer, 1, 64, stream), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 64, 5, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(host, buffer, 256, stream), CUDA_SUCCESS);
  CUgraph graph = end();
  EXPECT_EQ(read(buffer, 1)[0], 0u); // recorded, not run
  size_t count = 0;
  ASSERT_EQ(cuGraphGetNodes(graph, nullptr, &count), CUDA_SUCCESS);
  ASSERT_EQ(count, 3u);
  CUgraphNode nodes[3];
  ASSERT_EQ(cuGraphGetNodes(graph, nodes, &count), CUDA_SUCCESS);
  for (auto [node, expected] : {std::pair(0, CU_GRAPH_NODE_TYPE_MEMSET),
                                std::pair(1, CU_GRAPH_NODE_TYPE_KERNEL),
                                std::pair(2, CU_GRAPH_NODE_TYPE_MEMCPY)}) {
    CUgraphNodeType type{};
    EXPECT_EQ(cuGraphNodeGetType(nodes[node], &type), CUDA_SUCCESS);
    EXPECT_EQ(type, expected);
  }
  CUgraphExec exec = instantiate(graph);
  ASSERT_EQ(cuGraphDestroy(graph), CUDA_SUCCESS);
  EXPECT_EQ(after(exec, 3), 6u);
  EXPECT_EQ(host[63], 6u);
  EXPECT_EQ(cuGraphExecDestroy(exec), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(VirtualGraphs, OtherStreamsJoinThroughEvents) {
  CUstream other = makeStream();
  CUevent fork = makeEvent(), join = makeEvent();
  begin();
  ASSERT_EQ(launchAdd(buffer, 1, 1, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(fork, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(other, fork, 0), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer + 4, 1, 1, other), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(join, other), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(stream, join, 0), CUDA_SUCCESS);
  EXPECT_EQ(after(instantiate(end()), 2), 2u);
  EXPECT_EQ(read(buffer, 2), (std::vector<uint32_t>{2, 2}));
  ASSERT_EQ(launchAdd(buffer, 1, 1, other), CUDA_SUCCESS); // no more captured
}

TEST_F(VirtualGraphs, AStreamThatDoesNotComeBackSpoilsIt) {
  CUstream other = makeStream();
  CUevent fork = makeEvent();
  begin();
  ASSERT_EQ(cuEventRecord(fork, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(other, fork, 0), CUDA_SUCCESS);
  ASSERT_EQ(launchAdd(buffer, 1, 1, other), CUDA_SUCCESS);
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(other, &graph),
            CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  EXPECT_EQ(graph, nullptr);
}

TEST_F(VirtualGraphs, WaitingForACaptureSpoilsIt) {
  begin();
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  CUstreamCaptureStatus status{};
  ASSERT_EQ(cuStreamIsCapturing(stream, &status), CUDA_SUCCESS);
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
  EXPECT_EQ(launchAdd(buffer, 1, 1, stream),
            CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(launchAdd(buffer, 1, 1, stream), CUDA_SUCCESS);
}

TEST_F(VirtualGraphs, AllocatingDuringACaptureSpoilsItUnlessRelaxed) {
  CUdeviceptr address = 0;
  CUgraph graph = nullptr;
  begin(CU_STREAM_CAPTURE_MODE_RELAXED);
  EXPECT_EQ(cuMemAlloc_v2(&address, 4), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  EXPECT_EQ(cuMemAlloc_v2(&address, 4), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

TEST_F(VirtualGraphs, TheLegacyStreamCannotWaitForACapture) {
  stream = makeStream(0);
  begin();
  EXPECT_EQ(launchAdd(buffer, 1, 1, nullptr),
            CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph),
            CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL),
            CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

TEST_F(VirtualGraphs, AnUpdateChangesArgumentsOnly) {
  auto captured = [&](std::vector<uint32_t> values) {
    begin();
    for (uint32_t value : values)
      EXPECT_EQ(launchAdd(buffer, 1, value, stream), CUDA_SUCCESS);
    return end();
  };
  CUgraphExec exec = instantiate(captured({1, 2}));
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS); // with the old ones
  CUgraphExecUpdateResultInfo info{};
  ASSERT_EQ(cuGraphExecUpdate_v2(exec, captured({10, 20}), &info),
            CUDA_SUCCESS);
  EXPECT_EQ(after(exec, 1), 33u);
  EXPECT_EQ(cuGraphExecUpdate_v2(exec, captured({1, 2, 3}), &info),
            CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  begin();
  EXPECT_EQ(launchAdd(buffer, 1, 1, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemsetD32Async(buffer, 1, 1, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphExecUpdate_v2(exec, end(), &info),
            CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED);
  EXPECT_EQ(after(exec, 1), 63u); // as it was
}

TEST_F(VirtualGraphs, AreMadeByHandToo) {
  CUgraph graph = nullptr;
  ASSERT_EQ(cuGraphCreate(&graph, 0), CUDA_SUCCESS);
  CUDA_MEMSET_NODE_PARAMS fill{buffer, 0, 3, 4, 64, 1};
  CUgraphNode filled = nullptr, added = nullptr, copied = nullptr,
              called = nullptr, ended = nullptr;
  ASSERT_EQ(cuGraphAddMemsetNode(&filled, graph, nullptr, 0, &fill, context),
            CUDA_SUCCESS);
  uint64_t n = 64;
  uint32_t value = 4;
  void *parameters[] = {&buffer, &n, &value};
  CUDA_KERNEL_NODE_PARAMS kernel{add, 1, 1,          1,       64,      1,
                                 1,   0, parameters, nullptr, nullptr, nullptr};
  ASSERT_EQ(cuGraphAddKernelNode_v2(&added, graph, &filled, 1, &kernel),
            CUDA_SUCCESS);
  CUDA_MEMCPY3D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = buffer;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  copy.dstHost = host;
  copy.WidthInBytes = 256;
  copy.Height = copy.Depth = 1;
  ASSERT_EQ(cuGraphAddMemcpyNode(&copied, graph, &added, 1, &copy, context),
            CUDA_SUCCESS);
  uint32_t seen[2] = {0, 0};
  static uint32_t *source;
  source = host;
  CUDA_HOST_NODE_PARAMS call{
      [](void *data) { *static_cast<uint32_t *>(data) = *source; }, seen};
  ASSERT_EQ(cuGraphAddHostNode(&called, graph, &copied, 1, &call),
            CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddEmptyNode(&ended, graph, &called, 1), CUDA_SUCCESS);
  CUgraphExec exec = instantiate(graph);
  EXPECT_EQ(after(exec, 1), 7u);
  EXPECT_EQ(seen[0], 7u);
  value = 9;
  ASSERT_EQ(cuGraphExecKernelNodeSetParams_v2(exec, added, &kernel),
            CUDA_SUCCESS);
  EXPECT_EQ(after(exec, 1), 12u);
  EXPECT_EQ(cuGraphExecKernelNodeSetParams_v2(exec, filled, &kernel),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(VirtualGraphs, AFailingNodeStopsTheRest) {
  begin();
  ASSERT_EQ(launchAdd(buffer, 65, 1, stream), CUDA_SUCCESS); // one too many
  ASSERT_EQ(cuMemsetD32Async(buffer, 9, 64, stream), CUDA_SUCCESS);
  CUgraphExec exec = instantiate(end());
  ASSERT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
}

} // namespace
} // namespace tenon::cuda
