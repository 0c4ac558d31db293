//===- SymbolBounds.cpp - what a model's symbols may at most be -----------===//

#include "compiler/SymbolBounds.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

static constexpr StringLiteral kSymbols = "graph.symbols";

static LogicalResult checkLimit(ModuleOp module, graph::SymbolAttr symbol,
                                int64_t max) {
  StringRef name = symbol.getName();
  if (symbol.getMax() >= 0 && max > symbol.getMax())
    return module.emitError()
           << "symbol '" << name << "' is at most " << symbol.getMax()
           << " in the model, but " << max << " is given";
  int64_t largest = max - max % symbol.getDivisor();
  if (largest < symbol.getMin())
    return module.emitError()
           << "symbol '" << name << "' is at least " << symbol.getMin()
           << " and a multiple of " << symbol.getDivisor()
           << " in the model, but at most " << max << " is given";
  return success();
}

LogicalResult limitSymbol(ModuleOp module, StringRef name, int64_t max) {
  bool isFound = false;
  std::string known;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto declared = function->getAttrOfType<ArrayAttr>(kSymbols);
    if (function.isPrivate() || !declared)
      continue;
    SmallVector<Attribute> symbols;
    for (auto symbol : declared.getAsRange<graph::SymbolAttr>()) {
      symbols.push_back(symbol);
      known += (known.empty() ? "'" : ", '") + symbol.getName().str() + "'";
      if (symbol.getName() != name)
        continue;
      if (failed(checkLimit(module, symbol, max)))
        return failure();
      symbols.back() =
          graph::SymbolAttr::get(module.getContext(), symbol.getName(),
                                 symbol.getMin(), max, symbol.getDivisor());
      isFound = true;
    }
    function->setAttr(kSymbols, ArrayAttr::get(module.getContext(), symbols));
  }
  if (isFound)
    return success();
  return module.emitError()
         << "there is no symbol '" << name << "': the model has "
         << (known.empty() ? "none" : known);
}

} // namespace tenon
