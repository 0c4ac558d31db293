//===- Bounds.h - no device can run a launch faster than this -------------===//
//
//   for (const DeviceBound &bound : boundsOf(shape, work, traffic))
//     bound.device->name, bound.microseconds, bound.pipes[0]
//
// A bound is what the busiest of a device's units needs at its full rate: it is
// no estimate of a time. Counts are of PTX instructions, of which ptxas may
// drop or fuse some; moves are left out for that reason.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_COUNT_BOUNDS_H
#define TENON_RUNTIME_VIRTUALGPU_COUNT_BOUNDS_H

#include "runtime/VirtualGpu/Count/Traffic.h"
#include "runtime/VirtualGpu/Count/UnitWork.h"

#include <optional>
#include <span>
#include <string_view>

namespace tenon::vgpu {

struct ArchLimits;

/// Rates are per clock, and of one SM but for L2's.
struct DeviceModel {
  const char *name;
  int arch;
  uint32_t numSms, clockMhz;
  double dramGBs; ///< 10^9 bytes a second
  uint64_t l2Bytes;
  double l2BytesPerClock;
  UnitWork rates;
};
std::span<const DeviceModel> deviceModels();

/// How many blocks an SM holds, and what has no room for more.
struct Occupancy {
  uint32_t blocksPerSm = 0;
  const char *limit = "";
};
/// `registers` of a thread; 0 when they are not known, and then no limit.
Occupancy occupancyOf(const ArchLimits &limits, uint64_t numThreads,
                      uint32_t registers, uint64_t sharedBytes);

/// What of a launch its bounds depend on.
struct LaunchShape {
  std::string_view target; ///< of the PTX: "sm_90a" runs on no other
  uint64_t numBlocks = 0, numThreads = 0;
  uint32_t registers = 0;
  uint64_t sharedBytes = 0;
};

struct DeviceBound {
  const DeviceModel *device = nullptr;
  Occupancy occupancy;
  uint64_t dramBytes = 0;
  double microseconds = 0;
  struct Pipe {
    std::string_view name;
    double microseconds = 0;
  };
  std::vector<Pipe> pipes; ///< the one that binds first, then the others
  /// Of the bound, the time in which all tensor units at their full rate would
  /// do the products.
  double tensorShare = 0;
};

/// The devices that can run such a launch.
std::vector<const DeviceModel *> devicesFor(const LaunchShape &shape);
/// The configurations of these devices' caches, in their order.
std::vector<L2Config> cachesFor(const LaunchShape &shape);
std::vector<DeviceBound> boundsOf(const LaunchShape &shape,
                                  const WorkSpread &work,
                                  const TrafficCounters &traffic);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_COUNT_BOUNDS_H
