// A device's memory, modules and launches, by the driver's functions.

#include "runtime/Device/Cuda/CudaDevice.h"

#include "runtime/Core/Message.h"

#include <charconv>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <map>
#include <mutex>

namespace tenon::rt {

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

namespace {
struct DeviceName {
  bool isVirtual = false;
  int number = 0;
};
} // namespace

static std::optional<DeviceName> parse(std::string_view name) {
  size_t colon = name.find(':');
  std::string_view kind = name.substr(0, colon);
  DeviceName result{kind == "vgpu", 0};
  if (kind != "cuda" && kind != "vgpu")
    return std::nullopt;
  if (colon == std::string_view::npos)
    return result.isVirtual ? std::optional(result) : std::nullopt;
  std::string_view digits = name.substr(colon + 1);
  auto [end, error] = std::from_chars(
      digits.data(), digits.data() + digits.size(), result.number);
  bool isNumber = error == std::errc() &&
                  end == digits.data() + digits.size() && result.number >= 0;
  return isNumber ? std::optional(result) : std::nullopt;
}

bool isCudaName(std::string_view device) { return parse(device).has_value(); }

/// Our stand-in lies beside the program or the library that this is part of, or
/// where a build or an installation puts it.
static std::string virtualLibrary() {
  namespace fs = std::filesystem;
  constexpr const char *kName = "libcuda.so.1";
  if (const char *named = std::getenv("TENON_VGPU_LIBRARY"))
    return named;
  Dl_info self;
  std::error_code error;
  fs::path file = "/proc/self/exe";
  // A program is called as it was called: it may be a name that PATH found.
  if (dladdr(reinterpret_cast<void *>(&virtualLibrary), &self) &&
      std::string_view(self.dli_fname).find('/') != std::string_view::npos)
    file = self.dli_fname;
  fs::path folder = fs::canonical(file, error).parent_path();
  for (const char *place : {"vgpu", "../lib/tenon/vgpu", "tenon/vgpu"})
    if (fs::exists(folder / place / kName, error))
      return (folder / place / kName).string();
  return (folder / "vgpu" / kName).string();
}

static std::string realLibrary() {
  const char *named = std::getenv("TENON_CUDA_DRIVER");
  return named ? named : "libcuda.so.1";
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<const CudaDevice>>
CudaDevice::open(const std::string &name, const std::string &arch) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const CudaDevice>> opened;
  std::optional<DeviceName> parsed = parse(name);
  if (!parsed)
    return badInput("there is no device ", rt::quoted(name),
                    "; expected cpu, cuda:N, vgpu or vgpu:N");
  std::lock_guard lock(mutex);
  if (auto known = opened[name].lock())
    return known;
  // It is asked for its architecture before it is there.
  if (parsed->isVirtual)
    setenv("TENON_VGPU_ARCH", arch.c_str(), /*overwrite=*/0);
  auto driver =
      Driver::load(parsed->isVirtual ? virtualLibrary() : realLibrary());
  if (!driver)
    return driver.error();
  std::shared_ptr<CudaDevice> device(new CudaDevice(**driver, name));
  if (auto started = device->start(parsed->number); !started)
    return started.error();
  opened[name] = device;
  return std::shared_ptr<const CudaDevice>(std::move(device));
}

Result<void> CudaDevice::start(int number) {
  int count = 0;
  if (auto done = driver.check(driver.deviceCount(&count), "cuDeviceGetCount");
      !done)
    return done;
  if (number >= count)
    return Error{Code::NoKernel,
                 message("there is no device ", rt::quoted(deviceName),
                         ": the driver ", rt::quoted(driver.library), " has ",
                         count)};
  if (auto done =
          driver.check(driver.deviceGet(&ordinal, number), "cuDeviceGet");
      !done)
    return done;
  int major = 0, minor = 0;
  driver.deviceAttribute(&major, cu::kComputeMajor, ordinal);
  driver.deviceAttribute(&minor, cu::kComputeMinor, ordinal);
  computeCapability = 10 * major + minor;
  if (auto done = driver.check(driver.primaryRetain(&context, ordinal),
                               "cuDevicePrimaryCtxRetain");
      !done)
    return done;
  if (auto done = makeCurrent(); !done)
    return done;
  constexpr unsigned kNonBlocking = 1;
  return driver.check(driver.streamCreate(&stream, kNonBlocking),
                      "cuStreamCreate");
}

CudaDevice::~CudaDevice() {
  if (stream)
    driver.streamDestroy(stream);
  if (context)
    driver.primaryRelease(ordinal);
}

Result<void> CudaDevice::makeCurrent() const {
  return driver.check(driver.setCurrent(context), "cuCtxSetCurrent");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Result<CudaMemory> CudaDevice::allocate(uint64_t bytes,
                                        const char *purpose) const {
  if (auto done = makeCurrent(); !done)
    return done.error();
  cu::Address address = 0;
  uint64_t atLeast = bytes ? bytes : 1; // the driver refuses none
  if (auto done = driver.check(
          driver.allocate(&address, atLeast),
          message(bytes, " bytes for ", purpose, " on ", deviceName));
      !done)
    return done.error();
  announce(address, atLeast, purpose);
  return CudaMemory(shared_from_this(), address, bytes);
}

void CudaDevice::announce(cu::Address address, uint64_t bytes,
                          const char *name) const {
  if (driver.announce && bytes)
    driver.announce(address, bytes, name);
}

CudaMemory::~CudaMemory() {
  if (device && device->makeCurrent())
    device->driver.free(first);
}

Result<void> CudaDevice::copyIn(cu::Address to, const void *from,
                                uint64_t bytes) const {
  if (!bytes)
    return {};
  if (auto done = makeCurrent(); !done)
    return done;
  return driver.check(driver.copyIn(to, from, bytes, stream),
                      message("a copy of ", bytes, " bytes to ", deviceName));
}

Result<void> CudaDevice::copyOut(void *to, cu::Address from,
                                 uint64_t bytes) const {
  if (!bytes)
    return {};
  if (auto done = makeCurrent(); !done)
    return done;
  return driver.check(driver.copyOut(to, from, bytes, stream),
                      message("a copy of ", bytes, " bytes from ", deviceName));
}

Result<void> CudaDevice::copy(cu::Address to, cu::Address from,
                              uint64_t bytes) const {
  if (!bytes)
    return {};
  if (auto done = makeCurrent(); !done)
    return done;
  return driver.check(driver.copy(to, from, bytes, stream),
                      message("a copy of ", bytes, " bytes on ", deviceName));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

Result<cu::Module> CudaDevice::load(const void *code,
                                    const std::string &kernel) const {
  if (auto done = makeCurrent(); !done)
    return done.error();
  char log[4096] = "";
  int options[] = {cu::kErrorLogBuffer, cu::kErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  cu::Module module = nullptr;
  cu::Status status = driver.moduleLoad(&module, code, 2, options, values);
  std::string what = "kernel " + rt::quoted(kernel) + " on " + deviceName;
  if (log[0])
    what += ": " + std::string(log);
  if (auto done = driver.check(status, what); !done)
    return done.error();
  return module;
}

Result<cu::Function> CudaDevice::function(cu::Module module,
                                          const std::string &entry,
                                          uint32_t sharedBytes) const {
  cu::Function function = nullptr;
  if (auto done =
          driver.check(driver.moduleFunction(&function, module, entry.c_str()),
                       "function " + rt::quoted(entry));
      !done)
    return done.error();
  constexpr uint32_t kWithoutAsking = 48 << 10;
  if (sharedBytes > kWithoutAsking)
    if (auto done = driver.check(
            driver.setFunctionAttribute(function, cu::kMaxDynamicSharedBytes,
                                        int(sharedBytes)),
            message("function ", rt::quoted(entry), " with ", sharedBytes,
                    " bytes of shared memory"));
        !done)
      return done.error();
  return function;
}

Result<void> CudaDevice::launch(cu::Function function, uint32_t numBlocks,
                                uint32_t blockThreads, uint32_t sharedBytes,
                                std::span<void *> parameters,
                                const std::string &kernel) const {
  return driver.check(driver.launch(function, numBlocks, 1, 1, blockThreads, 1,
                                    1, sharedBytes, stream, parameters.data(),
                                    nullptr),
                      kernel);
}

Result<void> CudaDevice::synchronize(const std::string &work) const {
  if (auto done = makeCurrent(); !done)
    return done;
  return driver.check(driver.streamSynchronize(stream), work);
}

} // namespace tenon::rt
