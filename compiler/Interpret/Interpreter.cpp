//===- Interpreter.cpp - executes a function of graph ops -----------------===//

#include "compiler/Interpret/Interpreter.h"

#include "compiler/Interpret/ControlFlow.h"
#include "compiler/Interpret/KernelInterpreter.h"
#include "compiler/Interpret/Specialize.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

using Tensors = Interpreter::Tensors;

//===----------------------------------------------------------------------===//
// Values of a block while it runs
//===----------------------------------------------------------------------===//

namespace {
/// Keeps a value until its last use, which moves it out.
class LiveValues {
public:
  void define(Value value, ReferenceTensor tensor) {
    if (!value.use_empty())
      values[value] = {std::move(tensor),
                       std::distance(value.use_begin(), value.use_end())};
  }

  ReferenceTensor use(Value value) { return take(value, 1); }

  /// For all uses inside of `op`, which reads it as often as it likes.
  ReferenceTensor capture(Value value, Operation *op) {
    return take(value, llvm::count_if(value.getUsers(), [&](Operation *user) {
                  return op->isProperAncestor(user);
                }));
  }

private:
  ReferenceTensor take(Value value, int64_t numUses) {
    auto found = values.find(value);
    assert(found != values.end() && "a value is defined here or captured");
    found->second.numUsesLeft -= numUses;
    if (found->second.numUsesLeft > 0)
      return found->second.tensor;
    ReferenceTensor tensor = std::move(found->second.tensor);
    values.erase(found);
    return tensor;
  }

  struct Entry {
    ReferenceTensor tensor;
    int64_t numUsesLeft;
  };
  DenseMap<Value, Entry> values;
};
} // namespace

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

static SmallVector<Type> typesOf(ArrayRef<ReferenceTensor> tensors) {
  return llvm::map_to_vector(
      tensors, [](const ReferenceTensor &tensor) -> Type {
        return RankedTensorType::get(tensor.dims(), tensor.elementType());
      });
}

static FailureOr<Tensors> evaluate(Operation *op,
                                   ArrayRef<ReferenceTensor> operands,
                                   const SymbolValues &symbols) {
  FailureOr<SpecializedOp> copy =
      SpecializedOp::create(op, typesOf(operands), symbols);
  if (failed(copy))
    return failure();
  Tensors results;
  for (Type type : copy->get()->getResultTypes()) {
    auto tensorType = cast<RankedTensorType>(type);
    results.emplace_back(tensorType.getElementType(), tensorType.getShape());
  }
  if (failed(
          cast<ReferenceOpInterface>(copy->get()).evaluate(operands, results)))
    return failure();
  return results;
}

FailureOr<Tensors> Interpreter::runOp(Operation *op, Tensors operands,
                                      const SymbolValues &symbols) {
  auto handler = handlers.find(op->getName().getStringRef());
  if (handler != handlers.end())
    return handler->second(op, std::move(operands), symbols);
  if (isa<ReferenceOpInterface>(op))
    return evaluate(op, operands, symbols);
  return op->emitOpError()
         << "has no reference meaning: expected an op with "
            "ReferenceOpInterface or a handler of the interpreter";
}

FailureOr<Tensors> Interpreter::runBlock(Block &block, Tensors arguments,
                                         const SymbolValues &symbols,
                                         const Captures &captures) {
  LiveValues values;
  for (const auto &[value, tensor] : captures)
    values.define(value, tensor);
  for (auto [argument, tensor] :
       llvm::zip_equal(block.getArguments(), arguments))
    values.define(argument, std::move(tensor));
  for (Operation &op : block) {
    Tensors operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.use(operand));
    if (op.hasTrait<OpTrait::ReturnLike>())
      return operands;
    for (Value captured : capturesOf(&op))
      operands.push_back(values.capture(captured, &op));
    FailureOr<Tensors> results = runOp(&op, std::move(operands), symbols);
    if (failed(results))
      return failure();
    if (observer)
      observer(&op, *results);
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), *results))
      values.define(result, std::move(tensor));
  }
  llvm_unreachable("the verifier wants a terminator");
}

//===----------------------------------------------------------------------===//
// One function
//===----------------------------------------------------------------------===//

static LogicalResult checkInputs(func::FuncOp function,
                                 ArrayRef<ReferenceTensor> inputs) {
  if (function.isDeclaration())
    return function.emitOpError()
           << "'" << function.getName() << "' has no body to execute";
  if (inputs.size() != function.getNumArguments())
    return function.emitOpError()
           << "'" << function.getName()
           << "' needs one input an argument: expected "
           << function.getNumArguments() << ", got " << inputs.size();
  for (auto [number, input] : llvm::enumerate(inputs)) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[number]);
    if (!type || type.getRank() != input.rank() ||
        type.getElementType() != input.elementType())
      return function.emitOpError()
             << "'" << function.getName()
             << "' needs inputs of its types: expected "
             << function.getArgumentTypes()[number] << " for argument "
             << number << ", got " << typesOf(input).front();
  }
  return success();
}

FailureOr<Tensors> Interpreter::run(func::FuncOp function, Tensors inputs) {
  if (failed(checkInputs(function, inputs)))
    return failure();
  auto dims = llvm::map_to_vector(inputs, [](const ReferenceTensor &input) {
    return SmallVector<int64_t>(input.dims());
  });
  auto emitError = [&] {
    return function.emitOpError() << "'" << function.getName() << "' ";
  };
  FailureOr<SymbolValues> symbols = bindSymbols(
      function.getArgumentTypes(), dims,
      function->getAttrOfType<ArrayAttr>("graph.symbols"), emitError);
  if (failed(symbols))
    return failure();
  return runBlock(function.getBody().front(), std::move(inputs), *symbols);
}

//===----------------------------------------------------------------------===//
// Ops that need more than their operands
//===----------------------------------------------------------------------===//

Interpreter::Interpreter(WeightReader readWeight) {
  addHandler<WeightOp>(
      [readWeight](Operation *op, Tensors,
                   const SymbolValues &) -> FailureOr<Tensors> {
        auto weight = cast<WeightOp>(op);
        auto type = cast<RankedTensorType>(weight.getType());
        FailureOr<ReferenceTensor> tensor =
            readWeight(weight.getRef(), type, op->getLoc());
        if (failed(tensor))
          return failure();
        return Tensors{std::move(*tensor)};
      });
  addHandler<GroupOp>(
      [this](Operation *op, Tensors operands, const SymbolValues &symbols) {
        return runBlock(cast<GroupOp>(op).getBody().front(),
                        std::move(operands), symbols);
      });
  addHandler<func::CallOp>([this](Operation *op, Tensors operands,
                                  const SymbolValues &) -> FailureOr<Tensors> {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        op, cast<func::CallOp>(op).getCalleeAttr());
    return run(callee, std::move(operands));
  });
  addControlFlow(*this);
  addHandler<tile::LaunchOp>(launchHandler({}));
}
