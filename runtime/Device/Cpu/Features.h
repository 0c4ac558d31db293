//===- Features.h - what this CPU and its system can execute --------------===//
//
//   CpuFeatures::host().has("avx512f")
//
// Names are LLVM's, since the compiler writes them into the plan.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CPU_FEATURES_H
#define TENON_RUNTIME_DEVICE_CPU_FEATURES_H

#include "runtime/Core/Status.h"

#include <bitset>
#include <string_view>

namespace tenon::rt {

class CpuFeatures {
public:
  /// A feature counts when the CPU has it and the system saves its registers.
  static const CpuFeatures &host();

  /// False for names that this runtime does not know.
  bool has(std::string_view name) const;

  /// This CPU with one feature less; for tests.
  CpuFeatures without(std::string_view name) const;

private:
  std::bitset<64> present; ///< by row of the table in Features.cpp
};

/// Linux gives the AMX tile registers only to processes that ask. NoKernel when
/// it refuses.
Result<void> requestTileRegisters();

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CPU_FEATURES_H
