//===- LittleEndian.h - integers in files, wherever they lie --------------===//

#ifndef TENON_RUNTIME_FORMATS_LITTLEENDIAN_H
#define TENON_RUNTIME_FORMATS_LITTLEENDIAN_H

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace tenon::rt {

static_assert(std::endian::native == std::endian::little);

/// The T at byte `offset`, aligned or not. The caller has checked that `bytes`
/// reaches that far.
template <typename T>
T loadLittle(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void appendLittle(std::vector<std::byte> &bytes, T value) {
  const auto *start = reinterpret_cast<const std::byte *>(&value);
  bytes.insert(bytes.end(), start, start + sizeof(T));
}

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_LITTLEENDIAN_H
