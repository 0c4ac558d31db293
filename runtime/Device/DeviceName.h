//===- DeviceName.h - "cuda:1", "vgpu", "cpu" -----------------------------===//

#ifndef TENON_RUNTIME_DEVICE_DEVICENAME_H
#define TENON_RUNTIME_DEVICE_DEVICENAME_H

#include "runtime/Core/Status.h"

#include <string>
#include <string_view>

namespace tenon::rt {

struct DeviceName {
  enum class Kind { Cpu, Cuda, VirtualGpu } kind = Kind::Cpu;
  int ordinal = 0; ///< which of the kind; a CPU is one

  /// "cpu", "cuda:0", "vgpu:0".
  std::string text() const;
  bool operator==(const DeviceName &) const = default;
};

/// "" is the CPU, "vgpu" the first of its kind. BadInput: "there is no device
/// 'gpu'; expected cpu, cuda:N, vgpu or vgpu:N".
Result<DeviceName> parseDeviceName(std::string_view text);

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_DEVICENAME_H
