//===- NarrowFloats.h - floats of 16 and 8 bits as numbers ----------------===//
//
//   decodeF16(0x3800)        is 0.5
//   decodeBF16(0xc040)       is -3
//   decodeF8E4M3(0x7e)       is 448, the largest: there is no infinity
//   decodeF8E5M2(0x7c)       is infinity
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_NARROWFLOATS_H
#define TENON_RUNTIME_FORMATS_NARROWFLOATS_H

#include <cstdint>

namespace tenon::rt {

/// Exact, subnormal numbers included; every NaN becomes a quiet NaN.
double decodeF16(uint16_t bits);
double decodeBF16(uint16_t bits);
/// The finite form of the OCP's 8-bit floats: all ones are NaN.
double decodeF8E4M3(uint8_t bits);
double decodeF8E5M2(uint8_t bits);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_NARROWFLOATS_H
