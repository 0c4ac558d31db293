// What arithmetic forms mean, one number at a time.

#include "tests/runtime/VirtualGpu/FormOracle.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon::vgpu {
namespace {

using Wide = __int128;
using Quad = __float128;

struct Key {
  std::vector<std::string> parts;
  explicit Key(const std::string &text) {
    parts.emplace_back();
    for (char c : text)
      c == '.' ? (void)parts.emplace_back() : (void)(parts.back() += c);
  }
  bool has(const char *part) const {
    return std::find(parts.begin() + 1, parts.end(), part) != parts.end();
  }
  const std::string &op() const { return parts[0]; }
  const std::string &type() const { return parts.back(); }
};

bool isFloat(const std::string &type) {
  return type[0] == 'f' || type.substr(0, 2) == "bf";
}
unsigned bitsOf(const std::string &type) {
  std::string digits;
  for (char c : type.substr(0, type.find('x')))
    if (c >= '0' && c <= '9')
      digits += c;
  return std::stoi(digits);
}

Wide integerValue(const std::string &type, uint64_t bits) {
  unsigned unused = 64 - bitsOf(type);
  bits <<= unused;
  return type[0] == 's' ? Wide(int64_t(bits) >> unused) : Wide(bits >> unused);
}

struct Format {
  int exponentBits, mantissaBits;
};
Format formatOf(const std::string &type) {
  if (type == "f16")
    return {5, 10};
  if (type == "bf16")
    return {8, 7};
  return type == "f32" ? Format{8, 23} : Format{11, 52};
}

Quad quadValue(const std::string &type, uint64_t bits) {
  auto [exponentBits, mantissaBits] = formatOf(type);
  int bias = (1 << (exponentBits - 1)) - 1;
  int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  uint64_t mantissa = bits & ((uint64_t(1) << mantissaBits) - 1);
  bool isNegative = (bits >> (exponentBits + mantissaBits)) & 1;
  Quad value;
  if (exponent == (1 << exponentBits) - 1)
    value = mantissa ? Quad(NAN) : Quad(INFINITY);
  else {
    uint64_t whole = mantissa + (exponent ? uint64_t(1) << mantissaBits : 0);
    int shift = (exponent ? exponent : 1) - bias - mantissaBits;
    // 2^shift in two steps: the least is no double.
    value = Quad(whole) * Quad(std::ldexp(1.0, shift / 2)) *
            Quad(std::ldexp(1.0, shift - shift / 2));
  }
  return isNegative ? -value : value;
}

/// Bits of the number nearest to `value`: found by halving over the positive
/// numbers, whose bits are in order. mode: n, z, m, p.
uint64_t rounded(const std::string &type, Quad value, char mode,
                 bool isNegativeZero) {
  auto [exponentBits, mantissaBits] = formatOf(type);
  uint64_t sign = uint64_t(1) << (exponentBits + mantissaBits);
  uint64_t infinity = ((uint64_t(1) << exponentBits) - 1) << mantissaBits;
  if (value != value)
    return infinity | 1;
  bool isNegative = value < 0 || (value == 0 && isNegativeZero);
  Quad magnitude = value < 0 ? -value : value;
  uint64_t low = 0, high = infinity;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    (quadValue(type, middle) <= magnitude ? low : high) = middle;
  }
  if (magnitude >= quadValue(type, infinity))
    return infinity | (isNegative ? sign : 0);
  uint64_t chosen = low;
  if (quadValue(type, low) != magnitude) {
    bool up;
    if (mode == 'n') {
      // Infinity stands for the next number in the distance.
      Quad above = high == infinity
                       ? 2 * quadValue(type, low) - quadValue(type, low - 1)
                       : quadValue(type, high);
      Quad down = magnitude - quadValue(type, low), toUp = above - magnitude;
      up = toUp < down || (toUp == down && low % 2 == 1);
    } else {
      up = (mode == 'p' && !isNegative) || (mode == 'm' && isNegative);
    }
    chosen = up ? high : low;
  }
  return chosen | (isNegative ? sign : 0);
}

bool isSubnormal(const std::string &type, uint64_t bits) {
  auto [exponentBits, mantissaBits] = formatOf(type);
  return !((bits >> mantissaBits) & ((uint64_t(1) << exponentBits) - 1));
}
uint64_t flush(const std::string &type, uint64_t bits) {
  unsigned top = bitsOf(type) - 1;
  return isSubnormal(type, bits) ? bits & (uint64_t(1) << top) : bits;
}

std::optional<Expected> integerForm(const Key &key, std::vector<uint64_t> v) {
  std::string type = key.type();
  unsigned bits = bitsOf(type);
  if (key.op() == "dp4a" || key.op() == "dp2a") {
    Wide sum = integerValue("u32", v[2]);
    bool isSignedA = key.parts[key.parts.size() - 2] == "s32",
         isSignedB = type == "s32";
    unsigned count = key.op() == "dp4a" ? 4 : 2, widthA = 32 / count;
    for (unsigned i = 0; i < count; ++i) {
      unsigned byte = i + (key.has("hi") ? 2 : 0);
      std::string a = (isSignedA ? "s" : "u") + std::to_string(widthA);
      std::string b = isSignedB ? "s8" : "u8";
      sum += integerValue(a, (v[0] >> (widthA * i)) & ((1u << widthA) - 1)) *
             integerValue(b, (v[1] >> (8 * byte)) & 255);
    }
    return Expected{uint32_t(sum)};
  }
  std::vector<Wide> x;
  bool isWide = key.has("wide");
  for (size_t i = 0; i < v.size(); ++i) {
    std::string wide = type.substr(0, 1) + std::to_string(2 * bits);
    bool isShift = (key.op() == "shl" || key.op() == "shr") && i == 1;
    x.push_back(integerValue(isWide && i == 2 ? wide
                             : isShift        ? "u32"
                                              : type,
                             v[i]));
  }
  const std::string &op = key.op();
  Wide result = 0, most = (Wide(1) << (bits - (type[0] == 's'))) - 1,
       least = type[0] == 's' ? -most - 1 : Wide(0);
  if (key.has("hi"))
    // The product of two unsigned numbers of 64 bits needs all 128.
    result = (type[0] == 's'
                  ? x[0] * x[1] >> bits
                  : Wide((unsigned __int128)x[0] * (unsigned __int128)x[1] >>
                         bits)) +
             (x.size() > 2 ? x[2] : Wide(0));
  else if (op == "add" || op == "sub")
    result = op == "add" ? x[0] + x[1] : x[0] - x[1];
  else if (op == "mul")
    result = Wide((unsigned __int128)x[0] * (unsigned __int128)x[1]);
  else if (op == "mad")
    result = Wide((unsigned __int128)x[0] * (unsigned __int128)x[1] +
                  (unsigned __int128)x[2]);
  else if (op == "div" || op == "rem") {
    if (x[1] == 0)
      return Expected{0, 0, true};
    result = op == "div" ? x[0] / x[1] : x[0] % x[1];
  } else if (op == "min" || op == "max")
    result = op == "min" ? std::min(x[0], x[1]) : std::max(x[0], x[1]);
  else if (op == "sad")
    result = x[2] + (x[0] < x[1] ? x[1] - x[0] : x[0] - x[1]);
  else if (op == "neg" || op == "abs")
    result = op == "neg" || x[0] < 0 ? -x[0] : x[0];
  else if (op == "and" || op == "or" || op == "xor")
    result = op == "and" ? x[0] & x[1] : op == "or" ? x[0] | x[1] : x[0] ^ x[1];
  else if (op == "not" || op == "cnot")
    result = op == "not" ? ~x[0] : Wide(x[0] == 0);
  else if (op == "shl" || op == "shr") {
    if (op == "shl")
      result = x[1] >= bits ? Wide(0) : Wide((unsigned __int128)x[0] << x[1]);
    else
      result = x[0] >> std::min(x[1], Wide(bits));
  } else if (op == "popc" || op == "clz" || op == "brev") {
    int ones = 0, leading = bits;
    for (unsigned i = 0; i < bits; ++i)
      if ((v[0] >> i) & 1) {
        ++ones;
        leading = bits - 1 - i;
        result |= Wide(1) << (bits - 1 - i);
      }
    if (op != "brev")
      return Expected{uint64_t(op == "popc" ? ones : leading)};
  } else {
    return std::nullopt;
  }
  if (key.has("sat"))
    result = std::min(std::max(result, least), most);
  unsigned width = isWide ? 2 * bits : bits;
  return Expected{uint64_t(result) &
                  (width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1)};
}

/// The sum, moved by a trace towards what 113 bits cannot hold: no rounding to
/// fewer bits then takes it for exact or for a tie.
Quad sumOf(Quad a, Quad b) {
  Quad sum = a + b;
  Quad error = sum == a ? b : sum == b ? a : Quad(0);
  if (error == 0 || sum == 2 * sum)
    return sum;
  Quad trace = sum < 0 ? -sum : sum;
  for (int i = 0; i < 110; ++i)
    trace /= 2;
  return error > 0 ? sum + trace : sum - trace;
}

std::optional<Expected> floatForm(const Key &key, std::vector<uint64_t> v) {
  std::string type = key.type();
  const std::string &op = key.op();
  bool flushes = key.has("ftz");
  if (flushes)
    for (uint64_t &bits : v)
      bits = flush(type, bits);
  unsigned top = bitsOf(type) - 1;
  uint64_t sign = uint64_t(1) << top;
  std::vector<Quad> x;
  for (uint64_t bits : v)
    x.push_back(quadValue(type, bits));
  bool negative[3] = {};
  for (size_t i = 0; i < v.size() && i < 3; ++i)
    negative[i] = v[i] & sign;
  char mode = key.has("rz")   ? 'z'
              : key.has("rm") ? 'm'
              : key.has("rp") ? 'p'
                              : 'n';
  if (op == "neg" || op == "abs" || op == "copysign") {
    uint64_t bits = op == "neg"   ? v[0] ^ sign
                    : op == "abs" ? v[0] & ~sign
                                  : (v[1] & ~sign) | (v[0] & sign);
    return Expected{bits};
  }
  if (op == "min" || op == "max") {
    bool firstIsNan = x[0] != x[0], secondIsNan = x[1] != x[1];
    if (key.has("NaN") ? firstIsNan || secondIsNan : firstIsNan && secondIsNan)
      return Expected{rounded(type, NAN, 'n', false)};
    if (firstIsNan || secondIsNan)
      return Expected{firstIsNan ? v[1] : v[0]};
    bool firstIsLess = x[0] < x[1] || (x[0] == x[1] && negative[0]);
    return Expected{(op == "min") == firstIsLess ? v[0] : v[1]};
  }
  // A sum of zeros of two signs is -0 only when rounding down.
  auto sumZero = [&](bool a, bool b) { return a == b ? a : mode == 'm'; };
  Quad exact;
  bool zero = false;
  if (op == "add" || op == "sub") {
    bool second = negative[1] != (op == "sub");
    exact = sumOf(x[0], op == "add" ? x[1] : -x[1]);
    zero = x[0] == 0 ? sumZero(negative[0], second) : mode == 'm';
  } else if (op == "mul") {
    exact = x[0] * x[1];
    zero = negative[0] != negative[1];
  } else if (op == "fma" || op == "mad") {
    exact = sumOf(x[0] * x[1], x[2]);
    bool isZeroProduct = x[0] == 0 || x[1] == 0;
    zero = isZeroProduct ? sumZero(negative[0] != negative[1], negative[2])
                         : mode == 'm';
    if (!isZeroProduct && exact == 0 && x[2] == 0)
      zero = negative[0] != negative[1];
  } else if (op == "div" || op == "rcp") {
    exact = op == "div" ? x[0] / x[1] : 1 / x[0];
    zero = op == "div" ? negative[0] != negative[1] : negative[0];
  } else {
    // Roots and functions: the host's, in more bits than the result has.
    double a = double(x[0]);
    double value = op == "sqrt"    ? double(std::sqrt((long double)x[0]))
                   : op == "rsqrt" ? 1 / std::sqrt(a)
                   : op == "ex2"   ? std::exp2(a)
                   : op == "lg2"   ? std::log2(a)
                   : op == "sin"   ? std::sin(a)
                   : op == "cos"   ? std::cos(a)
                   : op == "tanh"  ? std::tanh(a)
                                   : NAN;
    exact = value;
    zero = negative[0];
  }
  uint64_t bits = rounded(type, exact, mode, zero);
  if (flushes)
    bits = flush(type, bits);
  if (key.has("sat")) {
    Quad value = quadValue(type, bits);
    bits =
        value > 0 ? rounded(type, value < 1 ? value : Quad(1), 'n', false) : 0;
  }
  if (key.has("relu") && quadValue(type, bits) <= 0)
    bits = 0;
  bool isNear = key.has("approx") || key.has("full");
  // The root was rounded to 64 bits before.
  double ulp = std::ldexp(1, -formatOf(type).mantissaBits);
  double tolerance = isNear                                           ? 4 * ulp
                     : op == "sqrt" && (type == "f64" || mode != 'n') ? ulp
                                                                      : 0;
  return Expected{bits, tolerance};
}

std::optional<Expected> comparison(const Key &key,
                                   const std::vector<uint64_t> &v) {
  std::string type = key.type(), op = key.parts[1];
  bool less, equal, isUnordered = false;
  if (isFloat(type)) {
    uint64_t a = key.has("ftz") ? flush(type, v[0]) : v[0],
             b = key.has("ftz") ? flush(type, v[1]) : v[1];
    Quad x = quadValue(type, a), y = quadValue(type, b);
    less = x < y;
    equal = x == y;
    isUnordered = x != x || y != y;
  } else {
    less = integerValue(type, v[0]) < integerValue(type, v[1]);
    equal = v[0] == v[1];
  }
  bool holds = false;
  std::string order = op;
  if (op == "num" || op == "nan")
    holds = (op == "nan") == isUnordered;
  else {
    bool orUnordered = op.size() == 3 && op[2] == 'u';
    order = op.substr(0, 2);
    bool greater = !less && !equal;
    holds = isUnordered                      ? orUnordered
            : order == "eq"                  ? equal
            : order == "ne"                  ? !equal
            : order == "lt" || order == "lo" ? less
            : order == "le" || order == "ls" ? less || equal
            : order == "gt" || order == "hi" ? greater
                                             : greater || equal;
  }
  if (key.op() == "set")
    return Expected{holds ? (key.has("f32") && key.parts[2] == "f32"
                                 ? 0x3f800000u
                                 : 0xffffffffu)
                          : 0u};
  if (key.has("and"))
    return Expected{uint64_t(holds && v[2])};
  if (key.has("or"))
    return Expected{uint64_t(holds || v[2])};
  if (key.has("xor"))
    return Expected{uint64_t(holds != bool(v[2]))};
  return Expected{uint64_t(holds)};
}

/// A form on pairs is the form on each half.
std::optional<Expected> pairForm(const std::string &key,
                                 const std::vector<uint64_t> &operands) {
  std::string single = key.substr(0, key.size() - 2);
  unsigned width = bitsOf(Key(single).type());
  uint64_t mask = (uint64_t(1) << width) - 1, result = 0;
  for (unsigned half = 0; half < 2; ++half) {
    std::vector<uint64_t> parts;
    for (uint64_t bits : operands)
      parts.push_back((bits >> (width * half)) & mask);
    std::optional<Expected> part = expectedOf(single, parts);
    if (!part || part->tolerance)
      return std::nullopt;
    result |= part->bits << (width * half);
  }
  return Expected{result};
}

} // namespace

double floatValue(const std::string &type, uint64_t bits) {
  return double(quadValue(type, bits));
}

std::string resultType(const std::string &key) { return Key(key).type(); }

std::optional<Expected> expectedOf(const std::string &text,
                                   const std::vector<uint64_t> &operands) {
  Key key(text);
  std::string type = key.type();
  if (type.size() > 2 && type.substr(type.size() - 2) == "x2" &&
      key.op() != "cvt")
    return pairForm(text, operands);
  if (key.op() == "setp" || key.op() == "set")
    return comparison(key, operands);
  static const char *kOther[] = {"cvt",  "mov",   "selp", "slct", "testp",
                                 "prmt", "shf",   "bfe",  "bfi",  "bfind",
                                 "bmsk", "mul24", "mad24"};
  for (const char *other : kOther)
    if (key.op() == other)
      return std::nullopt;
  if (type == "pred" || (key.has("approx") && type == "f64"))
    return std::nullopt;
  return isFloat(type) ? floatForm(key, operands) : integerForm(key, operands);
}

} // namespace tenon::vgpu
