// cuGetErrorName, cuGetErrorString.

#include "runtime/VirtualGpu/Driver/Api.h"

namespace tenon::cuda {

namespace {
struct ErrorText {
  CUresult result;
  const char *name, *text;
};
} // namespace

#define ERROR(name, text) {name, #name, text}
static constexpr ErrorText kErrors[] = {
    ERROR(CUDA_SUCCESS, "no error"),
    ERROR(CUDA_ERROR_INVALID_VALUE, "an argument is not valid"),
    ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    ERROR(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called"),
    ERROR(CUDA_ERROR_DEINITIALIZED, "the driver is being unloaded"),
    ERROR(CUDA_ERROR_NO_DEVICE, "there is no device"),
    ERROR(CUDA_ERROR_INVALID_DEVICE, "there is no such device"),
    ERROR(CUDA_ERROR_INVALID_IMAGE, "the code is not valid"),
    ERROR(CUDA_ERROR_INVALID_CONTEXT, "no valid context is current"),
    ERROR(CUDA_ERROR_NO_BINARY_FOR_GPU, "the code is for other devices"),
    ERROR(CUDA_ERROR_UNSUPPORTED_LIMIT, "the device has no such limit"),
    ERROR(CUDA_ERROR_INVALID_PTX, "the PTX is not valid"),
    ERROR(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "there is no compiler of PTX"),
    ERROR(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the PTX is too new"),
    ERROR(CUDA_ERROR_FILE_NOT_FOUND, "there is no such file"),
    ERROR(CUDA_ERROR_INVALID_HANDLE, "a handle is not valid"),
    ERROR(CUDA_ERROR_ILLEGAL_STATE, "this is not possible in this state"),
    ERROR(CUDA_ERROR_NOT_FOUND, "there is nothing of that name"),
    ERROR(CUDA_ERROR_NOT_READY, "it is not done yet"),
    ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "a kernel used memory that is not its"),
    ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "a launch needs too much"),
    ERROR(CUDA_ERROR_LAUNCH_TIMEOUT, "a kernel did not come to its end"),
    ERROR(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED,
          "the peer's memory is there already"),
    ERROR(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, "the primary context is in use"),
    ERROR(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context is no more"),
    ERROR(CUDA_ERROR_ASSERT, "an assertion in a kernel failed"),
    ERROR(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
          "the memory was registered before"),
    ERROR(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
          "the memory is not registered"),
    ERROR(CUDA_ERROR_HARDWARE_STACK_ERROR, "a kernel's stack is broken"),
    ERROR(CUDA_ERROR_ILLEGAL_INSTRUCTION,
          "a kernel used an instruction against its rules"),
    ERROR(CUDA_ERROR_MISALIGNED_ADDRESS, "a kernel used a misaligned address"),
    ERROR(CUDA_ERROR_INVALID_ADDRESS_SPACE,
          "a kernel used an address of another space"),
    ERROR(CUDA_ERROR_INVALID_PC, "a kernel went where there is no code"),
    ERROR(CUDA_ERROR_LAUNCH_FAILED, "a kernel failed"),
    ERROR(CUDA_ERROR_NOT_PERMITTED, "this is not allowed here"),
    ERROR(CUDA_ERROR_NOT_SUPPORTED, "a virtual GPU does not do this"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
          "this is not possible during a capture"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
          "an earlier call spoilt the capture"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_MERGE, "two captures would become one"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED,
          "the capture began in another stream"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_UNJOINED,
          "the capture's end does not wait for all of its streams"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
          "the capture would wait for work outside of it"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
          "the legacy stream would wait for a capture"),
    ERROR(CUDA_ERROR_CAPTURED_EVENT, "the event belongs to a capture"),
    ERROR(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD,
          "the capture began in another thread"),
    ERROR(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE,
          "the graph differs in more than its arguments"),
    ERROR(CUDA_ERROR_UNKNOWN, "unknown error"),
};
#undef ERROR

static CUresult find(CUresult result, const char **text,
                     const char *ErrorText::*which) {
  if (!text)
    return CUDA_ERROR_INVALID_VALUE;
  *text = nullptr;
  for (const ErrorText &error : kErrors)
    if (error.result == result) {
      *text = error.*which;
      return CUDA_SUCCESS;
    }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorName(CUresult error, const char **text) {
  return find(error, text, &ErrorText::name);
}
CUresult cuGetErrorString(CUresult error, const char **text) {
  return find(error, text, &ErrorText::text);
}

} // namespace tenon::cuda
