// Captures a stream, makes or updates what can be launched.

#include "runtime/Device/Cuda/LaunchGraph.h"

namespace tenon::rt {

using namespace cuda;

LaunchGraph &LaunchGraph::operator=(LaunchGraph &&other) noexcept {
  std::swap(device, other.device);
  std::swap(exec, other.exec);
  std::swap(kernels, other.kernels);
  std::swap(updates, other.updates);
  return *this;
}

LaunchGraph::~LaunchGraph() {
  if (!exec)
    return;
  Device::Scope scope(*device);
  device->api().cuGraphExecDestroy(exec);
}

/// A stream that began to capture must end it, whatever `record` says.
Result<CUgraph>
LaunchGraph::recorded(Stream &stream,
                      const std::function<Result<void>()> &record) {
  const DriverFunctions &api = device->api();
  // Other threads may do with CUDA what they like meanwhile.
  CUresult begun = api.cuStreamBeginCapture_v2(
      stream.handle(), CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  if (begun)
    return device->failed(begun, "cannot begin a graph of launches");
  LaunchedKernels before = stream.recent;
  stream.recent = {};
  stream.isCapturing = true;
  Result<void> done = record();
  stream.isCapturing = false;
  kernels = stream.recent;
  stream.recent = before;
  CUgraph graph = nullptr;
  CUresult ended = api.cuStreamEndCapture(stream.handle(), &graph);
  if (!done) {
    if (!ended && graph)
      api.cuGraphDestroy(graph);
    return done.error();
  }
  if (ended)
    return device->failed(ended, "cannot make a graph of ", kernels.count,
                          " launches");
  return graph;
}

Result<void> LaunchGraph::take(CUgraph graph) {
  const DriverFunctions &api = device->api();
  CUgraphExecUpdateResultInfo info{};
  if (exec && api.cuGraphExecUpdate_v2(exec, graph, &info) == CUDA_SUCCESS) {
    ++updates;
    return {};
  }
  if (exec)
    api.cuGraphExecDestroy(exec);
  exec = nullptr;
  if (CUresult result = api.cuGraphInstantiateWithFlags(&exec, graph, 0)) {
    exec = nullptr;
    return device->failed(result, "cannot make a graph of ", kernels.count,
                          " launches ready");
  }
  return {};
}

Result<void> LaunchGraph::capture(Stream &stream,
                                  const std::function<Result<void>()> &record) {
  device = stream.device();
  auto graph = recorded(stream, record);
  if (!graph)
    return graph.error();
  Result<void> taken = take(*graph);
  device->api().cuGraphDestroy(*graph);
  return taken;
}

Result<void> LaunchGraph::launch(Stream &stream) {
  CUresult result = device->api().cuGraphLaunch(exec, stream.handle());
  return stream.afterLaunch(result, kernels);
}

} // namespace tenon::rt
