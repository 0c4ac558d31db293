//===- Objects.h - what the driver's handles point to ---------------------===//
//
// Everything belongs to the one Driver (Driver.h), which knows the live ones:
// a handle from outside is looked up before it is used.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_OBJECTS_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_OBJECTS_H

#include "runtime/VirtualGpu/Driver/Commands.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tenon::vgpu {

/// A command in a stream, and what it waits for.
struct Work {
  Command command;
  cuda::CUcontext context = nullptr;
  std::vector<std::shared_ptr<Work>> after; ///< empty once it is done
  bool isRunning = false, isDone = false;
  std::chrono::steady_clock::time_point doneAt;
};
using WorkPtr = std::shared_ptr<Work>;

/// One capture: from cuStreamBeginCapture to its end.
struct Capture {
  std::unique_ptr<cuda::CUgraph_st> graph;
  cuda::CUstream origin = nullptr;
  cuda::CUstreamCaptureMode mode = cuda::CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  bool isInvalid = false;
};

/// A node of a graph, by its number: that of one it waits for is smaller.
struct GraphNode {
  Command command;
  std::vector<size_t> after;
};

/// What kind of memory an address is.
enum class BlockKind { Device, Pinned, Managed };
struct Block {
  BlockKind kind = BlockKind::Device;
  int device = 0;
  uint64_t sizeBytes = 0;
  cuda::CUcontext context = nullptr;
};

} // namespace tenon::vgpu

namespace tenon::cuda {

struct CUctx_st {
  int device = 0;
  vgpu::Machine *machine = nullptr;
  unsigned flags = 0;
  unsigned numUses = 0;            ///< of a primary context
  CUresult failure = CUDA_SUCCESS; ///< what every call answers from now on
  std::map<CUstream, std::unique_ptr<CUstream_st>> streams;
  std::map<CUevent, std::unique_ptr<CUevent_st>> events;
  std::map<CUmodule, std::unique_ptr<CUmod_st>> modules;
  CUstream legacy = nullptr; ///< the stream of number 0, one of `streams`
};

struct CUstream_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  vgpu::WorkPtr last; ///< null or done: idle
  std::shared_ptr<vgpu::Capture> capture;
  std::vector<size_t> captured; ///< nodes that the next one waits for
};

struct CUevent_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
  vgpu::WorkPtr work;                     ///< null: never recorded
  std::shared_ptr<vgpu::Capture> capture; ///< where it was last recorded
  std::vector<size_t> captured;
};

struct CUfunc_st {
  CUmodule module = nullptr;
  const vgpu::Kernel *kernel = nullptr;
  unsigned maxDynamicSharedBytes = 0;
};

struct CUmod_st {
  CUcontext context = nullptr;
  std::shared_ptr<const vgpu::Module> code;
  std::map<std::string, std::unique_ptr<CUfunc_st>, std::less<>> functions;
};

struct CUgraphNode_st {
  CUgraph graph = nullptr;
  size_t number = 0;
};

struct CUgraph_st {
  CUcontext context = nullptr;
  std::vector<vgpu::GraphNode> nodes;
  std::vector<std::unique_ptr<CUgraphNode_st>> handles; ///< one for each node
};

struct CUgraphExec_st {
  CUcontext context = nullptr;
  /// Replaced, never changed: launches that wait have the older one.
  std::shared_ptr<const std::vector<vgpu::GraphNode>> nodes;
};

} // namespace tenon::cuda

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_OBJECTS_H
