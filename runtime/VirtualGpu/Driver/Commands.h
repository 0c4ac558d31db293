//===- Commands.h - what a stream or a graph executes ---------------------===//
//
// One command is a launch, a copy, a fill, a call of the host or nothing. Its
// arguments are its own: it may run long after the call that made it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_COMMANDS_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_COMMANDS_H

#include "runtime/VirtualGpu/Driver/Api.h"
#include "runtime/VirtualGpu/Machine.h"

#include <functional>
#include <memory>
#include <variant>
#include <vector>

namespace tenon::vgpu {

struct KernelCommand {
  std::shared_ptr<const Module> module; ///< keeps the kernel
  const Kernel *kernel = nullptr;
  Dim3 grid, block, cluster;
  uint32_t dynamicSharedBytes = 0;
  std::vector<std::byte> parameters;
};

/// Each side is memory of the devices or of the host. What the host may change
/// after the call is in `bytes` instead of at `from`.
struct CopyCommand {
  Address to = 0, from = 0;
  uint64_t sizeBytes = 0;
  bool isToHost = false, isFromHost = false;
  std::shared_ptr<const std::vector<std::byte>> bytes;
};

struct FillCommand {
  Address to = 0;
  uint32_t value = 0, elementBytes = 1;
  uint64_t count = 0;
};

struct HostCommand {
  std::function<void()> call;
};

struct FreeCommand {
  Address address = 0;
};

struct EmptyCommand {};

using Command = std::variant<EmptyCommand, KernelCommand, CopyCommand,
                             FillCommand, HostCommand, FreeCommand>;

/// Runs it now. `machine` is that of the context it was made in. What went
/// wrong is the context's failure from then on.
cuda::CUresult execute(const Command &command, Machine &machine);

/// Values of `parameters`, or of `extra` in the form of CU_LAUNCH_PARAM_*, laid
/// out as the kernel wants them. Nothing when neither is given in full.
std::optional<std::vector<std::byte>>
packParameters(const KernelInfo &info, void **parameters, void **extra);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_COMMANDS_H
