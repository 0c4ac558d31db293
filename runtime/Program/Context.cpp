// Binds tensors, keeps outputs, has the tape executed.

#include "runtime/Program/Context.h"

#include "runtime/Abi/DType.h"
#include "runtime/Core/Message.h"
#include "runtime/Program/CpuExecutor.h"
#include "runtime/Program/CudaExecutor.h"

namespace tenon::rt {

using Clock = TimeRange::Clock;

Context::Context(std::shared_ptr<const Model> model,
                 std::unique_ptr<Executor> executor)
    : program(std::move(model)), executor(std::move(executor)),
      inputs(program->plan().inputs.size()),
      outputs(program->plan().outputs.size()) {}

static Result<std::unique_ptr<Executor>>
makeCpuExecutor(const std::shared_ptr<const Model> &model,
                const ContextOptions &options) {
  auto numThreads = chooseNumThreads(options.numThreads);
  if (!numThreads)
    return numThreads.error();
  auto pool = Pool::create({*numThreads, options.pin});
  if (!pool)
    return pool.error();
  return std::unique_ptr<Executor>(new CpuExecutor(model, std::move(*pool)));
}

/// An artifact is for CPUs or for GPUs.
static Result<void> checkKind(const Model &model, const std::string &device,
                              DeviceName::Kind kind) {
  bool isCpu = kind == DeviceName::Kind::Cpu;
  if (isCpu != model.isForGpu())
    return {};
  if (isCpu)
    return badInput(model.path(), " is for ", model.plan().target,
                    ": run it on a device, as cuda:0 is, or vgpu");
  return badInput(model.path(), " is for ", model.plan().target,
                  ", which is a CPU; it cannot run on ", quoted(device));
}

static Result<std::unique_ptr<Executor>>
makeExecutor(const std::shared_ptr<const Model> &model,
             const ContextOptions &options) {
  auto name = parseDeviceName(options.device);
  if (!name)
    return name.error();
  if (auto valid = checkKind(*model, options.device, name->kind); !valid)
    return valid.error();
  if (!model->isForGpu())
    return makeCpuExecutor(model, options);
  auto loaded = CudaProgram::get(model, *name);
  if (!loaded)
    return loaded.error();
  return CudaExecutor::create(std::move(*loaded));
}

Result<std::unique_ptr<Context>>
Context::create(std::shared_ptr<const Model> model, ContextOptions options) {
  auto executor = makeExecutor(model, options);
  if (!executor)
    return executor.error();
  return std::unique_ptr<Context>(
      new Context(std::move(model), std::move(*executor)));
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
  isPlaced = hasRun = false;
  inputs[index] = std::move(input);
  return {};
}

Result<void> Context::bindOutput(size_t index, void *data, uint64_t bytes) {
  if (index >= outputs.size())
    return badInput("output ", index, " is bound, the model has ",
                    outputs.size());
  outputs[index].data = data;
  outputs[index].bytes = bytes;
  isPlaced = hasRun = false;
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
  auto next = bindShapes(plan(), shapes);
  if (!next)
    return next.error();
  if (binding != *next)
    if (auto recorded = record(*next); !recorded)
      return recorded;
  isBound = true;
  return {};
}

Result<void> Context::record(const Binding &next) {
  const abi::Plan &plan = executor->plan();
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
  ++tapeNumber;
  binding = next;
  isPlaced = false;
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

Result<void> Context::reserve() {
  for (OutputSlot &slot : outputs)
    if (!slot.data)
      if (auto done = slot.own.growTo(slot.neededBytes, "an output"); !done)
        return done;
  return {};
}

Result<void> Context::place() {
  inputBytes.clear();
  for (const std::optional<InputView> &input : inputs)
    inputBytes.push_back({const_cast<void *>(input->data), input->bytes});
  outputBytes.clear();
  for (const OutputSlot &slot : outputs)
    outputBytes.push_back({slot.target(), slot.neededBytes});
  return executor->place({tape, tapeNumber, inputBytes, outputBytes});
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
  figures.reservedArenaBytes = executor->arenaBytes();
  figures.scratchBytes = executor->scratchBytes();
  for (const OutputSlot &slot : outputs)
    figures.outputBytes += slot.own.sizeBytes();
  return figures;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// All that a run needs before its first step.
Result<void> Context::makeReady(RunObserver *observer) {
  Clock::time_point start = Clock::now();
  if (auto prepared = prepare(); !prepared)
    return prepared;
  Clock::time_point planned = Clock::now();
  if (!isPlaced) {
    if (auto valid = checkOutputs(); !valid)
      return valid;
    if (auto reserved = reserve(); !reserved)
      return reserved;
    if (auto placed = place(); !placed)
      return placed;
    isPlaced = true;
  }
  if (observer) {
    observer->phaseDone("plan", {start, planned});
    observer->phaseDone("reserve", {planned, Clock::now()});
  }
  return {};
}

Result<void> Context::run(RunObserver *observer) {
  if (auto ready = makeReady(observer); !ready)
    return ready;
  if (auto done = executor->run(observer); !done)
    return done;
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

Result<double> Context::repeatStep(size_t step) {
  return executor->repeatStep(step);
}

} // namespace tenon::rt
