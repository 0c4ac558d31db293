//===- Driver.h - libcuda.so.1, loaded when it is asked for ---------------===//
//
//   auto driver = Driver::load({Driver::Kind::Cuda});
//   if (!driver)
//     return driver.error(); // no library, a function missing, too old
//   int count = 0;
//   CUresult result = (*driver)->api().cuDeviceGetCount(&count);
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_DEVICE_CUDA_DRIVER_H
#define TENON_RUNTIME_DEVICE_CUDA_DRIVER_H

#include "runtime/Core/Message.h"
#include "runtime/Core/Status.h"
#include "runtime/Device/Cuda/DriverAbi.h"

#include <memory>
#include <string>

namespace tenon::rt {

using cuda::DriverFunctions;

/// The oldest driver that has all functions: CUDA 12.0.
inline constexpr int kOldestDriver = 12000;

class Driver {
public:
  enum class Kind {
    Cuda,       ///< the machine's driver
    VirtualGpu, ///< ours, which executes kernels on the CPU
  };
  struct Options {
    Kind kind = Kind::Cuda;
    /// The library; empty: TENON_CUDA_DRIVER if set, else where it belongs.
    std::string path;
  };

  /// Loads and initialises the library once in the process: later calls for the
  /// same file return the same object. It stays loaded until the process ends,
  /// since drivers have threads of their own. BadInput when there is no
  /// library, a function or a device is missing, or the driver is too old.
  static Result<std::shared_ptr<const Driver>> load(const Options &options);

  const DriverFunctions &api() const { return functions; }
  /// 1000 * major + 10 * minor of CUDA.
  int version() const { return driverVersion; }
  const std::string &path() const { return file; }
  bool isVirtual() const { return functions.announce != nullptr; }

  /// "the memory is used up (CUDA_ERROR_OUT_OF_MEMORY)", in the driver's words.
  std::string textOf(cuda::CUresult result) const;

  /// What was attempted, and what the driver says. NoMemory and NoKernel where
  /// the result says so, else Internal.
  template <typename... Pieces>
  Error errorOf(cuda::CUresult result, const Pieces &...attempt) const {
    return {codeOf(result), message(attempt..., ": ", textOf(result))};
  }

private:
  Driver() = default;
  static Result<std::shared_ptr<const Driver>> open(const std::string &path);
  static Code codeOf(cuda::CUresult result);
  Result<void> fill(void *library);
  Result<void> initialise();

  std::string file;
  DriverFunctions functions{};
  int driverVersion = 0;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_DEVICE_CUDA_DRIVER_H
