//===- DTypes.h - names and sizes of element types ------------------------===//

#ifndef TENON_RUNTIME_ABI_DTYPES_H
#define TENON_RUNTIME_ABI_DTYPES_H

#include "runtime/Abi/Plan.h"
#include "runtime/Core/Status.h"

#include <span>

namespace tenon::abi {

/// "f32", "i64", "bool", as in the graph dialect.
const char *nameOf(DType dtype);
/// 4 and 8 to 64.
unsigned bitsOf(DType dtype);

/// Bytes of a contiguous tensor; elements of 4 bits lie two in a byte. BadInput
/// when a dim is negative or the size does not fit into 63 bits.
rt::Result<uint64_t> bytesOf(DType dtype, std::span<const int64_t> dims);

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_DTYPES_H
