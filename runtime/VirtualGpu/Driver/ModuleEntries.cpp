// cuModule*, cuFunc*: device code. Only PTX is executed; a cubin is refused as
// one for another device would be.

#include "runtime/Core/MappedFile.h"
#include "runtime/Core/Message.h"
#include "runtime/VirtualGpu/Driver/Driver.h"
#include "runtime/VirtualGpu/Driver/Findings.h"
#include "runtime/VirtualGpu/Driver/ModuleTexts.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tenon::cuda {

using vgpu::Entry;
using vgpu::KernelInfo;

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

namespace {
/// What the caller wants to be told of a compilation.
struct JitLog {
  char *text = nullptr;
  uintptr_t *sizeBytes = nullptr; ///< the value's own place: in and out

  void write(std::string_view said) const {
    if (!text || !sizeBytes || !*sizeBytes)
      return;
    size_t length = std::min(said.size(), size_t(*sizeBytes) - 1);
    std::memcpy(text, said.data(), length);
    text[length] = 0;
    *sizeBytes = length;
  }
};
} // namespace

static JitLog errorLog(unsigned count, const CUjit_option *options,
                       void **values) {
  JitLog log;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
      log.text = static_cast<char *>(values[i]);
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      log.sizeBytes = reinterpret_cast<uintptr_t *>(&values[i]);
  }
  return log;
}

static bool isElfOrFatbin(const void *image) {
  uint32_t magic = 0;
  std::memcpy(&magic, image, sizeof(magic));
  constexpr uint32_t kElf = 0x464c457f, kFatbin = 0xba55ed50;
  return magic == kElf || magic == kFatbin;
}

/// "sm_90a" of the line ".target sm_90a, ..."; nothing where there is none.
static std::string_view targetIn(std::string_view ptx) {
  size_t at = ptx.find("\n.target");
  if (at == ptx.npos)
    return {};
  at = ptx.find("sm_", at);
  if (at == ptx.npos)
    return {};
  size_t end = ptx.find_first_not_of("0123456789af", at + 3);
  return ptx.substr(at, std::min(end, ptx.size()) - at);
}

/// PTX runs on its own architecture and later ones; with an 'a' only on its
/// own, with an 'f' on later ones of its family.
static bool runsOn(std::string_view target, int arch) {
  if (target.empty())
    return true; // the parser says what is wrong
  int wanted = 0;
  std::from_chars(target.data() + 3, target.data() + target.size(), wanted);
  if (target.back() == 'a')
    return wanted == arch;
  if (target.back() == 'f' && wanted / 10 != arch / 10)
    return false;
  return wanted <= arch;
}

static CUresult load(Entry &entry, CUmodule *module, const void *image,
                     const JitLog &log) {
  if (entry.refused)
    return entry.refused;
  if (!module || !image)
    return CUDA_ERROR_INVALID_VALUE;
  auto refuse = [&](CUresult result, const std::string &why) {
    vgpu::say(why);
    log.write(why);
    return result;
  };
  if (isElfOrFatbin(image))
    return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU,
                  "a virtual GPU executes PTX, this is machine code");
  vgpu::Machine &machine = *entry.context->machine;
  std::string_view given = static_cast<const char *>(image);
  auto chosen = vgpu::chooseText(given, entry.driver.settings().ptxFolder);
  if (!chosen)
    return refuse(CUDA_ERROR_INVALID_PTX, chosen.error().message);
  std::string_view ptx = *chosen;
  std::string_view target = targetIn(ptx);
  if (!runsOn(target, machine.options().arch))
    return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU,
                  rt::message("the PTX is for ", target, ", the device is sm_",
                              machine.options().arch));
  auto code = machine.load(ptx, "ptx");
  if (!code)
    return refuse(CUDA_ERROR_INVALID_PTX, code.error().message);
  auto made = std::make_unique<CUmod_st>();
  made->context = entry.context;
  made->code = *code;
  *module = made.get();
  entry.context->modules[made.get()] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  Entry entry("cuModuleLoadData");
  return load(entry, module, image, {});
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                            unsigned numOptions, CUjit_option *options,
                            void **values) {
  Entry entry("cuModuleLoadDataEx");
  if (numOptions && (!options || !values))
    return CUDA_ERROR_INVALID_VALUE;
  return load(entry, module, image, errorLog(numOptions, options, values));
}

CUresult cuModuleLoad(CUmodule *module, const char *path) {
  if (!path)
    return CUDA_ERROR_INVALID_VALUE;
  auto file = rt::MappedFile::open(path);
  if (!file)
    return CUDA_ERROR_FILE_NOT_FOUND;
  std::string text(file->text());
  return cuModuleLoadData(module, text.c_str());
}

CUresult cuModuleUnload(CUmodule handle) {
  Entry entry("cuModuleUnload");
  if (entry.refused)
    return entry.refused;
  CUmodule module = entry.driver.moduleOf(handle);
  if (!module)
    return CUDA_ERROR_INVALID_HANDLE;
  entry.driver.finishContext(entry.lock, *module->context);
  for (auto &[name, function] : module->functions)
    entry.driver.functions.erase(function.get());
  module->context->modules.erase(module);
  return entry.failure();
}

//===----------------------------------------------------------------------===//
// Functions and variables
//===----------------------------------------------------------------------===//

CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle,
                             const char *name) {
  Entry entry("cuModuleGetFunction");
  if (entry.refused)
    return entry.refused;
  if (!function || !name)
    return CUDA_ERROR_INVALID_VALUE;
  CUmodule module = entry.driver.moduleOf(handle);
  if (!module)
    return CUDA_ERROR_INVALID_HANDLE;
  const vgpu::Kernel *kernel = module->code->kernel(name);
  if (!kernel)
    return CUDA_ERROR_NOT_FOUND;
  std::unique_ptr<CUfunc_st> &known = module->functions[name];
  if (!known) {
    const vgpu::ArchLimits &limits = module->context->machine->limits();
    known = std::make_unique<CUfunc_st>();
    known->module = module;
    known->kernel = kernel;
    uint32_t fixed = kernel->info().staticSharedBytes;
    known->maxDynamicSharedBytes = limits.sharedPerBlockBytes -
                                   std::min(fixed, limits.sharedPerBlockBytes);
    entry.driver.functions[known.get()] = module;
  }
  *function = known.get();
  return CUDA_SUCCESS;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes,
                              CUmodule handle, const char *name) {
  Entry entry("cuModuleGetGlobal_v2");
  if (entry.refused)
    return entry.refused;
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  CUmodule module = entry.driver.moduleOf(handle);
  if (!module)
    return CUDA_ERROR_INVALID_HANDLE;
  const vgpu::GlobalVariable *variable = module->code->global(name);
  if (!variable)
    return CUDA_ERROR_NOT_FOUND;
  if (address)
    *address = variable->address;
  if (bytes)
    *bytes = variable->sizeBytes;
  return CUDA_SUCCESS;
}

CUresult cuFuncGetName(const char **name, CUfunction handle) {
  Entry entry("cuFuncGetName");
  if (entry.refused)
    return entry.refused;
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  CUfunction function = entry.driver.functionOf(handle);
  if (!function)
    return CUDA_ERROR_INVALID_HANDLE;
  *name = function->kernel->info().name.c_str();
  return CUDA_SUCCESS;
}

/// As many as the kernel's own limit and its registers allow.
static int maxThreads(const KernelInfo &info, const vgpu::ArchLimits &limits) {
  uint64_t most = info.maxThreads ? info.maxThreads->count() : 1024;
  if (info.requiredThreads)
    most = info.requiredThreads->count();
  // The compiler keeps a kernel below this, since it knows maxThreads.
  constexpr uint32_t kMostRegisters = 255;
  uint32_t registers = std::clamp(
      info.ptxasRegisters.value_or(info.numRegisters), 1u, kMostRegisters);
  uint64_t warps = limits.registersPerSm / (uint64_t(registers) * 32);
  bool isPromised = info.maxThreads || info.requiredThreads;
  return int(isPromised ? most
                        : std::min(most, std::max<uint64_t>(warps, 1) * 32));
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction handle) {
  Entry entry("cuFuncGetAttribute");
  if (entry.refused)
    return entry.refused;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  CUfunction function = entry.driver.functionOf(handle);
  if (!function)
    return CUDA_ERROR_INVALID_HANDLE;
  const KernelInfo &info = function->kernel->info();
  const vgpu::Machine &machine = *function->module->context->machine;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = maxThreads(info, machine.limits());
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(info.staticSharedBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = int(info.localBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    *value = int(info.ptxasRegisters.value_or(info.numRegisters));
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    *value = machine.options().arch;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = int(function->maxDynamicSharedBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    *value = 0;
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute,
                            int value) {
  Entry entry("cuFuncSetAttribute");
  if (entry.refused)
    return entry.refused;
  CUfunction function = entry.driver.functionOf(handle);
  if (!function)
    return CUDA_ERROR_INVALID_HANDLE;
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
    return value < -1 || value > 100 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    return CUDA_ERROR_INVALID_VALUE;
  const vgpu::ArchLimits &limits = function->module->context->machine->limits();
  uint32_t fixed = function->kernel->info().staticSharedBytes;
  if (value < 0 || uint64_t(value) + fixed > limits.sharedOptInBytes)
    return CUDA_ERROR_INVALID_VALUE;
  function->maxDynamicSharedBytes = unsigned(value);
  return CUDA_SUCCESS;
}

CUresult cuFuncSetCacheConfig(CUfunction handle, CUfunc_cache) {
  Entry entry("cuFuncSetCacheConfig");
  if (entry.refused)
    return entry.refused;
  return entry.driver.functionOf(handle) ? CUDA_SUCCESS
                                         : CUDA_ERROR_INVALID_HANDLE;
}

} // namespace tenon::cuda
