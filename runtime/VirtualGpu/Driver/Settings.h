//===- Settings.h - the virtual devices as the environment describes them -===//
//
//   TENON_VGPU_DEVICES=2         how many; 1
//   TENON_VGPU_ARCH=sm_90        of all of them; sm_90 (also 90, sm_90a)
//   TENON_VGPU_MEMORY_MIB=4096   of each; 16384
//   TENON_VGPU_CHECKS=fail       a finding fails the launch (the default);
//                    =report     it is only reported
//                    =off        only what hardware would notice
//   TENON_VGPU_SCHEDULE=in-order|random|adversarial      order of warps
//   TENON_VGPU_STREAMS=late      work runs when somebody waits for it (default)
//                     =eager     at once
//                     =random    some so, some so, by the seed
//   TENON_VGPU_SEED=1            for both
//   TENON_VGPU_THREADS=2         host threads of a launch; one for each core
//   TENON_VGPU_REPORT=file       findings too as lines of JSON
//   TENON_VGPU_COUNTERS=file     what each launch did, its traffic and bounds,
//                                as lines of JSON
//   TENON_VGPU_PTX=folder        a module of kernel K is read from folder/K.ptx
//                                if that is there, else its text is written so
//   TENON_VGPU_FAIL=cuMemAlloc_v2:3=2    its third call answers error 2
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_SETTINGS_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_SETTINGS_H

#include "runtime/VirtualGpu/Machine.h"

#include <functional>
#include <string>

namespace tenon::vgpu {

struct Settings {
  int numDevices = 1;
  MachineOptions machine; ///< of each device, but for its number
  bool failsOnReport = true;
  enum class Streams { Late, Eager, Random } streams = Streams::Late;
  std::string reportFile, countersFile, ptxFolder;
  /// The call number `failingCall` of this function answers `failingResult`.
  std::string failingFunction;
  uint64_t failingCall = 0;
  uint32_t failingResult = 0;
};

/// `lookUp` gives the value of an environment variable, or null. BadInput names
/// the variable, its value and what is expected.
rt::Result<Settings>
readSettings(const std::function<const char *(const char *)> &lookUp);

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_SETTINGS_H
