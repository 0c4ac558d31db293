// f32 and f64 arithmetic.

#include "runtime/VirtualGpu/Exec/Lanes.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>

namespace tenon::vgpu {
namespace {

float flushed(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>(bits & 0x7f800000 ? bits : bits & 0x80000000);
}
/// NaN and what is below zero become +0.
template <typename T> T clampedToOne(T value) {
  return value > 0 ? (value < 1 ? value : T(1)) : T(0);
}

/// .ftz: subnormal inputs and results count as zero of their sign.
template <typename F> struct Ftz {
  template <typename... A> float operator()(A... a) const {
    return flushed(F{}(flushed(a)...));
  }
};
template <typename F> struct Sat {
  template <typename... A> auto operator()(A... a) const {
    return clampedToOne(F{}(a...));
  }
};

/// A rounding that is not to nearest: the host's own mode, so results are
/// exact. The operands pass through memory that the compiler may not know.
template <typename F, int Mode> struct Rounded {
  template <typename T, typename... A>
  [[gnu::noinline]] T operator()(T first, A... rest) const {
    int before = std::fegetround();
    std::fesetround(Mode);
    volatile T input = first;
    volatile T result = F{}(T(input), rest...);
    std::fesetround(before);
    return result;
  }
};

/// The registered names: op[.sat].f32, op.ftz[.sat].f32, and the three other
/// roundings.
template <typename T, typename... S, typename F>
void addRounded(Forms &forms, const std::string &op, Pipe pipe, F) {
  std::string type = sizeof(T) == 4 ? ".f32" : ".f64";
  forms.add(op + type, pipe, lanes<T, S...>(F{}));
  forms.add(op + ".rz" + type, pipe,
            lanes<T, S...>(Rounded<F, FE_TOWARDZERO>{}));
  forms.add(op + ".rm" + type, pipe, lanes<T, S...>(Rounded<F, FE_DOWNWARD>{}));
  forms.add(op + ".rp" + type, pipe, lanes<T, S...>(Rounded<F, FE_UPWARD>{}));
  if constexpr (sizeof(T) == 4) {
    forms.add(op + ".sat" + type, pipe, lanes<T, S...>(Sat<F>{}));
    forms.add(op + ".ftz" + type, pipe, lanes<T, S...>(Ftz<F>{}));
    forms.add(op + ".ftz.sat" + type, pipe, lanes<T, S...>(Sat<Ftz<F>>{}));
    forms.add(op + ".ftz.rz" + type, pipe,
              lanes<T, S...>(Ftz<Rounded<F, FE_TOWARDZERO>>{}));
  }
}

template <typename T, typename... S, typename F>
void addExact(Forms &forms, const std::string &op, Pipe pipe, F) {
  std::string type = sizeof(T) == 4 ? ".f32" : ".f64";
  forms.add(op + type, pipe, lanes<T, S...>(F{}));
  if constexpr (sizeof(T) == 4)
    forms.add(op + ".ftz" + type, pipe, lanes<T, S...>(Ftz<F>{}));
}

template <typename T> T canonicalNan();
template <> float canonicalNan<float>() {
  return std::bit_cast<float>(0x7fffffffu);
}
template <> double canonicalNan<double>() {
  return std::numeric_limits<double>::quiet_NaN();
}

/// One NaN gives the other operand; -0 is below +0.
template <typename T> T least(T a, T b) {
  T chosen = a < b || (a == b && std::signbit(a)) ? a : b;
  return a != a ? (b != b ? canonicalNan<T>() : b) : b != b ? a : chosen;
}
template <typename T> T greatest(T a, T b) {
  T chosen = a > b || (a == b && !std::signbit(a)) ? a : b;
  return a != a ? (b != b ? canonicalNan<T>() : b) : b != b ? a : chosen;
}
template <typename T> T leastOrNan(T a, T b) {
  return a != a || b != b ? canonicalNan<T>() : least(a, b);
}
template <typename T> T greatestOrNan(T a, T b) {
  return a != a || b != b ? canonicalNan<T>() : greatest(a, b);
}

template <typename T> void addArithmetic(Forms &forms) {
  Pipe pipe = sizeof(T) == 4 ? Pipe::Float32 : Pipe::Float64;
  addRounded<T, T, T>(forms, "add", pipe, [](T a, T b) { return a + b; });
  addRounded<T, T, T>(forms, "sub", pipe, [](T a, T b) { return a - b; });
  addRounded<T, T, T>(forms, "mul", pipe, [](T a, T b) { return a * b; });
  auto fma = [](T a, T b, T c) { return std::fma(a, b, c); };
  addRounded<T, T, T, T>(forms, "fma", pipe, fma);
  addRounded<T, T, T, T>(forms, "mad", pipe, fma);
  addRounded<T, T, T>(forms, "div", pipe, [](T a, T b) { return a / b; });
  addRounded<T, T>(forms, "rcp", pipe, [](T a) { return T(1) / a; });
  addRounded<T, T>(forms, "sqrt", pipe, [](T a) { return std::sqrt(a); });
  addExact<T, T>(forms, "neg", pipe, [](T a) { return -a; });
  addExact<T, T>(forms, "abs", pipe, [](T a) { return std::fabs(a); });
  addExact<T, T, T>(forms, "min", pipe, [](T a, T b) { return least(a, b); });
  addExact<T, T, T>(forms, "max", pipe,
                    [](T a, T b) { return greatest(a, b); });
  // The first operand gives the sign, the second the rest.
  addExact<T, T, T>(forms, "copysign", pipe,
                    [](T a, T b) { return std::copysign(b, a); });
}

/// Two f32 in one register, sm_100.
void addPairs(Forms &forms) {
  using U = uint64_t;
  struct Pair {
    float low, high;
  };
  auto pairwise = [&](const char *key, auto function, auto... example) {
    (void)sizeof...(example);
    using F = decltype(function);
    if constexpr (sizeof...(example) == 2)
      forms.add(key, Pipe::Float32, lanes<U, U, U>([](U a, U b) {
                  Pair x = std::bit_cast<Pair>(a), y = std::bit_cast<Pair>(b);
                  return std::bit_cast<U>(
                      Pair{F{}(x.low, y.low), F{}(x.high, y.high)});
                }));
    else
      forms.add(key, Pipe::Float32, lanes<U, U, U, U>([](U a, U b, U c) {
                  Pair x = std::bit_cast<Pair>(a), y = std::bit_cast<Pair>(b),
                       z = std::bit_cast<Pair>(c);
                  return std::bit_cast<U>(Pair{F{}(x.low, y.low, z.low),
                                               F{}(x.high, y.high, z.high)});
                }));
  };
  pairwise("add.f32x2", [](float a, float b) { return a + b; }, 0, 0);
  pairwise("sub.f32x2", [](float a, float b) { return a - b; }, 0, 0);
  pairwise("mul.f32x2", [](float a, float b) { return a * b; }, 0, 0);
  pairwise(
      "fma.f32x2", [](float a, float b, float c) { return std::fma(a, b, c); },
      0, 0, 0);
}

} // namespace

void addFloatForms(Forms &forms) {
  addArithmetic<float>(forms);
  addArithmetic<double>(forms);
  addExact<float, float, float>(
      forms, "min.NaN", Pipe::Float32,
      [](float a, float b) { return leastOrNan(a, b); });
  addExact<float, float, float>(
      forms, "max.NaN", Pipe::Float32,
      [](float a, float b) { return greatestOrNan(a, b); });
  addPairs(forms);
}

// Approximations are exact by default: the machine's error bound then holds
// too.
void addSpecialForms(Forms &forms) {
  auto add = [&](const std::string &op, auto function) {
    addExact<float, float>(forms, op, Pipe::Special, function);
  };
  add("rcp.approx", [](float a) { return 1 / a; });
  add("sqrt.approx", [](float a) { return std::sqrt(a); });
  add("rsqrt.approx", [](float a) { return float(1 / std::sqrt(double(a))); });
  add("ex2.approx", [](float a) { return std::exp2(a); });
  add("lg2.approx", [](float a) { return std::log2(a); });
  add("sin.approx", [](float a) { return std::sin(a); });
  add("cos.approx", [](float a) { return std::cos(a); });
  add("tanh.approx", [](float a) { return std::tanh(a); });
  auto quotient = [](float a, float b) { return a / b; };
  addExact<float, float, float>(forms, "div.approx", Pipe::Special, quotient);
  addExact<float, float, float>(forms, "div.full", Pipe::Special, quotient);
  forms.add("rsqrt.approx.f64", Pipe::Special,
            lanes<double, double>([](double a) { return 1 / std::sqrt(a); }));
  // The machine reads and gives the upper 32 bits only.
  forms.add("rcp.approx.ftz.f64", Pipe::Special,
            lanes<double, double>([](double a) {
              auto upper = [](double x) {
                return std::bit_cast<double>(std::bit_cast<uint64_t>(x) &
                                             ~uint64_t(0xffffffff));
              };
              return upper(1 / upper(a));
            }));
  forms.add(
      "testp.finite.f32", Pipe::Float32,
      lanes<Predicate, float>([](float a) { return std::fabs(a) < INFINITY; }));
  forms.add("testp.infinite.f32", Pipe::Float32,
            lanes<Predicate, float>(
                [](float a) { return std::fabs(a) == INFINITY; }));
  forms.add("testp.number.f32", Pipe::Float32,
            lanes<Predicate, float>([](float a) { return a == a; }));
  forms.add("testp.notanumber.f32", Pipe::Float32,
            lanes<Predicate, float>([](float a) { return a != a; }));
}

} // namespace tenon::vgpu
