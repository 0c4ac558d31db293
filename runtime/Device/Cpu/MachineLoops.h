//===- MachineLoops.h - the fastest multiply-adds of this CPU -------------===//
//
//   Loop loop = chooseLoops().bf16;
//   keep(loop.run(loop.rounds)); // some milliseconds
//
// A loop that the compiler can see through measures nothing: chains that start
// equal and go on equal are one chain, and what nobody reads is left out.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CPU_MACHINELOOPS_H
#define TENON_RUNTIME_DEVICE_CPU_MACHINELOOPS_H

#include <cstddef>
#include <cstdint>

namespace tenon::rt {

/// What a number was computed for.
inline void keep(float value) { asm volatile("" : : "x"(value)); }

struct Loop {
  float (*run)(int64_t rounds);
  int64_t macsPerRound;
  int64_t rounds; ///< of a try
};

/// In the widest form that the CPU has.
struct Loops {
  Loop f32 = {}, bf16 = {}, int8 = {};
  /// The sum of `count` floats, a multiple of 64.
  float (*addUp)(const float *data, size_t count);
  /// What multiplies bf16 and int8: "amx", "avx512", or "none" where the CPU
  /// has neither, and they are as fast as f32.
  const char *unit = "none";
};

Loops chooseLoops();

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CPU_MACHINELOOPS_H
