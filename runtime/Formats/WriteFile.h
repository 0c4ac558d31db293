//===- WriteFile.h - a file is written whole or not at all ----------------===//

#ifndef TENON_RUNTIME_FORMATS_WRITEFILE_H
#define TENON_RUNTIME_FORMATS_WRITEFILE_H

#include "runtime/Core/Status.h"

#include <cstddef>
#include <span>
#include <string>

namespace tenon::rt {

/// Writes `parts`, one after another, as the file `path`. They go into a new
/// file beside it that then takes its name, so nobody sees half a file and a
/// failure leaves an old one as it was. BadInput when the system refuses.
Result<void> writeFile(const std::string &path,
                       std::span<const std::span<const std::byte>> parts);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_WRITEFILE_H
