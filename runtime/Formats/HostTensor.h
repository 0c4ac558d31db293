//===- HostTensor.h - a named tensor in this process's memory -------------===//

#ifndef TENON_RUNTIME_FORMATS_HOSTTENSOR_H
#define TENON_RUNTIME_FORMATS_HOSTTENSOR_H

#include "runtime/Abi/DType.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tenon::rt {

// The files hold little-endian numbers and are copied into tensors as they are.
static_assert(std::endian::native == std::endian::little);

/// Row-major and contiguous; `data` has storageBytes(dtype, dims) bytes. No
/// dims is a scalar of one element.
struct HostTensor {
  std::string name; ///< empty when the file gives none
  abi::DType dtype = abi::DType::F32;
  std::vector<int64_t> dims;
  std::vector<std::byte> data;
};

/// The product of `dims`; nothing when one is negative or the product is above
/// INT64_MAX. A dimension of 0 makes it 0 whatever the others are.
std::optional<int64_t> numElements(std::span<const int64_t> dims);

/// The bytes that `dims` elements of `dtype` need; nothing where numElements
/// has none or the bytes are more than INT64_MAX.
std::optional<int64_t> storageBytes(abi::DType dtype,
                                    std::span<const int64_t> dims);

/// Element `position`, which is there, as a number: integers of more than 53
/// bits are rounded.
double elementAt(const HostTensor &tensor, int64_t position);

/// For people: "f32[2, 384]".
std::string describe(abi::DType dtype, std::span<const int64_t> dims);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_HOSTTENSOR_H
