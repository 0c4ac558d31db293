//===- DataSheet.h - how fast GPUs are said to be -------------------------===//
//
//   const DataSheet &sheet = dataSheetOf(90, "NVIDIA H200");
//   seconds >= bytes / sheet.rates.bytesPerSecond
//
// The numbers are peaks at the boost clock, so what follows from them is a
// bound that no launch passes, and that few come near.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_DATASHEET_H
#define TENON_RUNTIME_DEVICE_CUDA_DATASHEET_H

#include "runtime/Device/Rates.h"

#include <string_view>

namespace tenon::rt {

struct DataSheet {
  std::string_view product; ///< "H100 SXM"
  std::string_view word;    ///< in the driver's name of the device
  int capability;           ///< 90 for 9.0
  Rates rates;
};

/// The sheet of the device that a driver names so, or else of the product that
/// the architecture is known by; for an architecture without one, that of the
/// nearest one before it.
const DataSheet &dataSheetOf(int capability, std::string_view device = "");

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_DATASHEET_H
