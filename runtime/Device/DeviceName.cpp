// Reads and writes the names of devices.

#include "runtime/Device/DeviceName.h"

#include "runtime/Core/Message.h"

#include <charconv>

namespace tenon::rt {

using Kind = DeviceName::Kind;

std::string DeviceName::text() const {
  if (kind == Kind::Cpu)
    return "cpu";
  return message(kind == Kind::Cuda ? "cuda:" : "vgpu:", ordinal);
}

Result<DeviceName> parseDeviceName(std::string_view text) {
  if (text.empty() || text == "cpu")
    return DeviceName();
  Error unknown = badInput("there is no device ", quoted(text),
                           "; expected cpu, cuda:N, vgpu or vgpu:N");
  size_t colon = text.find(':');
  std::string_view kind = text.substr(0, colon);
  DeviceName name;
  if (kind != "cuda" && kind != "vgpu")
    return unknown;
  name.kind = kind == "cuda" ? Kind::Cuda : Kind::VirtualGpu;
  if (colon == text.npos) // a machine may have several GPUs: which, is said
    return kind == "vgpu" ? Result<DeviceName>(name) : unknown;
  std::string_view number = text.substr(colon + 1);
  const char *end = number.data() + number.size();
  auto [stop, error] = std::from_chars(number.data(), end, name.ordinal);
  if (number.empty() || error != std::errc() || stop != end || name.ordinal < 0)
    return unknown;
  return name;
}

} // namespace tenon::rt
