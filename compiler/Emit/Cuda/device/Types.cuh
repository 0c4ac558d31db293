//===- Types.cuh - element types, and what scalars compute ----------------===//
//
// No header of the toolkit is included: they take half of a small kernel's
// compilation, and of them only the two 16-bit floats are needed.
//
//===----------------------------------------------------------------------===//

#pragma once
#include "compiler/Emit/Cuda/device/Instructions.cuh"

namespace tenon {

template <class A, class B> inline constexpr bool kIsSame = false;
template <class A> inline constexpr bool kIsSame<A, A> = true;

template <bool Condition, class A, class B> struct Choose {
  using Type = A;
};
template <class A, class B> struct Choose<false, A, B> {
  using Type = B;
};

TENON_DEVICE constexpr i64 ceilDiv(i64 x, i64 y) { return (x + y - 1) / y; }

/// A loop's turns: from `begin`, a step each, to before `end`.
struct Range {
  i64 begin, end, step;
  TENON_DEVICE int count() const { return int(ceilDiv(end - begin, step)); }
  TENON_DEVICE i64 at(int turn) const { return begin + turn * step; }
};

/// Where an instance of a grid stands on the fastest of its axes; what is left
/// counts along the others.
TENON_DEVICE i64 placeOnAxis(i64 &instance, i64 count) {
  const i64 place = instance % count;
  instance /= count;
  return place;
}

/// A tile's coordinate, or one that is as far out.
TENON_DEVICE int coordinate(i64 i) { return int(clamped<1 << 30>(i)); }

/// Where something stands: `local` in a tile that begins at `base`. Bases are
/// the same for all threads, so comparisons cost what 32 bits do.
struct Position {
  i64 base;
  int local;
  TENON_DEVICE operator i64() const { return base + local; }
};
TENON_DEVICE Position operator+(Position x, Position y) {
  return {x.base + y.base, x.local + y.local};
}
TENON_DEVICE Position operator-(Position x, Position y) {
  return {x.base - y.base, x.local - y.local};
}
#define TENON_COMPARE(op)                                                      \
  TENON_DEVICE bool operator op(Position x, Position y) {                      \
    return x.local - y.local op coordinate(y.base - x.base);                   \
  }
TENON_COMPARE(<)
TENON_COMPARE(<=)
TENON_COMPARE(>)
TENON_COMPARE(>=)
TENON_COMPARE(==)
TENON_COMPARE(!=)
#undef TENON_COMPARE

/// A float of 16 bits; arithmetic is that of f32.
struct bf16 {
  u16 bits;
  bf16() = default;
  TENON_DEVICE bf16(float x) : bits(bitsOfBf16(x)) {}
  TENON_DEVICE operator float() const {
    return __uint_as_float(u32(bits) << 16);
  }
};
struct f16 {
  u16 bits;
  f16() = default;
  TENON_DEVICE f16(float x) : bits(bitsOfF16(x)) {}
  TENON_DEVICE operator float() const { return floatOfF16(bits); }
};

//===----------------------------------------------------------------------===//
// What combines two elements
//===----------------------------------------------------------------------===//

template <class T> TENON_DEVICE T infinity() {
  return T(__int_as_float(0x7f800000));
}
template <> TENON_DEVICE double infinity() {
  return __longlong_as_double(0x7ff0000000000000);
}
template <class T> struct Limits; // of integers
template <> struct Limits<bool> {
  static constexpr bool kMin = false, kMax = true;
};
template <> struct Limits<i8> {
  static constexpr i8 kMin = -128, kMax = 127;
};
template <> struct Limits<i16> {
  static constexpr i16 kMin = -32768, kMax = 32767;
};
template <> struct Limits<int> {
  static constexpr int kMin = -2147483647 - 1, kMax = 2147483647;
};
template <> struct Limits<i64> {
  static constexpr i64 kMin = -9223372036854775807LL - 1,
                       kMax = 9223372036854775807LL;
};
template <class T>
inline constexpr bool kIsFloat = kIsSame<T, float> || kIsSame<T, double> ||
                                 kIsSame<T, bf16> || kIsSame<T, f16>;

/// NaN wins.
template <class T> TENON_DEVICE T largest(T x, T y) { return x > y ? x : y; }
template <> TENON_DEVICE float largest(float x, float y) {
  return largestOrNan(x, y);
}
template <> TENON_DEVICE double largest(double x, double y) {
  return x > y || x != x ? x : y;
}
template <class T> TENON_DEVICE T smallest(T x, T y) { return x < y ? x : y; }
template <> TENON_DEVICE float smallest(float x, float y) {
  return smallestOrNan(x, y);
}
template <> TENON_DEVICE double smallest(double x, double y) {
  return x < y || x != x ? x : y;
}

TENON_DEVICE double power2(double x) { return exp2(x); }

/// x * y, which a sum takes without rounding it.
struct Product {
  float x, y;
};
/// What sums of such elements are.
template <class T> struct SumOf {
  using Type = T;
};
template <> struct SumOf<Product> {
  using Type = float;
};

struct Sum {
  template <class T> TENON_DEVICE static T identity() { return T(0); }
  template <class T> TENON_DEVICE static T combine(T x, T y) {
    return T(x + y);
  }
  TENON_DEVICE static float combine(float sum, Product p) {
    return fmaf(p.x, p.y, sum);
  }
};
struct Prod {
  template <class T> TENON_DEVICE static T identity() { return T(1); }
  template <class T> TENON_DEVICE static T combine(T x, T y) {
    return T(x * y);
  }
};
struct Max {
  template <class T> TENON_DEVICE static T identity() {
    if constexpr (kIsFloat<T>)
      return T(-infinity<T>());
    else
      return Limits<T>::kMin;
  }
  template <class T> TENON_DEVICE static T combine(T x, T y) {
    return largest(x, y);
  }
};
struct Min {
  template <class T> TENON_DEVICE static T identity() {
    if constexpr (kIsFloat<T>)
      return infinity<T>();
    else
      return Limits<T>::kMax;
  }
  template <class T> TENON_DEVICE static T combine(T x, T y) {
    return smallest(x, y);
  }
};
/// Leaves NaN out.
struct MaxNumber {
  template <class T> TENON_DEVICE static T identity() {
    return T(-infinity<T>());
  }
  TENON_DEVICE static float combine(float x, float y) { return fmaxf(x, y); }
  TENON_DEVICE static double combine(double x, double y) { return fmax(x, y); }
};

} // namespace tenon
