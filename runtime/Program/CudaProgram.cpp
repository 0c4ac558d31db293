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

/// "sm_90a" of "cuda:sm_90a"; "sm_80" of "cuda:compute_80", which is for any
/// device from that on.
static std::string archOf(const std::string &target) {
  std::string arch = target.substr(target.find(':') + 1);
  constexpr std::string_view kPortable = "compute_";
  if (arch.starts_with(kPortable))
    arch.replace(0, kPortable.size(), "sm_");
  return arch;
}

/// The driver of virtual devices asks the environment what they are, once, when
/// it is loaded. `target` is "cuda:sm_90a".
static Result<std::shared_ptr<Device>> openDevice(const DeviceName &name,
                                                  const std::string &target) {
  bool isVirtual = name.kind == DeviceName::Kind::VirtualGpu;
  if (isVirtual)
    setenv("TENON_VGPU_ARCH", archOf(target).c_str(), /*overwrite=*/0);
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

static Error noCode(const Model &model, const DeviceProperties &device) {
  return {Code::NoKernel,
          message(model.path(), " has no code for ", device.name,
                  ", which is sm_", device.capability(), "; it has ",
                  codesText(model.plans()))};
}

Result<std::shared_ptr<const CudaProgram>>
CudaProgram::load(std::shared_ptr<const Model> model, const DeviceName &name) {
  auto device = openDevice(name, model->plan().target);
  if (!device)
    return device.error();
  if (auto failure = (*device)->failure())
    return *failure;
  const abi::Plan *plan = choosePlan(model->plans(), (*device)->properties());
  if (!plan)
    return noCode(*model, (*device)->properties());
  std::shared_ptr<CudaProgram> made(
      new CudaProgram(std::move(model), *plan, name, std::move(*device)));
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

Result<void> CudaProgram::loadKernel(const abi::Kernel &kernel) {
  const abi::DeviceCode *code = chooseCode(kernel, owner->properties());
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
  for (const abi::Kernel &kernel : plan().kernels)
    if (auto done = loadKernel(kernel); !done)
      return done;
  return {};
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The plan's weights that its steps read: others are for other plans.
static std::vector<bool> usedWeights(const abi::Plan &plan) {
  std::vector<bool> isUsed(plan.weights.size(), false);
  auto use = [&](std::span<const abi::BufferRef> buffers) {
    for (const abi::BufferRef &buffer : buffers)
      if (buffer.space == abi::Space::Weight)
        isUsed[buffer.index] = true;
  };
  for (const abi::Function &function : plan.functions)
    for (const abi::Step &step : function.steps)
      if (const auto *launch = std::get_if<abi::Launch>(&step))
        use(launch->buffers);
      else if (const auto *call = std::get_if<abi::Call>(&step))
        use(call->arguments);
      else
        use({&std::get<abi::Copy>(step).from, 1});
  return isUsed;
}

Result<void> CudaProgram::reserveWeights(const std::vector<bool> &isUsed) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < plan().weights.size(); ++i) {
    weightOffsets.push_back(end);
    if (!isUsed[i])
      continue;
    const abi::WeightSection &section = plan().weights[i];
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
  std::vector<bool> isUsed = usedWeights(plan());
  if (auto done = reserveWeights(isUsed); !done)
    return done;
  auto stream = Stream::create(owner);
  if (!stream)
    return stream.error();
  auto staging = Staging::create(owner);
  if (!staging)
    return staging.error();
  const std::vector<abi::WeightSection> &sections = plan().weights;
  for (uint32_t i = 0; i < sections.size(); ++i) {
    if (!isUsed[i])
      continue;
    weights.announce(weightOffsets[i], sections[i].bytes,
                     "weight " + sections[i].name);
    if (auto done = staging->upload(*stream, weight(i), program->weight(i));
        !done)
      return done;
  }
  return stream->wait();
}

} // namespace tenon::rt
