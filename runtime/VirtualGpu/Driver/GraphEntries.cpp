// cuGraph*, and the captures that make graphs.

#include "runtime/VirtualGpu/Driver/Launches.h"

#include <algorithm>
#include <map>

namespace tenon::cuda {

using vgpu::Capture;
using vgpu::Command;
using vgpu::Entry;
using vgpu::GraphNode;

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
  Entry entry("cuStreamBeginCapture_v2");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream == stream->context->legacy)
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  if (mode > CU_STREAM_CAPTURE_MODE_RELAXED)
    return CUDA_ERROR_INVALID_VALUE;
  auto capture = std::make_shared<Capture>();
  capture->graph = std::make_unique<CUgraph_st>();
  capture->graph->context = stream->context;
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  stream->capture = std::move(capture);
  stream->captured.clear();
  return CUDA_SUCCESS;
}

static void addHandles(CUgraph_st &graph) {
  while (graph.handles.size() < graph.nodes.size()) {
    auto node = std::make_unique<CUgraphNode_st>();
    node->graph = &graph;
    node->number = graph.handles.size();
    graph.handles.push_back(std::move(node));
  }
}

/// Every node that another stream added must be waited for by the origin.
static bool isJoined(const Capture &capture, const CUstream_st &origin) {
  const std::vector<GraphNode> &nodes = capture.graph->nodes;
  std::vector<bool> isSeen(nodes.size(), false);
  std::vector<size_t> open = origin.captured;
  while (!open.empty()) {
    size_t number = open.back();
    open.pop_back();
    if (isSeen[number])
      continue;
    isSeen[number] = true;
    for (size_t earlier : nodes[number].after)
      open.push_back(earlier);
  }
  return std::find(isSeen.begin(), isSeen.end(), false) == isSeen.end();
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  Entry entry("cuStreamEndCapture");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!graph)
    return CUDA_ERROR_INVALID_VALUE;
  *graph = nullptr;
  std::shared_ptr<Capture> capture = stream->capture;
  if (!capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  if (capture->origin != stream)
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED &&
      capture->thread != std::this_thread::get_id())
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  bool joined = isJoined(*capture, *stream);
  for (auto &[other, owned] : stream->context->streams)
    if (owned->capture == capture) {
      owned->capture = nullptr;
      owned->captured.clear();
    }
  std::unique_ptr<CUgraph_st> made = std::move(capture->graph);
  if (capture->isInvalid)
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  if (!joined)
    return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  addHandles(*made);
  *graph = made.get();
  entry.driver.graphs[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
  Entry entry("cuStreamIsCapturing");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!status)
    return CUDA_ERROR_INVALID_VALUE;
  *status = CU_STREAM_CAPTURE_STATUS_NONE;
  if (stream->capture)
    *status = stream->capture->isInvalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                         : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return CUDA_SUCCESS;
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
  thread_local CUstreamCaptureMode current = CU_STREAM_CAPTURE_MODE_GLOBAL;
  if (!mode || *mode > CU_STREAM_CAPTURE_MODE_RELAXED)
    return CUDA_ERROR_INVALID_VALUE;
  std::swap(current, *mode);
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

CUresult cuGraphCreate(CUgraph *graph, unsigned flags) {
  Entry entry("cuGraphCreate");
  if (entry.refused)
    return entry.refused;
  if (!graph || flags)
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUgraph_st>();
  made->context = entry.context;
  *graph = made.get();
  entry.driver.graphs[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
  Entry entry("cuGraphDestroy", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  return entry.driver.graphs.erase(graph) ? CUDA_SUCCESS
                                          : CUDA_ERROR_INVALID_VALUE;
}

static CUresult addNode(Entry &entry, CUgraphNode *node, CUgraph graph,
                        const CUgraphNode *after, size_t numAfter,
                        Command command) {
  if (entry.refused)
    return entry.refused;
  if (!node || !entry.driver.graphs.count(graph) || (numAfter && !after))
    return CUDA_ERROR_INVALID_VALUE;
  GraphNode made{std::move(command), {}};
  for (size_t i = 0; i < numAfter; ++i) {
    CUgraphNode earlier = entry.driver.nodeOf(after[i]);
    if (!earlier || earlier->graph != graph)
      return CUDA_ERROR_INVALID_VALUE;
    made.after.push_back(earlier->number);
  }
  graph->nodes.push_back(std::move(made));
  addHandles(*graph);
  *node = graph->handles.back().get();
  return CUDA_SUCCESS;
}

static CUresult launchOf(Entry &entry, const CUDA_KERNEL_NODE_PARAMS *params,
                         vgpu::KernelCommand &command) {
  if (!params)
    return CUDA_ERROR_INVALID_VALUE;
  return vgpu::makeLaunch(
      entry.driver,
      {params->func,
       {params->gridDimX, params->gridDimY, params->gridDimZ},
       {params->blockDimX, params->blockDimY, params->blockDimZ},
       {},
       params->sharedMemBytes,
       params->kernelParams,
       params->extra},
      command);
}

CUresult cuGraphAddKernelNode_v2(CUgraphNode *node, CUgraph graph,
                                 const CUgraphNode *after, size_t numAfter,
                                 const CUDA_KERNEL_NODE_PARAMS *params) {
  Entry entry("cuGraphAddKernelNode_v2");
  if (entry.refused)
    return entry.refused;
  vgpu::KernelCommand command;
  if (CUresult refused = launchOf(entry, params, command))
    return refused;
  return addNode(entry, node, graph, after, numAfter, std::move(command));
}

/// Rows, planes and arrays are not copied: only bytes in a row.
CUresult cuGraphAddMemcpyNode(CUgraphNode *node, CUgraph graph,
                              const CUgraphNode *after, size_t numAfter,
                              const CUDA_MEMCPY3D *params, CUcontext) {
  Entry entry("cuGraphAddMemcpyNode");
  if (entry.refused)
    return entry.refused;
  if (!params)
    return CUDA_ERROR_INVALID_VALUE;
  if (params->Height > 1 || params->Depth > 1 || params->srcArray ||
      params->dstArray)
    return CUDA_ERROR_NOT_SUPPORTED;
  vgpu::CopyCommand copy;
  copy.isFromHost = params->srcMemoryType == CU_MEMORYTYPE_HOST;
  copy.isToHost = params->dstMemoryType == CU_MEMORYTYPE_HOST;
  copy.from = copy.isFromHost ? reinterpret_cast<CUdeviceptr>(params->srcHost)
                              : params->srcDevice;
  copy.to = copy.isToHost ? reinterpret_cast<CUdeviceptr>(params->dstHost)
                          : params->dstDevice;
  copy.from += params->srcXInBytes;
  copy.to += params->dstXInBytes;
  copy.sizeBytes = params->WidthInBytes;
  if ((!copy.isFromHost && !entry.driver.holds(copy.from, copy.sizeBytes)) ||
      (!copy.isToHost && !entry.driver.holds(copy.to, copy.sizeBytes)))
    return CUDA_ERROR_INVALID_VALUE;
  return addNode(entry, node, graph, after, numAfter, copy);
}

CUresult cuGraphAddMemsetNode(CUgraphNode *node, CUgraph graph,
                              const CUgraphNode *after, size_t numAfter,
                              const CUDA_MEMSET_NODE_PARAMS *params,
                              CUcontext) {
  Entry entry("cuGraphAddMemsetNode");
  if (entry.refused)
    return entry.refused;
  if (!params)
    return CUDA_ERROR_INVALID_VALUE;
  if (params->height > 1)
    return CUDA_ERROR_NOT_SUPPORTED;
  uint64_t bytes = params->width * params->elementSize;
  if (!entry.driver.holds(params->dst, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  vgpu::FillCommand fill{params->dst, params->value, params->elementSize,
                         params->width};
  return addNode(entry, node, graph, after, numAfter, fill);
}

CUresult cuGraphAddHostNode(CUgraphNode *node, CUgraph graph,
                            const CUgraphNode *after, size_t numAfter,
                            const CUDA_HOST_NODE_PARAMS *params) {
  Entry entry("cuGraphAddHostNode");
  if (!params || !params->fn)
    return CUDA_ERROR_INVALID_VALUE;
  CUDA_HOST_NODE_PARAMS call = *params;
  return addNode(entry, node, graph, after, numAfter,
                 vgpu::HostCommand{[call] { call.fn(call.userData); }});
}

CUresult cuGraphAddEmptyNode(CUgraphNode *node, CUgraph graph,
                             const CUgraphNode *after, size_t numAfter) {
  Entry entry("cuGraphAddEmptyNode");
  return addNode(entry, node, graph, after, numAfter, vgpu::EmptyCommand());
}

/// As many as fit; `count` is then how many there are.
CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
  Entry entry("cuGraphGetNodes", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!count || !entry.driver.graphs.count(graph))
    return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; nodes && i < *count; ++i)
    nodes[i] = i < graph->handles.size() ? graph->handles[i].get() : nullptr;
  *count = nodes ? std::min(*count, graph->nodes.size()) : graph->nodes.size();
  return CUDA_SUCCESS;
}

static CUgraphNodeType typeOf(const Command &command) {
  if (std::holds_alternative<vgpu::KernelCommand>(command))
    return CU_GRAPH_NODE_TYPE_KERNEL;
  if (std::holds_alternative<vgpu::CopyCommand>(command))
    return CU_GRAPH_NODE_TYPE_MEMCPY;
  if (std::holds_alternative<vgpu::FillCommand>(command))
    return CU_GRAPH_NODE_TYPE_MEMSET;
  if (std::holds_alternative<vgpu::HostCommand>(command))
    return CU_GRAPH_NODE_TYPE_HOST;
  return CU_GRAPH_NODE_TYPE_EMPTY;
}

CUresult cuGraphNodeGetType(CUgraphNode handle, CUgraphNodeType *type) {
  Entry entry("cuGraphNodeGetType", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  CUgraphNode node = entry.driver.nodeOf(handle);
  if (!node || !type)
    return CUDA_ERROR_INVALID_VALUE;
  *type = typeOf(node->graph->nodes[node->number].command);
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// What can be launched
//===----------------------------------------------------------------------===//

CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph,
                                     unsigned long long) {
  Entry entry("cuGraphInstantiateWithFlags");
  if (entry.refused)
    return entry.refused;
  if (!exec || !entry.driver.graphs.count(graph))
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUgraphExec_st>();
  made->context = graph->context;
  made->nodes = std::make_shared<const std::vector<GraphNode>>(graph->nodes);
  *exec = made.get();
  entry.driver.execs[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithParams(CUgraphExec *exec, CUgraph graph,
                                      CUDA_GRAPH_INSTANTIATE_PARAMS_st *) {
  return cuGraphInstantiateWithFlags(exec, graph, 0);
}

CUresult cuGraphExecDestroy(CUgraphExec exec) {
  Entry entry("cuGraphExecDestroy", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  return entry.driver.execs.erase(exec) ? CUDA_SUCCESS
                                        : CUDA_ERROR_INVALID_VALUE;
}

/// What an update must leave as it was: the nodes, their kinds and their order.
static CUgraphExecUpdateResult compare(const std::vector<GraphNode> &before,
                                       const std::vector<GraphNode> &after,
                                       size_t &where) {
  where = 0;
  if (before.size() != after.size())
    return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  for (; where < before.size(); ++where) {
    if (before[where].after != after[where].after)
      return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    if (before[where].command.index() != after[where].command.index())
      return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
  }
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

CUresult cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph,
                              CUgraphExecUpdateResultInfo *info) {
  Entry entry("cuGraphExecUpdate_v2");
  if (entry.refused)
    return entry.refused;
  if (!info || !entry.driver.execs.count(exec) ||
      !entry.driver.graphs.count(graph))
    return CUDA_ERROR_INVALID_VALUE;
  size_t where = 0;
  *info = {};
  info->result = compare(*exec->nodes, graph->nodes, where);
  if (info->result) {
    if (where < graph->handles.size())
      info->errorNode = graph->handles[where].get();
    return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  }
  exec->nodes = std::make_shared<const std::vector<GraphNode>>(graph->nodes);
  return CUDA_SUCCESS;
}

CUresult
cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode handle,
                                  const CUDA_KERNEL_NODE_PARAMS *params) {
  Entry entry("cuGraphExecKernelNodeSetParams_v2");
  if (entry.refused)
    return entry.refused;
  CUgraphNode node = entry.driver.nodeOf(handle);
  if (!node || !entry.driver.execs.count(exec) ||
      node->number >= exec->nodes->size())
    return CUDA_ERROR_INVALID_VALUE;
  std::vector<GraphNode> nodes = *exec->nodes;
  auto *command =
      std::get_if<vgpu::KernelCommand>(&nodes[node->number].command);
  if (!command)
    return CUDA_ERROR_INVALID_VALUE;
  if (CUresult refused = launchOf(entry, params, *command))
    return refused;
  exec->nodes =
      std::make_shared<const std::vector<GraphNode>>(std::move(nodes));
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream handle) {
  Entry entry("cuGraphLaunch");
  if (entry.refused)
    return entry.refused;
  CUstream stream = entry.driver.streamOf(*entry.context, handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!entry.driver.execs.count(exec))
    return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture)
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  auto nodes = exec->nodes;
  entry.driver.launchGraph(entry.lock, stream, *nodes);
  return entry.failure();
}

CUresult cuGraphUpload(CUgraphExec exec, CUstream handle) {
  Entry entry("cuGraphUpload");
  if (entry.refused)
    return entry.refused;
  if (!entry.driver.streamOf(*entry.context, handle))
    return CUDA_ERROR_INVALID_HANDLE;
  return entry.driver.execs.count(exec) ? CUDA_SUCCESS
                                        : CUDA_ERROR_INVALID_VALUE;
}

} // namespace tenon::cuda
