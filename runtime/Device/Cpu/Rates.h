//===- Rates.h - how fast this machine multiplies and reads ---------------===//
//
//   Result<Rates> rates = measureRates(pool); // takes a quarter of a second
//   // A kernel cannot be faster than the slower of the two:
//   seconds = std::max(flops / rates->flopsPerSecond,
//                      bytes / rates->bytesPerSecond);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CPU_RATES_H
#define TENON_RUNTIME_DEVICE_CPU_RATES_H

#include "runtime/Core/Status.h"

namespace tenon::rt {

class Pool;

/// Of all threads of a pool together.
struct Rates {
  double flopsPerSecond; ///< in f32, a fused multiply-add being two
  double bytesPerSecond; ///< read from memory, past all caches
};

/// Keeps the pool's threads busy and takes the best of several tries: others on
/// the machine make it slower, nothing makes it faster. NoMemory when there is
/// not enough to read.
Result<Rates> measureRates(Pool &pool);

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CPU_RATES_H
