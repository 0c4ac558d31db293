//===- Driver.h - the CUDA driver's functions, found when they are needed -===//
//
//   Result<const Driver *> driver = Driver::load("libcuda.so.1");
//   if (auto done = (*driver)->check((*driver)->init(0), "cuInit"); !done) ...
//
// No CUDA library is linked: one build serves machines with and without a GPU,
// and a stand-in for the driver is loaded the same way.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_DRIVER_H
#define TENON_RUNTIME_DEVICE_CUDA_DRIVER_H

#include "runtime/Core/Status.h"
#include "runtime/Device/Cuda/DriverTypes.h"

#include <string>

namespace tenon::rt {

struct Driver {
  cu::Status (*init)(unsigned);
  cu::Status (*driverVersion)(int *);
  cu::Status (*errorName)(cu::Status, const char **);
  cu::Status (*errorString)(cu::Status, const char **);
  cu::Status (*deviceCount)(int *);
  cu::Status (*deviceGet)(cu::Ordinal *, int);
  cu::Status (*deviceName)(char *, int, cu::Ordinal);
  cu::Status (*deviceAttribute)(int *, int, cu::Ordinal);
  cu::Status (*deviceBytes)(size_t *, cu::Ordinal);
  cu::Status (*primaryRetain)(cu::Context *, cu::Ordinal);
  cu::Status (*primaryRelease)(cu::Ordinal);
  cu::Status (*setCurrent)(cu::Context);
  cu::Status (*allocate)(cu::Address *, size_t);
  cu::Status (*free)(cu::Address);
  cu::Status (*copyIn)(cu::Address, const void *, size_t, cu::Stream);
  cu::Status (*copyOut)(void *, cu::Address, size_t, cu::Stream);
  cu::Status (*copy)(cu::Address, cu::Address, size_t, cu::Stream);
  cu::Status (*streamCreate)(cu::Stream *, unsigned);
  cu::Status (*streamDestroy)(cu::Stream);
  cu::Status (*streamSynchronize)(cu::Stream);
  cu::Status (*moduleLoad)(cu::Module *, const void *, unsigned, int *,
                           void **);
  cu::Status (*moduleUnload)(cu::Module);
  cu::Status (*moduleFunction)(cu::Function *, cu::Module, const char *);
  cu::Status (*setFunctionAttribute)(cu::Function, int, int);
  cu::Status (*launch)(cu::Function, unsigned, unsigned, unsigned, unsigned,
                       unsigned, unsigned, unsigned, cu::Stream, void **,
                       void **);
  /// Of a stand-in only, else null: says that bytes inside an allocation are a
  /// buffer by themselves, which kernels may not run over.
  cu::Status (*announce)(cu::Address, size_t, const char *);

  std::string library; ///< what was loaded

  /// Loads the library, once for each name, and initialises it. NoKernel when
  /// it or a function of it is missing, or the driver does not start.
  static Result<const Driver *> load(const std::string &library);

  /// An Error that names what failed and how the driver calls that.
  Result<void> check(cu::Status status, const std::string &what) const;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_DRIVER_H
