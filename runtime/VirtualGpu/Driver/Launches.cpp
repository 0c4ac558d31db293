// Modules, functions and launches.

#include "runtime/VirtualGpu/Driver/State.h"

#include <cstdio>
#include <cstring>

using namespace tenon::vgpu;

namespace {

/// CUjit_option.
constexpr int kErrorLogBuffer = 5, kErrorLogBytes = 6;

void writeLog(unsigned numOptions, const int *options, void **values,
              const std::string &text) {
  char *buffer = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < numOptions; ++i) {
    if (options[i] == kErrorLogBuffer)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == kErrorLogBytes)
      bytes = reinterpret_cast<size_t>(values[i]);
  }
  if (buffer && bytes)
    std::snprintf(buffer, bytes, "%s", text.c_str());
}

bool isElf(const void *image) {
  return std::memcmp(image,
                     "\x7f"
                     "ELF",
                     4) == 0;
}

CUresult statusOf(Fault fault) {
  switch (fault) {
  case Fault::None:
    return kSuccess;
  case Fault::IllegalAddress:
    return kIllegalAddress;
  case Fault::MisalignedAddress:
    return kMisalignedAddress;
  case Fault::IllegalInstruction:
    return kIllegalInstruction;
  case Fault::Timeout:
    return kTimeout;
  case Fault::Trap:
    return kLaunchFailed;
  }
  return kLaunchFailed;
}

std::string inJson(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + "\"";
}

/// A line of the report file.
void append(const std::string &file, const Report &report) {
  std::FILE *out = std::fopen(file.c_str(), "a");
  if (!out)
    return complain("TENON_VGPU_REPORT: cannot write '" + file + "'");
  std::fprintf(out,
               "{\"kind\": %s, \"kernel\": %s, \"file\": %s, \"line\": %u, "
               "\"block\": [%u, %u, %u], \"thread\": [%u, %u, %u], "
               "\"what\": %s, \"count\": %llu}\n",
               inJson(kindText(report.kind)).c_str(),
               inJson(report.kernel).c_str(), inJson(report.file).c_str(),
               report.line, report.block.x, report.block.y, report.block.z,
               report.thread.x, report.thread.y, report.thread.z,
               inJson(report.what).c_str(),
               static_cast<unsigned long long>(report.count));
  std::fclose(out);
}

void tell(const LaunchResult &result) {
  const std::string &file = State::get()->settings.reportFile;
  for (const Report &report : result.reports) {
    complain(reportText(report));
    if (!file.empty())
      append(file, report);
  }
}

/// The parameters as the kernel's block has them.
std::vector<std::byte> parameterBlock(const KernelInfo &info, void **values) {
  std::vector<std::byte> block(info.parameterBytes);
  for (size_t i = 0; i < info.parameters.size(); ++i)
    std::memcpy(block.data() + info.parameters[i].offsetBytes, values[i],
                info.parameters[i].sizeBytes);
  return block;
}

CUresult run(CUfunc_st *function, LaunchConfig config) {
  config.kernel = function->kernel;
  if (int(config.dynamicSharedBytes) > function->maxDynamicShared) {
    complain("kernel '" + function->kernel->info().name +
             "' is launched with " + std::to_string(config.dynamicSharedBytes) +
             " bytes of dynamic shared memory, expected at most " +
             std::to_string(function->maxDynamicShared) +
             "; more has to be asked for by cuFuncSetAttribute");
    return kInvalidValue;
  }
  auto result = function->context->machine->launch(config);
  if (!result) {
    complain(result.error().message);
    return kInvalidValue;
  }
  tell(*result);
  State *state = State::get();
  state->sticky = statusOf(result->fault);
  // What the checkers found need not have stopped the kernel.
  if (state->sticky == kSuccess && !result->reports.empty())
    state->sticky = kLaunchFailed;
  return state->sticky;
}

} // namespace

extern "C" {

CUresult cuModuleLoadDataEx(CUmod_st **module, const void *image,
                            unsigned numOptions, int *options, void **values) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  if (isElf(image)) {
    writeLog(numOptions, options, values,
             "a virtual GPU executes PTX, not machine code");
    return kNoBinaryForGpu;
  }
  CUctx_st *context = currentContext();
  auto loaded =
      context->machine->load(static_cast<const char *>(image), "module.ptx");
  if (!loaded) {
    writeLog(numOptions, options, values, loaded.error().message);
    return kInvalidPtx;
  }
  *module = new CUmod_st{*loaded, context, {}};
  return kSuccess;
}
CUresult cuModuleLoadData(CUmod_st **module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}
CUresult cuModuleUnload(CUmod_st *module) {
  delete module;
  return kSuccess;
}

CUresult cuModuleGetFunction(CUfunc_st **function, CUmod_st *module,
                             const char *name) {
  constexpr int kWithoutAsking = 48 << 10;
  const Kernel *kernel = module->module->kernel(name);
  if (!kernel)
    return kNotFound;
  module->functions.push_back(std::make_unique<CUfunc_st>(
      CUfunc_st{kernel, module->context, kWithoutAsking}));
  *function = module->functions.back().get();
  return kSuccess;
}

CUresult cuModuleGetGlobal_v2(uint64_t *address, size_t *bytes,
                              CUmod_st *module, const char *name) {
  const GlobalVariable *global = module->module->global(name);
  if (!global)
    return kNotFound;
  if (address)
    *address = global->address;
  if (bytes)
    *bytes = global->sizeBytes;
  return kSuccess;
}

/// CUfunction_attribute 8: the most dynamic shared memory.
CUresult cuFuncSetAttribute(CUfunc_st *function, int attribute, int value) {
  constexpr int kMaxDynamicShared = 8;
  if (attribute != kMaxDynamicShared)
    return kSuccess;
  if (value < 0 ||
      value > int(function->context->machine->limits().sharedOptInBytes))
    return kInvalidValue;
  function->maxDynamicShared = value;
  return kSuccess;
}

CUresult cuFuncGetAttribute(int *value, int attribute, CUfunc_st *function) {
  enum {
    kMaxThreads = 0,
    kShared = 1,
    kLocal = 3,
    kRegisters = 4,
    kDynamic = 8
  };
  const KernelInfo &info = function->kernel->info();
  switch (attribute) {
  case kMaxThreads:
    *value = info.maxThreads ? int(info.maxThreads->count()) : 1024;
    return kSuccess;
  case kShared:
    *value = int(info.staticSharedBytes);
    return kSuccess;
  case kLocal:
    *value = int(info.localBytes);
    return kSuccess;
  case kRegisters:
    *value = int(info.numRegisters);
    return kSuccess;
  case kDynamic:
    *value = function->maxDynamicShared;
    return kSuccess;
  default:
    return kInvalidValue;
  }
}

CUresult cuLaunchKernel(CUfunc_st *function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream_st *,
                        void **parameters, void **extra) {
  if (CUresult status = ready(); status != kSuccess)
    return status;
  if (extra)
    return kNotSupported;
  const KernelInfo &info = function->kernel->info();
  std::vector<std::byte> block = parameterBlock(info, parameters);
  LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  if (info.requiredCluster)
    config.cluster = *info.requiredCluster;
  config.dynamicSharedBytes = sharedBytes;
  config.parameters = block;
  return run(function, config);
}

} // extern "C"
