// Checks of a plan that need nothing but the plan.

#include "runtime/Abi/PlanCheck.h"

#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"

#include <algorithm>
#include <set>

namespace tenon::abi {

using rt::badArtifact;
using rt::Error;
using rt::quoted;
using rt::Result;

static Error within(const std::string &place, const Error &error) {
  return {error.code, place + ": " + error.message};
}

//===----------------------------------------------------------------------===//
// Names, symbols, tensors, kernels
//===----------------------------------------------------------------------===//

/// Names are how the caller says which: none is empty, none is there twice.
template <typename Named>
static Result<void> checkNames(const std::vector<Named> &list,
                               const char *what) {
  std::set<std::string_view> seen;
  for (const Named &element : list) {
    if (element.name.empty())
      return badArtifact("an ", what, " has no name");
    if (!seen.insert(element.name).second)
      return badArtifact("two ", what, "s have the name ",
                         quoted(element.name));
  }
  return {};
}

static Result<void> checkSymbol(const Symbol &symbol) {
  if (symbol.min < 0 || symbol.min > symbol.max || symbol.divisor < 1)
    return badArtifact("symbol ", quoted(symbol.name), " has minimum ",
                       symbol.min, ", maximum ", symbol.max, ", divisor ",
                       symbol.divisor);
  return {};
}

static Result<void> checkTensor(const Tensor &tensor, size_t numSymbols) {
  if (tensor.dims.size() > kMaxRank)
    return badArtifact("tensor ", quoted(tensor.name), " has rank ",
                       tensor.dims.size(), ", the limit is ", kMaxRank);
  for (const Expr &dim : tensor.dims)
    if (auto valid = checkExpr(dim, numSymbols); !valid)
      return within("tensor " + quoted(tensor.name), valid.error());
  return {};
}

static Result<void> checkSymbolsAreBound(const Plan &plan) {
  std::vector<bool> isBound(plan.symbols.size(), false);
  for (const Tensor &input : plan.inputs)
    for (const Expr &dim : input.dims)
      if (auto index = asSymbol(dim))
        isBound[*index] = true;
  auto missing = std::find(isBound.begin(), isBound.end(), false);
  if (missing == isBound.end())
    return {};
  const Symbol &symbol = plan.symbols[size_t(missing - isBound.begin())];
  return badArtifact("symbol ", quoted(symbol.name),
                     " is not the dim of any input");
}

static Result<void> checkSignature(const Plan &plan) {
  if (auto valid = checkNames(plan.symbols, "symbol"); !valid)
    return valid;
  if (auto valid = checkNames(plan.inputs, "input"); !valid)
    return valid;
  if (auto valid = checkNames(plan.outputs, "output"); !valid)
    return valid;
  for (const Symbol &symbol : plan.symbols)
    if (auto valid = checkSymbol(symbol); !valid)
      return valid;
  for (const auto *tensors : {&plan.inputs, &plan.outputs})
    for (const Tensor &tensor : *tensors)
      if (auto valid = checkTensor(tensor, plan.symbols.size()); !valid)
        return valid;
  return checkSymbolsAreBound(plan);
}

/// As cuTensorMapEncodeTiled wants it, as far as that is known.
static Result<void> checkTensorMap(const Kernel &kernel, const TensorMap &map) {
  constexpr size_t kFewestDims = 2, kMostDims = 5;
  constexpr uint32_t kMostBox = 256;
  auto bad = [&](const auto &...reason) {
    return badArtifact("kernel ", quoted(kernel.name),
                       " has a tensor map with ", reason...);
  };
  if (map.buffer >= kernel.numBuffers)
    return bad("buffer ", map.buffer, " of ", kernel.numBuffers);
  if (map.sizes.size() < kFewestDims || map.sizes.size() > kMostDims ||
      map.box.size() != map.sizes.size())
    return bad(map.sizes.size(), " dims and a box of ", map.box.size(),
               ", expected ", kFewestDims, " to ", kMostDims, " of both");
  for (const TensorMapSize &size : map.sizes)
    if (size.scalar != TensorMapSize::kNoScalar &&
        size.scalar >= kernel.numScalars)
      return bad("scalar ", size.scalar, " of ", kernel.numScalars);
  for (uint32_t extent : map.box)
    if (extent < 1 || extent > kMostBox)
      return bad("a box of ", extent, " along a dim, expected 1 to ", kMostBox);
  uint64_t rowBytes = uint64_t(map.elementBytes) * map.box[0];
  if (rowBytes != 32 && rowBytes != 64 && rowBytes != 128)
    return bad("rows of ", rowBytes, " bytes, expected 32, 64 or 128");
  return {};
}

static Result<void> checkDeviceKernel(const Kernel &kernel) {
  if (kernel.blockThreads < 1 || kernel.blockThreads > kMaxBlockThreads)
    return badArtifact("kernel ", quoted(kernel.name), " wants blocks of ",
                       kernel.blockThreads, " threads, expected 1 to ",
                       kMaxBlockThreads);
  if (kernel.scratchBytes != 0)
    return badArtifact("kernel ", quoted(kernel.name), " of a GPU wants ",
                       kernel.scratchBytes, " bytes of scratch");
  for (const DeviceCode &code : kernel.codes)
    if (code.arch.empty() || code.bytes == 0)
      return badArtifact("kernel ", quoted(kernel.name),
                         " has code without an architecture or without bytes");
  for (const TensorMap &map : kernel.tensorMaps)
    if (auto valid = checkTensorMap(kernel, map); !valid)
      return valid;
  return {};
}

static Result<void> checkKernel(const Kernel &kernel) {
  if (kernel.scratchBytes > kMaxScratchBytes)
    return badArtifact("kernel ", quoted(kernel.name), " wants ",
                       kernel.scratchBytes, " bytes of scratch, the limit is ",
                       kMaxScratchBytes);
  if (!kernel.codes.empty())
    return checkDeviceKernel(kernel);
  return {};
}

/// What runs on one device must not launch what was made for another.
static Result<void> checkKernels(const Plan &plan) {
  for (const Kernel &kernel : plan.kernels) {
    if (auto valid = checkKernel(kernel); !valid)
      return valid;
    if (kernel.codes.empty() == isForGpu(plan))
      return badArtifact("kernel ", quoted(kernel.name), " is for a ",
                         kernel.codes.empty() ? "CPU" : "GPU",
                         ", the plan for ", quoted(plan.target));
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace {
class FunctionCheck {
public:
  FunctionCheck(const Plan &plan, const Function &function)
      : plan(plan), function(function) {}

  Result<void> run() {
    for (const ArenaSlot &slot : function.slots)
      if (auto valid = formula(slot.bytes); !valid)
        return within("function " + quoted(function.name) + ", slots",
                      valid.error());
    for (size_t i = 0; i < function.steps.size(); ++i) {
      auto check = [&](const auto &step) { return checkStep(step); };
      if (auto valid = std::visit(check, function.steps[i]); !valid)
        return within(
            rt::message("function ", quoted(function.name), ", step ", i),
            valid.error());
    }
    return {};
  }

private:
  Result<void> formula(const Expr &expr) {
    return checkExpr(expr, plan.symbols.size());
  }

  size_t numBuffers(Space space) {
    switch (space) {
    case Space::Input:
      return plan.inputs.size();
    case Space::Output:
      return plan.outputs.size();
    case Space::Weight:
      return plan.weights.size();
    case Space::Arena:
      return function.slots.size();
    case Space::Parameter:
      return function.numParameters;
    }
    return 0;
  }

  Result<void> buffers(const std::vector<BufferRef> &list) {
    static constexpr const char *kNames[] = {"input", "output", "weight",
                                             "arena slot", "parameter"};
    for (BufferRef buffer : list) {
      if (buffer.space > Space::Parameter)
        return badArtifact("unknown space ", unsigned(buffer.space));
      if (buffer.index >= numBuffers(buffer.space))
        return badArtifact(kNames[size_t(buffer.space)], " ", buffer.index,
                           " is used, there are ", numBuffers(buffer.space));
    }
    return {};
  }

  static Result<void> count(const std::string &callee, size_t takes,
                            size_t passed, const char *what) {
    if (takes == passed)
      return {};
    return badArtifact(callee, " takes ", takes, " ", what, ", but ", passed,
                       " are passed");
  }

  /// Whether the kernel takes what the launch passes, and has a grid.
  Result<void> checkCallee(const Launch &launch, uint32_t number,
                           const Expr &instances) {
    if (number >= plan.kernels.size())
      return badArtifact("kernel ", number, " is launched, there are ",
                         plan.kernels.size());
    const Kernel &kernel = plan.kernels[number];
    std::string callee = "kernel " + quoted(kernel.name);
    if (auto same =
            count(callee, kernel.numBuffers, launch.buffers.size(), "buffers");
        !same)
      return same;
    if (auto same =
            count(callee, kernel.numScalars, launch.scalars.size(), "scalars");
        !same)
      return same;
    return formula(instances);
  }

  Result<void> checkStep(const Launch &launch) {
    if (auto valid = checkCallee(launch, launch.kernel, launch.instances);
        !valid)
      return valid;
    for (const Variant &variant : launch.variants) {
      if (auto valid = checkCallee(launch, variant.kernel, variant.instances);
          !valid)
        return valid;
      if (auto valid = formula(variant.size); !valid)
        return valid;
    }
    for (const Expr &scalar : launch.scalars)
      if (auto valid = formula(scalar); !valid)
        return valid;
    for (const Expr *figure : {&launch.flops, &launch.bytesMoved})
      if (!figure->empty())
        if (auto valid = formula(*figure); !valid)
          return valid;
    if (launch.results.size() > launch.buffers.size())
      return badArtifact("kernel ", quoted(plan.kernels[launch.kernel].name),
                         " writes ", launch.results.size(), " results to ",
                         launch.buffers.size(), " buffers");
    for (const LaunchResult &result : launch.results)
      for (const Expr &dim : result.dims)
        if (auto valid = formula(dim); !valid)
          return valid;
    return buffers(launch.buffers);
  }

  Result<void> checkStep(const Call &call) {
    if (call.function >= plan.functions.size())
      return badArtifact("function ", call.function, " is called, there are ",
                         plan.functions.size());
    const Function &callee = plan.functions[call.function];
    if (auto same =
            count("function " + quoted(callee.name), callee.numParameters,
                  call.arguments.size(), "arguments");
        !same)
      return same;
    return buffers(call.arguments);
  }

  Result<void> checkStep(const Copy &copy) {
    if (copy.to.space == Space::Input || copy.to.space == Space::Weight)
      return badArtifact("a copy writes to an input or a weight");
    if (auto valid = buffers({copy.from, copy.to}); !valid)
      return valid;
    return formula(copy.bytes);
  }

  const Plan &plan;
  const Function &function;
};

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// A step and its buffers: what one execution of it adds to a tape.
uint64_t entriesOf(const Step &step) {
  if (const auto *launch = std::get_if<Launch>(&step))
    return 1 + launch->buffers.size();
  if (const auto *call = std::get_if<Call>(&step))
    return 1 + call->arguments.size();
  return 3;
}

/// What a function is with its callees: how deep, and how much work to unroll.
struct CallTree {
  size_t height = 0; ///< 1 for a function that calls nothing; 0: not known yet
  uint64_t numEntries = 0;
};

class CallCheck {
public:
  explicit CallCheck(const Plan &plan)
      : plan(plan), trees(plan.functions.size()) {}

  Result<CallTree> measure(uint32_t index, size_t depth = 1) {
    if (trees[index].height)
      return trees[index];
    const Function &function = plan.functions[index];
    if (depth > kMaxCallDepth) // so does every cycle in the end
      return tooDeep(function);
    CallTree tree{1, 0};
    for (const Step &step : function.steps) {
      tree.numEntries += entriesOf(step);
      if (const auto *call = std::get_if<Call>(&step)) {
        auto callee = measure(call->function, depth + 1);
        if (!callee)
          return callee;
        tree.height = std::max(tree.height, callee->height + 1);
        tree.numEntries += callee->numEntries;
      }
      if (tree.height > kMaxCallDepth)
        return tooDeep(function);
      if (tree.numEntries > kMaxTapeEntries)
        return badArtifact("function ", quoted(function.name),
                           " executes more than ", kMaxTapeEntries,
                           " steps and buffers");
    }
    return trees[index] = tree;
  }

private:
  static Error tooDeep(const Function &function) {
    return badArtifact("calls of function ", quoted(function.name),
                       " go round or are deeper than ", kMaxCallDepth);
  }

  const Plan &plan;
  std::vector<CallTree> trees;
};
} // namespace

static Result<void> checkFunctions(const Plan &plan) {
  if (plan.functions.empty())
    return badArtifact("the plan has no function");
  if (plan.functions[0].numParameters != 0)
    return badArtifact("function ", quoted(plan.functions[0].name),
                       " is the model but has parameters");
  for (const Function &function : plan.functions)
    if (auto valid = FunctionCheck(plan, function).run(); !valid)
      return valid;
  CallCheck calls(plan);
  for (uint32_t i = 0; i < plan.functions.size(); ++i)
    if (auto tree = calls.measure(i); !tree)
      return tree.error();
  return {};
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

static Result<void> checkProgram(const Plan &plan) {
  if (auto valid = checkKernels(plan); !valid)
    return valid;
  return checkFunctions(plan);
}

/// What is chosen by the device that is found must be for one.
static Result<void> checkAlternatives(const Plan &plan) {
  if (plan.alternatives.size() > kMaxAlternatives)
    return badArtifact("the plan has ", plan.alternatives.size(),
                       " alternatives, the limit is ", kMaxAlternatives);
  for (const Alternative &alternative : plan.alternatives) {
    std::string place = "alternative " + quoted(alternative.target);
    Plan one = planOf(plan, alternative);
    if (!isForGpu(plan) || !isForGpu(one))
      return badArtifact(place, " to ", quoted(plan.target),
                         ": both must be for GPUs");
    if (auto valid = checkProgram(one); !valid)
      return within(place, valid.error());
  }
  return {};
}

Result<void> checkPlan(const Plan &plan) {
  if (auto valid = checkSignature(plan); !valid)
    return valid;
  if (auto valid = checkProgram(plan); !valid)
    return valid;
  return checkAlternatives(plan);
}

} // namespace tenon::abi
