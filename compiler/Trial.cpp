//===- Trial.cpp - programs that run one kernel in several schedules ------===//

#include "compiler/Trial.h"

#include "passes/Schedule/ConstantOperands.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

using graph::DimAttr;

//===----------------------------------------------------------------------===//
// How the model launches its kernels
//===----------------------------------------------------------------------===//

/// The type with numbers for dims; null where one is not known.
static RankedTensorType staticType(Type type, const SymbolValues &symbols) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> sizes;
  for (DimAttr dim : graph::getDims(tensor)) {
    std::optional<int64_t> size = dim.evaluate(symbols);
    if (!size)
      return nullptr;
    sizes.push_back(*size);
  }
  return RankedTensorType::get(sizes, tensor.getElementType());
}

static bool appendStatic(TypeRange types, const SymbolValues &symbols,
                         SmallVector<Type> &list) {
  for (Type type : types)
    list.push_back(staticType(type, symbols));
  return llvm::all_of(list, [](Type type) { return type != nullptr; });
}

static int64_t numberOf(std::optional<Attribute> figure,
                        const SymbolValues &symbols) {
  auto dim = dyn_cast_or_null<DimAttr>(figure.value_or(nullptr));
  return dim ? dim.evaluate(symbols).value_or(0) : 0;
}

static std::optional<TrialLaunch> fixSizes(tile::LaunchOp launch,
                                           const SymbolValues &symbols) {
  TrialLaunch fixed;
  if (!appendStatic(launch.getInputs().getTypes(), symbols, fixed.inputs) ||
      !appendStatic(launch.getResultTypes(), symbols, fixed.results))
    return std::nullopt;
  for (auto scalar : launch.getScalars().getAsRange<DimAttr>()) {
    std::optional<int64_t> value = scalar.evaluate(symbols);
    if (!value)
      return std::nullopt;
    fixed.scalars.push_back(*value);
  }
  fixed.flops = numberOf(launch.getFlops(), symbols);
  fixed.bytes = numberOf(launch.getBytes(), symbols);
  return fixed;
}

/// The symbols of a layer, from the operands of a call of it.
static FailureOr<SymbolValues> symbolsOfCallee(func::CallOp call,
                                               func::FuncOp callee,
                                               const SymbolValues &symbols) {
  SmallVector<SmallVector<int64_t>> sizes;
  for (Type type : call.getOperandTypes()) {
    SmallVector<int64_t> &list = sizes.emplace_back();
    for (DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
      list.push_back(dim.evaluate(symbols).value_or(0));
  }
  return bindSymbols(callee.getArgumentTypes(), sizes,
                     callee->getAttrOfType<ArrayAttr>("graph.symbols"),
                     [&] { return call.emitError(); });
}

/// The symbols' values in each function that the public ones call.
using SymbolsOfFunctions = llvm::MapVector<func::FuncOp, SymbolValues>;

static LogicalResult bindCallees(func::FuncOp function,
                                 SymbolsOfFunctions &bound) {
  auto module = function->getParentOfType<ModuleOp>();
  WalkResult result = function.walk([&](func::CallOp call) -> WalkResult {
    auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
    if (bound.contains(callee))
      return success();
    auto symbols = symbolsOfCallee(call, callee, bound[function]);
    if (failed(symbols))
      return failure();
    bound[callee] = *symbols;
    return bindCallees(callee, bound);
  });
  return failure(result.wasInterrupted());
}

FailureOr<Trials> Trials::create(ModuleOp module, const SymbolValues &symbols) {
  SymbolsOfFunctions bound;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic()) {
      bound[function] = symbols;
      if (failed(bindCallees(function, bound)))
        return failure();
    }
  llvm::MapVector<StringAttr, SmallVector<tile::LaunchOp>> sites;
  module.walk([&](tile::LaunchOp launch) {
    sites[launch.getKernelAttr().getAttr()].push_back(launch);
  });
  Calls calls = callsOf(module);
  Trials trials;
  for (auto &[kernel, list] : sites)
    for (tile::LaunchOp launch : list) {
      auto function = launch->getParentOfType<func::FuncOp>();
      auto fixed = fixSizes(launch, bound[function]);
      TrialLaunch &known = trials.launches[kernel];
      if (!fixed || (!known.results.empty() && known.flops >= fixed->flops))
        continue;
      known = *fixed;
      for (unsigned i = 0; i < known.inputs.size(); ++i) {
        llvm::SetVector<OpOperand *> constants;
        known.isConstant.push_back(findConstants(list, i, calls, constants));
      }
    }
  return trials;
}

const TrialLaunch *Trials::launchOf(tile::KernelOp kernel) const {
  auto found = launches.find(kernel.getSymNameAttr());
  bool isKnown = found != launches.end() && !found->second.results.empty();
  return isKnown ? &found->second : nullptr;
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

/// A constant of this type whose elements are valid factors, scales and
/// indices.
static Value createConstant(OpBuilder &b, Location loc, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  Attribute value = isa<FloatType>(element)
                        ? Attribute(b.getFloatAttr(element, 0.5))
                        : b.getIntegerAttr(element, 1);
  return graph::ConstantOp::create(b, loc,
                                   DenseElementsAttr::get(tensor, value));
}

/// A layer, since a call is a step of its own though nothing reads its results:
/// all trials then write the same memory.
static func::FuncOp createLayer(OpBuilder &b, tile::KernelOp kernel,
                                const TrialLaunch &launch, TypeRange inputs) {
  OpBuilder::InsertionGuard guard(b);
  Location loc = b.getUnknownLoc();
  auto layer =
      func::FuncOp::create(b, loc, ("trial_" + kernel.getSymName()).str(),
                           b.getFunctionType(inputs, launch.results));
  layer.setPrivate();
  b.setInsertionPointToStart(layer.addEntryBlock());
  SmallVector<Value> operands;
  auto arguments = layer.getArguments().begin();
  for (auto [number, type] : llvm::enumerate(launch.inputs))
    operands.push_back(launch.isConstant[number] ? createConstant(b, loc, type)
                                                 : *arguments++);
  auto scalars = llvm::map_to_vector(launch.scalars, [&](int64_t number) {
    return Attribute(DimAttr::getConstant(b.getContext(), number));
  });
  auto step = tile::LaunchOp::create(b, loc, launch.results,
                                     kernel.getSymName(), operands,
                                     b.getArrayAttr(scalars), nullptr, nullptr);
  func::ReturnOp::create(b, loc, step.getResults());
  return layer;
}

OwningOpRef<ModuleOp> Trials::make(tile::KernelOp kernel,
                                   ArrayRef<DictionaryAttr> schedules) const {
  const TrialLaunch &launch = *launchOf(kernel);
  SmallVector<Type> inputs;
  for (auto [number, type] : llvm::enumerate(launch.inputs))
    if (!launch.isConstant[number])
      inputs.push_back(type);
  // Names of the model's values are in its locations.
  Location loc = UnknownLoc::get(kernel.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  auto main =
      func::FuncOp::create(b, loc, "main", b.getFunctionType(inputs, {}));
  OpBuilder body = OpBuilder::atBlockEnd(main.addEntryBlock());
  for (auto [number, schedule] : llvm::enumerate(schedules)) {
    auto copy = cast<tile::KernelOp>(b.clone(*kernel));
    copy.setSymName((kernel.getSymName() + "_" + Twine(number)).str());
    copy.setScheduleAttr(schedule);
    func::FuncOp layer = createLayer(b, copy, launch, inputs);
    func::CallOp::create(body, loc, layer, main.getArguments());
  }
  func::ReturnOp::create(body, loc);
  return module;
}

} // namespace tenon
