// Puts a model on a device, and a tape's steps into its stream.

#include "runtime/Program/DeviceProgram.h"

#include "runtime/Core/Message.h"

#include <charconv>
#include <map>
#include <mutex>

namespace tenon::rt {

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

namespace {
/// "sm_90a": for that architecture alone; "compute_80", "sm_80": PTX of these
/// is for all that are newer.
struct Arch {
  int compute = 0;
  bool isAlone = false;
};
} // namespace

static Arch archOf(const std::string &name) {
  Arch arch;
  size_t digits = name.find('_') + 1;
  const char *end = name.data() + name.size();
  auto parsed = std::from_chars(name.data() + digits, end, arch.compute);
  arch.isAlone = parsed.ptr != end;
  return arch;
}

const abi::DeviceCode *chooseCode(const abi::Kernel &kernel, int compute,
                                  bool isVirtual) {
  const abi::DeviceCode *best = nullptr;
  for (const abi::DeviceCode &code : kernel.codes) {
    Arch arch = archOf(code.arch);
    bool isCubin = code.form == abi::CodeForm::Cubin;
    if (isCubin && !isVirtual && arch.compute == compute)
      return &code;
    bool runs =
        arch.isAlone ? arch.compute == compute : arch.compute <= compute;
    if (!isCubin && runs &&
        (!best || archOf(best->arch).compute < arch.compute))
      best = &code;
  }
  return best;
}

static Error noCode(const Model &model, const abi::Kernel &kernel,
                    const CudaDevice &device) {
  std::string has;
  for (const abi::DeviceCode &code : kernel.codes)
    has += (has.empty() ? "" : ", ") +
           std::string(code.form == abi::CodeForm::Ptx ? "PTX of " : "") +
           code.arch;
  return {Code::NoKernel,
          message(model.path(), ": kernel ", quoted(kernel.name),
                  " has no code for ", device.name(), ", which is sm_",
                  device.compute(), "; it has ", has)};
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

Result<void> DeviceProgram::loadKernels() {
  const abi::Plan &plan = source->plan();
  for (uint32_t i = 0; i < plan.kernels.size(); ++i) {
    const abi::Kernel &kernel = plan.kernels[i];
    const abi::DeviceCode *code =
        chooseCode(kernel, on->compute(), on->isVirtual());
    if (!code)
      return noCode(*source, kernel, *on);
    std::span<const std::byte> bytes = source->deviceCode(*code);
    // PTX is read up to a zero.
    std::string text(reinterpret_cast<const char *>(bytes.data()),
                     bytes.size());
    auto module = on->load(text.c_str(), kernel.name);
    if (!module)
      return module.error();
    auto function =
        on->function(*module, "tenon_" + kernel.name, kernel.sharedBytes);
    if (!function)
      return function.error();
    functions.push_back(*function);
  }
  return {};
}

Result<void> DeviceProgram::upload() {
  const abi::Plan &plan = source->plan();
  for (uint32_t i = 0; i < plan.weights.size(); ++i) {
    std::span<const std::byte> bytes = source->weight(i);
    auto memory = on->allocate(bytes.size(), plan.weights[i].name.c_str());
    if (!memory)
      return memory.error();
    weights.push_back(std::move(*memory));
    if (auto done =
            on->copyIn(weights.back().address(), bytes.data(), bytes.size());
        !done)
      return done;
  }
  return on->synchronize("weights");
}

Result<std::shared_ptr<const DeviceProgram>>
DeviceProgram::create(std::shared_ptr<const Model> model,
                      const std::string &device) {
  static std::mutex mutex;
  static std::map<std::pair<const Model *, std::string>,
                  std::weak_ptr<const DeviceProgram>>
      known;
  // Of "cuda:sm_90a".
  std::string target = model->plan().target;
  auto opened = CudaDevice::open(device, target.substr(target.find(':') + 1));
  if (!opened)
    return opened.error();
  std::lock_guard lock(mutex);
  auto &entry = known[{model.get(), device}];
  if (auto program = entry.lock())
    return program;
  std::shared_ptr<DeviceProgram> program(
      new DeviceProgram(std::move(model), std::move(*opened)));
  if (auto done = program->loadKernels(); !done)
    return done.error();
  if (auto done = program->upload(); !done)
    return done.error();
  entry = program;
  return std::shared_ptr<const DeviceProgram>(std::move(program));
}

//===----------------------------------------------------------------------===//
// A run
//===----------------------------------------------------------------------===//

/// As many memories as there are tensors, each large enough.
static Result<void> growEach(std::vector<CudaMemory> &memories,
                             const CudaDevice &device,
                             std::span<const HostBytes> tensors,
                             const std::vector<abi::Tensor> &named) {
  memories.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (memories[i].address() && memories[i].sizeBytes() == tensors[i].bytes)
      continue;
    auto grown = device.allocate(tensors[i].bytes, named[i].name.c_str());
    if (!grown)
      return grown.error();
    memories[i] = std::move(*grown);
  }
  return {};
}

Result<void> DeviceRun::reserve(const Tape &tape,
                                std::span<const HostBytes> inputs,
                                std::span<const HostBytes> outputs) {
  const CudaDevice &device = *program->device();
  const abi::Plan &plan = program->model().plan();
  if (!arena.address() || arena.sizeBytes() < tape.arenaBytes) {
    auto grown = device.allocate(tape.arenaBytes, "the arena");
    if (!grown)
      return grown.error();
    arena = std::move(*grown);
  }
  if (auto done = growEach(inputMemory, device, inputs, plan.inputs); !done)
    return done;
  return growEach(outputMemory, device, outputs, plan.outputs);
}

cu::Address DeviceRun::address(const TapeBuffer &buffer) const {
  switch (buffer.space) {
  case abi::Space::Input:
    return inputMemory[buffer.index].address();
  case abi::Space::Output:
    return outputMemory[buffer.index].address();
  case abi::Space::Weight:
    return program->weight(buffer.index);
  default:
    return arena.address() + buffer.offset;
  }
}

Result<void> DeviceRun::launch(const Tape &tape, const TapeLaunch &step) {
  const CudaDevice &device = *program->device();
  const abi::Kernel &kernel = program->model().plan().kernels[step.kernel];
  if (step.instances == 0)
    return {};
  std::vector<cu::Address> buffers(kernel.numBuffers);
  std::vector<int64_t> scalars(kernel.numScalars);
  std::vector<void *> parameters;
  for (uint32_t i = 0; i < kernel.numBuffers; ++i) {
    const TapeBuffer &buffer = tape.buffers[step.firstBuffer + i];
    buffers[i] = address(buffer);
    // A planner packs them into one arena; each is a buffer by itself.
    if (buffer.space == abi::Space::Arena)
      device.announce(buffers[i], buffer.bytes, kernel.name.c_str());
    parameters.push_back(&buffers[i]);
  }
  for (uint32_t i = 0; i < kernel.numScalars; ++i) {
    scalars[i] = tape.scalars[step.firstScalar + i];
    parameters.push_back(&scalars[i]);
  }
  std::string name = "kernel " + quoted(kernel.name);
  if (!kernel.source.empty())
    name += " of " + kernel.source;
  return device.launch(program->function(step.kernel), step.instances,
                       kernel.blockThreads, kernel.sharedBytes, parameters,
                       name + " on " + device.name());
}

Result<void> DeviceRun::execute(const Tape &tape,
                                std::span<const HostBytes> inputs,
                                std::span<const HostBytes> outputs) {
  const CudaDevice &device = *program->device();
  if (auto done = reserve(tape, inputs, outputs); !done)
    return done;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (auto done = device.copyIn(inputMemory[i].address(), inputs[i].data,
                                  inputs[i].bytes);
        !done)
      return done;
  for (const TapeStep &step : tape.steps) {
    if (const auto *launched = std::get_if<TapeLaunch>(&step)) {
      if (auto done = launch(tape, *launched); !done)
        return done;
      continue;
    }
    const auto &copied = std::get<TapeCopy>(step);
    if (auto done =
            device.copy(address(tape.buffers[copied.to]),
                        address(tape.buffers[copied.from]), copied.bytes);
        !done)
      return done;
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    if (auto done = device.copyOut(outputs[i].data, outputMemory[i].address(),
                                   outputs[i].bytes);
        !done)
      return done;
  return device.synchronize("a run of " + program->model().path());
}

} // namespace tenon::rt
