// Streams: what waits for what, and when it runs.
//
// 1. Work waits for the one before it in its stream, and for events.
// 2. The legacy stream waits for all streams that do not opt out, and they wait
//    for it.
// 3. Nothing runs until somebody waits for it; then exactly what is needed
//    runs. Settings::streams can make it run earlier.

#include "runtime/VirtualGpu/Driver/Driver.h"

#include <algorithm>

namespace tenon::vgpu {

using namespace cuda;

static bool isWaiting(const WorkPtr &work) { return work && !work->isDone; }

bool Driver::runsAtOnce() {
  switch (chosen.streams) {
  case Settings::Streams::Late:
    return false;
  case Settings::Streams::Eager:
    return true;
  case Settings::Streams::Random:
    return random() & 1;
  }
  return true;
}

WorkPtr Driver::enqueue(Lock &lock, CUstream stream, Command command,
                        const std::vector<WorkPtr> &alsoAfter) {
  constexpr size_t kMostWaiting = 4096; // a device's queues are finite too
  CUctx_st &context = *stream->context;
  auto work = std::make_shared<Work>();
  work->command = std::move(command);
  work->context = &context;
  auto waitFor = [&](const WorkPtr &other) {
    if (isWaiting(other))
      work->after.push_back(other);
  };
  waitFor(stream->last);
  for (const WorkPtr &other : alsoAfter)
    waitFor(other);
  if (stream == context.legacy) {
    for (auto &[handle, other] : context.streams)
      if (!(other->flags & CU_STREAM_NON_BLOCKING))
        waitFor(other->last);
  } else if (!(stream->flags & CU_STREAM_NON_BLOCKING)) {
    waitFor(context.legacy->last);
  }
  stream->last = work;
  if (++numWaiting > kMostWaiting || runsAtOnce())
    finish(lock, work);
  return work;
}

void Driver::run(Lock &lock, const WorkPtr &work) {
  CUctx_st &context = *work->context;
  work->isRunning = true;
  CUresult result = CUDA_SUCCESS;
  // A context that has failed executes nothing more.
  if (!context.failure) {
    lock.unlock();
    result = execute(work->command, *context.machine);
    lock.lock();
  }
  if (result && !context.failure)
    context.failure = result;
  work->isRunning = false;
  work->isDone = true;
  work->doneAt = std::chrono::steady_clock::now();
  work->after.clear();
  work->command = EmptyCommand();
  --numWaiting;
  isDone.notify_all();
}

void Driver::finish(Lock &lock, const WorkPtr &work) {
  std::vector<WorkPtr> stack = {work};
  while (!stack.empty()) {
    WorkPtr top = stack.back();
    if (!isWaiting(top)) {
      stack.pop_back();
      continue;
    }
    if (top->isRunning) { // by another thread
      isDone.wait(lock);
      continue;
    }
    std::erase_if(top->after, [](const WorkPtr &w) { return w->isDone; });
    if (top->after.empty())
      run(lock, top);
    else if (chosen.streams == Settings::Streams::Random)
      stack.push_back(top->after[random() % top->after.size()]);
    else
      stack.push_back(top->after.front());
  }
}

void Driver::advance(Lock &lock, const WorkPtr &work) {
  WorkPtr next = work;
  while (isWaiting(next)) {
    std::erase_if(next->after, [](const WorkPtr &w) { return w->isDone; });
    if (next->after.empty()) {
      if (!next->isRunning)
        run(lock, next);
      return;
    }
    WorkPtr earlier = next->after.front();
    next = earlier;
  }
}

void Driver::finishStream(Lock &lock, CUstream stream) {
  CUctx_st &context = *stream->context;
  std::vector<WorkPtr> all = {stream->last};
  // Waiting for the legacy stream is waiting for all that it waits for.
  if (stream == context.legacy)
    for (auto &[handle, other] : context.streams)
      if (!(other->flags & CU_STREAM_NON_BLOCKING))
        all.push_back(other->last);
  for (const WorkPtr &work : all)
    if (work)
      finish(lock, work);
}

void Driver::finishContext(Lock &lock, CUctx_st &context) {
  std::vector<WorkPtr> all; // the streams may change while work runs
  for (auto &[handle, stream] : context.streams)
    all.push_back(stream->last);
  for (const WorkPtr &work : all)
    if (work)
      finish(lock, work);
}

void Driver::launchGraph(Lock &lock, CUstream stream,
                         const std::vector<GraphNode> &nodes) {
  WorkPtr begin = enqueue(lock, stream, EmptyCommand());
  std::vector<WorkPtr> works;
  for (const GraphNode &node : nodes) {
    auto work = std::make_shared<Work>();
    work->command = node.command;
    work->context = stream->context;
    work->after = {begin};
    for (size_t earlier : node.after)
      work->after.push_back(works[earlier]);
    works.push_back(work);
  }
  numWaiting += works.size();
  enqueue(lock, stream, EmptyCommand(), works);
}

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

bool Driver::isCapturing(const CUctx_st &context) const {
  return std::any_of(
      context.streams.begin(), context.streams.end(),
      [](const auto &entry) { return bool(entry.second->capture); });
}

CUresult Driver::submit(Lock &lock, CUstream stream, Command command) {
  if (!stream->capture) {
    // The legacy stream waits for all streams, and a capture cannot be waited
    // for.
    if (stream == stream->context->legacy)
      for (auto &[handle, other] : stream->context->streams)
        if (other->capture && !(other->flags & CU_STREAM_NON_BLOCKING)) {
          other->capture->isInvalid = true;
          return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
    enqueue(lock, stream, std::move(command));
    return CUDA_SUCCESS;
  }
  if (stream->capture->isInvalid)
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  CUgraph_st &graph = *stream->capture->graph;
  graph.nodes.push_back({std::move(command), stream->captured});
  stream->captured = {graph.nodes.size() - 1};
  return CUDA_SUCCESS;
}

} // namespace tenon::vgpu
