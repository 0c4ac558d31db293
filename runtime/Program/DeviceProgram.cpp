// Puts a model on a device, and a tape's steps into its stream.

#include "runtime/Program/DeviceProgram.h"

#include "runtime/Core/Message.h"
#include "runtime/Program/TensorMaps.h"

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>

namespace tenon::rt {

using cuda::CUdeviceptr;

std::optional<DeviceName> parseDevice(std::string_view name) {
  size_t colon = name.find(':');
  std::string_view kind = name.substr(0, colon);
  DeviceName result;
  if (kind == "vgpu")
    result.kind = Driver::Kind::VirtualGpu;
  else if (kind != "cuda")
    return std::nullopt;
  if (colon == name.npos)
    return kind == "vgpu" ? std::optional(result) : std::nullopt;
  const char *begin = name.data() + colon + 1, *end = name.data() + name.size();
  auto [parsed, error] = std::from_chars(begin, end, result.ordinal);
  bool isNumber = error == std::errc() && parsed == end && result.ordinal >= 0;
  return isNumber ? std::optional(result) : std::nullopt;
}

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

const abi::DeviceCode *chooseCode(const abi::Kernel &kernel, int capability,
                                  bool isVirtual) {
  const abi::DeviceCode *best = nullptr;
  for (const abi::DeviceCode &code : kernel.codes) {
    Arch arch = archOf(code.arch);
    bool isCubin = code.form == abi::CodeForm::Cubin;
    if (isCubin && !isVirtual && arch.compute == capability)
      return &code;
    bool runs =
        arch.isAlone ? arch.compute == capability : arch.compute <= capability;
    if (!isCubin && runs &&
        (!best || archOf(best->arch).compute < arch.compute))
      best = &code;
  }
  return best;
}

static Error noCode(const DeviceProgram &program, const abi::Kernel &kernel) {
  std::string has;
  for (const abi::DeviceCode &code : kernel.codes)
    has += (has.empty() ? "" : ", ") +
           std::string(code.form == abi::CodeForm::Ptx ? "PTX of " : "") +
           code.arch;
  const DeviceProperties &device = program.device()->properties();
  return {Code::NoKernel,
          message(program.model().path(), ": kernel ", quoted(kernel.name),
                  " has no code for ", device.name, ", which is sm_",
                  device.capability(), "; it has ", has)};
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

Result<void> DeviceProgram::loadKernels() {
  const DeviceProperties &device = on->properties();
  for (const abi::Kernel &kernel : source->plan().kernels) {
    const abi::DeviceCode *code =
        chooseCode(kernel, device.capability(), device.isVirtual);
    if (!code)
      return noCode(*this, kernel);
    auto module = Module::load(on, source->deviceCode(*code),
                               "kernel " + quoted(kernel.name));
    if (!module)
      return module.error();
    auto loaded = module->kernel({"tenon_" + kernel.name, kernel.source,
                                  kernel.blockThreads, kernel.sharedBytes});
    if (!loaded)
      return loaded.error();
    modules.push_back(std::move(*module));
    kernels.push_back(std::move(*loaded));
  }
  return {};
}

Result<void> DeviceProgram::upload() {
  Device::Scope scope(*on);
  auto stream = Stream::create(on);
  if (!stream)
    return stream.error();
  auto staging = Staging::create(on);
  if (!staging)
    return staging.error();
  const abi::Plan &plan = source->plan();
  for (uint32_t i = 0; i < plan.weights.size(); ++i) {
    std::span<const std::byte> bytes = source->weight(i);
    auto memory =
        DeviceMemory::reserve(on, bytes.size(), plan.weights[i].name.c_str());
    if (!memory)
      return memory.error();
    weights.push_back(std::move(*memory));
    if (auto done = staging->upload(*stream, weights.back().address(), bytes);
        !done)
      return done;
  }
  return stream->wait();
}

static Result<std::shared_ptr<Device>> openDevice(const std::string &name,
                                                  const std::string &target) {
  std::optional<DeviceName> parsed = parseDevice(name);
  if (!parsed)
    return badInput("there is no device ", quoted(name),
                    "; expected cpu, cuda:N, vgpu or vgpu:N");
  // It is asked what it is when it is loaded. The target is "cuda:sm_90a".
  if (parsed->kind == Driver::Kind::VirtualGpu)
    setenv("TENON_VGPU_ARCH", target.substr(target.find(':') + 1).c_str(),
           /*overwrite=*/0);
  auto driver = Driver::load({parsed->kind, ""});
  if (!driver)
    return driver.error();
  return Device::open(*driver, parsed->ordinal);
}

Result<std::shared_ptr<const DeviceProgram>>
DeviceProgram::create(std::shared_ptr<const Model> model,
                      const std::string &device) {
  using Key = std::pair<const Model *, std::string>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<const DeviceProgram>> known;
  std::lock_guard lock(mutex);
  auto &entry = known[{model.get(), device}];
  if (auto program = entry.lock())
    return program;
  auto opened = openDevice(device, model->plan().target);
  if (!opened)
    return opened.error();
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

Result<DeviceRun>
DeviceRun::create(std::shared_ptr<const DeviceProgram> program) {
  auto stream = Stream::create(program->device());
  if (!stream)
    return stream.error();
  auto staging = Staging::create(program->device());
  if (!staging)
    return staging.error();
  return DeviceRun(std::move(program), std::move(*stream), std::move(*staging));
}

/// As many memories as there are tensors, each large enough.
static Result<void> growEach(std::vector<DeviceMemory> &memories,
                             const std::shared_ptr<Device> &device,
                             std::span<const HostBytes> tensors,
                             const std::vector<abi::Tensor> &named) {
  memories.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i)
    if (auto done =
            memories[i].growTo(device, tensors[i].bytes, named[i].name.c_str());
        !done)
      return done;
  return {};
}

Result<void> DeviceRun::reserve(const Tape &tape,
                                std::span<const HostBytes> inputs,
                                std::span<const HostBytes> outputs) {
  const std::shared_ptr<Device> &device = program->device();
  const abi::Plan &plan = program->model().plan();
  if (auto done = arena.growTo(device, tape.arenaBytes, "the arena"); !done)
    return done;
  if (auto done = growEach(inputMemory, device, inputs, plan.inputs); !done)
    return done;
  return growEach(outputMemory, device, outputs, plan.outputs);
}

CUdeviceptr DeviceRun::address(const TapeBuffer &buffer) const {
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

/// To a driver that checks: what the planner packed into one arena, and what is
/// left of memory that was larger, are buffers by themselves.
void DeviceRun::announce(const TapeBuffer &buffer,
                         const abi::Kernel &kernel) const {
  auto tell = program->device()->api().announce;
  if (tell && buffer.space != abi::Space::Weight && buffer.bytes)
    tell(address(buffer), buffer.bytes, kernel.name.c_str());
}

Result<void> DeviceRun::launch(const Tape &tape, const TapeLaunch &step) {
  const abi::Kernel &kernel = program->model().plan().kernels[step.kernel];
  std::vector<CUdeviceptr> buffers(kernel.numBuffers);
  std::vector<int64_t> scalars(kernel.numScalars);
  std::vector<void *> parameters;
  for (uint32_t i = 0; i < kernel.numBuffers; ++i) {
    const TapeBuffer &buffer = tape.buffers[step.firstBuffer + i];
    announce(buffer, kernel);
    buffers[i] = address(buffer);
    parameters.push_back(&buffers[i]);
  }
  for (uint32_t i = 0; i < kernel.numScalars; ++i) {
    scalars[i] = tape.scalars[step.firstScalar + i];
    parameters.push_back(&scalars[i]);
  }
  std::vector<cuda::CUtensorMap> maps;
  for (const abi::TensorMap &map : kernel.tensorMaps) {
    auto encoded =
        encodeTensorMap(*program->device(), map, buffers[map.buffer], scalars);
    if (!encoded)
      return encoded.error();
    maps.push_back(*encoded);
  }
  for (cuda::CUtensorMap &map : maps)
    parameters.push_back(&map);
  return stream.launch(program->kernel(step.kernel), step.instances,
                       parameters.data());
}

Result<void> DeviceRun::copy(const Tape &tape, const TapeCopy &step) {
  if (!step.bytes)
    return {};
  return stream.copy(address(tape.buffers[step.to]),
                     address(tape.buffers[step.from]), step.bytes);
}

Result<void> DeviceRun::execute(const Tape &tape,
                                std::span<const HostBytes> inputs,
                                std::span<const HostBytes> outputs) {
  Device::Scope scope(*program->device());
  if (auto done = reserve(tape, inputs, outputs); !done)
    return done;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (auto done = staging.upload(
            stream, inputMemory[i].address(),
            {static_cast<const std::byte *>(inputs[i].data), inputs[i].bytes});
        !done)
      return done;
  for (const TapeStep &step : tape.steps) {
    const auto *launched = std::get_if<TapeLaunch>(&step);
    auto done = launched ? launch(tape, *launched)
                         : copy(tape, std::get<TapeCopy>(step));
    if (!done)
      return done;
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    if (auto done = staging.download(
            stream,
            {static_cast<std::byte *>(outputs[i].data), outputs[i].bytes},
            outputMemory[i].address());
        !done)
      return done;
  return stream.wait();
}

} // namespace tenon::rt
