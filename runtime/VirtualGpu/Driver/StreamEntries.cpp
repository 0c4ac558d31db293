// cuStream*, cuEvent*, cuLaunchHostFunc.

#include "runtime/VirtualGpu/Driver/Driver.h"

namespace tenon::cuda {

using vgpu::Capture;
using vgpu::Entry;
using vgpu::WorkPtr;

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags,
                                    int priority) {
  Entry entry("cuStreamCreateWithPriority");
  if (entry.refused)
    return entry.refused;
  if (!stream || flags > CU_STREAM_NON_BLOCKING)
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUstream_st>();
  made->context = entry.context;
  made->flags = flags;
  made->priority = priority;
  *stream = made.get();
  entry.context->streams[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  return cuStreamCreateWithPriority(stream, flags, 0);
}

/// The stream behind a handle, or why there is none.
static CUresult findStream(Entry &entry, CUstream handle, CUstream &stream) {
  if (entry.refused)
    return entry.refused;
  stream = entry.driver.streamOf(*entry.context, handle);
  return stream ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamDestroy_v2(CUstream handle) {
  Entry entry("cuStreamDestroy_v2");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  CUcontext owner = stream->context;
  if (stream == owner->legacy)
    return CUDA_ERROR_INVALID_HANDLE;
  entry.driver.finishStream(entry.lock, stream);
  owner->streams.erase(stream);
  return entry.failure();
}

/// A capture cannot be waited for, and is spoilt by the attempt.
static CUresult checkIdle(CUstream stream) {
  if (!stream->capture)
    return CUDA_SUCCESS;
  stream->capture->isInvalid = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult cuStreamSynchronize(CUstream handle) {
  Entry entry("cuStreamSynchronize");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (CUresult refused = checkIdle(stream))
    return refused;
  CUcontext owner = stream->context;
  entry.driver.finishStream(entry.lock, stream);
  return owner->failure;
}

CUresult cuStreamQuery(CUstream handle) {
  Entry entry("cuStreamQuery");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (CUresult refused = checkIdle(stream))
    return refused;
  WorkPtr last = stream->last;
  if (!last || last->isDone)
    return stream->context->failure;
  // Who asks again and again gets there in the end.
  entry.driver.advance(entry.lock, last);
  return CUDA_ERROR_NOT_READY;
}

CUresult cuStreamGetFlags(CUstream handle, unsigned *flags) {
  Entry entry("cuStreamGetFlags");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (!flags)
    return CUDA_ERROR_INVALID_VALUE;
  *flags = stream->flags;
  return CUDA_SUCCESS;
}

CUresult cuStreamGetPriority(CUstream handle, int *priority) {
  Entry entry("cuStreamGetPriority");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (!priority)
    return CUDA_ERROR_INVALID_VALUE;
  *priority = stream->priority;
  return CUDA_SUCCESS;
}

CUresult cuStreamGetCtx(CUstream handle, CUcontext *context) {
  Entry entry("cuStreamGetCtx");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  *context = stream->context;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Calls of the host
//===----------------------------------------------------------------------===//

CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void *userData) {
  Entry entry("cuLaunchHostFunc");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (!function)
    return CUDA_ERROR_INVALID_VALUE;
  vgpu::HostCommand command{[=] { function(userData); }};
  CUresult result = entry.driver.submit(entry.lock, stream, std::move(command));
  return result ? result : entry.failure();
}

CUresult cuStreamAddCallback(CUstream handle, CUstreamCallback callback,
                             void *userData, unsigned) {
  Entry entry("cuStreamAddCallback");
  CUstream stream = nullptr;
  if (CUresult refused = findStream(entry, handle, stream))
    return refused;
  if (!callback)
    return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture)
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  vgpu::HostCommand command{[=] { callback(handle, CUDA_SUCCESS, userData); }};
  CUresult result = entry.driver.submit(entry.lock, stream, std::move(command));
  return result ? result : entry.failure();
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  Entry entry("cuEventCreate");
  if (entry.refused)
    return entry.refused;
  if (!event)
    return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUevent_st>();
  made->context = entry.context;
  made->flags = flags;
  *event = made.get();
  entry.context->events[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

static CUresult findEvent(Entry &entry, CUevent handle, CUevent &event) {
  if (entry.refused)
    return entry.refused;
  event = entry.driver.eventOf(handle);
  return event ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventDestroy_v2(CUevent handle) {
  Entry entry("cuEventDestroy_v2");
  CUevent event = nullptr;
  if (CUresult refused = findEvent(entry, handle, event))
    return refused;
  event->context->events.erase(event);
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent handle, CUstream streamHandle) {
  Entry entry("cuEventRecord");
  CUevent event = nullptr;
  CUstream stream = nullptr;
  if (CUresult refused = findEvent(entry, handle, event))
    return refused;
  if (CUresult refused = findStream(entry, streamHandle, stream))
    return refused;
  event->capture = stream->capture;
  event->captured = stream->captured;
  if (stream->capture) {
    event->work = nullptr;
    return stream->capture->isInvalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
                                      : CUDA_SUCCESS;
  }
  WorkPtr work = entry.driver.enqueue(entry.lock, stream, vgpu::EmptyCommand());
  event->work = work;
  return entry.failure();
}

CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned) {
  return cuEventRecord(event, stream);
}

/// Adds to what the stream's next node waits for; the stream joins the capture.
static CUresult joinCapture(CUstream stream, const CUevent_st &event) {
  if (stream->capture && stream->capture != event.capture)
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  if (!stream->capture && stream == stream->context->legacy)
    return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  if (!stream->capture)
    stream->captured.clear();
  stream->capture = event.capture;
  for (size_t node : event.captured)
    stream->captured.push_back(node);
  return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream streamHandle, CUevent handle, unsigned) {
  Entry entry("cuStreamWaitEvent");
  CUevent event = nullptr;
  CUstream stream = nullptr;
  if (CUresult refused = findEvent(entry, handle, event))
    return refused;
  if (CUresult refused = findStream(entry, streamHandle, stream))
    return refused;
  if (event->capture && event->capture->graph)
    return joinCapture(stream, *event);
  if (stream->capture) // of an event outside: nothing that a graph could keep
    return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
  if (event->work && !event->work->isDone)
    entry.driver.enqueue(entry.lock, stream, vgpu::EmptyCommand(),
                         {event->work});
  return entry.failure();
}

CUresult cuEventSynchronize(CUevent handle) {
  Entry entry("cuEventSynchronize");
  CUevent event = nullptr;
  if (CUresult refused = findEvent(entry, handle, event))
    return refused;
  if (event->capture && event->capture->graph)
    return CUDA_ERROR_CAPTURED_EVENT;
  CUcontext owner = event->context;
  if (WorkPtr work = event->work)
    entry.driver.finish(entry.lock, work);
  return owner->failure;
}

CUresult cuEventQuery(CUevent handle) {
  Entry entry("cuEventQuery");
  CUevent event = nullptr;
  if (CUresult refused = findEvent(entry, handle, event))
    return refused;
  if (event->capture && event->capture->graph)
    return CUDA_ERROR_CAPTURED_EVENT;
  WorkPtr work = event->work;
  if (!work || work->isDone)
    return event->context->failure;
  entry.driver.advance(entry.lock, work);
  return CUDA_ERROR_NOT_READY;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent startHandle,
                            CUevent endHandle) {
  Entry entry("cuEventElapsedTime");
  CUevent start = nullptr, end = nullptr;
  if (CUresult refused = findEvent(entry, startHandle, start))
    return refused;
  if (CUresult refused = findEvent(entry, endHandle, end))
    return refused;
  if (!milliseconds)
    return CUDA_ERROR_INVALID_VALUE;
  if (!start->work || !end->work ||
      ((start->flags | end->flags) & CU_EVENT_DISABLE_TIMING))
    return CUDA_ERROR_INVALID_HANDLE;
  if (!start->work->isDone || !end->work->isDone)
    return CUDA_ERROR_NOT_READY;
  std::chrono::duration<float, std::milli> time =
      end->work->doneAt - start->work->doneAt;
  *milliseconds = time.count();
  return CUDA_SUCCESS;
}

CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start,
                               CUevent end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

} // namespace tenon::cuda
