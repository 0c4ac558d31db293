//===- Npy.h - tensors as NumPy's .npy files ------------------------------===//
//
// Types that NumPy lacks are written as unsigned integers of their width (bf16
// as '<u2', f8 as '|u1'), which any NumPy reads; their meaning is then up to
// the reader. Such a file comes back as u16 or u8. '<V2', as NumPy writes
// arrays of the ml_dtypes package's bfloat16, is read as bf16. i4 and u4 have
// no form in .npy.
//
// Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_NPY_H
#define TENON_RUNTIME_FORMATS_NPY_H

#include "runtime/Core/Status.h"
#include "runtime/Formats/HostTensor.h"

#include <span>
#include <string>
#include <vector>

namespace tenon::rt {

/// Reads the .npy file `path`, of version 1 to 3. Big-endian and column-major
/// ("Fortran order") arrays come out little-endian and row-major. The tensor
/// has no name. BadInput when the file is none, is damaged, or holds what is no
/// tensor (objects, strings, records, complex numbers).
Result<HostTensor> readNpy(const std::string &path);

/// The same for bytes in memory; `origin` opens the errors.
Result<HostTensor> parseNpy(std::span<const std::byte> bytes,
                            const std::string &origin);

/// Writes `tensor` as version 1, whole or not at all; its name is not kept.
/// BadInput for i4 and u4, and when the file cannot be written.
Result<void> writeNpy(const std::string &path, const HostTensor &tensor);

/// What stands before the data in a file that writeNpy makes.
Result<std::vector<std::byte>> npyHeader(const HostTensor &tensor);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_NPY_H
