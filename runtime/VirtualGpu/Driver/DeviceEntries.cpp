// cuInit, cuDevice*: what devices there are and what they can do.

#include "runtime/VirtualGpu/Driver/Driver.h"
#include "runtime/VirtualGpu/Driver/Findings.h"

#include <cstdio>
#include <cstring>

namespace tenon::cuda {

using vgpu::ArchLimits;
using vgpu::Entry;

CUresult cuInit(unsigned flags) {
  Entry entry("cuInit", Entry::Needs::Nothing);
  if (flags)
    return CUDA_ERROR_INVALID_VALUE;
  return entry.driver.initialise();
}

CUresult cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = 13000; // of the header that our functions are compared with
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  Entry entry("cuDeviceGetCount", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = int(entry.driver.devices.size());
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Entry entry("cuDeviceGet", Entry::Needs::Start);
  if (entry.refused)
    return entry.refused;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  if (!entry.driver.isDevice(ordinal))
    return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

/// What every question about a device begins with.
static CUresult checkDevice(Entry &entry, CUdevice device, const void *to) {
  if (entry.refused)
    return entry.refused;
  if (!to)
    return CUDA_ERROR_INVALID_VALUE;
  return entry.driver.isDevice(device) ? CUDA_SUCCESS
                                       : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  Entry entry("cuDeviceGetName", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, name))
    return refused;
  if (length <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  std::snprintf(name, size_t(length), "Tenon virtual GPU sm_%d",
                entry.driver.devices[size_t(device)].machine->options().arch);
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Entry entry("cuDeviceTotalMem_v2", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, bytes))
    return refused;
  *bytes = entry.driver.settings().machine.memoryBytes;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
  Entry entry("cuDeviceGetUuid_v2", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, uuid))
    return refused;
  std::memcpy(uuid->bytes, "tenon virtual  ", 16);
  uuid->bytes[15] = char(device);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device) {
  Entry entry("cuDeviceGetPCIBusId", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, text))
    return refused;
  if (length <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  std::snprintf(text, size_t(length), "0000:%02x:00.0", unsigned(device) + 1);
  return CUDA_SUCCESS;
}

CUresult cuDeviceCanAccessPeer(int *can, CUdevice device, CUdevice peer) {
  Entry entry("cuDeviceCanAccessPeer", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, can))
    return refused;
  if (!entry.driver.isDevice(peer))
    return CUDA_ERROR_INVALID_DEVICE;
  *can = device != peer;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

namespace {
struct Attribute {
  uint32_t number; ///< of CUdevice_attribute
  int64_t value;
};
} // namespace

/// By number, as in the header's CUdevice_attribute. Those that are not here
/// are 0: what is asked about, there is none of.
static int attributeOf(uint32_t number, const ArchLimits &limits,
                       CUdevice device) {
  const int sharedPerSystemBytes =
      int(limits.sharedPerSmBytes - limits.sharedOptInBytes);
  const Attribute attributes[] = {
      {1, 1024}, // threads of a block
      {2, 1024}, // along x, y, z
      {3, 1024},
      {4, 64},
      {5, 0x7fffffff}, // blocks of a grid along x, y, z
      {6, 65535},
      {7, 65535},
      {8, limits.sharedPerBlockBytes},
      {9, 65536},                  // bytes of constants
      {10, 32},                    // lanes of a warp
      {11, 0x7fffffff},            // pitch of a copy
      {12, limits.registersPerSm}, // of a block
      {13, 1000000},               // kHz: the clock means nothing here
      {14, 512},                   // alignment of textures
      {15, 1},                     // copies beside kernels
      {16, limits.numSms},
      {19, 1},                 // maps memory of the host
      {31, 1},                 // kernels at the same time
      {33, device + 1},        // PCI bus
      {36, 1000000},           // kHz of the memory
      {37, 4096},              // bits of its bus
      {38, int64_t(50) << 20}, // bytes of the L2 cache
      {39, limits.maxThreadsPerSm},
      {40, 2}, // engines for copies
      {41, 1}, // one address space
      {75, limits.arch / 10},
      {76, limits.arch % 10},
      {78, 1}, // priorities of streams
      {79, 1}, // global memory through L1
      {80, 1},
      {81, limits.sharedPerSmBytes},
      {82, limits.registersPerSm},
      {83, 1}, // managed memory
      {89, 1}, // which the host uses at any time
      {90, 1}, // preemption
      {95, 1}, // cooperative launches
      {97, limits.sharedOptInBytes},
      {99, 1}, // registers memory of the host
      {106, limits.maxBlocksPerSm},
      {111, sharedPerSystemBytes},
      {115, 1}, // pools of memory
      {120, limits.hasClusters},
      {127, limits.arch >= 90}, // tensor maps
  };
  for (const Attribute &attribute : attributes)
    if (attribute.number == number)
      return int(attribute.value);
  return 0;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice device) {
  Entry entry("cuDeviceGetAttribute", Entry::Needs::Start);
  if (CUresult refused = checkDevice(entry, device, value))
    return refused;
  constexpr uint32_t kMostAttributes = 160;
  if (attribute == 0 || attribute > kMostAttributes)
    return CUDA_ERROR_INVALID_VALUE;
  *value = attributeOf(attribute,
                       entry.driver.devices[size_t(device)].machine->limits(),
                       device);
  return CUDA_SUCCESS;
}

} // namespace tenon::cuda
