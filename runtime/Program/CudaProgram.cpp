// Loads kernels and weights onto a device, once.

#include "runtime/Program/CudaProgram.h"

#include "runtime/Core/Message.h"
#include "runtime/Device/Cuda/Staging.h"
#include "runtime/Program/DeviceCodes.h"

#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <tuple>

namespace tenon::rt {

/// Enough for every access of a kernel, and where the driver's allocations
/// begin.
static constexpr uint64_t kWeightAlignBytes = 256;

/// The driver of virtual devices asks the environment what they are, once, when
/// it is loaded. `target` is "cuda:sm_90a".
static Result<std::shared_ptr<Device>> openDevice(const DeviceName &name,
                                                  const std::string &target) {
  bool isVirtual = name.kind == DeviceName::Kind::VirtualGpu;
  if (isVirtual)
    setenv("TENON_VGPU_ARCH", target.substr(target.find(':') + 1).c_str(),
           /*overwrite=*/0);
  auto driver = Driver::load(
      {isVirtual ? Driver::Kind::VirtualGpu : Driver::Kind::Cuda, ""});
  if (!driver)
    return driver.error();
  return Device::shared(*driver, name.ordinal);
}

Result<std::shared_ptr<const CudaProgram>>
CudaProgram::get(std::shared_ptr<const Model> model, const DeviceName &name) {
  using Key = std::tuple<const Model *, DeviceName::Kind, int>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const CudaProgram>> loaded;
  // A model lives as long as its programs, so an address means one model.
  Key key(model.get(), name.kind, name.ordinal);
  std::lock_guard lock(mutex);
  std::erase_if(loaded,
                [](const auto &entry) { return entry.second.expired(); });
  if (auto known = loaded.find(key); known != loaded.end())
    if (auto program = known->second.lock())
      return program;
  auto made = load(std::move(model), name);
  if (made)
    loaded[key] = *made;
  return made;
}

Result<std::shared_ptr<const CudaProgram>>
CudaProgram::load(std::shared_ptr<const Model> model, const DeviceName &name) {
  auto device = openDevice(name, model->plan().target);
  if (!device)
    return device.error();
  if (auto failure = (*device)->failure())
    return *failure;
  std::shared_ptr<CudaProgram> made(
      new CudaProgram(std::move(model), name, std::move(*device)));
  // Copying takes the link to the device, compiling PTX takes this CPU.
  auto uploading =
      std::async(std::launch::async, [&made] { return made->uploadWeights(); });
  Result<void> kernelsLoaded = made->loadKernels();
  Result<void> uploaded = uploading.get();
  if (!kernelsLoaded)
    return kernelsLoaded.error();
  if (!uploaded)
    return uploaded.error();
  return std::shared_ptr<const CudaProgram>(std::move(made));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static Error noCode(const std::string &path, const abi::Kernel &kernel,
                    const DeviceProperties &device) {
  return {Code::NoKernel,
          message(path, ": kernel ", quoted(kernel.name), " has no code for ",
                  device.name, ", which is sm_", device.capability(),
                  "; it has ", codesText(kernel))};
}

Result<void> CudaProgram::loadKernel(const abi::Kernel &kernel) {
  const abi::DeviceCode *code = chooseCode(kernel, owner->properties());
  if (!code)
    return noCode(program->path(), kernel, owner->properties());
  auto module = Module::load(owner, program->deviceCode(*code),
                             "kernel " + quoted(kernel.name));
  if (!module)
    return module.error();
  auto found = module->kernel({kernel.name, kernel.source, kernel.blockThreads,
                               kernel.sharedBytes, "tenon_" + kernel.name});
  if (!found)
    return found.error();
  modules.push_back(std::move(*module));
  kernels.push_back(std::move(*found));
  return {};
}

Result<void> CudaProgram::loadKernels() {
  Device::Scope scope(*owner);
  for (const abi::Kernel &kernel : program->plan().kernels)
    if (auto done = loadKernel(kernel); !done)
      return done;
  return {};
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

Result<void> CudaProgram::reserveWeights() {
  uint64_t end = 0;
  for (const abi::WeightSection &section : program->plan().weights) {
    weightOffsets.push_back(end);
    end += (section.bytes + kWeightAlignBytes - 1) / kWeightAlignBytes *
           kWeightAlignBytes;
  }
  auto memory = DeviceMemory::reserve(owner, end, "weights");
  if (!memory)
    return memory.error();
  weights = std::move(*memory);
  return {};
}

Result<void> CudaProgram::uploadWeights() {
  Device::Scope scope(*owner);
  if (auto done = reserveWeights(); !done)
    return done;
  auto stream = Stream::create(owner);
  if (!stream)
    return stream.error();
  auto staging = Staging::create(owner);
  if (!staging)
    return staging.error();
  const std::vector<abi::WeightSection> &sections = program->plan().weights;
  for (uint32_t i = 0; i < sections.size(); ++i) {
    weights.announce(weightOffsets[i], sections[i].bytes,
                     "weight " + sections[i].name);
    if (auto done = staging->upload(*stream, weight(i), program->weight(i));
        !done)
      return done;
  }
  return stream->wait();
}

} // namespace tenon::rt
