//===- State.h - what the stand-in for the driver knows -------------------===//
//
// One state a process, as the driver has. Handles are pointers to these
// structs. What a call begins is done when it returns: streams are in order by
// themselves, and no two things happen at once.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_DRIVER_STATE_H
#define TENON_RUNTIME_VIRTUALGPU_DRIVER_STATE_H

#include "runtime/VirtualGpu/Machine.h"

#include <string>
#include <vector>

/// CUresult.
using CUresult = int;
enum : CUresult {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidContext = 201,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kInvalidHandle = 400,
  kNotFound = 500,
  kIllegalAddress = 700,
  kOutOfResources = 701,
  kTimeout = 702,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kLaunchFailed = 719,
  kNotSupported = 801,
};

/// A device, which is its only context too.
struct CUctx_st {
  int ordinal;
  std::unique_ptr<tenon::vgpu::Machine> machine;
};
struct CUmod_st {
  std::shared_ptr<const tenon::vgpu::Module> module;
  CUctx_st *context;
  std::vector<std::unique_ptr<struct CUfunc_st>> functions;
};
struct CUfunc_st {
  const tenon::vgpu::Kernel *kernel;
  CUctx_st *context;
  int maxDynamicShared;
};
struct CUstream_st {
  CUctx_st *context;
};
struct CUevent_st {
  double milliseconds;
};

namespace tenon::vgpu {

/// TENON_VGPU_DEVICES, _ARCH, _SCHEDULE, _SEED, _CHECKS, _WORKERS, _REPORT.
struct Settings {
  int numDevices = 1;
  MachineOptions machine;
  std::string reportFile; ///< a line of JSON for each report, appended
};

struct State {
  Settings settings;
  std::shared_ptr<Memory> memory;
  std::vector<std::unique_ptr<CUctx_st>> devices;
  /// Once a kernel has failed, its context is of no use: every call says so.
  CUresult sticky = kSuccess;

  /// Null before cuInit.
  static State *get();
  static CUresult init();
};

/// The calling thread's context; null: none.
CUctx_st *&currentContext();

/// For people, on standard error.
void complain(const std::string &text);

/// What a call that needs a device begins with: why it cannot go on.
CUresult ready();

} // namespace tenon::vgpu

#endif // TENON_RUNTIME_VIRTUALGPU_DRIVER_STATE_H
