//===- Tune.h - tenon compile --tune: schedules chosen by measuring -------===//

#ifndef TENON_TOOLS_TENON_TUNE_H
#define TENON_TOOLS_TENON_TUNE_H

#include "compiler/Compile.h"
#include "tools/tenon/Arguments.h"
#include "tools/tenon/Modules.h"

#include <functional>

namespace tenon::tool {

/// Gives kernels of `module`, of stage tile, schedules that are measured here
/// for the shape of --tune, prints a line for each, and reads and writes the
/// file of --tune-log. `print` takes whole lines.
rt::Result<void> tune(mlir::ModuleOp module, const CompileOptions &options,
                      const Arguments &arguments, const Workshop &workshop,
                      const std::function<void(const std::string &)> &print);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_TUNE_H
