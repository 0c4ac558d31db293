//===- JsonText.h - pieces of JSON ----------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_JSONTEXT_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_JSONTEXT_H

#include "runtime/VirtualGpu/Report.h"

#include <string>
#include <string_view>

namespace tenon::vgpu {

/// With quotes, and escapes where there must be.
std::string jsonString(std::string_view text);
/// [x,y,z]
std::string jsonTriple(Dim3 at);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_JSONTEXT_H
