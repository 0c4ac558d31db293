// Executes commands and says what was wrong with them.

#include "runtime/VirtualGpu/Driver/Commands.h"

#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Driver/Findings.h"

#include <cstring>

namespace tenon::vgpu {

using namespace cuda;

static CUresult resultOf(Fault fault) {
  switch (fault) {
  case Fault::None:
    return CUDA_SUCCESS;
  case Fault::IllegalAddress:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  case Fault::MisalignedAddress:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case Fault::IllegalInstruction:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case Fault::Trap:
    return CUDA_ERROR_LAUNCH_FAILED;
  case Fault::Timeout:
    return CUDA_ERROR_LAUNCH_TIMEOUT;
  }
  return CUDA_ERROR_UNKNOWN;
}

namespace {
struct Executor {
  Machine &machine;

  CUresult operator()(const EmptyCommand &) { return CUDA_SUCCESS; }

  CUresult operator()(const KernelCommand &command) {
    LaunchConfig config;
    config.kernel = command.kernel;
    config.grid = command.grid;
    config.block = command.block;
    config.cluster = command.cluster;
    config.dynamicSharedBytes = command.dynamicSharedBytes;
    config.parameters = command.parameters;
    auto launched = machine.launch(config);
    if (!launched) {
      say(launched.error().message);
      return CUDA_ERROR_LAUNCH_FAILED;
    }
    bool isFailure = noteLaunch(command, machine.options().device, *launched);
    CUresult result = resultOf(launched->fault);
    return result || !isFailure ? result : CUDA_ERROR_LAUNCH_FAILED;
  }

  CUresult operator()(const CopyCommand &command) {
    Memory &memory = machine.memory();
    if (command.isToHost && (command.isFromHost || command.bytes)) {
      std::memmove(reinterpret_cast<void *>(command.to), hostSource(command),
                   command.sizeBytes);
      return CUDA_SUCCESS;
    }
    if (command.isToHost)
      return addressed(memory.copyOut(reinterpret_cast<void *>(command.to),
                                      command.from, command.sizeBytes));
    if (command.isFromHost || command.bytes)
      return addressed(
          memory.copyIn(command.to, hostSource(command), command.sizeBytes));
    return addressed(memory.copy(command.to, command.from, command.sizeBytes));
  }

  CUresult operator()(const FillCommand &command) {
    return addressed(machine.memory().fill(
        command.to, command.value, command.elementBytes, command.count));
  }

  CUresult operator()(const HostCommand &command) {
    command.call();
    return CUDA_SUCCESS;
  }

  CUresult operator()(const FreeCommand &command) {
    return addressed(machine.memory().free(command.address));
  }

private:
  static const void *hostSource(const CopyCommand &command) {
    return command.bytes ? command.bytes->data()
                         : reinterpret_cast<const void *>(command.from);
  }
  static CUresult addressed(const rt::Result<void> &done) {
    if (done)
      return CUDA_SUCCESS;
    say(done.error().message);
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  }
};
} // namespace

CUresult execute(const Command &command, Machine &machine) {
  return std::visit(Executor{machine}, command);
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// The block that `extra` points to, if it names one and its size.
static std::optional<std::vector<std::byte>> packExtra(const KernelInfo &info,
                                                       void **extra) {
  const std::byte *block = nullptr;
  const size_t *size = nullptr;
  for (; reinterpret_cast<uintptr_t>(extra[0]) != kLaunchParamEnd; extra += 2) {
    switch (reinterpret_cast<uintptr_t>(extra[0])) {
    case kLaunchParamBufferPointer:
      block = static_cast<const std::byte *>(extra[1]);
      break;
    case kLaunchParamBufferSize:
      size = static_cast<const size_t *>(extra[1]);
      break;
    default:
      return std::nullopt;
    }
  }
  if (!block || !size || *size > info.parameterBytes)
    return std::nullopt;
  std::vector<std::byte> packed(block, block + *size);
  packed.resize(info.parameterBytes);
  return packed;
}

std::optional<std::vector<std::byte>>
packParameters(const KernelInfo &info, void **parameters, void **extra) {
  if (extra && !parameters)
    return packExtra(info, extra);
  std::vector<std::byte> packed(info.parameterBytes);
  if (extra || (!parameters && !info.parameters.empty()))
    return std::nullopt;
  for (size_t i = 0; i < info.parameters.size(); ++i) {
    const ParameterInfo &parameter = info.parameters[i];
    if (!parameters[i])
      return std::nullopt;
    std::memcpy(packed.data() + parameter.offsetBytes, parameters[i],
                parameter.sizeBytes);
  }
  return packed;
}

} // namespace tenon::vgpu
