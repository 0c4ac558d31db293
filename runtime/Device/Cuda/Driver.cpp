// Finds the driver's library and its functions.

#include "runtime/Device/Cuda/Driver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

namespace tenon::rt {

using cuda::CUresult;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Where the library is
//===----------------------------------------------------------------------===//

/// The folder of the library or program that this code is part of.
static fs::path ownFolder() {
  Dl_info info;
  static const char kAnchor = 0;
  if (!dladdr(&kAnchor, &info) || !info.dli_fname)
    return {};
  // A program is named as it was called, perhaps without a folder.
  std::error_code ignored;
  fs::path file = fs::weakly_canonical(info.dli_fname, ignored);
  if (!fs::exists(file, ignored) || !file.has_parent_path())
    file = fs::read_symlink("/proc/self/exe", ignored);
  return file.parent_path();
}

/// Ours lies in a folder of its own, where no other program finds it by
/// accident: beside the runtime, or, from a program's bin/, in the library's.
static Result<std::string> virtualDriverPath() {
  fs::path own = ownFolder();
  std::error_code ignored;
  for (const char *folder : {"tenon-vgpu", TENON_VGPU_FROM_BIN}) {
    fs::path file = own / folder / "libcuda.so.1";
    if (fs::exists(file, ignored))
      return file.lexically_normal().string();
  }
  return badInput(
      "the virtual device has no driver: expected ",
      (own / "tenon-vgpu" / "libcuda.so.1").string(), " or ",
      (own / TENON_VGPU_FROM_BIN / "libcuda.so.1").lexically_normal().string());
}

static Result<std::string> pathOf(const Driver::Options &options) {
  if (!options.path.empty())
    return options.path;
  if (const char *chosen = std::getenv("TENON_CUDA_DRIVER"); chosen && *chosen)
    return std::string(chosen);
  if (options.kind == Driver::Kind::VirtualGpu)
    return virtualDriverPath();
  return std::string("libcuda.so.1");
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<const Driver>> Driver::load(const Options &options) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Driver>> loaded;
  auto path = pathOf(options);
  if (!path)
    return path.error();
  std::lock_guard lock(mutex);
  std::shared_ptr<const Driver> &known = loaded[*path];
  if (!known) {
    auto opened = open(*path);
    if (!opened)
      return opened.error();
    known = *opened;
  }
  return known;
}

Result<std::shared_ptr<const Driver>> Driver::open(const std::string &path) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return badInput("no CUDA driver: ", dlerror());
  std::shared_ptr<Driver> driver(new Driver);
  driver->file = path;
  if (auto filled = driver->fill(library); !filled)
    return filled.error();
  if (auto ready = driver->initialise(); !ready)
    return ready.error();
  return std::shared_ptr<const Driver>(std::move(driver));
}

static std::string versionText(int version) {
  return message(version / 1000, ".", version % 1000 / 10);
}

/// The version is asked for first: an old driver lacks functions, and its age
/// is what people can act on.
Result<void> Driver::fill(void *library) {
  auto *getVersion = reinterpret_cast<CUresult (*)(int *)>(
      dlsym(library, "cuDriverGetVersion"));
  if (!getVersion)
    return badInput(file, " is no CUDA driver: it has no cuDriverGetVersion");
  if (CUresult result = getVersion(&driverVersion))
    return badInput(file, ": cuDriverGetVersion fails with error ",
                    uint32_t(result));
  if (driverVersion < kOldestDriver)
    return badInput("the CUDA driver ", file, " is of CUDA ",
                    versionText(driverVersion), ", expected ",
                    versionText(kOldestDriver), " or newer: update the driver");
#define TENON_CUDA_FIND(name, parameters)                                      \
  functions.name =                                                             \
      reinterpret_cast<CUresult(*) parameters>(dlsym(library, #name));         \
  if (!functions.name)                                                         \
    return badInput("the CUDA driver ", file, " of CUDA ",                     \
                    versionText(driverVersion), " has no " #name);
  using namespace cuda;
  TENON_CUDA_FUNCTIONS(TENON_CUDA_FIND)
#undef TENON_CUDA_FIND
  functions.announce =
      reinterpret_cast<CuTenonAnnounce>(dlsym(library, kAnnounceName));
  return {};
}

Result<void> Driver::initialise() {
  if (CUresult result = functions.cuInit(0))
    return badInput("the CUDA driver ", file,
                    " does not start: ", textOf(result));
  return {};
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

std::string Driver::textOf(CUresult result) const {
  const char *name = nullptr, *text = nullptr;
  if (functions.cuGetErrorName(result, &name) || !name)
    return message("CUDA error ", uint32_t(result));
  if (functions.cuGetErrorString(result, &text) || !text)
    return name;
  return message(text, " (", std::string_view(name), ")");
}

Code Driver::codeOf(CUresult result) {
  switch (result) {
  case cuda::CUDA_ERROR_OUT_OF_MEMORY:
    return Code::NoMemory;
  case cuda::CUDA_ERROR_INVALID_IMAGE:
  case cuda::CUDA_ERROR_NO_BINARY_FOR_GPU:
  case cuda::CUDA_ERROR_INVALID_PTX:
  case cuda::CUDA_ERROR_JIT_COMPILER_NOT_FOUND:
  case cuda::CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
    return Code::NoKernel;
  default:
    return Code::Internal;
  }
}

} // namespace tenon::rt
