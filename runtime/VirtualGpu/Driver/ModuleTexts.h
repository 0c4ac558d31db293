//===- ModuleTexts.h - PTX that is shown, and taken from a file instead ---===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_MODULETEXTS_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_MODULETEXTS_H

#include "runtime/Core/Status.h"

#include <string>
#include <string_view>

namespace tenon::vgpu {

/// What of folder/K.ptx there is, K the text's first kernel; when there is no
/// such file, it is written, and the text is as it was given. An empty folder:
/// the text as given.
rt::Result<std::string> chooseText(std::string_view ptx,
                                   const std::string &folder);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_MODULETEXTS_H
