// mma.sync. Fragments are unpacked to dense matrices, multiplied, and packed
// again.
//
// Products are exact (f16, bf16 and tf32 have few enough bits) and are summed
// in f32 in the order of k, starting from C: hardware sums in an order and
// width of its own, so tests of kernels need a tolerance anyway.

#include "runtime/VirtualGpu/Exec/Handlers.h"
#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"

namespace tenon::vgpu {
namespace {

// Operand types: how an element stands in a register, and what number it is.
struct F16 {
  static constexpr MmaType kType = MmaType::F16;
  using Number = float;
  using Element = uint16_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return fromF16(bits); }
};
struct Bf16 {
  static constexpr MmaType kType = MmaType::Bf16;
  using Number = float;
  using Element = uint16_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return fromBf16(bits); }
};
struct Tf32 {
  static constexpr MmaType kType = MmaType::Tf32;
  using Number = float;
  using Element = uint32_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  // The machine ignores the lower bits.
  TENON_VGPU_INLINE static Number widen(Element bits) {
    return bitsFloat(bits & ~0x1fffu);
  }
};
struct S8 {
  static constexpr MmaType kType = MmaType::Int8;
  using Number = int32_t;
  using Element = int8_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return bits; }
};
struct U8 {
  static constexpr MmaType kType = MmaType::Int8;
  using Number = int32_t;
  using Element = uint8_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return bits; }
};
struct E4m3 {
  static constexpr MmaType kType = MmaType::Fp8;
  using Number = float;
  using Element = uint8_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return fromE4m3(bits); }
};
struct E5m2 {
  static constexpr MmaType kType = MmaType::Fp8;
  using Number = float;
  using Element = uint8_t;
  static constexpr unsigned kPerRegister = 4 / sizeof(Element);
  TENON_VGPU_INLINE static Number widen(Element bits) { return fromE5m2(bits); }
};

constexpr unsigned kM = 16, kN = 8;

// Lane l has row (or column) l / 4 of a fragment and, of each register,
// elements kPerRegister * (l % 4) and following along k. A's registers
// alternate between rows r and r + 8, then step along k; B's step along k.
//
// So four lanes together hold a run of one row: it is unpacked as such.
template <typename T>
TENON_VGPU_INLINE const typename T::Element *
runOf(const Warp &warp, uint32_t slot, unsigned group) {
  return reinterpret_cast<const typename T::Element *>(
      warp.lanes<uint32_t>(slot) + 4 * group);
}

template <typename T, unsigned K>
TENON_VGPU_INLINE void unpackA(const Warp &warp, const uint32_t *slots,
                               typename T::Number (&a)[kM][K]) {
  constexpr unsigned kRun = 4 * T::kPerRegister, kNumRegisters = 2 * K / kRun;
  for (unsigned r = 0; r < kNumRegisters; ++r)
    for (unsigned group = 0; group < 8; ++group) {
      const typename T::Element *run = runOf<T>(warp, slots[r], group);
      typename T::Number *to = a[group + 8 * (r % 2)] + r / 2 * kRun;
      for (unsigned i = 0; i < kRun; ++i)
        to[i] = T::widen(run[i]);
    }
}

/// B is stored by rows of k, so that a row of eight columns is one vector.
template <typename T, unsigned K>
TENON_VGPU_INLINE void unpackB(const Warp &warp, const uint32_t *slots,
                               typename T::Number (&b)[K][kN]) {
  constexpr unsigned kRun = 4 * T::kPerRegister, kNumRegisters = K / kRun;
  for (unsigned r = 0; r < kNumRegisters; ++r)
    for (unsigned group = 0; group < 8; ++group) {
      const typename T::Element *run = runOf<T>(warp, slots[r], group);
      for (unsigned i = 0; i < kRun; ++i)
        b[r * kRun + i][group] = T::widen(run[i]);
    }
}

// D and C: lane l has elements 2 (l % 4) and + 1 of rows l / 4 and l / 4 + 8,
// one a register, or both of a row in one register for f16.
template <typename Number, bool IsF16>
TENON_VGPU_INLINE void unpackC(const Warp &warp, const uint32_t *slots,
                               Number (&c)[kM][kN]) {
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned i = 0; i < 2; ++i) {
      const uint32_t *from =
          warp.lanes<uint32_t>(slots[IsF16 ? half : 2 * half + i]);
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        Number value;
        if constexpr (IsF16)
          value = fromF16(uint16_t(from[lane] >> (16 * i)));
        else
          value = std::bit_cast<Number>(from[lane]);
        c[lane / 4 + 8 * half][2 * (lane % 4) + i] = value;
      }
    }
}

template <typename Number, bool IsF16>
TENON_VGPU_INLINE void packD(Warp &warp, const uint32_t *slots,
                             const Number (&d)[kM][kN]) {
  for (unsigned half = 0; half < 2; ++half) {
    if constexpr (IsF16) {
      uint32_t *to = warp.lanes<uint32_t>(slots[half]);
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        to[lane] = toF16(d[lane / 4 + 8 * half][2 * (lane % 4)]) |
                   uint32_t(toF16(d[lane / 4 + 8 * half][2 * (lane % 4) + 1]))
                       << 16;
    } else {
      for (unsigned i = 0; i < 2; ++i) {
        uint32_t *to = warp.lanes<uint32_t>(slots[2 * half + i]);
        for (unsigned lane = 0; lane < kWarpSize; ++lane)
          to[lane] = std::bit_cast<uint32_t>(
              d[lane / 4 + 8 * half][2 * (lane % 4) + i]);
      }
    }
  }
}

template <typename A, typename B, unsigned K, bool IsF16>
TENON_VGPU_INLINE void multiply(Warp &warp, const Instruction &inst) {
  using Number = typename A::Number;
  constexpr unsigned kNumD = IsF16 ? 2 : 4, kNumA = K / A::kPerRegister / 2,
                     kNumB = K / B::kPerRegister / 4;
  const uint32_t *list = inst.list;
  alignas(64) Number a[kM][K], b[K][kN], c[kM][kN];
  unpackA<A, K>(warp, list + kNumD, a);
  unpackB<B, K>(warp, list + kNumD + kNumA, b);
  unpackC<Number, IsF16>(warp, list + kNumD + kNumA + kNumB, c);
  // Four rows side by side: each has a chain of sums to wait for.
  constexpr unsigned kSideBySide = 4;
  for (unsigned row = 0; row < kM; row += kSideBySide) {
    alignas(32) Number sum[kSideBySide][kN];
    for (unsigned r = 0; r < kSideBySide; ++r)
      for (unsigned n = 0; n < kN; ++n)
        sum[r][n] = c[row + r][n];
    for (unsigned k = 0; k < K; ++k)
      for (unsigned r = 0; r < kSideBySide; ++r)
        for (unsigned n = 0; n < kN; ++n)
          sum[r][n] += a[row + r][k] * b[k][n];
    for (unsigned r = 0; r < kSideBySide; ++r)
      for (unsigned n = 0; n < kN; ++n)
        c[row + r][n] = sum[r][n];
  }
  packD<Number, IsF16>(warp, list, c);
}

template <typename A, typename B, unsigned K, bool IsF16>
void multiplyBase(Warp &warp, const Instruction &inst) {
  multiply<A, B, K, IsF16>(warp, inst);
}
template <typename A, typename B, unsigned K, bool IsF16>
TENON_VGPU_WIDE void multiplyWide(Warp &warp, const Instruction &inst) {
  multiply<A, B, K, IsF16>(warp, inst);
}

template <typename A, typename B, unsigned K, bool IsF16>
void mma(Warp &warp, const Instruction &inst, uint32_t mask) {
  if (!isWholeWarp(warp, inst, mask))
    return;
  warp.outcome = Outcome::Next;
  constexpr uint64_t kFlops = uint64_t(2) * kM * kN * K;
  warp.worker->counters.mmaFlops += kFlops;
  warp.worker->counters.mmaSyncFlops[unsigned(A::kType)] += kFlops;
  static const auto kMultiply = hostIsWide() ? multiplyWide<A, B, K, IsF16>
                                             : multiplyBase<A, B, K, IsF16>;
  kMultiply(warp, inst);
}

template <typename A, typename B, unsigned K, bool IsF16 = false>
MmaForm form(std::string_view shape, std::string_view types) {
  return {shape,
          types,
          uint8_t(IsF16 ? 2 : 4),
          uint8_t(K / A::kPerRegister / 2),
          uint8_t(K / B::kPerRegister / 4),
          uint8_t(IsF16 ? 2 : 4),
          mma<A, B, K, IsF16>,
          2 * kM * kN * K};
}

} // namespace

const std::vector<MmaForm> &mmaForms() {
  static const std::vector<MmaForm> kForms = {
      form<F16, F16, 8>("m16n8k8", "f32.f16.f16.f32"),
      form<F16, F16, 16>("m16n8k16", "f32.f16.f16.f32"),
      form<F16, F16, 8, true>("m16n8k8", "f16.f16.f16.f16"),
      form<F16, F16, 16, true>("m16n8k16", "f16.f16.f16.f16"),
      form<Bf16, Bf16, 8>("m16n8k8", "f32.bf16.bf16.f32"),
      form<Bf16, Bf16, 16>("m16n8k16", "f32.bf16.bf16.f32"),
      form<Tf32, Tf32, 4>("m16n8k4", "f32.tf32.tf32.f32"),
      form<Tf32, Tf32, 8>("m16n8k8", "f32.tf32.tf32.f32"),
      form<S8, S8, 16>("m16n8k16", "s32.s8.s8.s32"),
      form<S8, S8, 32>("m16n8k32", "s32.s8.s8.s32"),
      form<U8, U8, 16>("m16n8k16", "s32.u8.u8.s32"),
      form<U8, U8, 32>("m16n8k32", "s32.u8.u8.s32"),
      form<S8, U8, 32>("m16n8k32", "s32.s8.u8.s32"),
      form<U8, S8, 32>("m16n8k32", "s32.u8.s8.s32"),
      form<E4m3, E4m3, 32>("m16n8k32", "f32.e4m3.e4m3.f32"),
      form<E5m2, E5m2, 32>("m16n8k32", "f32.e5m2.e5m2.f32"),
      form<E4m3, E5m2, 32>("m16n8k32", "f32.e4m3.e5m2.f32"),
      form<E5m2, E4m3, 32>("m16n8k32", "f32.e5m2.e4m3.f32"),
  };
  return kForms;
}

const MmaForm *findMma(std::string_view shape, std::string_view types) {
  for (const MmaForm &each : mmaForms())
    if (each.shape == shape && each.types == types)
      return &each;
  return nullptr;
}

} // namespace tenon::vgpu
