//===- KernelLaunch.cpp - what tile.launch means to the interpreter -------===//

#include "compiler/Interpret/KernelInterpreter.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

static FailureOr<RankedTensorType>
staticTypeOf(tile::LaunchOp launch, Type type, const SymbolValues &symbols) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape;
  for (graph::DimAttr dim : graph::getDims(tensor)) {
    std::optional<int64_t> size = dim.evaluate(symbols);
    if (!size)
      return launch.emitOpError()
             << "has a result whose size is unknown: " << tensor;
    shape.push_back(*size);
  }
  return RankedTensorType::get(shape, tensor.getElementType());
}

/// The order in memory of what a launch reads; an argument of a layer has that
/// of what the calls give, which is the same in all.
static tile::LayoutAttr layoutOf(Value input) {
  if (auto pack = input.getDefiningOp<tile::PackOp>())
    return pack.getLayout();
  auto argument = dyn_cast<BlockArgument>(input);
  if (!argument)
    return nullptr;
  Operation *layer = argument.getOwner()->getParentOp();
  auto uses = SymbolTable::getSymbolUses(layer, layer->getParentOp());
  for (SymbolTable::SymbolUse use : *uses)
    if (auto call = dyn_cast<func::CallOp>(use.getUser()))
      return layoutOf(call.getOperand(argument.getArgNumber()));
  return nullptr;
}

static FailureOr<KernelArguments> argumentsOf(tile::LaunchOp launch,
                                              Interpreter::Tensors inputs,
                                              const SymbolValues &symbols) {
  KernelArguments arguments{std::move(inputs), {}, {}, {}};
  for (Value input : launch.getInputs())
    arguments.layouts.push_back(layoutOf(input));
  for (Attribute scalar : launch.getScalars()) {
    std::optional<int64_t> number =
        cast<graph::DimAttr>(scalar).evaluate(symbols);
    if (!number)
      return launch.emitOpError()
             << "has a scalar whose symbols are unknown: " << scalar;
    arguments.scalars.push_back(*number);
  }
  for (Type type : launch.getResultTypes()) {
    FailureOr<RankedTensorType> result = staticTypeOf(launch, type, symbols);
    if (failed(result))
      return failure();
    arguments.results.push_back(*result);
  }
  return arguments;
}

/// The elements of an axis of a kernel's grid, a number or an argument.
static int64_t gridSize(tile::KernelOp kernel, int64_t axis,
                        ArrayRef<int64_t> scalars) {
  Value size = kernel.getGrid().getSizes()[axis];
  llvm::APInt number;
  if (matchPattern(size, m_ConstantInt(&number)))
    return number.getSExtValue();
  unsigned numBuffers = kernel.getNumInputs() + kernel.getNumOutputs();
  return scalars[cast<BlockArgument>(size).getArgNumber() - numBuffers];
}

/// The kernel, or the variant of it that runs for these sizes.
static tile::KernelOp variantFor(tile::KernelOp kernel,
                                 ArrayRef<int64_t> scalars) {
  for (tile::VariantAttr variant : kernel.getVariantList())
    if (gridSize(kernel, variant.getAxis(), scalars) <= variant.getMost())
      return SymbolTable::lookupNearestSymbolFrom<tile::KernelOp>(
          kernel, variant.getKernel());
  return kernel;
}

Interpreter::Handler tenon::launchHandler(KernelOptions options) {
  return [options = std::move(options)](
             Operation *op, Interpreter::Tensors operands,
             const SymbolValues &symbols) -> FailureOr<Interpreter::Tensors> {
    auto launch = cast<tile::LaunchOp>(op);
    auto kernel = SymbolTable::lookupNearestSymbolFrom<tile::KernelOp>(
        launch, launch.getKernelAttr());
    auto arguments = argumentsOf(launch, std::move(operands), symbols);
    if (failed(arguments))
      return failure();
    return interpretKernel(variantFor(kernel, arguments->scalars),
                           std::move(*arguments), options);
  };
}
