//===- PlanAlternatives.cpp - a plan for one more GPU in a plan -----------===//

#include "compiler/PlanBuilder.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace tenon {

/// Whether both compute the same bytes from the same weights of the model.
static bool isSame(func::FuncOp x, func::FuncOp y) {
  return OperationEquivalence::isRegionEquivalentTo(
      &x.getBody(), &y.getBody(), OperationEquivalence::IgnoreLocations);
}

/// The number of a weight of `plan` that is the other plan's, which becomes one
/// where there is none.
static uint32_t shareWeight(ProgramPlan &plan, const ProgramPlan &other,
                            uint32_t number) {
  const abi::WeightSection &section = other.plan.weights[number];
  for (uint32_t i = 0; i < plan.weights.size(); ++i) {
    const abi::WeightSection &known = plan.plan.weights[i];
    if (known.name == section.name && known.layout == section.layout &&
        known.bytes == section.bytes &&
        isSame(plan.weights[i], other.weights[number]))
      return i;
  }
  plan.plan.weights.push_back(section);
  plan.weights.push_back(other.weights[number]);
  return static_cast<uint32_t>(plan.weights.size() - 1);
}

static void renumberWeights(std::vector<abi::Function> &functions,
                            ArrayRef<uint32_t> numbers) {
  auto renumber = [&](abi::BufferRef &buffer) {
    if (buffer.space == abi::Space::Weight)
      buffer.index = numbers[buffer.index];
  };
  for (abi::Function &function : functions)
    for (abi::Step &step : function.steps) {
      if (auto *launch = std::get_if<abi::Launch>(&step))
        llvm::for_each(launch->buffers, renumber);
      else if (auto *call = std::get_if<abi::Call>(&step))
        llvm::for_each(call->arguments, renumber);
      else
        renumber(std::get<abi::Copy>(step).from);
    }
}

LogicalResult addAlternative(ProgramPlan &plan, exec::ProgramOp program,
                             Attribute target, const CompiledKernels &kernels) {
  FailureOr<ProgramPlan> other = buildPlan(program, target, kernels);
  if (failed(other))
    return failure();
  // Symbols are numbered by the inputs, which all targets share.
  assert(llvm::equal(plan.plan.symbols, other->plan.symbols,
                     [](const abi::Symbol &x, const abi::Symbol &y) {
                       return x.name == y.name;
                     }) &&
         "the targets of one model have the same symbols");
  SmallVector<uint32_t> numbers;
  for (uint32_t i = 0; i < other->weights.size(); ++i)
    numbers.push_back(shareWeight(plan, *other, i));
  renumberWeights(other->plan.functions, numbers);
  plan.plan.alternatives.push_back({std::move(other->plan.target),
                                    std::move(other->plan.kernels),
                                    std::move(other->plan.functions)});
  return success();
}

} // namespace tenon
