// mma.sync. Fragments are widened, and multiplied where the lanes have them.
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
constexpr unsigned kQuad = 4;

/// Of one type for all of GCC's and Clang's vectors; `Lanes` of them.
template <typename Number, unsigned Lanes> struct VectorOf {
  typedef Number Type __attribute__((vector_size(Lanes * sizeof(Number))));
};
template <typename Number, unsigned Lanes>
using Vector = typename VectorOf<Number, Lanes>::Type;

template <typename To, typename From>
TENON_VGPU_INLINE void load(To &to, const From *from) {
  std::memcpy(&to, from, sizeof(To));
}

// Four lanes, a quad, have a row of A (or a column of B) between them: lane l
// has row l / 4 and, of each register, elements kPerRegister * (l % 4) and
// following along k. A's registers alternate between rows r and r + 8, then
// step along k; B's step along k. Of C and D a quad has a row too: lane l has
// columns 2 (l % 4) and + 1, one a register.
//
// So sums stay where lanes have them. For an element k, lane l adds A's (l / 4,
// k), which is one lane's of its quad, times B's (k, 2 (l % 4)), which is the
// same for all quads.

/// A's elements by rows' quads: [element of a register][step along k][row r,
/// then r + 8][lane].
template <typename T, unsigned K> struct Left {
  using Number = typename T::Number;
  static constexpr unsigned kSteps = K / kQuad / T::kPerRegister;
  Number at[T::kPerRegister][kSteps][2 * kWarpSize];
};

/// B's by k: [element of a register][step][lane of a quad that has it][even
/// columns, then odd ones].
template <typename T, unsigned K> struct Right {
  using Number = typename T::Number;
  static constexpr unsigned kSteps = K / kQuad / T::kPerRegister;
  Number at[T::kPerRegister][kSteps][kQuad][2][kN / 2];
};

template <typename T>
TENON_VGPU_INLINE void widen(const uint32_t *words, unsigned which,
                             typename T::Number *to, unsigned count) {
  constexpr unsigned kBits = 8 * sizeof(typename T::Element);
  for (unsigned lane = 0; lane < count; ++lane)
    to[lane] = T::widen(typename T::Element(words[lane] >> kBits * which));
}

template <typename T, unsigned K>
TENON_VGPU_INLINE void unpackA(const Warp &warp, const uint32_t *slots,
                               Left<T, K> &a) {
  alignas(64) uint32_t words[2 * Left<T, K>::kSteps * kWarpSize];
  for (unsigned r = 0; r < 2 * a.kSteps; ++r)
    std::memcpy(words + r * kWarpSize, warp.lanes<uint32_t>(slots[r]),
                4 * kWarpSize);
  for (unsigned i = 0; i < T::kPerRegister; ++i)
    widen<T>(words, i, a.at[i][0], 2 * a.kSteps * kWarpSize);
}

/// Words of four columns to those of four lanes of a quad.
TENON_VGPU_INLINE void transpose(const uint32_t *words, unsigned firstColumn,
                                 uint32_t (&to)[kQuad][2][kN / 2]) {
  Vector<uint32_t, kQuad> column[kQuad];
  for (unsigned i = 0; i < kQuad; ++i)
    load(column[i], words + kQuad * (2 * i + firstColumn));
  auto low01 = __builtin_shufflevector(column[0], column[1], 0, 4, 1, 5),
       high01 = __builtin_shufflevector(column[0], column[1], 2, 6, 3, 7),
       low23 = __builtin_shufflevector(column[2], column[3], 0, 4, 1, 5),
       high23 = __builtin_shufflevector(column[2], column[3], 2, 6, 3, 7);
  Vector<uint32_t, kQuad> lanes[kQuad] = {
      __builtin_shufflevector(low01, low23, 0, 1, 4, 5),
      __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
      __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
      __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
  for (unsigned lane = 0; lane < kQuad; ++lane)
    std::memcpy(to[lane][firstColumn], &lanes[lane], sizeof(lanes[lane]));
}

template <typename T, unsigned K>
TENON_VGPU_INLINE void unpackB(const Warp &warp, const uint32_t *slots,
                               Right<T, K> &b) {
  alignas(64) uint32_t words[Right<T, K>::kSteps][kQuad][2][kN / 2];
  for (unsigned step = 0; step < b.kSteps; ++step)
    for (unsigned firstColumn = 0; firstColumn < 2; ++firstColumn)
      transpose(warp.lanes<uint32_t>(slots[step]), firstColumn, words[step]);
  for (unsigned i = 0; i < T::kPerRegister; ++i)
    widen<T>(words[0][0][0], i, b.at[i][0][0][0], b.kSteps * kWarpSize);
}

/// Sums of even and of odd columns; lanes of rows r, then of r + 8. Of f16 both
/// columns stand in one register.
template <typename Number> using Sums = Number[2][2 * kWarpSize];

template <typename Number, bool IsF16>
TENON_VGPU_INLINE void unpackC(const Warp &warp, const uint32_t *slots,
                               Sums<Number> &c) {
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned i = 0; i < 2; ++i) {
      Number *to = c[i] + half * kWarpSize;
      if constexpr (IsF16)
        widen<F16>(warp.lanes<uint32_t>(slots[half]), i, to, kWarpSize);
      else
        std::memcpy(to, warp.lanes<Number>(slots[2 * half + i]),
                    sizeof(Number) * kWarpSize);
    }
}

template <typename Number, bool IsF16>
TENON_VGPU_INLINE void packD(Warp &warp, const uint32_t *slots,
                             const Sums<Number> &d) {
  for (unsigned half = 0; half < 2; ++half) {
    const Number *even = d[0] + half * kWarpSize,
                 *odd = d[1] + half * kWarpSize;
    if constexpr (IsF16) {
      uint32_t *to = warp.lanes<uint32_t>(slots[half]);
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        to[lane] = toF16(even[lane]) | uint32_t(toF16(odd[lane])) << 16;
    } else {
      std::memcpy(warp.lanes<Number>(slots[2 * half]), even,
                  sizeof(Number) * kWarpSize);
      std::memcpy(warp.lanes<Number>(slots[2 * half + 1]), odd,
                  sizeof(Number) * kWarpSize);
    }
  }
}

/// Adds the products of one k, which lane `Q` of each quad of A has.
template <unsigned Q, typename Number, unsigned... Lane>
TENON_VGPU_INLINE void
addProducts(Vector<Number, sizeof...(Lane)> (&sums)[2][4], const Number *a,
            const Number (&b)[2][kN / 2],
            std::integer_sequence<unsigned, Lane...>) {
  using Wide = Vector<Number, sizeof...(Lane)>;
  Wide columns[2];
  for (unsigned i = 0; i < 2; ++i) {
    Vector<Number, kQuad> four;
    load(four, b[i]);
    columns[i] = __builtin_shufflevector(four, four, (Lane % kQuad)...);
  }
  for (unsigned v = 0; v < 4; ++v) {
    Wide row;
    load(row, a + v * sizeof...(Lane));
    row = __builtin_shufflevector(row, row, (Lane / kQuad * kQuad + Q)...);
    for (unsigned i = 0; i < 2; ++i)
      sums[i][v] += row * columns[i];
  }
}

/// `Width`: lanes of a vector. Four vectors of each parity of columns are
/// summed side by side: each has a chain of sums to wait for.
template <unsigned Width, typename A, typename B, unsigned K>
TENON_VGPU_INLINE void multiply(const Left<A, K> &a, const Right<B, K> &b,
                                Sums<typename A::Number> &c) {
  using Number = typename A::Number;
  constexpr std::make_integer_sequence<unsigned, Width> kLanes;
  for (unsigned first = 0; first < 2 * kWarpSize; first += 4 * Width) {
    Vector<Number, Width> sums[2][4];
    for (unsigned i = 0; i < 2; ++i)
      std::memcpy(sums[i], c[i] + first, sizeof(sums[i]));
    for (unsigned step = 0; step < a.kSteps; ++step) {
      // In the order of k: the lanes of a quad, and in each its elements.
      auto addLane = [&]<unsigned Q>() TENON_VGPU_INLINE_LAMBDA {
        for (unsigned i = 0; i < A::kPerRegister; ++i)
          addProducts<Q, Number>(sums, a.at[i][step] + first, b.at[i][step][Q],
                                 kLanes);
      };
      addLane.template operator()<0>();
      addLane.template operator()<1>();
      addLane.template operator()<2>();
      addLane.template operator()<3>();
    }
    for (unsigned i = 0; i < 2; ++i)
      std::memcpy(c[i] + first, sums[i], sizeof(sums[i]));
  }
}

template <unsigned Width, typename A, typename B, unsigned K, bool IsF16>
TENON_VGPU_INLINE void execute(Warp &warp, const Instruction &inst) {
  using Number = typename A::Number;
  constexpr unsigned kNumD = IsF16 ? 2 : 4, kNumA = K / A::kPerRegister / 2,
                     kNumB = K / B::kPerRegister / 4;
  const uint32_t *list = inst.list;
  alignas(64) Left<A, K> a;
  alignas(64) Right<B, K> b;
  alignas(64) Sums<Number> sums;
  unpackA<A, K>(warp, list + kNumD, a);
  unpackB<B, K>(warp, list + kNumD + kNumA, b);
  unpackC<Number, IsF16>(warp, list + kNumD + kNumA + kNumB, sums);
  multiply<Width>(a, b, sums);
  packD<Number, IsF16>(warp, list, sums);
}

template <typename A, typename B, unsigned K, bool IsF16>
void multiplyBase(Warp &warp, const Instruction &inst) {
  execute<4, A, B, K, IsF16>(warp, inst);
}
template <typename A, typename B, unsigned K, bool IsF16>
TENON_VGPU_WIDE void multiplyWide(Warp &warp, const Instruction &inst) {
  execute<8, A, B, K, IsF16>(warp, inst);
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
