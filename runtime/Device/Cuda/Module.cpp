// Loads modules, looks up their kernels and checks what these ask for.

#include "runtime/Device/Cuda/Module.h"

#include <vector>

namespace tenon::rt {

using namespace cuda;

std::string kernelText(const CudaKernelInfo &info) {
  return message(quoted(info.name), " (", info.source, ")");
}

Module &Module::operator=(Module &&other) noexcept {
  std::swap(device, other.device);
  std::swap(handle, other.handle);
  return *this;
}

Module::~Module() {
  if (!handle)
    return;
  Device::Scope scope(*device);
  device->api().cuModuleUnload(handle);
}

/// Drivers end their logs with newlines and zeros.
static std::string_view trimmed(std::string_view log) {
  log = log.substr(0, log.find('\0'));
  size_t end = log.find_last_not_of(" \n");
  return end == log.npos ? std::string_view() : log.substr(0, end + 1);
}

Result<Module> Module::load(std::shared_ptr<Device> device,
                            std::span<const std::byte> image,
                            const std::string &what) {
  Device::Scope scope(*device);
  // The driver reads PTX up to a zero, which a file need not have.
  std::vector<std::byte> code(image.begin(), image.end());
  code.push_back(std::byte{0});
  std::string log(8192, '\0');
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  Module module;
  CUresult result = device->api().cuModuleLoadDataEx(
      &module.handle, code.data(), 2, options, values);
  if (result) {
    module.handle = nullptr;
    std::string_view said = trimmed(log);
    Error error = device->failed(result, "cannot load the device code ", what);
    if (!said.empty())
      append(error.message, message("; the driver's compiler says: ", said));
    return error;
  }
  module.device = std::move(device);
  return module;
}

static Error tooMuch(const CudaKernelInfo &info, const std::string &needs,
                     const std::string &has) {
  return {Code::NoKernel,
          message("kernel ", kernelText(info), " needs ", needs, ", ", has)};
}

Result<CudaKernel> Module::kernel(CudaKernelInfo info) const {
  Device::Scope scope(*device);
  const DriverFunctions &api = device->api();
  CUfunction function = nullptr;
  const std::string &entry = info.entry.empty() ? info.name : info.entry;
  CUresult result = api.cuModuleGetFunction(&function, handle, entry.c_str());
  if (result == CUDA_ERROR_NOT_FOUND)
    return Error{Code::NoKernel, message("kernel ", kernelText(info),
                                         " is not in its device code")};
  if (result)
    return device->failed(result, "cannot find kernel ", kernelText(info));
  int most = 0, fixedBytes = 0;
  result = api.cuFuncGetAttribute(
      &most, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function);
  if (!result)
    result = api.cuFuncGetAttribute(
        &fixedBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function);
  if (result)
    return device->failed(result, "cannot ask for the limits of kernel ",
                          kernelText(info));
  if (info.threads > unsigned(most))
    return tooMuch(info, message("blocks of ", info.threads, " threads"),
                   message("the device can run it with ", most));
  const DeviceProperties &facts = device->properties();
  uint64_t shared = uint64_t(fixedBytes) + info.sharedBytes;
  if (shared > facts.sharedOptInBytes)
    return tooMuch(info, message(shared, " bytes of shared memory"),
                   message("the device has ", facts.sharedOptInBytes));
  if (shared > facts.sharedPerBlockBytes)
    if (CUresult refused = api.cuFuncSetAttribute(
            function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            int(info.sharedBytes)))
      return device->failed(refused, "cannot give kernel ", kernelText(info),
                            " ", info.sharedBytes, " bytes of shared memory");
  return CudaKernel{std::move(info), function};
}

} // namespace tenon::rt
