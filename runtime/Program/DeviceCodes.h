//===- DeviceCodes.h - which code of a kernel runs on a device ------------===//

#ifndef TENON_RUNTIME_PROGRAM_DEVICECODES_H
#define TENON_RUNTIME_PROGRAM_DEVICECODES_H

#include "runtime/Abi/Plan.h"
#include "runtime/Device/Cuda/Device.h"

#include <span>
#include <string>
#include <string_view>

namespace tenon::rt {

/// The cubin for exactly the device's architecture, else the PTX for the newest
/// that is not above it; of two for the same, the one with features of that
/// alone ("sm_90a"). Virtual devices take no cubin. Null: none.
const abi::DeviceCode *chooseCode(const abi::Kernel &kernel,
                                  const DeviceProperties &device);

/// 90 for "cuda:sm_90a", "sm_90" and "compute_90a"; 0 for what is none.
int capabilityOf(std::string_view arch);

/// The plan whose kernels all have code for the device: of several one whose
/// blocks find their shared memory there, then the one whose code is nearest to
/// the device, then the first. Null: none.
const abi::Plan *choosePlan(std::span<const abi::Plan> plans,
                            const DeviceProperties &device);

/// "sm_90a, PTX of sm_90a, PTX of compute_80": what the kernels have, each
/// once.
std::string codesText(std::span<const abi::Plan> plans);

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_DEVICECODES_H
