// Integer arithmetic. Signed types wrap, as the machine's do.

#include "runtime/VirtualGpu/Exec/Lanes.h"

#include <limits>

namespace tenon::vgpu {
namespace {

using Signed128 = __int128;
using Unsigned128 = unsigned __int128;

template <typename T> struct Double;
template <> struct Double<int16_t> {
  using Type = int32_t;
};
template <> struct Double<uint16_t> {
  using Type = uint32_t;
};
template <> struct Double<int32_t> {
  using Type = int64_t;
};
template <> struct Double<uint32_t> {
  using Type = uint64_t;
};
template <> struct Double<int64_t> {
  using Type = Signed128;
};
template <> struct Double<uint64_t> {
  using Type = Unsigned128;
};

template <typename T> constexpr unsigned kBits = sizeof(T) * 8;

/// Division by zero gives all ones and the remainder the dividend: what the
/// machine gives, and what an idle lane needs. MIN / -1 wraps.
template <typename T> T divide(T a, T b) {
  if (b == 0)
    return T(-1);
  if (std::is_signed_v<T> && b == T(-1))
    return T(0 - std::make_unsigned_t<T>(a));
  return a / b;
}
template <typename T> T remainder(T a, T b) {
  if (b == 0)
    return a;
  if (std::is_signed_v<T> && b == T(-1))
    return 0;
  return a % b;
}

template <typename T> T highHalf(T a, T b) {
  using W = typename Double<T>::Type;
  return T((W(a) * W(b)) >> kBits<T>);
}

template <typename T> void addCommon(Forms &forms, const std::string &type) {
  using U = std::make_unsigned_t<T>;
  auto add = [&](const char *name, Form form) {
    forms.add(name + ("." + type), Pipe::Integer, std::move(form));
  };
  // Narrow types promote to int: back to T before the lane is stored.
  add("add", lanes<T, T, T>([](T a, T b) { return T(U(a) + U(b)); }));
  add("sub", lanes<T, T, T>([](T a, T b) { return T(U(a) - U(b)); }));
  add("mul.lo",
      lanes<T, T, T>([](T a, T b) { return T(uint64_t(a) * uint64_t(b)); }));
  add("mul.hi", lanes<T, T, T>([](T a, T b) { return highHalf(a, b); }));
  add("mad.lo", lanes<T, T, T, T>([](T a, T b, T c) {
        return T(uint64_t(a) * uint64_t(b) + uint64_t(c));
      }));
  add("mad.hi", lanes<T, T, T, T>(
                    [](T a, T b, T c) { return T(U(highHalf(a, b)) + U(c)); }));
  add("div", lanes<T, T, T>([](T a, T b) { return divide(a, b); }));
  add("rem", lanes<T, T, T>([](T a, T b) { return remainder(a, b); }));
  add("min", lanes<T, T, T>([](T a, T b) { return b < a ? b : a; }));
  add("max", lanes<T, T, T>([](T a, T b) { return a < b ? b : a; }));
  add("sad", lanes<T, T, T, T>([](T a, T b, T c) {
        return T(U(c) + (a < b ? U(b) - U(a) : U(a) - U(b)));
      }));
  if constexpr (std::is_signed_v<T>) {
    add("neg", lanes<T, T>([](T a) { return T(0 - U(a)); }));
    add("abs", lanes<T, T>([](T a) { return T(a < 0 ? 0 - U(a) : U(a)); }));
  }
}

template <typename T> void addWide(Forms &forms, const std::string &type) {
  using W = typename Double<T>::Type;
  using U = std::make_unsigned_t<W>;
  forms.add("mul.wide." + type, Pipe::Integer,
            lanes<W, T, T>([](T a, T b) { return W(U(W(a)) * U(W(b))); }));
  forms.add("mad.wide." + type, Pipe::Integer,
            lanes<W, T, T, W>(
                [](T a, T b, W c) { return W(U(W(a)) * U(W(b)) + U(c)); }));
}

template <typename T> T saturated(int64_t value) {
  int64_t least = std::numeric_limits<T>::min(),
          most = std::numeric_limits<T>::max();
  return T(value < least ? least : value > most ? most : value);
}

void addSaturating(Forms &forms) {
  forms.add("add.sat.s32", Pipe::Integer,
            lanes<int32_t, int32_t, int32_t>([](int32_t a, int32_t b) {
              return saturated<int32_t>(int64_t(a) + b);
            }));
  forms.add("sub.sat.s32", Pipe::Integer,
            lanes<int32_t, int32_t, int32_t>([](int32_t a, int32_t b) {
              return saturated<int32_t>(int64_t(a) - b);
            }));
}

/// The low 24 bits, sign extended for a signed type.
template <typename T> T low24(T a) { return T(T(uint32_t(a) << 8) >> 8); }

template <typename T> void addMul24(Forms &forms, const std::string &type) {
  forms.add("mul24.lo." + type, Pipe::Integer, lanes<T, T, T>([](T a, T b) {
              return T(uint32_t(low24(a)) * uint32_t(low24(b)));
            }));
  forms.add("mad24.lo." + type, Pipe::Integer,
            lanes<T, T, T, T>([](T a, T b, T c) {
              return T(uint32_t(low24(a)) * uint32_t(low24(b)) + uint32_t(c));
            }));
}

/// Four products of bytes, summed: A and B say how a byte is read.
template <typename A, typename B>
uint32_t dot4(uint32_t a, uint32_t b, uint32_t c) {
  for (unsigned i = 0; i < 32; i += 8)
    c += uint32_t(int32_t(A(a >> i)) * int32_t(B(b >> i)));
  return c;
}
/// Two halfwords of `a` with two bytes of `b`: the low ones, or from bit 16 on.
template <typename A, typename B, unsigned Shift>
uint32_t dot2(uint32_t a, uint32_t b, uint32_t c) {
  for (unsigned i = 0; i < 2; ++i)
    c += uint32_t(int32_t(A(a >> (16 * i))) * int32_t(B(b >> (Shift + 8 * i))));
  return c;
}

template <typename A8, typename A16, typename B>
void addDot(Forms &forms, const std::string &types) {
  using U = uint32_t;
  auto add = [&](const std::string &name, Form form) {
    forms.add(name + types, Pipe::Integer, std::move(form));
  };
  add("dp4a",
      lanes<U, U, U, U>([](U a, U b, U c) { return dot4<A8, B>(a, b, c); }));
  add("dp2a.lo", lanes<U, U, U, U>(
                     [](U a, U b, U c) { return dot2<A16, B, 0>(a, b, c); }));
  add("dp2a.hi", lanes<U, U, U, U>(
                     [](U a, U b, U c) { return dot2<A16, B, 16>(a, b, c); }));
}

/// Two 16-bit integers in one register, sm_90.
template <typename T> void addPairs(Forms &forms, const std::string &type) {
  using U = uint32_t;
  auto add = [&](const char *name, Form form) {
    forms.add(name + type, Pipe::Integer, std::move(form));
  };
  add("add", lanes<U, U, U>([](U a, U b) {
        return ((a + b) & 0xffff) | ((a >> 16) + (b >> 16)) << 16;
      }));
  add("min", lanes<U, U, U>([](U a, U b) {
        U low = T(a) < T(b) ? a : b, high = T(a >> 16) < T(b >> 16) ? a : b;
        return (low & 0xffff) | (high & 0xffff0000);
      }));
  add("max", lanes<U, U, U>([](U a, U b) {
        U low = T(a) > T(b) ? a : b, high = T(a >> 16) > T(b >> 16) ? a : b;
        return (low & 0xffff) | (high & 0xffff0000);
      }));
}

} // namespace

void addIntegerForms(Forms &forms) {
  addCommon<int16_t>(forms, "s16");
  addCommon<uint16_t>(forms, "u16");
  addCommon<int32_t>(forms, "s32");
  addCommon<uint32_t>(forms, "u32");
  addCommon<int64_t>(forms, "s64");
  addCommon<uint64_t>(forms, "u64");
  addWide<int16_t>(forms, "s16");
  addWide<uint16_t>(forms, "u16");
  addWide<int32_t>(forms, "s32");
  addWide<uint32_t>(forms, "u32");
  addSaturating(forms);
  addMul24<int32_t>(forms, "s32");
  addMul24<uint32_t>(forms, "u32");
  addDot<int8_t, int16_t, int8_t>(forms, ".s32.s32");
  addDot<int8_t, int16_t, uint8_t>(forms, ".s32.u32");
  addDot<uint8_t, uint16_t, int8_t>(forms, ".u32.s32");
  addDot<uint8_t, uint16_t, uint8_t>(forms, ".u32.u32");
  addPairs<int16_t>(forms, ".s16x2");
  addPairs<uint16_t>(forms, ".u16x2");
}

} // namespace tenon::vgpu
