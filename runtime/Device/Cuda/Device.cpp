// Opens a device and keeps its first failure.

#include "runtime/Device/Cuda/Device.h"

#include <algorithm>
#include <map>

namespace tenon::rt {

using namespace cuda;

Result<std::shared_ptr<Device>>
Device::open(std::shared_ptr<const Driver> driver, int ordinal) {
  int count = 0;
  const DriverFunctions &api = driver->api();
  if (CUresult result = api.cuDeviceGetCount(&count))
    return driver->errorOf(result, "cannot count the CUDA devices");
  if (ordinal < 0 || ordinal >= count)
    return badInput("CUDA device ", ordinal, " is asked for, there are ",
                    count);
  std::shared_ptr<Device> device(new Device(std::move(driver), ordinal));
  if (CUresult result = api.cuDeviceGet(&device->handle, ordinal))
    return device->failed(result, "cannot open CUDA device ", ordinal);
  if (auto read = device->readProperties(); !read)
    return read.error();
  CUresult result =
      api.cuDevicePrimaryCtxRetain(&device->context, device->handle);
  if (result) {
    device->context = nullptr;
    return device->failed(result, "cannot use CUDA device ", ordinal);
  }
  if (auto opened = device->openPool(); !opened)
    return opened.error();
  return device;
}

Result<std::shared_ptr<Device>>
Device::shared(const std::shared_ptr<const Driver> &driver, int ordinal) {
  static std::mutex mutex;
  static std::map<std::pair<const Driver *, int>, std::weak_ptr<Device>> opened;
  std::lock_guard lock(mutex);
  std::weak_ptr<Device> &known = opened[{driver.get(), ordinal}];
  if (auto device = known.lock())
    return device;
  auto device = open(driver, ordinal);
  if (device)
    known = *device;
  return device;
}

Device::~Device() {
  if (memoryStream) {
    Scope scope(*this);
    api().cuStreamDestroy_v2(memoryStream);
  }
  if (context)
    api().cuDevicePrimaryCtxRelease_v2(handle);
}

Result<void> Device::readProperties() {
  char name[256] = "";
  size_t bytes = 0;
  if (CUresult result = api().cuDeviceGetName(name, sizeof(name), handle))
    return failed(result, "cannot read the name of CUDA device ", number);
  if (CUresult result = api().cuDeviceTotalMem_v2(&bytes, handle))
    return failed(result, "cannot read the memory of CUDA device ", number);
  name[sizeof(name) - 1] = 0;
  facts.name = name;
  facts.memoryBytes = bytes;
  facts.isVirtual = library->isVirtual();
  int threads = 0, warp = 0, sms = 0, shared = 0, optIn = 0, pools = 0;
  const std::pair<CUdevice_attribute, int *> attributes[] = {
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &facts.major},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &facts.minor},
      {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, &threads},
      {CU_DEVICE_ATTRIBUTE_WARP_SIZE, &warp},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &sms},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, &shared},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &optIn},
      {CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, &pools}};
  for (auto [attribute, value] : attributes)
    if (CUresult result = api().cuDeviceGetAttribute(value, attribute, handle))
      return failed(result, "cannot read attribute ", uint32_t(attribute),
                    " of CUDA device ", number);
  facts.maxThreadsPerBlock = unsigned(threads);
  facts.warpSize = unsigned(warp);
  facts.numSms = unsigned(sms);
  facts.sharedPerBlockBytes = unsigned(shared);
  facts.sharedOptInBytes = unsigned(std::max(optIn, shared));
  facts.hasPools = pools != 0;
  return {};
}

//===----------------------------------------------------------------------===//
// Scopes
//===----------------------------------------------------------------------===//

/// A context that cannot be pushed fails the calls that follow: no error here.
Device::Scope::Scope(const Device &device)
    : device(device),
      isPushed(device.api().cuCtxPushCurrent_v2(device.context) ==
               CUDA_SUCCESS) {}

Device::Scope::~Scope() {
  CUcontext ours;
  if (isPushed)
    device.api().cuCtxPopCurrent_v2(&ours);
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

bool Device::isSticky(CUresult result) {
  switch (result) {
  case CUDA_ERROR_ILLEGAL_ADDRESS:
  case CUDA_ERROR_LAUNCH_TIMEOUT:
  case CUDA_ERROR_ASSERT:
  case CUDA_ERROR_HARDWARE_STACK_ERROR:
  case CUDA_ERROR_ILLEGAL_INSTRUCTION:
  case CUDA_ERROR_MISALIGNED_ADDRESS:
  case CUDA_ERROR_INVALID_ADDRESS_SPACE:
  case CUDA_ERROR_INVALID_PC:
  case CUDA_ERROR_LAUNCH_FAILED:
    return true;
  default:
    return false;
  }
}

Error Device::fail(Error error) {
  std::lock_guard lock(mutex);
  if (!firstFailure)
    firstFailure = std::move(error);
  return *firstFailure;
}

std::optional<Error> Device::failure() const {
  std::lock_guard lock(mutex);
  return firstFailure;
}

Error Device::failedError(CUresult result, Error error) {
  if (isSticky(result))
    return fail(std::move(error));
  auto earlier = failure();
  return earlier ? *earlier : error;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Result<void> Device::openPool() {
  if (!facts.hasPools)
    return {};
  Scope scope(*this);
  CUresult result = api().cuStreamCreate(&memoryStream, CU_STREAM_NON_BLOCKING);
  if (!result)
    return {};
  memoryStream = nullptr;
  return failed(result, "cannot create a stream for the memory of CUDA device ",
                number);
}

/// Without a pool the driver lets every stream of the device finish first. What
/// a pool gives any stream may use once the pool's own is done.
CUresult Device::allocate(CUdeviceptr &address, uint64_t bytes) {
  if (!memoryStream)
    return api().cuMemAlloc_v2(&address, bytes);
  CUresult result = api().cuMemAllocAsync(&address, bytes, memoryStream);
  return result ? result : api().cuStreamSynchronize(memoryStream);
}

void Device::free(CUdeviceptr address) {
  if (memoryStream)
    api().cuMemFreeAsync(address, memoryStream);
  else
    api().cuMemFree_v2(address);
}

void Device::countMemory(int64_t bytes) {
  uint64_t live = liveBytes += uint64_t(bytes);
  uint64_t peak = peakBytes;
  while (bytes > 0 && peak < live &&
         !peakBytes.compare_exchange_weak(peak, live))
    ;
}

DeviceMemoryFigures Device::memory() const { return {liveBytes, peakBytes}; }

} // namespace tenon::rt
