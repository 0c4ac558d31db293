// Devices, and the least time that each of their units needs.

#include "runtime/VirtualGpu/Count/Bounds.h"

#include "runtime/VirtualGpu/Machine.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tenon::vgpu {

static constexpr uint64_t kMiB = uint64_t(1) << 20;

// SMs, clocks, memory, tensor rates: data sheets (dense figures; H100 and H200
// SXM: 989 TFLOP/s of bf16 are 1830 MHz; B200: 2250 TFLOP/s are 1856 MHz). L2:
// 5120 bytes a clock are A100's white paper's, and what 8986 GB/s at 1755 MHz
// are for H100; twice that for B200's two dies is assumed. Arithmetic: the
// programming guide's table of results a clock and SM, in warps. mma.sync
// reaches 0.62 of wgmma on H100 (arXiv 2402.13499); that B200 does as much of
// it in an SM as H100 is assumed.
static constexpr DeviceModel kDevices[] = {
    //                        GB/s    L2          B/clk
    // issue fma half f64 alu special convert shared tensor mma.sync
    {"A100",
     80,
     108,
     1410,
     2039,
     40 * kMiB,
     5120,
     {4, 2, 4, 1, 2, 0.5, 2, 1, 2048, 2048}},
    {"H100",
     90,
     132,
     1830,
     3352,
     50 * kMiB,
     5120,
     {4, 4, 4, 2, 2, 0.5, 2, 1, 4096, 0.62 * 4096}},
    {"H200",
     90,
     132,
     1830,
     4800,
     50 * kMiB,
     5120,
     {4, 4, 4, 2, 2, 0.5, 2, 1, 4096, 0.62 * 4096}},
    {"B200",
     100,
     148,
     1856,
     8000,
     126 * kMiB,
     10240,
     {4, 4, 4, 2, 4, 0.5, 2, 1, 8192, 0.62 * 4096}},
};

std::span<const DeviceModel> deviceModels() { return kDevices; }

Occupancy occupancyOf(const ArchLimits &limits, uint64_t numThreads,
                      uint32_t registers, uint64_t sharedBytes) {
  constexpr uint64_t kRegisterUnit = 8, kSharedUnit = 128, kWarp = 32;
  auto roundUp = [](uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
  };
  uint64_t threads = roundUp(std::max<uint64_t>(numThreads, 1), kWarp);
  // A block's shared memory is its own and 1 KiB of the system's.
  uint64_t systemBytes = limits.sharedPerSmBytes - limits.sharedOptInBytes;
  uint64_t shared = roundUp(sharedBytes, kSharedUnit) + systemBytes;
  uint64_t byRegisters = registers
                             ? limits.registersPerSm /
                                   (roundUp(registers, kRegisterUnit) * threads)
                             : std::numeric_limits<uint32_t>::max();
  std::pair<uint64_t, const char *> each[] = {
      {limits.maxThreadsPerSm / threads, "threads"},
      {limits.maxBlocksPerSm, "blocks"},
      {byRegisters, "registers"},
      {limits.sharedPerSmBytes / shared, "shared memory"}};
  auto least = *std::min_element(
      std::begin(each), std::end(each),
      [](const auto &a, const auto &b) { return a.first < b.first; });
  return {uint32_t(least.first), least.second};
}

static Occupancy occupancyOn(const DeviceModel &device,
                             const LaunchShape &shape) {
  return occupancyOf(*archLimits(device.arch), shape.numThreads,
                     shape.registers, shape.sharedBytes);
}

std::vector<const DeviceModel *> devicesFor(const LaunchShape &shape) {
  std::string_view target = shape.target;
  int arch = 0;
  if (target.starts_with("sm_"))
    std::from_chars(target.data() + 3, target.data() + target.size(), arch);
  bool isOfOne = target.ends_with("a");
  std::vector<const DeviceModel *> devices;
  for (const DeviceModel &device : kDevices)
    if ((isOfOne ? device.arch == arch : device.arch >= arch) &&
        occupancyOn(device, shape).blocksPerSm)
      devices.push_back(&device);
  return devices;
}

std::vector<L2Config> cachesFor(const LaunchShape &shape) {
  std::vector<L2Config> configs;
  for (const DeviceModel *device : devicesFor(shape))
    configs.push_back(
        {device->l2Bytes,
         uint64_t(device->numSms) * occupancyOn(*device, shape).blocksPerSm});
  return configs;
}

/// The work of the SM that has most to do, at best: work may be spread evenly,
/// but a block stays on its SM, and some SM has at least as many blocks as the
/// mean.
static double workOfBusiestSm(const WorkSpread &work, unsigned unit,
                              uint64_t numSms) {
  uint64_t most = (work.numBlocks + numSms - 1) / numSms;
  return std::max({work.total[unit] / double(numSms), work.most[unit],
                   double(most) * work.least[unit]});
}

static DeviceBound boundOn(const DeviceModel &device, const LaunchShape &shape,
                           const WorkSpread &work,
                           const TrafficCounters &traffic,
                           TrafficCounters::Dram dram) {
  DeviceBound bound;
  bound.device = &device;
  bound.occupancy = occupancyOn(device, shape);
  bound.dramBytes = dram.readBytes + dram.writeBytes;
  double clocksPerUs = device.clockMhz;
  constexpr unsigned kTensor = unsigned(Unit::Tensor),
                     kMmaSync = unsigned(Unit::MmaSync);
  // wgmma and mma.sync share a unit, at rates of their own.
  double tensor = 0;
  for (unsigned unit = 0; unit < kNumUnits; ++unit) {
    double clocks =
        workOfBusiestSm(work, unit, device.numSms) / device.rates[unit];
    if (unit == kTensor || unit == kMmaSync)
      tensor += clocks / clocksPerUs;
    else
      bound.pipes.push_back({unitText(Unit(unit)), clocks / clocksPerUs});
  }
  bound.pipes.push_back({unitText(Unit::Tensor), tensor});
  double l2Bytes = double(traffic.l2ReadBytes + traffic.l2WriteBytes);
  bound.pipes.push_back({"L2", l2Bytes / device.l2BytesPerClock / clocksPerUs});
  bound.pipes.push_back(
      {"DRAM", double(bound.dramBytes) / device.dramGBs / 1e3});
  std::ranges::sort(bound.pipes, std::greater(), [](const auto &pipe) {
    return std::pair(pipe.microseconds, pipe.name);
  });
  bound.microseconds = bound.pipes[0].microseconds;
  double best = (work.total[kTensor] + work.total[kMmaSync]) /
                (device.numSms * device.rates[kTensor] * clocksPerUs);
  bound.tensorShare = bound.microseconds > 0 ? best / bound.microseconds : 0;
  return bound;
}

std::vector<DeviceBound> boundsOf(const LaunchShape &shape,
                                  const WorkSpread &work,
                                  const TrafficCounters &traffic) {
  std::vector<DeviceBound> bounds;
  size_t number = 0;
  for (const DeviceModel *device : devicesFor(shape))
    bounds.push_back(
        boundOn(*device, shape, work, traffic, traffic.dram[number++]));
  return bounds;
}

} // namespace tenon::vgpu
