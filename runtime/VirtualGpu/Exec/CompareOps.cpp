// setp and set: comparisons of every type, and their combination with a
// predicate.

#include "runtime/VirtualGpu/Exec/Lanes.h"
#include "runtime/VirtualGpu/Exec/NarrowFloat.h"

namespace tenon::vgpu {
namespace {

/// Types as the lanes hold them, and as they compare.
template <typename T> struct Plain {
  using Lane = T;
  static T value(T a) { return a; }
};
struct Flushed {
  using Lane = float;
  static float value(float a) {
    return std::fabs(a) < 0x1p-126f ? std::copysign(0.0f, a) : a;
  }
};
struct F16 {
  using Lane = uint16_t;
  static float value(uint16_t a) { return fromF16(a); }
};
struct Bf16 {
  using Lane = uint16_t;
  static float value(uint16_t a) { return fromBf16(a); }
};

/// `setp.op.type p, a, b`, with .and/.or/.xor and a third operand, and `set` to
/// ones or to 1.0.
template <typename V, typename F>
void addOne(Forms &forms, const std::string &op, const std::string &type, F) {
  using T = typename V::Lane;
  using P = Predicate;
  auto setp = [&](const char *combine, Form form) {
    forms.add("setp." + op + combine + type, Pipe::Integer, std::move(form));
  };
  setp("",
       lanes<P, T, T>([](T a, T b) { return F{}(V::value(a), V::value(b)); }));
  setp(".and", lanes<P, T, T, P>([](T a, T b, bool c) {
         return bool(F{}(V::value(a), V::value(b)) & c);
       }));
  setp(".or", lanes<P, T, T, P>([](T a, T b, bool c) {
         return bool(F{}(V::value(a), V::value(b)) | c);
       }));
  setp(".xor", lanes<P, T, T, P>([](T a, T b, bool c) {
         return bool(F{}(V::value(a), V::value(b)) ^ c);
       }));
  for (std::string result : {".u32", ".s32"})
    forms.add("set." + op + result.append(type), Pipe::Integer,
              lanes<uint32_t, T, T>([](T a, T b) {
                return F{}(V::value(a), V::value(b)) ? ~0u : 0u;
              }));
  forms.add("set." + op + ".f32" + type, Pipe::Integer,
            lanes<float, T, T>([](T a, T b) {
              return F{}(V::value(a), V::value(b)) ? 1.0f : 0.0f;
            }));
}

template <typename V> void addOrdered(Forms &forms, const std::string &type) {
  addOne<V>(forms, "eq", type, [](auto a, auto b) { return a == b; });
  addOne<V>(forms, "ne", type,
            [](auto a, auto b) { return (a < b) | (b < a); });
  addOne<V>(forms, "lt", type, [](auto a, auto b) { return a < b; });
  addOne<V>(forms, "le", type, [](auto a, auto b) { return a <= b; });
  addOne<V>(forms, "gt", type, [](auto a, auto b) { return a > b; });
  addOne<V>(forms, "ge", type, [](auto a, auto b) { return a >= b; });
}

template <typename V> void addFloat(Forms &forms, const std::string &type) {
  addOrdered<V>(forms, type);
  addOne<V>(forms, "equ", type,
            [](auto a, auto b) { return !((a < b) | (b < a)); });
  addOne<V>(forms, "neu", type, [](auto a, auto b) { return a != b; });
  addOne<V>(forms, "ltu", type, [](auto a, auto b) { return !(a >= b); });
  addOne<V>(forms, "leu", type, [](auto a, auto b) { return !(a > b); });
  addOne<V>(forms, "gtu", type, [](auto a, auto b) { return !(a <= b); });
  addOne<V>(forms, "geu", type, [](auto a, auto b) { return !(a < b); });
  addOne<V>(forms, "num", type,
            [](auto a, auto b) { return (a == a) & (b == b); });
  addOne<V>(forms, "nan", type,
            [](auto a, auto b) { return (a != a) | (b != b); });
}

/// Unsigned types have names of their own for the orders.
template <typename T> void addUnsigned(Forms &forms, const std::string &type) {
  addOrdered<Plain<T>>(forms, type);
  addOne<Plain<T>>(forms, "lo", type, [](T a, T b) { return a < b; });
  addOne<Plain<T>>(forms, "ls", type, [](T a, T b) { return a <= b; });
  addOne<Plain<T>>(forms, "hi", type, [](T a, T b) { return a > b; });
  addOne<Plain<T>>(forms, "hs", type, [](T a, T b) { return a >= b; });
}

template <typename T> void addBits(Forms &forms, const std::string &type) {
  addOne<Plain<T>>(forms, "eq", type, [](T a, T b) { return a == b; });
  addOne<Plain<T>>(forms, "ne", type, [](T a, T b) { return a != b; });
}

} // namespace

void addCompareForms(Forms &forms) {
  addOrdered<Plain<int16_t>>(forms, ".s16");
  addOrdered<Plain<int32_t>>(forms, ".s32");
  addOrdered<Plain<int64_t>>(forms, ".s64");
  addUnsigned<uint16_t>(forms, ".u16");
  addUnsigned<uint32_t>(forms, ".u32");
  addUnsigned<uint64_t>(forms, ".u64");
  addBits<uint16_t>(forms, ".b16");
  addBits<uint32_t>(forms, ".b32");
  addBits<uint64_t>(forms, ".b64");
  addFloat<Plain<float>>(forms, ".f32");
  addFloat<Flushed>(forms, ".ftz.f32");
  addFloat<Plain<double>>(forms, ".f64");
  addFloat<F16>(forms, ".f16");
  addFloat<Bf16>(forms, ".bf16");
}

} // namespace tenon::vgpu
