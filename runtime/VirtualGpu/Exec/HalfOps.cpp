// f16 and bf16 arithmetic, alone and in pairs.

#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"

namespace tenon::vgpu {
namespace {

/// Sums, products and quotients of the narrow types round to f32 and then to
/// the narrow type as if once: f32 has more than twice their bits and two more.
struct F16 {
  static constexpr const char *kType = "f16";
  static float widen(uint16_t a) { return fromF16(a); }
  static uint16_t narrow(float a) { return toF16(a); }
  static float flush(float a) {
    return std::fabs(a) < 0x1p-14f ? std::copysign(0.0f, a) : a;
  }
  /// 22 bits of product and 11 of addend, at most 2^80 apart, that must show in
  /// 11: one rounding to 53 bits loses nothing that a second would miss.
  TENON_VGPU_INLINE static uint16_t fma(float a, float b, float c) {
    return toF16(oddF32(double(a) * b + c));
  }
};
struct Bf16 {
  static constexpr const char *kType = "bf16";
  static float widen(uint16_t a) { return fromBf16(a); }
  static uint16_t narrow(float a) { return toBf16(a); }
  static float flush(float a) {
    return std::fabs(a) < 0x1p-126f ? std::copysign(0.0f, a) : a;
  }
  TENON_VGPU_INLINE static uint16_t fma(float a, float b, float c) {
    return toBf16(oddF32(oddSum(double(a) * b, c)));
  }
};

uint16_t nanOr(bool isNan, uint16_t value) { return isNan ? 0x7fff : value; }

/// The smaller (or greater) by value, -0 below +0; a NaN loses, or wins with
/// .NaN.
template <typename H, bool IsMax, bool IsNan>
uint16_t extreme(uint16_t a, uint16_t b) {
  float x = H::widen(a), y = H::widen(b);
  bool isFirst = IsMax ? x > y || (x == y && !(a & 0x8000))
                       : x < y || (x == y && (a & 0x8000));
  if (x != x || y != y)
    return IsNan || (x != x && y != y) ? 0x7fff : x != x ? b : a;
  return isFirst ? a : b;
}

template <typename H> float clamped(float a) {
  return a > 0 ? (a < 1 ? a : 1) : 0;
}

/// Registers `op.type` on 16 bits and `op.typex2` on both halves of 32.
template <typename H, typename F>
void addUnary(Forms &forms, const std::string &op, F) {
  forms.add(op + "." + H::kType, Pipe::Half,
            lanes<uint16_t, uint16_t>(
                [](uint16_t a) TENON_VGPU_INLINE_LAMBDA { return F{}(a); }));
  forms.add(op + "." + H::kType + "x2", Pipe::Half,
            lanes<uint32_t, uint32_t>([](uint32_t a) TENON_VGPU_INLINE_LAMBDA {
              return uint32_t(F{}(uint16_t(a))) |
                     uint32_t(F{}(uint16_t(a >> 16))) << 16;
            }));
}
template <typename H, typename F>
void addBinary(Forms &forms, const std::string &op, F) {
  forms.add(op + "." + H::kType, Pipe::Half,
            lanes<uint16_t, uint16_t, uint16_t>(
                [](uint16_t a, uint16_t b)
                    TENON_VGPU_INLINE_LAMBDA { return F{}(a, b); }));
  forms.add(op + "." + H::kType + "x2", Pipe::Half,
            lanes<uint32_t, uint32_t, uint32_t>(
                [](uint32_t a, uint32_t b) TENON_VGPU_INLINE_LAMBDA {
                  return uint32_t(F{}(uint16_t(a), uint16_t(b))) |
                         uint32_t(F{}(uint16_t(a >> 16), uint16_t(b >> 16)))
                             << 16;
                }));
}
template <typename H, typename F>
void addTernary(Forms &forms, const std::string &op, F) {
  forms.add(op + "." + H::kType, Pipe::Half,
            lanes<uint16_t, uint16_t, uint16_t, uint16_t>(
                [](uint16_t a, uint16_t b, uint16_t c)
                    TENON_VGPU_INLINE_LAMBDA { return F{}(a, b, c); }));
  forms.add(
      op + "." + H::kType + "x2", Pipe::Half,
      lanes<uint32_t, uint32_t, uint32_t, uint32_t>(
          [](uint32_t a, uint32_t b, uint32_t c) TENON_VGPU_INLINE_LAMBDA {
            return uint32_t(F{}(uint16_t(a), uint16_t(b), uint16_t(c))) |
                   uint32_t(F{}(uint16_t(a >> 16), uint16_t(b >> 16),
                                uint16_t(c >> 16)))
                       << 16;
          }));
}

template <typename H> void addArithmetic(Forms &forms) {
  using U = uint16_t;
  addBinary<H>(forms, "add", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(H::widen(a) + H::widen(b));
  });
  addBinary<H>(forms, "sub", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(H::widen(a) - H::widen(b));
  });
  addBinary<H>(forms, "mul", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(H::widen(a) * H::widen(b));
  });
  addTernary<H>(forms, "fma", [](U a, U b, U c) TENON_VGPU_INLINE_LAMBDA {
    return H::fma(H::widen(a), H::widen(b), H::widen(c));
  });
  addTernary<H>(forms, "fma.relu", [](U a, U b, U c) TENON_VGPU_INLINE_LAMBDA {
    U sum = H::fma(H::widen(a), H::widen(b), H::widen(c));
    float value = H::widen(sum);
    return nanOr(value != value, value > 0 ? sum : U(0));
  });
  addBinary<H>(forms, "add.sat", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(clamped<H>(H::widen(a) + H::widen(b)));
  });
  addBinary<H>(forms, "mul.sat", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(clamped<H>(H::widen(a) * H::widen(b)));
  });
  addUnary<H>(forms, "neg",
              [](U a) TENON_VGPU_INLINE_LAMBDA { return U(a ^ 0x8000); });
  addUnary<H>(forms, "abs",
              [](U a) TENON_VGPU_INLINE_LAMBDA { return U(a & 0x7fff); });
  addBinary<H>(forms, "min", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return extreme<H, false, false>(a, b);
  });
  addBinary<H>(forms, "max", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return extreme<H, true, false>(a, b);
  });
  addBinary<H>(forms, "min.NaN", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return extreme<H, false, true>(a, b);
  });
  addBinary<H>(forms, "max.NaN", [](U a, U b) TENON_VGPU_INLINE_LAMBDA {
    return extreme<H, true, true>(a, b);
  });
  addUnary<H>(forms, "ex2.approx", [](U a) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(std::exp2(H::widen(a)));
  });
  addUnary<H>(forms, "ex2.approx.ftz", [](U a) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(H::flush(std::exp2(H::flush(H::widen(a)))));
  });
  addUnary<H>(forms, "tanh.approx", [](U a) TENON_VGPU_INLINE_LAMBDA {
    return H::narrow(std::tanh(H::widen(a)));
  });
}

} // namespace

void addHalfForms(Forms &forms) {
  addArithmetic<F16>(forms);
  addArithmetic<Bf16>(forms);
}

} // namespace tenon::vgpu
