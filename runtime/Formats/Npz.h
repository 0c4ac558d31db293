//===- Npz.h - named tensors as NumPy's .npz files ------------------------===//
//
// An .npz file is a zip archive with one .npy file for each tensor: the tensor
// `x` is the file `x.npy`. What Npy.h says of types holds here too.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_NPZ_H
#define TENON_RUNTIME_FORMATS_NPZ_H

#include "runtime/Core/Status.h"
#include "runtime/Formats/HostTensor.h"

#include <span>
#include <string>
#include <vector>

namespace tenon::rt {

/// Reads all tensors of the .npz file `path`, as numpy.savez and
/// savez_compressed write it, in the file's order. BadInput when it is damaged,
/// holds a name twice, or holds what is no tensor.
Result<std::vector<HostTensor>> readNpz(const std::string &path);

/// Writes `tensors` under their names, uncompressed, whole or not at all.
/// BadInput when two have the same name, for i4 and u4, and at 4 GiB.
Result<void> writeNpz(const std::string &path,
                      std::span<const HostTensor> tensors);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_NPZ_H
