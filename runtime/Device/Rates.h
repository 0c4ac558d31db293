//===- Rates.h - how fast a device multiplies and reads -------------------===//

#ifndef TENON_RUNTIME_DEVICE_RATES_H
#define TENON_RUNTIME_DEVICE_RATES_H

namespace tenon::rt {

/// Of all threads of a CPU's pool together, or of a whole GPU.
struct Rates {
  /// A multiply-add being two; by the fastest unit for the type.
  double f32FlopsPerSecond, bf16FlopsPerSecond, int8FlopsPerSecond;
  double bytesPerSecond; ///< read from memory, past all caches
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_RATES_H
