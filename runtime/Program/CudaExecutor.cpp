// Places buffers on the device, launches steps one by one or as a graph.

#include "runtime/Program/CudaExecutor.h"

#include "runtime/Core/Message.h"
#include "runtime/Program/TensorMaps.h"

#include <cstdlib>
#include <cstring>

namespace tenon::rt {

using abi::Space;
using Clock = TimeRange::Clock;

/// By default where launches cost something and nothing is checked.
static bool areGraphsWanted(const Device &device) {
  const char *value = std::getenv("TENON_CUDA_GRAPHS");
  if (value && (!std::strcmp(value, "0") || !std::strcmp(value, "1")))
    return *value == '1';
  return !device.properties().isVirtual;
}

CudaExecutor::CudaExecutor(std::shared_ptr<const CudaProgram> loaded,
                           Stream stream, Staging staging)
    : program(std::move(loaded)), onDevice(*program->device()),
      usesGraphs(areGraphsWanted(onDevice)), stream(std::move(stream)),
      staging(std::move(staging)), inputMemory(program->plan().inputs.size()),
      outputMemory(program->plan().outputs.size()) {}

Result<std::unique_ptr<Executor>>
CudaExecutor::create(std::shared_ptr<const CudaProgram> program) {
  auto stream = Stream::create(program->device());
  if (!stream)
    return stream.error();
  auto staging = Staging::create(program->device());
  if (!staging)
    return staging.error();
  auto before = Event::create(program->device(), /*isTimed=*/true);
  if (!before)
    return before.error();
  auto after = Event::create(program->device(), /*isTimed=*/true);
  if (!after)
    return after.error();
  std::unique_ptr<CudaExecutor> made(new CudaExecutor(
      std::move(program), std::move(*stream), std::move(*staging)));
  made->before = std::move(*before);
  made->after = std::move(*after);
  return std::unique_ptr<Executor>(std::move(made));
}

CudaExecutor::~CudaExecutor() {
  Device::Scope scope(onDevice);
  (void)stream.wait();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

cuda::CUdeviceptr CudaExecutor::address(const TapeBuffer &buffer) const {
  switch (buffer.space) {
  case Space::Input:
    return inputMemory[buffer.index].address();
  case Space::Output:
    return outputMemory[buffer.index].address();
  case Space::Weight:
    return program->weight(buffer.index);
  default:
    return arena.address() + buffer.offset;
  }
}

Result<void> CudaExecutor::place(const Placement &placement) {
  inputs.assign(placement.inputs.begin(), placement.inputs.end());
  outputs.assign(placement.outputs.begin(), placement.outputs.end());
  // Other data of the same shapes goes where the data before it went.
  if (tapeNumber == placement.tapeNumber)
    return {};
  tapeNumber = 0;
  if (auto placed = placeTape(placement); !placed)
    return placed;
  tapeNumber = placement.tapeNumber;
  return {};
}

Result<void> CudaExecutor::placeTape(const Placement &placement) {
  Device::Scope scope(onDevice);
  const std::shared_ptr<Device> &shared = program->device();
  (void)stream.wait(); // what a failed run left; if that fails, so does all
  tape = &placement.tape;
  numRuns = 0;
  isCaptured = false;
  auto done = arena.growTo(shared, tape->arenaBytes, "the arena");
  for (size_t i = 0; done && i < inputs.size(); ++i)
    done = inputMemory[i].growTo(shared, inputs[i].bytes, "an input");
  for (size_t i = 0; done && i < outputs.size(); ++i)
    done = outputMemory[i].growTo(shared, outputs[i].bytes, "an output");
  if (!done)
    return done;
  addresses.clear();
  for (const TapeBuffer &buffer : tape->buffers)
    addresses.push_back(address(buffer));
  return {};
}

Result<void> CudaExecutor::readBuffer(uint32_t buffer,
                                      std::span<std::byte> to) const {
  Device::Scope scope(onDevice);
  return staging.download(stream, to, addresses[buffer]);
}

Result<void> CudaExecutor::copyInputs() {
  for (size_t i = 0; i < inputs.size(); ++i) {
    // What a smaller input leaves over is nobody's.
    inputMemory[i].announce(0, inputs[i].bytes, program->plan().inputs[i].name);
    std::span<const std::byte> bytes(
        static_cast<const std::byte *>(inputs[i].data), inputs[i].bytes);
    auto done = staging.upload(stream, inputMemory[i].address(), bytes);
    if (!done)
      return done;
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    outputMemory[i].announce(0, outputs[i].bytes,
                             program->plan().outputs[i].name);
  return {};
}

Result<void> CudaExecutor::copyOutputs() {
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::span<std::byte> bytes(static_cast<std::byte *>(outputs[i].data),
                               outputs[i].bytes);
    auto done = staging.download(stream, bytes, outputMemory[i].address());
    if (!done)
      return done;
  }
  return stream.wait();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Where each buffer of the launch ends, for a virtual device: the planner
/// packs them into one arena, which goes on behind them.
void CudaExecutor::announce(const TapeLaunch &step) {
  const abi::Kernel &kernel = program->plan().kernels[step.kernel];
  for (uint32_t i = 0; i < kernel.numBuffers; ++i) {
    const TapeBuffer &buffer = tape->buffers[step.firstBuffer + i];
    if (buffer.space == Space::Arena)
      arena.announce(buffer.offset, buffer.bytes,
                     message("buffer ", i, " of ", kernel.name));
  }
}

/// Those that the kernel takes, for the launch's buffers and scalars.
Result<void> CudaExecutor::encodeMaps(const abi::Kernel &kernel,
                                      const TapeLaunch &step) {
  maps.clear();
  std::span<const int64_t> scalars =
      std::span(tape->scalars).subspan(step.firstScalar, kernel.numScalars);
  for (const abi::TensorMap &map : kernel.tensorMaps) {
    auto encoded = encodeTensorMap(
        onDevice, map, addresses[step.firstBuffer + map.buffer], scalars);
    if (!encoded)
      return encoded.error();
    maps.push_back(*encoded);
  }
  return {};
}

Result<void> CudaExecutor::launch(const TapeLaunch &step) {
  const abi::Kernel &kernel = program->plan().kernels[step.kernel];
  if (onDevice.properties().isVirtual)
    announce(step);
  parameters.clear();
  for (uint32_t i = 0; i < kernel.numBuffers; ++i)
    parameters.push_back(&addresses[step.firstBuffer + i]);
  // The driver copies them and does not write.
  auto *scalars = const_cast<int64_t *>(tape->scalars.data());
  for (uint32_t i = 0; i < kernel.numScalars; ++i)
    parameters.push_back(scalars + step.firstScalar + i);
  if (auto encoded = encodeMaps(kernel, step); !encoded)
    return encoded;
  for (cuda::CUtensorMap &map : maps)
    parameters.push_back(&map);
  return stream.launch(program->kernel(step.kernel), step.instances,
                       parameters.data());
}

Result<void> CudaExecutor::execute(size_t number) {
  const TapeStep &step = tape->steps[number];
  if (const auto *launched = std::get_if<TapeLaunch>(&step))
    return launch(*launched);
  const auto &copied = std::get<TapeCopy>(step);
  return stream.copy(addresses[copied.to], addresses[copied.from],
                     copied.bytes);
}

Result<void> CudaExecutor::runSteps() {
  auto all = [&]() -> Result<void> {
    for (size_t number = 0; number < tape->steps.size(); ++number)
      if (auto done = execute(number); !done)
        return done;
    return {};
  };
  // A graph pays when it is launched again: shapes that come once have none.
  if (!usesGraphs || numRuns++ == 0)
    return all();
  if (!isCaptured)
    if (auto captured = graph.capture(stream, all); !captured)
      return captured;
  isCaptured = true;
  // Nobody says between its launches which buffers there are.
  arena.announce(0, tape->arenaBytes, "the arena");
  return graph.launch(stream);
}

/// The device's seconds: the host's would be mostly those of launching.
Result<double> CudaExecutor::timeStep(size_t number) {
  if (auto done = before.record(stream); !done)
    return done.error();
  if (auto done = execute(number); !done)
    return done.error();
  if (auto done = after.record(stream); !done)
    return done.error();
  if (auto done = stream.wait(); !done)
    return done.error();
  return after.secondsSince(before);
}

/// Step by step, each waited for.
Result<void> CudaExecutor::runObserved(RunObserver &observer) {
  if (auto done = stream.wait(); !done) // the inputs are no step's time
    return done;
  for (size_t number = 0; number < tape->steps.size(); ++number) {
    Clock::time_point start = Clock::now();
    auto seconds = timeStep(number);
    if (!seconds)
      return seconds.error();
    TimeRange time{start, start + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(*seconds))};
    if (const auto *step = std::get_if<TapeLaunch>(&tape->steps[number]))
      observer.rangeDone(number, 0, {0, step->instances}, time);
    observer.stepDone(number, time);
  }
  return {};
}

Result<void> CudaExecutor::run(RunObserver *observer) {
  if (auto failure = onDevice.failure())
    return *failure;
  Device::Scope scope(onDevice);
  if (auto done = copyInputs(); !done)
    return done;
  if (auto done = observer ? runObserved(*observer) : runSteps(); !done)
    return done;
  return copyOutputs();
}

Result<double> CudaExecutor::repeatStep(size_t step) {
  Device::Scope scope(onDevice);
  return timeStep(step);
}

} // namespace tenon::rt
