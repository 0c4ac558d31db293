//===- TensorMaps.h - parameters that a launch on a GPU makes -------------===//

#ifndef TENON_RUNTIME_PROGRAM_TENSORMAPS_H
#define TENON_RUNTIME_PROGRAM_TENSORMAPS_H

#include "runtime/Abi/Plan.h"
#include "runtime/Device/Cuda/Device.h"

#include <span>

namespace tenon::rt {

/// The map of a buffer at `address`, for a launch with these scalars. BadInput
/// where the driver takes none of its sizes.
Result<cuda::CUtensorMap> encodeTensorMap(const Device &device,
                                          const abi::TensorMap &map,
                                          cuda::CUdeviceptr address,
                                          std::span<const int64_t> scalars);

} // namespace tenon::rt

#endif // TENON_RUNTIME_PROGRAM_TENSORMAPS_H
