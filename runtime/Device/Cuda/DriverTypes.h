//===- DriverTypes.h - the CUDA driver's types, as far as we use them -----===//
//
// As its documentation has them: neither the runtime nor the stand-in for the
// driver needs NVIDIA's headers to be built. DriverTypesTest compares them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_DRIVERTYPES_H
#define TENON_RUNTIME_DEVICE_CUDA_DRIVERTYPES_H

#include <cstddef>
#include <cstdint>

namespace tenon::cu {

/// CUresult, CUdevice, CUdeviceptr.
using Status = int;
using Ordinal = int;
using Address = unsigned long long;
/// Handles.
using Context = struct CUctx_st *;
using Module = struct CUmod_st *;
using Function = struct CUfunc_st *;
using Stream = struct CUstream_st *;
using Event = struct CUevent_st *;

inline constexpr Status kSuccess = 0, kInvalidValue = 1, kOutOfMemory = 2,
                        kNotInitialized = 3, kNoDevice = 100,
                        kInvalidDevice = 101, kInvalidImage = 200,
                        kInvalidContext = 201, kInvalidPtx = 218,
                        kNoBinaryForGpu = 209, kInvalidHandle = 400,
                        kNotFound = 500, kIllegalAddress = 700,
                        kOutOfResources = 701, kTimeout = 702,
                        kMisalignedAddress = 716, kIllegalInstruction = 715,
                        kLaunchFailed = 719, kNotSupported = 801;

/// CUdevice_attribute.
inline constexpr int kMaxThreadsPerBlock = 1, kMaxSharedPerBlock = 8,
                     kWarpSize = 10, kNumMultiprocessors = 16,
                     kComputeMajor = 75, kComputeMinor = 76,
                     kMaxSharedPerBlockOptin = 97, kL2Bytes = 38,
                     kMaxThreadsPerMultiprocessor = 39;

/// CUfunction_attribute.
inline constexpr int kSharedBytes = 1, kLocalBytes = 3, kNumRegisters = 4,
                     kMaxDynamicSharedBytes = 8;

/// CUjit_option.
inline constexpr int kErrorLogBuffer = 5, kErrorLogBytes = 6;

} // namespace tenon::cu

#endif // TENON_RUNTIME_DEVICE_CUDA_DRIVERTYPES_H
