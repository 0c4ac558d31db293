// Takes sign, exponent and mantissa apart, as IEEE 754 lays them out.
#include "runtime/Formats/NarrowFloats.h"

#include <cmath>
#include <limits>

namespace tenon::rt {
namespace {

enum class Top {
  Special, ///< the largest exponent is for infinity and NaN
  Finite,  ///< it is one more for numbers; only all ones are NaN
};

struct Format {
  unsigned exponentBits, mantissaBits;
  Top top = Top::Special;
};

double decode(uint32_t bits, Format format) {
  uint32_t mantissaMask = (1u << format.mantissaBits) - 1;
  uint32_t exponentMask = (1u << format.exponentBits) - 1;
  uint32_t mantissa = bits & mantissaMask;
  uint32_t exponent = bits >> format.mantissaBits & exponentMask;
  bool isNegative = bits >> (format.mantissaBits + format.exponentBits) & 1;
  double size;
  if (exponent == exponentMask && format.top == Top::Special)
    size = mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : std::numeric_limits<double>::infinity();
  else if (exponent == exponentMask && mantissa == mantissaMask)
    size = std::numeric_limits<double>::quiet_NaN();
  else {
    // A subnormal number has the least exponent and no leading one.
    uint32_t leadingOne = exponent ? mantissaMask + 1 : 0;
    int bias = int(exponentMask / 2);
    int scale =
        (exponent ? int(exponent) : 1) - bias - int(format.mantissaBits);
    size = std::ldexp(double(leadingOne + mantissa), scale);
  }
  return isNegative ? -size : size;
}

} // namespace

double decodeF16(uint16_t bits) { return decode(bits, {5, 10}); }
double decodeBF16(uint16_t bits) { return decode(bits, {8, 7}); }
double decodeF8E4M3(uint8_t bits) { return decode(bits, {4, 3, Top::Finite}); }
double decodeF8E5M2(uint8_t bits) { return decode(bits, {5, 2}); }

} // namespace tenon::rt
