//===- Inspect.cpp - tenon inspect: what is in an artifact ----------------===//

#include "runtime/Abi/Expr.h"
#include "runtime/Program/Model.h"
#include "runtime/Program/Tape.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Shapes.h"
#include "tools/tenon/Signature.h"

#include <iomanip>
#include <iostream>

namespace tenon::tool {

using rt::Result;

static void printSizes(const rt::Model &model) {
  const abi::Plan &plan = model.plan();
  size_t numSlots = 0, numSteps = 0;
  for (const abi::Function &function : plan.functions) {
    numSlots += function.slots.size();
    numSteps += function.steps.size();
  }
  std::cout << "code    " << model.codeBytes() << " bytes, "
            << plan.kernels.size() << " kernels\n"
            << "plan    " << model.planBytes() << " bytes, "
            << plan.functions.size() << " functions, " << numSteps << " steps, "
            << numSlots << " arena slots\n"
            << "weights " << model.weightsBytes() << " bytes, "
            << plan.weights.size() << " sections\n";
}

/// What the launches of one kernel add up to, for one binding.
struct KernelWork {
  int64_t launches = 0, flops = 0, bytes = 0;
};

static int64_t amount(const abi::Expr &formula,
                      std::span<const int64_t> scalars) {
  if (formula.empty())
    return 0;
  Result<int64_t> value = abi::evaluate(formula, scalars);
  return value ? *value : 0;
}

static std::vector<KernelWork> workOf(const abi::Plan &plan,
                                      const rt::Tape &tape) {
  std::vector<KernelWork> works(plan.kernels.size());
  for (const rt::TapeStep &step : tape.steps) {
    auto *launch = std::get_if<rt::TapeLaunch>(&step);
    if (!launch)
      continue;
    const abi::Kernel &kernel = plan.kernels[launch->kernel];
    std::span<const int64_t> scalars =
        std::span(tape.scalars).subspan(launch->firstScalar, kernel.numScalars);
    KernelWork &work = works[launch->kernel];
    work.launches += 1;
    work.flops += amount(kernel.flops, scalars);
    work.bytes += amount(kernel.bytesMoved, scalars);
  }
  return works;
}

static void printKernels(const abi::Plan &plan,
                         const std::vector<KernelWork> &works) {
  std::cout << "\nlaunches         flops         bytes  kernel\n";
  for (size_t i = 0; i < plan.kernels.size(); ++i)
    std::cout << std::setw(8) << works[i].launches << std::setw(14)
              << works[i].flops << std::setw(14) << works[i].bytes << "  "
              << plan.kernels[i].name
              << (plan.kernels[i].source.empty() ? "" : ": ")
              << plan.kernels[i].source << "\n";
}

static Result<void> inspect(const Arguments &arguments) {
  auto model = rt::Model::load(arguments.operand());
  if (!model)
    return model.error();
  const abi::Plan &plan = (*model)->plan();
  Result<rt::Binding> binding = bindingOf(plan, arguments);
  if (!binding)
    return binding.error();
  Result<rt::Tape> tape = rt::recordTape(plan, *binding);
  if (!tape)
    return tape.error();
  std::cout << signatureText(plan);
  printSizes(**model);
  std::cout << "memory  " << tape->arenaBytes << " bytes of arena and "
            << tape->scratchBytes << " of scratch for each thread at "
            << describe(plan, *binding) << "\n";
  printKernels(plan, workOf(plan, *tape));
  return {};
}

static constexpr Option kOptions[] = {
    {"shape", "S=N,...",
     "values of the model's symbols: batch=8,sequence=128;\n"
     "the least ones where it says nothing"},
};

const Command kInspect = {
    "inspect",
    "MODEL.tenon",
    "print what is in an artifact",
    "Prints the signature, what code, plan and weights take, the memory of a\n"
    "run, and each kernel with its launches, operations and bytes in a run.",
    kOptions,
    inspect};

} // namespace tenon::tool
