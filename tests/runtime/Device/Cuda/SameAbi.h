//===- SameAbi.h - whether two function types are called alike ------------===//

#ifndef TENON_TESTS_RUNTIME_DEVICE_CUDA_SAMEABI_H
#define TENON_TESTS_RUNTIME_DEVICE_CUDA_SAMEABI_H

#include <type_traits>

namespace tenon::test {

template <typename T>
inline constexpr bool isNumber = std::is_integral_v<T> || std::is_enum_v<T>;

/// Both pointers, to data or to functions; both whole numbers of one size and
/// one sign (enums without negative values are unsigned); or the same type.
template <typename A, typename B> constexpr bool areAlike() {
  if constexpr (isNumber<A> && isNumber<B>)
    return sizeof(A) == sizeof(B);
  else if constexpr (std::is_pointer_v<A> && std::is_pointer_v<B>)
    return true;
  else
    return std::is_same_v<A, B>;
}

template <typename F, typename G> inline constexpr bool haveSameAbi = false;
template <typename R, typename... As, typename S, typename... Bs>
  requires(sizeof...(As) == sizeof...(Bs))
inline constexpr bool haveSameAbi<R (*)(As...), S (*)(Bs...)> =
    areAlike<R, S>() && (areAlike<As, Bs>() && ...);

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_DEVICE_CUDA_SAMEABI_H
