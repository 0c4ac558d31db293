//===- RandomInputs.cpp - small inputs for a function, drawn at random ----===//

#include "compiler/Interpret/RandomInputs.h"

#include <random>

using namespace mlir;
using namespace tenon;

/// A dim of 1 would hide what repeats.
static constexpr int64_t kSmallest = 2;

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
    symbols[name] = kSmallest + static_cast<int64_t>(number);
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

Interpreter::Tensors tenon::drawInputs(func::FuncOp function) {
  SymbolValues symbols = chooseSymbols(function);
  std::mt19937 random(1);
  Interpreter::Tensors inputs;
  for (Type type : function.getArgumentTypes()) {
    SmallVector<int64_t> shape;
    for (graph::DimAttr dim : graph::getDims(cast<RankedTensorType>(type)))
      shape.push_back(dim.isUnknown() ? kSmallest : *dim.evaluate(symbols));
    fill(inputs.emplace_back(getElementTypeOrSelf(type), shape), random);
  }
  return inputs;
}
