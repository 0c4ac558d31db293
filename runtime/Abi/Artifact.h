//===- Artifact.h - the layout of model.tenon -----------------------------===//
//
//   byte 0            an ELF shared object as the linker wrote it: code,
//                     constants; zeros up to a page
//   planOffset        the Plan as bytes (PlanBytes.h); zeros up to a page
//   weightsOffset     weight sections, each at a multiple of 64
//   tablesOffset      section names and a new section header table, so that
//                     readelf and objdump see code, plan and weights
//   fileBytes - 128   Footer
//
// In a program made by --exe the same bytes follow the program's own, from a
// page boundary on, and the footer is still the last thing in the file:
// fileBytes tells where they begin. All offsets count from there.
// All integers are little-endian. Every byte of the file but the weights is
// covered by `checksum`; weights have one each in the plan, checked on request.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_ABI_ARTIFACT_H
#define TENON_RUNTIME_ABI_ARTIFACT_H

#include <cstdint>

namespace tenon::abi {

inline constexpr uint64_t kMagic = 0x31304e4f4e4554ULL; // "TENON01" and a zero
/// Raised whenever a reader of the old format would misread the new one.
inline constexpr uint32_t kFormatVersion = 7;
inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kWeightAlignment = 64;

struct Footer {
  uint64_t fileBytes; ///< of the artifact, this footer included
  uint64_t codeBytes; ///< of the ELF object at the start
  uint64_t planOffset, planBytes;
  uint64_t weightsOffset, weightsBytes;
  uint64_t tablesOffset, tablesBytes;
  uint64_t checksum;    ///< of the program before it up to the page boundary,
                        ///< [0, weightsOffset), [tablesOffset, footer), and
                        ///< this footer with checksum 0
  uint64_t reserved[5]; ///< zero
  uint32_t formatVersion;
  uint32_t reserved2; ///< zero
  uint64_t magic;
};
static_assert(sizeof(Footer) == 128, "the footer's size is part of the format");

} // namespace tenon::abi

#endif // TENON_RUNTIME_ABI_ARTIFACT_H
