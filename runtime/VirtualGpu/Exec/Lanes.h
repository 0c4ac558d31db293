//===- Lanes.h - handlers made from scalar functions
//-------------------------===//
//
//   forms.add("add.s32", Pipe::Integer,
//             lanes<uint32_t, uint32_t, uint32_t>([](auto a, auto b) { return a
//             + b; }));
//
// The loop over 32 lanes is compiled twice, for the baseline and for AVX2 with
// FMA, and the host's processor chooses when the table is made. Results are the
// same: nothing is contracted (-ffp-contract=off), and std::fma is exact in
// both.
//
// All lanes are computed, and those of the mask stored: a function must be
// defined for any bits.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_EXEC_LANES_H
#define TENON_RUNTIME_VIRTUALGPU_EXEC_LANES_H

#include "runtime/VirtualGpu/Exec/Forms.h"
#include "runtime/VirtualGpu/Exec/Warp.h"

#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#define TENON_VGPU_WIDE                                                        \
  __attribute__((target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt")))
#else
#define TENON_VGPU_WIDE
#endif
#define TENON_VGPU_INLINE [[gnu::always_inline]] inline
/// Behind the parameters of a lambda that must become part of its loop.
#define TENON_VGPU_INLINE_LAMBDA __attribute__((always_inline))

namespace tenon::vgpu {

/// Whether the host executes what TENON_VGPU_WIDE compiles.
bool hostIsWide();

/// An operand that is a predicate: a lane of it is a bool.
struct Predicate {};

template <typename T>
TENON_VGPU_INLINE void storeLanes(T *to, const T *from, uint32_t mask) {
  if (mask == kFullMask) {
    std::memcpy(to, from, sizeof(T) * kWarpSize);
    return;
  }
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    to[lane] = (mask >> lane) & 1 ? from[lane] : to[lane];
}

template <typename T>
TENON_VGPU_INLINE auto laneOf(const Warp &warp, uint32_t slot, unsigned lane) {
  if constexpr (std::is_same_v<T, Predicate>)
    return bool(
        (*reinterpret_cast<const uint32_t *>(warp.registers + slot) >> lane) &
        1);
  else
    return reinterpret_cast<const T *>(warp.registers + slot)[lane];
}

template <typename F, typename D, typename... S, size_t... I>
TENON_VGPU_INLINE void runLanes(Warp &warp, const Instruction &inst,
                                uint32_t mask, std::index_sequence<I...>) {
  const F function{};
  if constexpr (std::is_same_v<D, Predicate>) {
    alignas(64) uint32_t bits[kWarpSize];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      bits[lane] = function(laneOf<S>(warp, inst.slot[I + 1], lane)...)
                       ? uint32_t(1) << lane
                       : 0;
    uint32_t result = 0;
    for (uint32_t bit : bits)
      result |= bit;
    uint32_t &to = warp.mask(inst.slot[0]);
    to = (to & ~mask) | (result & mask);
  } else {
    alignas(64) D result[kWarpSize];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      result[lane] = function(laneOf<S>(warp, inst.slot[I + 1], lane)...);
    storeLanes(warp.lanes<D>(inst.slot[0]), result, mask);
  }
}

template <typename F, typename D, typename... S>
[[gnu::flatten]] void runLanesBase(Warp &warp, const Instruction &inst,
                                   uint32_t mask) {
  runLanes<F, D, S...>(warp, inst, mask, std::index_sequence_for<S...>());
}
template <typename F, typename D, typename... S>
[[gnu::flatten]] TENON_VGPU_WIDE void
runLanesWide(Warp &warp, const Instruction &inst, uint32_t mask) {
  runLanes<F, D, S...>(warp, inst, mask, std::index_sequence_for<S...>());
}

template <typename T> constexpr OperandType operandType() {
  if constexpr (std::is_same_v<T, Predicate>)
    return {0, false};
  else
    return {sizeof(T), std::is_floating_point_v<T>};
}

/// A form whose lane is function(sources...).
template <typename D, typename... S, typename F> Form lanes(F) {
  Form form;
  form.handler =
      hostIsWide() ? runLanesWide<F, D, S...> : runLanesBase<F, D, S...>;
  form.operands = {operandType<D>(), operandType<S>()...};
  return form;
}

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_EXEC_LANES_H
