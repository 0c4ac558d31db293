// Logic, shifts, fields of bits, permutations of bytes, moves and selections.

#include "runtime/VirtualGpu/Exec/Lanes.h"

namespace tenon::vgpu {
namespace {

template <typename T> constexpr unsigned kBits = sizeof(T) * 8;

/// Shifts clamp: by the width or more, nothing is left but the sign.
template <typename T> T shiftLeft(T a, uint32_t by) {
  return by >= kBits<T> ? T(0) : T(std::make_unsigned_t<T>(a) << by);
}
template <typename T> T shiftRight(T a, uint32_t by) {
  if (by >= kBits<T>)
    by = std::is_signed_v<T> ? kBits<T> - 1 : kBits<T>;
  return by >= kBits<T> ? T(0) : T(a >> by);
}

template <typename U> void addLogic(Forms &forms, const std::string &type) {
  auto add = [&](const char *name, Form form) {
    forms.add(name + ("." + type), Pipe::Integer, std::move(form));
  };
  add("and", lanes<U, U, U>([](U a, U b) { return U(a & b); }));
  add("or", lanes<U, U, U>([](U a, U b) { return U(a | b); }));
  add("xor", lanes<U, U, U>([](U a, U b) { return U(a ^ b); }));
  add("not", lanes<U, U>([](U a) { return U(~a); }));
  add("cnot", lanes<U, U>([](U a) { return U(a == 0); }));
  add("shl",
      lanes<U, U, uint32_t>([](U a, uint32_t b) { return shiftLeft(a, b); }));
  for (char kind : {'b', 'u'})
    forms.add(std::string("shr.") + kind + std::to_string(kBits<U>),
              Pipe::Integer, lanes<U, U, uint32_t>([](U a, uint32_t b) {
                return shiftRight(a, b);
              }));
  using S = std::make_signed_t<U>;
  forms.add(
      "shr.s" + std::to_string(kBits<U>), Pipe::Integer,
      lanes<S, S, uint32_t>([](S a, uint32_t b) { return shiftRight(a, b); }));
}

void addPredicateLogic(Forms &forms) {
  using P = Predicate;
  forms.add("and.pred", Pipe::Integer,
            lanes<P, P, P>([](bool a, bool b) { return a && b; }));
  forms.add("or.pred", Pipe::Integer,
            lanes<P, P, P>([](bool a, bool b) { return a || b; }));
  forms.add("xor.pred", Pipe::Integer,
            lanes<P, P, P>([](bool a, bool b) { return a != b; }));
  forms.add("not.pred", Pipe::Integer, lanes<P, P>([](bool a) { return !a; }));
  forms.add("mov.pred", Pipe::Move, lanes<P, P>([](bool a) { return a; }));
}

/// Takes `length` bits from `from` on; beyond the top a signed field repeats
/// its topmost bit, or the top of `a` when the field reaches over it.
template <typename T> T extractField(T a, uint32_t from, uint32_t length) {
  using U = std::make_unsigned_t<T>;
  from &= 0xff;
  length &= 0xff;
  U result = 0;
  if (from < kBits<T>)
    result = U(a) >> from;
  if (length < kBits<T>)
    result &= (U(1) << length) - 1;
  if (!std::is_signed_v<T> || length == 0)
    return T(length == 0 ? U(0) : result);
  uint32_t top =
      from + length - 1 < kBits<T> ? from + length - 1 : kBits<T> - 1;
  bool sign = (U(a) >> top) & 1;
  uint32_t numTaken =
      from < kBits<T> ? (length < kBits<T> - from ? length : kBits<T> - from)
                      : 0;
  if (sign && numTaken < kBits<T>)
    result |= ~U(0) << numTaken;
  return T(result);
}

template <typename U> U insertField(U a, U b, uint32_t to, uint32_t length) {
  to &= 0xff;
  length &= 0xff;
  if (to >= kBits<U> || length == 0)
    return b;
  U ones = length >= kBits<U> ? ~U(0) : (U(1) << length) - 1;
  U field = ones << to;
  return (b & ~field) | ((a << to) & field);
}

/// `length` ones from bit `from` on, both taken modulo 32 or as they are.
template <bool Clamps> uint32_t fieldMask(uint32_t from, uint32_t length) {
  constexpr uint32_t kWrapped = 31;
  if (Clamps && from > kWrapped)
    return 0;
  bool isToTheEnd = Clamps && length > kWrapped;
  from &= kWrapped;
  length &= kWrapped;
  uint32_t below = ~0u << from;
  return isToTheEnd || from + length > kWrapped
             ? below
             : below & ~(~0u << (from + length));
}

template <typename U> uint32_t numLeadingZeros(U a) {
  if (a == 0)
    return kBits<U>;
  return sizeof(U) == 8 ? __builtin_clzll(a) : __builtin_clz(uint32_t(a));
}

template <typename U> U reversed(U a) {
  U result = 0;
  for (unsigned i = 0; i < kBits<U>; ++i)
    result |= ((a >> i) & 1) << (kBits<U> - 1 - i);
  return result;
}

/// Position of the highest bit that differs from the sign; all ones for none.
template <typename T> uint32_t highestBit(T a) {
  using U = std::make_unsigned_t<T>;
  U bits = std::is_signed_v<T> && a < 0 ? ~U(a) : U(a);
  return bits == 0 ? ~0u : kBits<T> - 1 - numLeadingZeros(bits);
}

template <typename T> void addFields(Forms &forms, const std::string &type) {
  using N = uint32_t;
  forms.add("bfe." + type, Pipe::Integer, lanes<T, T, N, N>([](T a, N b, N c) {
              return extractField(a, b, c);
            }));
  forms.add("bfind." + type, Pipe::Integer,
            lanes<N, T>([](T a) { return highestBit(a); }));
  forms.add("bfind.shiftamt." + type, Pipe::Integer, lanes<N, T>([](T a) {
              uint32_t at = highestBit(a);
              return at == ~0u ? ~0u : kBits<T> - 1 - at;
            }));
}

template <typename U> void addCounts(Forms &forms, const std::string &type) {
  using N = uint32_t;
  auto add = [&](const char *name, Form form) {
    forms.add(name + ("." + type), Pipe::Integer, std::move(form));
  };
  add("popc", lanes<N, U>([](U a) { return N(__builtin_popcountll(a)); }));
  add("clz", lanes<N, U>([](U a) { return numLeadingZeros(a); }));
  add("brev", lanes<U, U>([](U a) { return reversed(a); }));
  add("bfi", lanes<U, U, U, N, N>(
                 [](U a, U b, N c, N d) { return insertField(a, b, c, d); }));
}

/// Each result byte is one of eight, or its sign when bit 3 of its digit is
/// set.
uint32_t permute(uint32_t a, uint32_t b, uint32_t selector) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t digit = selector >> (4 * i);
    uint32_t byte = uint32_t(bytes >> (8 * (digit & 7))) & 0xff;
    if (digit & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}

/// The modes of prmt: digit i as a function of the low two bits of the
/// selector.
enum class PermuteMode {
  Forward4,
  Backward4,
  Replicate8,
  EdgeLeft,
  EdgeRight,
  Replicate16
};
template <PermuteMode Mode>
uint32_t permuteMode(uint32_t a, uint32_t b, uint32_t selector) {
  uint32_t s = selector & 3, digits = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t digit = 0;
    switch (Mode) {
    case PermuteMode::Forward4:
      digit = s + i;
      break;
    case PermuteMode::Backward4:
      digit = (s - i) & 7;
      break;
    case PermuteMode::Replicate8:
      digit = s;
      break;
    case PermuteMode::EdgeLeft:
      digit = i < s ? s : i;
      break;
    case PermuteMode::EdgeRight:
      digit = i < s ? i : s;
      break;
    case PermuteMode::Replicate16:
      digit = 2 * (s & 1) + (i & 1);
      break;
    }
    digits |= digit << (4 * i);
  }
  return permute(a, b, digits);
}

void addMasks(Forms &forms) {
  using U = uint32_t;
  forms.add("bmsk.clamp.b32", Pipe::Integer,
            lanes<U, U, U>([](U a, U b) { return fieldMask<true>(a, b); }));
  forms.add("bmsk.wrap.b32", Pipe::Integer,
            lanes<U, U, U>([](U a, U b) { return fieldMask<false>(a, b); }));
}

void addPermutes(Forms &forms) {
  using U = uint32_t;
  auto add = [&](const char *name, Form form) {
    forms.add(name, Pipe::Integer, std::move(form));
  };
  add("prmt.b32",
      lanes<U, U, U, U>([](U a, U b, U c) { return permute(a, b, c); }));
  add("prmt.b32.f4e", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::Forward4>(a, b, c);
      }));
  add("prmt.b32.b4e", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::Backward4>(a, b, c);
      }));
  add("prmt.b32.rc8", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::Replicate8>(a, b, c);
      }));
  add("prmt.b32.ecl", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::EdgeLeft>(a, b, c);
      }));
  add("prmt.b32.ecr", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::EdgeRight>(a, b, c);
      }));
  add("prmt.b32.rc16", lanes<U, U, U, U>([](U a, U b, U c) {
        return permuteMode<PermuteMode::Replicate16>(a, b, c);
      }));
}

/// Funnel shifts of the 64 bits b:a; wrap takes the low five bits, clamp stops
/// at 32.
void addFunnels(Forms &forms) {
  using U = uint32_t;
  auto add = [&](const char *name, Form form) {
    forms.add(name, Pipe::Integer, std::move(form));
  };
  auto left = [](U a, U b, U by) {
    return U(((uint64_t(b) << 32 | a) << by) >> 32);
  };
  auto right = [](U a, U b, U by) { return U((uint64_t(b) << 32 | a) >> by); };
  using Left = decltype(left);
  using Right = decltype(right);
  add("shf.l.wrap.b32",
      lanes<U, U, U, U>([](U a, U b, U c) { return Left{}(a, b, c & 31); }));
  add("shf.r.wrap.b32",
      lanes<U, U, U, U>([](U a, U b, U c) { return Right{}(a, b, c & 31); }));
  add("shf.l.clamp.b32", lanes<U, U, U, U>([](U a, U b, U c) {
        return Left{}(a, b, c > 32 ? 32 : c);
      }));
  add("shf.r.clamp.b32", lanes<U, U, U, U>([](U a, U b, U c) {
        return Right{}(a, b, c > 32 ? 32 : c);
      }));
}

template <typename U> void addMoves(Forms &forms, const std::string &bits) {
  for (char kind : {'b', 'u', 's', 'f'}) {
    if (kind == 'f' && sizeof(U) == 2)
      continue;
    std::string type = kind + bits;
    forms.add("mov." + type, Pipe::Move, lanes<U, U>([](U a) { return a; }));
    forms.add(
        "selp." + type, Pipe::Integer,
        lanes<U, U, U, Predicate>([](U a, U b, bool p) { return p ? a : b; }));
    forms.add("slct." + type + ".s32", Pipe::Integer,
              lanes<U, U, U, int32_t>(
                  [](U a, U b, int32_t c) { return c >= 0 ? a : b; }));
    forms.add("slct." + type + ".f32", Pipe::Integer,
              lanes<U, U, U, float>(
                  [](U a, U b, float c) { return c >= 0 ? a : b; }));
  }
}

/// Immediates of float moves and selections are bits of the same size, so the
/// table's operand types need only know that an f32 or f64 immediate is meant.
void markFloat(Forms &forms, const std::string &key, unsigned first,
               unsigned last) {
  Form form = *forms.find(key);
  for (unsigned i = first; i <= last; ++i)
    form.operands[i].isFloat = true;
  forms.add(key, form.pipe, form);
}

} // namespace

void addBitForms(Forms &forms) {
  addLogic<uint16_t>(forms, "b16");
  addLogic<uint32_t>(forms, "b32");
  addLogic<uint64_t>(forms, "b64");
  addPredicateLogic(forms);
  addFields<int32_t>(forms, "s32");
  addFields<uint32_t>(forms, "u32");
  addFields<int64_t>(forms, "s64");
  addFields<uint64_t>(forms, "u64");
  addCounts<uint32_t>(forms, "b32");
  addCounts<uint64_t>(forms, "b64");
  addMasks(forms);
  addPermutes(forms);
  addFunnels(forms);
  addMoves<uint16_t>(forms, "16");
  addMoves<uint32_t>(forms, "32");
  addMoves<uint64_t>(forms, "64");
  for (const char *bits : {"32", "64"}) {
    markFloat(forms, std::string("mov.f") + bits, 0, 1);
    markFloat(forms, std::string("selp.f") + bits, 0, 2);
  }
}

} // namespace tenon::vgpu
