//===- Interpret.h - runs a model by the reference meaning of its ops -----===//

#ifndef TENON_TOOLS_TENON_INTERPRET_H
#define TENON_TOOLS_TENON_INTERPRET_H

#include "tools/tenon/Tensors.h"

namespace tenon::tool {

/// Executes @main of the .onnx or .mlir file on `inputs`, found by name, and
/// returns its outputs under their names.
rt::Result<Tensors> interpretFile(const std::string &path, Tensors inputs);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_INTERPRET_H
