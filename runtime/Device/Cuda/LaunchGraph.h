//===- LaunchGraph.h - many launches as one -------------------------------===//
//
//   LaunchGraph graph;
//   graph.capture(stream, [&] { return launchAll(stream); });
//   graph.launch(stream); // any number of times
//   graph.capture(stream, [&] { return launchAll(stream); }); // other shapes
//
// The host pays for one launch instead of hundreds. What is captured again has
// mostly the same kernels in the same order with other numbers: then the graph
// is updated in place, which costs a fraction of making one.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_LAUNCHGRAPH_H
#define TENON_RUNTIME_DEVICE_CUDA_LAUNCHGRAPH_H

#include "runtime/Device/Cuda/Stream.h"

#include <functional>

namespace tenon::rt {

class LaunchGraph {
public:
  LaunchGraph() = default;
  LaunchGraph(LaunchGraph &&other) noexcept { *this = std::move(other); }
  LaunchGraph &operator=(LaunchGraph &&other) noexcept;
  ~LaunchGraph();

  /// What `record` puts into the stream is kept and not executed. It must not
  /// wait for the stream. Within a Scope, like launch.
  Result<void> capture(Stream &stream,
                       const std::function<Result<void>()> &record);

  Result<void> launch(Stream &stream);

  bool isEmpty() const { return !exec; }
  /// How often a capture updated the graph that there was.
  uint64_t numUpdates() const { return updates; }

private:
  Result<cuda::CUgraph> recorded(Stream &stream,
                                 const std::function<Result<void>()> &record);
  Result<void> take(cuda::CUgraph graph);

  std::shared_ptr<Device> device;
  cuda::CUgraphExec exec = nullptr;
  LaunchedKernels kernels;
  uint64_t updates = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_LAUNCHGRAPH_H
