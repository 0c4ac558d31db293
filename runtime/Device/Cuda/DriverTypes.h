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

inline constexpr Status kSuccess = 0, kOutOfMemory = 2, kNotSupported = 801;

/// CUdevice_attribute.
inline constexpr int kComputeMajor = 75, kComputeMinor = 76;

/// CUfunction_attribute.
inline constexpr int kMaxDynamicSharedBytes = 8;

/// CUjit_option.
inline constexpr int kErrorLogBuffer = 5, kErrorLogBytes = 6;

} // namespace tenon::cu

#endif // TENON_RUNTIME_DEVICE_CUDA_DRIVERTYPES_H
