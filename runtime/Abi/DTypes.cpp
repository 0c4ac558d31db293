// Names and sizes of element types.

#include "runtime/Abi/DTypes.h"

#include "runtime/Core/Message.h"

namespace tenon::abi {

namespace {
struct Row {
  const char *name;
  unsigned bits;
};
/// In the order of DType.
constexpr Row kRows[] = {
    {"bool", 8},  {"i8", 8},   {"u8", 8},   {"i16", 16},   {"u16", 16},
    {"i32", 32},  {"u32", 32}, {"i64", 64}, {"u64", 64},   {"f16", 16},
    {"bf16", 16}, {"f32", 32}, {"f64", 64}, {"f8e4m3", 8}, {"f8e5m2", 8},
    {"i4", 4},    {"u4", 4},
};
static_assert(std::size(kRows) == size_t(DType::U4) + 1);
} // namespace

const char *nameOf(DType dtype) { return kRows[size_t(dtype)].name; }
unsigned bitsOf(DType dtype) { return kRows[size_t(dtype)].bits; }

rt::Result<uint64_t> bytesOf(DType dtype, std::span<const int64_t> dims) {
  uint64_t bits = bitsOf(dtype);
  bool isEmpty = false, overflows = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return rt::badInput("shape ", rt::shapeText(dims), " has a negative dim");
    isEmpty |= dim == 0;
    overflows |= dim && __builtin_mul_overflow(bits, uint64_t(dim), &bits);
  }
  if (isEmpty)
    return uint64_t(0);
  if (overflows)
    return rt::badInput("shape ", rt::shapeText(dims),
                        " is larger than any memory");
  return bits / 8 + (bits % 8 != 0);
}

} // namespace tenon::abi
