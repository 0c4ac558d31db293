// Sizes of tensors, checked, since the dims come from files; their elements.
#include "runtime/Formats/HostTensor.h"

#include "runtime/Formats/NarrowFloats.h"

#include <cstring>

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

template <typename T>
static T valueAt(const HostTensor &tensor, int64_t position) {
  T value;
  std::memcpy(&value, tensor.data.data() + position * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
static double numberAt(const HostTensor &tensor, int64_t position) {
  return static_cast<double>(valueAt<T>(tensor, position));
}

/// Two elements lie in a byte, the first one low.
static int nibbleAt(const HostTensor &tensor, int64_t position) {
  auto byte = valueAt<uint8_t>(tensor, position / 2);
  return position % 2 ? byte >> 4 : byte & 15;
}

double elementAt(const HostTensor &tensor, int64_t position) {
  switch (tensor.dtype) {
  case abi::DType::I8:
    return numberAt<int8_t>(tensor, position);
  case abi::DType::Bool:
  case abi::DType::U8:
    return numberAt<uint8_t>(tensor, position);
  case abi::DType::I16:
    return numberAt<int16_t>(tensor, position);
  case abi::DType::U16:
    return numberAt<uint16_t>(tensor, position);
  case abi::DType::I32:
    return numberAt<int32_t>(tensor, position);
  case abi::DType::U32:
    return numberAt<uint32_t>(tensor, position);
  case abi::DType::I64:
    return numberAt<int64_t>(tensor, position);
  case abi::DType::U64:
    return numberAt<uint64_t>(tensor, position);
  case abi::DType::F32:
    return numberAt<float>(tensor, position);
  case abi::DType::F64:
    return numberAt<double>(tensor, position);
  case abi::DType::F16:
    return decodeF16(valueAt<uint16_t>(tensor, position));
  case abi::DType::BF16:
    return decodeBF16(valueAt<uint16_t>(tensor, position));
  case abi::DType::F8E4M3:
    return decodeF8E4M3(valueAt<uint8_t>(tensor, position));
  case abi::DType::F8E5M2:
    return decodeF8E5M2(valueAt<uint8_t>(tensor, position));
  case abi::DType::U4:
    return nibbleAt(tensor, position);
  case abi::DType::I4: // the upper half of the values are the negative ones
    return (nibbleAt(tensor, position) ^ 8) - 8;
  }
  return 0;
}

} // namespace tenon::rt
