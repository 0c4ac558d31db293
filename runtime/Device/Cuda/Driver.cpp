// Loads the driver's library and fills the table of its functions.

#include "runtime/Device/Cuda/Driver.h"

#include "runtime/Core/Message.h"

#include <dlfcn.h>
#include <map>
#include <memory>
#include <mutex>

namespace tenon::rt {
namespace {

/// Fills the table, up to the first function that is missing.
class Filler {
public:
  explicit Filler(void *library) : library(library) {}

  template <typename Function>
  void operator()(const char *name, Function &function) {
    void *symbol = dlsym(library, name);
    if (!symbol && missing.empty())
      missing = name;
    function = reinterpret_cast<Function>(symbol);
  }
  template <typename Function>
  void ifThere(const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
  }

  std::string missing;

private:
  void *library;
};

std::string fill(Driver &driver, void *library) {
  Filler fill(library);
  fill("cuInit", driver.init);
  fill("cuDriverGetVersion", driver.driverVersion);
  fill("cuGetErrorName", driver.errorName);
  fill("cuGetErrorString", driver.errorString);
  fill("cuDeviceGetCount", driver.deviceCount);
  fill("cuDeviceGet", driver.deviceGet);
  fill("cuDeviceGetName", driver.deviceName);
  fill("cuDeviceGetAttribute", driver.deviceAttribute);
  fill("cuDeviceTotalMem_v2", driver.deviceBytes);
  fill("cuDevicePrimaryCtxRetain", driver.primaryRetain);
  fill("cuDevicePrimaryCtxRelease_v2", driver.primaryRelease);
  fill("cuCtxSetCurrent", driver.setCurrent);
  fill("cuMemAlloc_v2", driver.allocate);
  fill("cuMemFree_v2", driver.free);
  fill("cuMemcpyHtoDAsync_v2", driver.copyIn);
  fill("cuMemcpyDtoHAsync_v2", driver.copyOut);
  fill("cuMemcpyDtoDAsync_v2", driver.copy);
  fill("cuStreamCreate", driver.streamCreate);
  fill("cuStreamDestroy_v2", driver.streamDestroy);
  fill("cuStreamSynchronize", driver.streamSynchronize);
  fill("cuModuleLoadDataEx", driver.moduleLoad);
  fill("cuModuleUnload", driver.moduleUnload);
  fill("cuModuleGetFunction", driver.moduleFunction);
  fill("cuFuncSetAttribute", driver.setFunctionAttribute);
  fill("cuLaunchKernel", driver.launch);
  fill.ifThere("cuVgpuAnnounce", driver.announce);
  return fill.missing;
}

Error noDriver(const std::string &library, const std::string &why) {
  return {Code::NoKernel,
          "the CUDA driver " + quoted(library) + " cannot be used: " + why};
}

/// What the newest of our kernels' PTX asks for: CUDA 13.0.
constexpr int kOldestVersion = 13000;

Result<std::unique_ptr<Driver>> open(const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return noDriver(library, dlerror());
  auto driver = std::make_unique<Driver>();
  driver->library = library;
  if (std::string missing = fill(*driver, handle); !missing.empty())
    return noDriver(library, "it has no " + missing);
  if (auto done = driver->check(driver->init(0), "cuInit"); !done)
    return noDriver(library, done.error().message);
  int version = 0;
  driver->driverVersion(&version);
  if (version < kOldestVersion)
    return noDriver(library, message("it is of CUDA ", version / 1000, ".",
                                     version % 1000 / 10, ", expected ",
                                     kOldestVersion / 1000, ".",
                                     kOldestVersion % 1000 / 10, " or newer"));
  return driver;
}

} // namespace

Result<const Driver *> Driver::load(const std::string &library) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Driver>> loaded;
  std::lock_guard lock(mutex);
  std::unique_ptr<Driver> &driver = loaded[library];
  if (!driver) {
    auto opened = open(library);
    if (!opened)
      return opened.error();
    driver = std::move(*opened);
  }
  return driver.get();
}

Result<void> Driver::check(cu::Status status, const std::string &what) const {
  if (status == cu::kSuccess)
    return {};
  const char *name = nullptr, *text = nullptr;
  errorName(status, &name);
  errorString(status, &text);
  return Error{status == cu::kOutOfMemory ? Code::NoMemory : Code::Internal,
               message(what, ": ", name ? name : "unknown error", " (",
                       text ? text : "", ", ", status, ")")};
}

} // namespace tenon::rt
