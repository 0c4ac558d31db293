//===- FormOracle.h - what arithmetic forms mean, one number at a time
//--------===//
//
// Written to be unlike the handlers: integers in 128 bits, floats in 113,
// rounding by comparing distances.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TESTS_RUNTIME_VIRTUALGPU_FORMORACLE_H
#define TENON_TESTS_RUNTIME_VIRTUALGPU_FORMORACLE_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::vgpu {

struct Expected {
  uint64_t bits = 0;
  double tolerance = 0; ///< relative, of a float result
  bool isAny = false;   ///< the manual leaves it open
};

/// The result of the form `key` ("add.s32") for operands given as bits; nothing
/// when the oracle does not know the form.
std::optional<Expected> expectedOf(const std::string &key,
                                   const std::vector<uint64_t> &operands);

/// The type in which the result of a form is compared: "f32", "b32", ...
std::string resultType(const std::string &key);
/// The value of the bits of a float type.
double floatValue(const std::string &type, uint64_t bits);

} // namespace tenon::vgpu

#endif // TENON_TESTS_RUNTIME_VIRTUALGPU_FORMORACLE_H
