// Binds tensors, keeps memory, executes the tape.

#include "runtime/Program/Context.h"

#include "runtime/Abi/DType.h"
#include "runtime/Core/Message.h"

#include <algorithm>
#include <cstring>

namespace tenon::rt {

using abi::Space;
using Clock = TimeRange::Clock;

Context::Context(std::shared_ptr<const Model> model, std::unique_ptr<Pool> pool)
    : program(std::move(model)), pool(std::move(pool)),
      inputs(program->plan().inputs.size()),
      outputs(program->plan().outputs.size()) {}

/// An artifact is for CPUs or for GPUs.
static Result<void> checkDevice(const Model &model, const std::string &device) {
  bool isCpu = device.empty() || device == "cpu";
  if (isCpu == !model.isForGpu())
    return {};
  return badInput(model.path(), " is for ", model.plan().target,
                  isCpu ? ": run it on a device, as cuda:0 is, or vgpu"
                        : ", which is a CPU; it cannot run on ",
                  isCpu ? "" : quoted(device));
}

Result<std::unique_ptr<Context>>
Context::create(std::shared_ptr<const Model> model, ContextOptions options) {
  if (auto valid = checkDevice(*model, options.device); !valid)
    return valid.error();
  if (model->isForGpu())
    options.numThreads = 1; // the device has the work
  auto numThreads = chooseNumThreads(options.numThreads);
  if (!numThreads)
    return numThreads.error();
  auto pool = Pool::create({*numThreads, options.pin});
  if (!pool)
    return pool.error();
  std::unique_ptr<Context> context(new Context(model, std::move(*pool)));
  if (!model->isForGpu())
    return context;
  auto program = DeviceProgram::create(model, options.device);
  if (!program)
    return program.error();
  auto run = DeviceRun::create(std::move(*program));
  if (!run)
    return run.error();
  context->device.emplace(std::move(*run));
  return context;
}

//===----------------------------------------------------------------------===//
// Binding
//===----------------------------------------------------------------------===//

Result<void> Context::bindInput(size_t index, InputView input) {
  const abi::Plan &plan = program->plan();
  if (index >= inputs.size())
    return badInput("input ", index, " is bound, the model has ",
                    inputs.size());
  const abi::Tensor &tensor = plan.inputs[index];
  if (input.dtype != tensor.dtype)
    return badInput("input ", quoted(tensor.name), " has dtype ",
                    abi::nameOf(input.dtype), ", expected ",
                    abi::nameOf(tensor.dtype));
  if (auto valid = checkInputShape(plan, index, input.shape); !valid)
    return valid;
  auto needed = bytesOf(input.dtype, input.shape);
  if (!needed)
    return needed.error();
  if (input.bytes != *needed)
    return badInput("input ", quoted(tensor.name), " of shape ",
                    shapeText(input.shape), " has ", input.bytes,
                    " bytes, expected ", *needed);
  if (!input.data && *needed)
    return badInput("input ", quoted(tensor.name), " has no data");
  isBound = isBound && inputs[index]->shape == input.shape;
  arePlaced = hasRun = false;
  inputs[index] = std::move(input);
  return {};
}

Result<void> Context::bindOutput(size_t index, void *data, uint64_t bytes) {
  if (index >= outputs.size())
    return badInput("output ", index, " is bound, the model has ",
                    outputs.size());
  outputs[index].data = data;
  outputs[index].bytes = bytes;
  arePlaced = hasRun = false;
  return {};
}

Result<void> Context::prepare() {
  if (isBound)
    return {};
  std::vector<Shape> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i])
      return badInput("input ", quoted(program->plan().inputs[i].name),
                      " is not bound");
    shapes.push_back(inputs[i]->shape);
  }
  auto next = bindShapes(program->plan(), shapes);
  if (!next)
    return next.error();
  if (binding != *next)
    if (auto recorded = record(*next); !recorded)
      return recorded;
  isBound = true;
  return {};
}

Result<void> Context::record(const Binding &next) {
  const abi::Plan &plan = program->plan();
  binding.reset();
  auto recorded = recordTape(plan, next);
  if (!recorded)
    return recorded.error();
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto shape = shapeOf(plan, plan.outputs[i], next);
    if (!shape)
      return shape.error();
    auto needed = bytesOf(plan.outputs[i].dtype, *shape);
    if (!needed)
      return needed.error();
    outputs[i].shape = std::move(*shape);
    outputs[i].neededBytes = *needed;
  }
  tape = std::move(*recorded);
  binding = next;
  arePlaced = false;
  return {};
}

Result<Shape> Context::outputShape(size_t index) {
  if (index >= outputs.size())
    return badInput("output ", index, " is asked for, the model has ",
                    outputs.size());
  if (auto prepared = prepare(); !prepared)
    return prepared.error();
  return outputs[index].shape;
}

Result<OutputView> Context::output(size_t index) const {
  if (index >= outputs.size())
    return badInput("output ", index, " is asked for, the model has ",
                    outputs.size());
  const abi::Tensor &tensor = program->plan().outputs[index];
  if (!hasRun)
    return badInput("output ", quoted(tensor.name),
                    " is asked for before a run");
  const OutputSlot &slot = outputs[index];
  return OutputView{tensor.dtype, slot.shape, slot.target(), slot.neededBytes};
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static Result<void> growTo(Pages &pages, uint64_t bytes, const char *purpose) {
  if (pages.data() && pages.sizeBytes() >= bytes)
    return {};
  pages = Pages(); // first give back, so that the peak is the larger one
  auto grown = Pages::reserve(bytes, purpose);
  if (!grown)
    return grown.error();
  pages = std::move(*grown);
  return {};
}

Result<void> Context::reserve() {
  scratchStride = tape.scratchStride();
  // A device has its own arena.
  if (auto done =
          device ? Result<void>() : growTo(arena, tape.arenaBytes, "the arena");
      !done)
    return done;
  if (auto done = growTo(scratch, scratchStride * numThreads(), "scratch");
      !done)
    return done;
  for (OutputSlot &slot : outputs)
    if (!slot.data)
      if (auto done = growTo(slot.own, slot.neededBytes, "an output"); !done)
        return done;
  return {};
}

namespace {
struct Extent {
  const std::string *name;
  uintptr_t begin;
  uint64_t bytes;
  bool overlaps(const Extent &other) const {
    return bytes && other.bytes && begin < other.begin + other.bytes &&
           other.begin < begin + bytes;
  }
};
} // namespace

/// The caller's output memory: large enough, and nobody else's.
Result<void> Context::checkOutputs() const {
  const abi::Plan &plan = program->plan();
  std::vector<Extent> taken;
  for (size_t i = 0; i < inputs.size(); ++i)
    taken.push_back(
        {&plan.inputs[i].name, uintptr_t(inputs[i]->data), inputs[i]->bytes});
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputSlot &slot = outputs[i];
    const std::string &name = plan.outputs[i].name;
    if (!slot.data)
      continue;
    if (slot.bytes < slot.neededBytes)
      return badInput("output ", quoted(name), " of shape ",
                      shapeText(slot.shape), " needs ", slot.neededBytes,
                      " bytes, ", slot.bytes, " are provided");
    Extent extent{&name, uintptr_t(slot.data), slot.neededBytes};
    for (const Extent &other : taken)
      if (extent.overlaps(other))
        return badInput("the memory of output ", quoted(name),
                        " overlaps that of ", quoted(*other.name));
    taken.push_back(extent);
  }
  return {};
}

MemoryFigures Context::memory() const {
  MemoryFigures figures;
  figures.plannedArenaBytes = tape.arenaBytes;
  figures.reservedArenaBytes =
      device ? device->arenaBytes() : arena.sizeBytes();
  figures.scratchBytes = scratch.sizeBytes();
  for (const OutputSlot &slot : outputs)
    figures.outputBytes += slot.own.sizeBytes();
  return figures;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

void *Context::address(const TapeBuffer &buffer) const {
  switch (buffer.space) {
  case Space::Input:
    return const_cast<void *>(inputs[buffer.index]->data);
  case Space::Output:
    return outputs[buffer.index].target();
  case Space::Weight:
    return const_cast<std::byte *>(program->weight(buffer.index).data());
  default:
    return arena.data() + buffer.offset;
  }
}

/// Those of this process: a device has its own.
void Context::placeBuffers() {
  arePlaced = true;
  if (device)
    return;
  pointers.resize(tape.buffers.size());
  for (size_t i = 0; i < pointers.size(); ++i)
    pointers[i] = address(tape.buffers[i]);
}

void Context::launch(size_t number, const TapeLaunch &step,
                     RunObserver *observer) {
  abi::KernelFn kernel = program->kernel(step.kernel);
  void *const *buffers = pointers.data() + step.firstBuffer;
  const int64_t *scalars = tape.scalars.data() + step.firstScalar;
  auto runRange = [&](int64_t begin, int64_t end, unsigned thread) {
    kernel(buffers, scalars, begin, end,
           scratch.data() + thread * scratchStride);
  };
  if (!observer)
    return pool->run(step.instances, runRange);
  pool->run(step.instances, [&](int64_t begin, int64_t end, unsigned thread) {
    Clock::time_point start = Clock::now();
    runRange(begin, end, thread);
    observer->rangeDone(number, thread, {begin, end}, {start, Clock::now()});
  });
}

void Context::copy(const TapeCopy &step) {
  if (step.bytes) // empty tensors may have no address
    std::memmove(pointers[step.to], pointers[step.from], step.bytes);
}

void Context::execute(size_t number, RunObserver *observer) {
  const TapeStep &step = tape.steps[number];
  if (const auto *launched = std::get_if<TapeLaunch>(&step))
    launch(number, *launched, observer);
  else
    copy(std::get<TapeCopy>(step));
}

/// All that a run needs before its first step.
Result<void> Context::makeReady(RunObserver *observer) {
  Clock::time_point start = Clock::now();
  if (auto prepared = prepare(); !prepared)
    return prepared;
  Clock::time_point planned = Clock::now();
  if (!arePlaced) {
    if (auto valid = checkOutputs(); !valid)
      return valid;
    if (auto reserved = reserve(); !reserved)
      return reserved;
    placeBuffers();
  }
  if (observer) {
    observer->phaseDone("plan", {start, planned});
    observer->phaseDone("reserve", {planned, Clock::now()});
  }
  return {};
}

Result<void> Context::runOnDevice(RunObserver *observer) {
  if (observer)
    return badInput("steps of a device are not observed one by one");
  std::vector<HostBytes> from, to;
  for (const std::optional<InputView> &input : inputs)
    from.push_back({const_cast<void *>(input->data), input->bytes});
  for (const OutputSlot &slot : outputs)
    to.push_back({slot.target(), slot.neededBytes});
  auto done = device->execute(tape, from, to);
  hasRun = bool(done);
  return done;
}

Result<void> Context::run(RunObserver *observer) {
  if (auto ready = makeReady(observer); !ready)
    return ready;
  if (device)
    return runOnDevice(observer);
  for (size_t number = 0; number < tape.steps.size(); ++number) {
    if (!observer) {
      execute(number, nullptr);
      continue;
    }
    Clock::time_point start = Clock::now();
    execute(number, observer);
    observer->stepDone(number, {start, Clock::now()});
  }
  hasRun = true;
  return {};
}

Result<std::vector<double>> Context::runTimed() {
  struct : RunObserver {
    std::vector<double> seconds;
    void stepDone(size_t, TimeRange time) override {
      seconds.push_back(
          std::chrono::duration<double>(time.end - time.begin).count());
    }
  } timer;
  if (auto done = run(&timer); !done)
    return done.error();
  return std::move(timer.seconds);
}

double Context::repeatStep(size_t step) {
  Clock::time_point start = Clock::now();
  execute(step, nullptr);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace tenon::rt
