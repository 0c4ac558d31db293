//===- Tensors.h - tensors in files, named as a model names them ----------===//

#ifndef TENON_TOOLS_TENON_TENSORS_H
#define TENON_TOOLS_TENON_TENSORS_H

#include "runtime/Core/Status.h"
#include "runtime/Formats/HostTensor.h"
#include "tools/tenon/Arguments.h"

namespace tenon::tool {

using Tensors = std::vector<rt::HostTensor>;

/// The tensors of --input name=FILE (.npy or .pb) and --inputs FILE.npz.
/// BadInput when one is given twice.
rt::Result<Tensors> readInputs(const Arguments &arguments);

/// The tensors of --expect, given as FILE.npz or name=FILE (.npy or .pb).
/// BadInput when one is given twice.
rt::Result<Tensors> readExpected(const Arguments &arguments);

/// The tensor called `name`, or null.
const rt::HostTensor *findTensor(const Tensors &tensors, std::string_view name);

/// Writes what -o FILE.npz, --output name=FILE (.npy or .pb) and --output-dir
/// FOLDER (NAME.npy each) ask for, each file whole or not at all. BadInput for
/// a name that no output has.
rt::Result<void> writeOutputs(const Arguments &arguments,
                              const Tensors &outputs);

/// "y: f32[2, 384] from -0.5 to 1.25".
std::string summary(const rt::HostTensor &tensor);

/// Element `position`, as a number. For all types but those of 4 bits.
double elementAt(const rt::HostTensor &tensor, int64_t position);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_TENSORS_H
