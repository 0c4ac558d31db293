// Sizes of tensors, checked, since the dims come from files.
#include "runtime/Formats/HostTensor.h"

namespace tenon::rt {

std::optional<int64_t> numElements(std::span<const int64_t> dims) {
  bool isEmpty = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    isEmpty |= dim == 0;
  }
  if (isEmpty)
    return 0;
  int64_t product = 1;
  for (int64_t dim : dims)
    if (__builtin_mul_overflow(product, dim, &product))
      return std::nullopt;
  return product;
}

std::optional<int64_t> storageBytes(abi::DType dtype,
                                    std::span<const int64_t> dims) {
  std::optional<int64_t> count = numElements(dims);
  if (!count)
    return std::nullopt;
  int64_t bits = abi::bitsOf(dtype);
  if (bits < 8) // 4 bits: two to a byte
    return *count / 2 + *count % 2;
  int64_t bytes;
  if (__builtin_mul_overflow(*count, bits / 8, &bytes))
    return std::nullopt;
  return bytes;
}

std::string describe(abi::DType dtype, std::span<const int64_t> dims) {
  std::string text(abi::nameOf(dtype));
  text += '[';
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + ']';
}

} // namespace tenon::rt
