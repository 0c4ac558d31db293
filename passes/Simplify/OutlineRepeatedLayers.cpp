//===- OutlineRepeatedLayers.cpp - make repeated layers one function ------===//
//
// While a public function repeats a layer (RepeatedLayers.h):
// 1. Put the function's ops in order, so that what a repetition reads stands
//    before it.
// 2. List what comes from outside: for each such value of the first repetition
//    those that the others read in its place.
// 3. Make a function of the first repetition, and call it in place of each.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/RepeatedLayers.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_OUTLINEREPEATEDLAYERSPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("outline-repeated-layers").category("Simplify");
constexpr StringLiteral kSymbols = "graph.symbols";

class Outliner {
public:
  Outliner(func::FuncOp function, SymbolTable &symbols, OrderedOps &order,
           const RepeatedLayer &layer)
      : function(function), symbols(symbols), order(order), layer(layer) {}

  void run();

private:
  /// What the repetitions read in one place: a value for each.
  using Argument = SmallVector<Value>;

  bool isInside(Value value, unsigned number) const;
  Argument argumentOf(unsigned place, unsigned operand) const;
  void collectArguments();
  Location locationOf(unsigned place) const;
  SmallVector<Value> resultsOf(unsigned number) const;
  func::FuncOp createFunction();
  void fill(func::FuncOp callee);
  void call(func::FuncOp callee, unsigned number);

  func::FuncOp function;
  SymbolTable &symbols;
  OrderedOps &order;
  const RepeatedLayer &layer;
  SmallVector<Argument> arguments;
};

//===----------------------------------------------------------------------===//
// What a layer reads
//===----------------------------------------------------------------------===//

bool Outliner::isInside(Value value, unsigned number) const {
  return llvm::is_contained(layer.repetition(order, number),
                            value.getDefiningOp());
}

Outliner::Argument Outliner::argumentOf(unsigned place,
                                        unsigned operand) const {
  Argument values;
  for (unsigned k = 0; k < layer.count; ++k)
    values.push_back(layer.repetition(order, k)[place]->getOperand(operand));
  return values;
}

/// What is computed comes first, then what lies in the artifact.
void Outliner::collectArguments() {
  for (auto [place, op] : llvm::enumerate(layer.repetition(order, 0)))
    for (unsigned i = 0; i < op->getNumOperands(); ++i) {
      Argument values = argumentOf(place, i);
      if (!isInside(values[0], 0) && !areFreeAndEqual(values) &&
          !llvm::is_contained(arguments, values))
        arguments.push_back(values);
    }
  SmallVector<Argument> stored;
  for (const Argument &values : arguments)
    if (order.isStored(values[0]))
      stored.push_back(values);
  llvm::erase_if(arguments, [&](const Argument &values) {
    return order.isStored(values[0]);
  });
  llvm::append_range(arguments, stored);
}

SmallVector<Value> Outliner::resultsOf(unsigned number) const {
  SmallVector<Value> results;
  for (auto [place, result] : layer.results)
    results.push_back(
        layer.repetition(order, number)[place]->getResult(result));
  return results;
}

//===----------------------------------------------------------------------===//
// The function and its calls
//===----------------------------------------------------------------------===//

/// Of an op, in all repetitions.
Location Outliner::locationOf(unsigned place) const {
  SmallVector<Location> locations;
  for (unsigned k = 0; k < layer.count; ++k)
    locations.push_back(layer.repetition(order, k)[place]->getLoc());
  return FusedLoc::get(locations[0].getContext(), locations);
}

func::FuncOp Outliner::createFunction() {
  SmallVector<Type> inputs;
  for (const Argument &argument : arguments)
    inputs.push_back(argument[0].getType());
  OpBuilder b(function.getContext());
  FunctionType type =
      b.getFunctionType(inputs, ValueRange(resultsOf(0)).getTypes());
  auto callee = func::FuncOp::create(locationOf(0), "layer", type);
  callee.setPrivate();
  if (Attribute declared = function->getAttr(kSymbols))
    callee->setAttr(kSymbols, declared);
  symbols.insert(callee, std::next(Block::iterator(function)));
  return callee;
}

void Outliner::fill(func::FuncOp callee) {
  Block *body = callee.addEntryBlock();
  IRMapping mapping;
  OpBuilder b = OpBuilder::atBlockEnd(body);
  for (auto [place, op] : llvm::enumerate(layer.repetition(order, 0))) {
    SmallVector<Value> operands;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      // Repetitions may read one value in two places and two in another layer.
      auto *argument = llvm::find(arguments, argumentOf(place, i));
      if (argument != arguments.end()) {
        operands.push_back(body->getArgument(argument - arguments.begin()));
        continue;
      }
      if (!mapping.contains(operand))
        b.clone(*operand.getDefiningOp(), mapping); // free
      operands.push_back(mapping.lookup(operand));
    }
    Operation *copy = b.clone(*op, mapping);
    copy->setOperands(operands);
    copy->setLoc(locationOf(place));
  }
  SmallVector<Value> results;
  for (Value result : resultsOf(0))
    results.push_back(mapping.lookup(result));
  func::ReturnOp::create(b, callee.getLoc(), results);
}

void Outliner::call(func::FuncOp callee, unsigned number) {
  SmallVector<Value> operands;
  for (const Argument &argument : arguments)
    operands.push_back(argument[number]);
  Operation *first = layer.repetition(order, number).front();
  OpBuilder b(first);
  auto call = func::CallOp::create(b, first->getLoc(), callee, operands);
  for (auto [old, made] :
       llvm::zip_equal(resultsOf(number), call.getResults())) {
    old.replaceAllUsesWith(made);
    for (Argument &argument : arguments)
      llvm::replace(argument, old, Value(made));
  }
}

void Outliner::run() {
  order.apply();
  collectArguments();
  func::FuncOp callee = createFunction();
  fill(callee);
  remark::passed(callee.getLoc(), kRemark)
      << (Twine(layer.count) + " times " + Twine(layer.numOps) +
          " ops are one function, " + callee.getSymName())
             .str();
  for (unsigned k = 0; k < layer.count; ++k)
    call(callee, k);
  for (Operation *op : llvm::reverse(
           order.ops().slice(layer.first, layer.numOps * layer.count)))
    op->erase();
  // Numbers that stand in the layer now.
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isFree(&op) && op.use_empty())
      op.erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Bodies read what is defined around them, which no order here sees.
bool hasBodies(func::FuncOp function) {
  return llvm::any_of(function.front(),
                      [](Operation &op) { return op.getNumRegions() > 0; });
}

struct OutlineRepeatedLayers final
    : impl::OutlineRepeatedLayersPassBase<OutlineRepeatedLayers> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (function.isPublic() && !function.isExternal() && !hasBodies(function))
        outline(function, symbols);
  }

  static void outline(func::FuncOp function, SymbolTable &symbols) {
    while (true) {
      OrderedOps order(function.front());
      std::optional<RepeatedLayer> layer = findRepeatedLayer(order);
      if (!layer)
        return;
      Outliner(function, symbols, order, *layer).run();
    }
  }
};

} // namespace
} // namespace tenon
