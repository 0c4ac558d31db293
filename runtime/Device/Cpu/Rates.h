//===- Rates.h - how fast this machine multiplies and reads ---------------===//
//
//   Result<Rates> rates = measureRates(pool); // takes half a second
//   // A kernel that multiplies bf16 cannot be faster than the slower of the
//   two: seconds = std::max(flops / rates->bf16FlopsPerSecond,
//                      bytes / rates->bytesPerSecond);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CPU_RATES_H
#define TENON_RUNTIME_DEVICE_CPU_RATES_H

#include "runtime/Core/Status.h"
#include "runtime/Device/Rates.h"

namespace tenon::rt {

class Pool;

/// Of all threads of the pool together, with operands from L1, where these are
/// tiles. Keeps the pool's threads busy and takes the best of several tries:
/// others on the machine make it slower, nothing makes it faster. NoMemory when
/// there is not enough to read.
Result<Rates> measureRates(Pool &pool);

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CPU_RATES_H
