//===- Inspect.cpp - tenon inspect: what is in an artifact ----------------===//

#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"
#include "runtime/Device/Cpu/Pool.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/Signature.h"
#include "tools/tenon/Values.h"
#include "tools/tenon/Work.h"

#include <iomanip>
#include <iostream>

namespace tenon::tool {

using rt::Result;

/// What the file takes, whatever the inputs are.
static void printSizes(const rt::Model &model, const abi::Plan &plan) {
  size_t numSlots = 0, numSteps = 0;
  for (const abi::Function &function : plan.functions) {
    numSlots += function.slots.size();
    numSteps += function.steps.size();
  }
  std::vector<size_t> numCalls(plan.functions.size());
  for (const abi::Function &function : plan.functions)
    for (const abi::Step &step : function.steps)
      if (const auto *call = std::get_if<abi::Call>(&step))
        ++numCalls[call->function];
  std::cout << "code    " << model.codeBytes() << " bytes, "
            << plan.kernels.size() << " kernels\n"
            << "plan    " << model.planBytes() << " bytes, "
            << plan.functions.size() << " functions, " << numSteps << " steps, "
            << numSlots << " arena slots\n";
  for (size_t i = 1; i < plan.functions.size(); ++i)
    std::cout << "        " << plan.functions[i].name << ": "
              << plan.functions[i].steps.size() << " steps, called "
              << numCalls[i] << " times\n";
  std::cout << "weights " << model.weightsBytes() << " bytes, "
            << plan.weights.size() << " sections\n";
}

//===----------------------------------------------------------------------===//
// Memory of a run
//===----------------------------------------------------------------------===//

namespace {
struct Buffer {
  std::string name;
  uint64_t bytes;
};
} // namespace

static Result<void> addTensors(std::vector<Buffer> &buffers,
                               const abi::Plan &plan,
                               const std::vector<abi::Tensor> &tensors,
                               const char *what, const rt::Binding &binding) {
  for (const abi::Tensor &tensor : tensors) {
    auto shape = rt::shapeOf(plan, tensor, binding);
    if (!shape)
      return shape.error();
    auto bytes = rt::bytesOf(tensor.dtype, *shape);
    if (!bytes)
      return bytes.error();
    buffers.push_back(
        {rt::message(what, " ", rt::describe(plan, tensor)), *bytes});
  }
  return {};
}

static Result<std::vector<Buffer>> slotsOf(const abi::Plan &plan,
                                           const rt::Binding &binding) {
  std::vector<Buffer> buffers;
  for (const abi::Function &function : plan.functions)
    for (size_t i = 0; i < function.slots.size(); ++i) {
      const abi::Expr &size = function.slots[i].bytes;
      auto bytes = abi::evaluate(size, binding.symbols);
      if (!bytes)
        return bytes.error();
      buffers.push_back({rt::message("slot ", i, " of ", function.name, ": ",
                                     abi::print(size, rt::symbolNames(plan))),
                         uint64_t(*bytes)});
    }
  return buffers;
}

static uint64_t totalBytes(const std::vector<Buffer> &buffers) {
  uint64_t total = 0;
  for (const Buffer &buffer : buffers)
    total += buffer.bytes;
  return total;
}

static Result<void> printMemory(const rt::Model &model, const abi::Plan &plan,
                                const rt::Tape &tape,
                                const rt::Binding &binding,
                                unsigned numThreads) {
  std::vector<Buffer> tensors;
  if (auto added = addTensors(tensors, plan, plan.inputs, "input", binding);
      !added)
    return added;
  if (auto added = addTensors(tensors, plan, plan.outputs, "output", binding);
      !added)
    return added;
  auto slots = slotsOf(plan, binding);
  if (!slots)
    return slots.error();
  bool isCpu = !abi::isForGpu(plan);
  uint64_t scratch = isCpu ? tape.scratchStride() * numThreads : 0;
  uint64_t tensorBytes = totalBytes(tensors);
  std::cout << "memory  "
            << model.weightsBytes() + tape.arenaBytes + scratch + tensorBytes
            << " bytes at most at " << describe(plan, binding)
            << ": the weights, " << tape.arenaBytes << " of arena, "
            << (isCpu ? rt::message(scratch, " of scratch for ", numThreads,
                                    " threads, ")
                      : std::string())
            << tensorBytes
            << " of inputs and outputs\n\n       bytes  buffer\n";
  for (const auto *list : {&tensors, &*slots})
    for (const Buffer &buffer : *list)
      std::cout << std::setw(12) << buffer.bytes << "  " << buffer.name << "\n";
  return {};
}

//===----------------------------------------------------------------------===//
// Kernels of a run
//===----------------------------------------------------------------------===//

static std::string figureText(std::optional<int64_t> figure) {
  return figure ? std::to_string(*figure) : "-";
}

static void printKernels(const abi::Plan &plan,
                         const std::vector<KernelWork> &works) {
  double total = 0;
  for (const KernelWork &work : works)
    total += work.limitSeconds;
  std::cout << "\nlaunches         flops         bytes    limit us    share  "
               "kernel\n"
            << std::fixed << std::setprecision(1);
  for (size_t i = 0; i < plan.kernels.size(); ++i)
    std::cout << std::setw(8) << works[i].launches << std::setw(14)
              << figureText(works[i].flops) << std::setw(14)
              << figureText(works[i].bytes) << std::setw(12)
              << works[i].limitSeconds * 1e6 << std::setw(9)
              << percentText(works[i].limitSeconds, total) << "  "
              << kernelText(plan.kernels[i]) << "\n";
}

static void printSchedules(const abi::Plan &plan) {
  std::cout << "\nschedules\n";
  for (const abi::Kernel &kernel : plan.kernels)
    if (!kernel.schedule.empty())
      std::cout << "    " << kernel.name << ": " << kernel.schedule << "; "
                << kernel.reason << "\n";
}

//===----------------------------------------------------------------------===//
// Values of a run
//===----------------------------------------------------------------------===//

static Result<void> printValues(const abi::Plan &plan, const rt::Tape &tape,
                                const rt::Binding &binding) {
  std::cout << "\n    step  value\n";
  for (const StepValue &value : valuesOf(plan, tape)) {
    auto shape = rt::shapeOf(
        plan, {value.name, value.tensor->dtype, value.tensor->dims}, binding);
    if (!shape)
      return shape.error();
    std::cout << std::setw(8) << value.step << "  " << value.name << ": "
              << rt::describe(value.tensor->dtype, *shape) << "\n";
  }
  return {};
}

/// The first one, or that of --target.
static Result<const abi::Plan *> shownPlan(const rt::Model &model,
                                           const Arguments &arguments) {
  if (!arguments.has("target"))
    return &model.plan();
  for (const abi::Plan &plan : model.plans())
    if (plan.target == arguments.value("target"))
      return &plan;
  return rt::badInput("--target: ", model.path(), " has no plan for ",
                      rt::quoted(arguments.value("target")), "; it has ",
                      targetsText(model));
}

static Result<void> inspect(const Arguments &arguments) {
  Result<unsigned> requested = arguments.count("threads", 0);
  if (!requested)
    return requested.error();
  Result<unsigned> numThreads = rt::chooseNumThreads(*requested);
  if (!numThreads)
    return numThreads.error();
  auto model = rt::Model::load(arguments.operand());
  if (!model)
    return model.error();
  Result<const abi::Plan *> shown = shownPlan(**model, arguments);
  if (!shown)
    return shown.error();
  const abi::Plan &plan = **shown;
  Result<rt::Binding> binding = bindingOf(plan, arguments);
  if (!binding)
    return binding.error();
  Result<rt::Tape> tape = rt::recordTape(plan, *binding);
  if (!tape)
    return tape.error();
  Result<Machine> machine = machineOf(plan, *numThreads);
  if (!machine)
    return machine.error();

  std::cout << signatureText(**model);
  printSizes(**model, plan);
  if (auto done = printMemory(**model, plan, *tape, *binding, *numThreads);
      !done)
    return done;
  auto works = workOf(plan, *tape, *binding, machine->rates);
  printKernels(plan, works);
  std::cout << "The limits are those of " << machine->text << ".\n"
            << blocksTable(plan, works);
  printSchedules(plan);
  return printValues(plan, *tape, *binding);
}

static constexpr Option kOptions[] = {
    kShapeOption,
    {"target", "NAME",
     "of several that the artifact is for, the one whose plan is\n"
     "shown: cuda:sm_90a (the first one)"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
};

const Command kInspect = {
    "inspect",
    "MODEL.tenon",
    "print what is in an artifact",
    "Prints the signature, what code, plan and weights take, the memory of a\n"
    "run, and each kernel with its launches, operations and bytes in a run.\n"
    "The limit is what these take at least: the operations at this machine's\n"
    "rate for what the kernel multiplies, or the bytes at its memory's, all\n"
    "measured now; for a GPU's artifact they are those of a data sheet, and a\n"
    "table says what a block of each kernel takes. The share is the kernel's "
    "part of the sum of all limits.\n"
    "f32 in parts of bf16, or what lies in a cache, can be faster.\n"
    "A kernel's schedule stands with the reason for it, which says where it\n"
    "was measured (tenon compile --tune).\n"
    "The values are what the steps of a run write, by the names that the "
    "model\n"
    "gives them where they survived fusion, else by kernel and step: `tenon "
    "run\n"
    "--dump` takes them.",
    kOptions,
    inspect};

} // namespace tenon::tool
