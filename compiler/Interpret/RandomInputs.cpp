//===- RandomInputs.cpp - small inputs for a function, drawn at random ----===//

#include "compiler/Interpret/RandomInputs.h"

#include <random>

using namespace mlir;
using namespace tenon;

/// The smallest size from `wanted` on that the declaration allows.
static int64_t allowedSize(graph::SymbolAttr declared, int64_t wanted) {
  int64_t size = std::max(wanted, declared.getMin());
  size = llvm::divideCeil(size, declared.getDivisor()) * declared.getDivisor();
  return declared.getMax() < 0 ? size : std::min(size, declared.getMax());
}

static SymbolValues chooseSymbols(func::FuncOp function) {
  llvm::SetVector<StringAttr> names;
  for (Type type : function.getArgumentTypes())
    for (graph::DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
      dim.collectSymbols(names);
  SymbolValues symbols;
  for (auto [number, name] : llvm::enumerate(names))
    symbols[name] = static_cast<int64_t>(number) + 2;
  if (auto declared = function->getAttrOfType<ArrayAttr>("graph.symbols"))
    for (auto symbol : declared.getAsRange<graph::SymbolAttr>())
      if (auto found = symbols.find(symbol.getName()); found != symbols.end())
        found->second = allowedSize(symbol, found->second);
  return symbols;
}

static void fill(ReferenceTensor &tensor, std::mt19937 &random) {
  std::normal_distribution<double> normal(0.0, 1.0);
  std::bernoulli_distribution isOne(0.75);
  int64_t rowSize = tensor.rank() ? tensor.dims().back() : 1;
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    if (tensor.isFloat())
      tensor.setFloat(i, normal(random));
    else
      tensor.setInt(i, isOne(random) || i % rowSize == 0);
  tensor.round();
}

FailureOr<Interpreter::Tensors> tenon::drawInputs(func::FuncOp function) {
  SymbolValues symbols = chooseSymbols(function);
  std::mt19937 random(1);
  Interpreter::Tensors inputs;
  for (BlockArgument argument : function.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    SmallVector<int64_t> shape;
    for (graph::DimAttr dim : graph::getDims(type)) {
      std::optional<int64_t> size = dim.evaluate(symbols);
      if (!size)
        return function.emitOpError()
               << "'" << function.getName()
               << "' cannot be given random inputs: argument "
               << argument.getArgNumber() << " is " << type;
      shape.push_back(*size);
    }
    fill(inputs.emplace_back(type.getElementType(), shape), random);
  }
  return inputs;
}
