//===- DType.h - the name and size of each element type -------------------===//

#ifndef TENON_RUNTIME_ABI_DTYPE_H
#define TENON_RUNTIME_ABI_DTYPE_H

#include "runtime/Abi/Plan.h"

#include <optional>
#include <string_view>

namespace tenon::abi {

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  unsigned bits;
};

/// In the order of DType, so that a value is its own index.
inline constexpr DTypeInfo kDTypes[] = {
    {DType::Bool, "bool", 8},     {DType::I8, "i8", 8},
    {DType::U8, "u8", 8},         {DType::I16, "i16", 16},
    {DType::U16, "u16", 16},      {DType::I32, "i32", 32},
    {DType::U32, "u32", 32},      {DType::I64, "i64", 64},
    {DType::U64, "u64", 64},      {DType::F16, "f16", 16},
    {DType::BF16, "bf16", 16},    {DType::F32, "f32", 32},
    {DType::F64, "f64", 64},      {DType::F8E4M3, "f8e4m3", 8},
    {DType::F8E5M2, "f8e5m2", 8}, {DType::I4, "i4", 4},
    {DType::U4, "u4", 4},
};
inline constexpr size_t kNumDTypes = sizeof(kDTypes) / sizeof(kDTypes[0]);

constexpr bool isInOrder() {
  for (size_t i = 0; i < kNumDTypes; ++i)
    if (static_cast<size_t>(kDTypes[i].dtype) != i)
      return false;
  return true;
}
static_assert(isInOrder(), "kDTypes must list the types in the order of DType");

/// Whether a number from a file is a DType; ask before casting it to one.
constexpr bool isDType(uint64_t value) { return value < kNumDTypes; }

constexpr std::string_view nameOf(DType dtype) {
  return kDTypes[static_cast<size_t>(dtype)].name;
}

/// Bits of one element. Types of 4 bits lie two to a byte, the first one low.
constexpr unsigned bitsOf(DType dtype) {
  return kDTypes[static_cast<size_t>(dtype)].bits;
}

/// The type called `name`, as nameOf spells it.
constexpr std::optional<DType> dtypeNamed(std::string_view name) {
  for (const DTypeInfo &info : kDTypes)
    if (info.name == name)
      return info.dtype;
  return std::nullopt;
}

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_DTYPE_H
