//===- ControlFlow.cpp - executes graph.if and graph.loop -----------------===//

#include "compiler/Interpret/ControlFlow.h"

#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

using Tensors = Interpreter::Tensors;
using Captures = Interpreter::Captures;

llvm::SetVector<Value> tenon::capturesOf(Operation *op) {
  llvm::SetVector<Value> captures;
  if (op->getNumRegions() > 0 && !op->hasTrait<OpTrait::IsIsolatedFromAbove>())
    getUsedValuesDefinedAbove(op->getRegions(), captures);
  return captures;
}

/// Takes what stands behind the operands.
static Captures takeCaptures(Operation *op, Tensors &operands) {
  Captures captures;
  unsigned next = op->getNumOperands();
  for (Value value : capturesOf(op))
    captures.push_back({value, std::move(operands[next++])});
  operands.truncate(op->getNumOperands());
  return captures;
}

static FailureOr<Tensors> runIf(Interpreter &interpreter, IfOp op,
                                Tensors operands, const SymbolValues &symbols) {
  Captures captures = takeCaptures(op, operands);
  Region &body =
      operands.front().getInt(0) ? op.getThenBody() : op.getElseBody();
  return interpreter.runBlock(body.front(), {}, symbols, captures);
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

namespace {
/// What a loop has come to.
struct LoopState {
  Tensors state;
  bool goesOn = true;
  SmallVector<Tensors> rows; ///< of each turn
};
} // namespace

/// The number of turns after which the loop ends whatever the condition;
/// nothing when there is none.
static FailureOr<std::optional<int64_t>>
numTurns(LoopOp op, const Tensors &operands, const SymbolValues &symbols) {
  std::optional<int64_t> turns;
  if (std::optional<DimAttr> count = op.getCount()) {
    turns = count->evaluate(symbols);
    if (!turns)
      return op.emitOpError()
             << "has a count that the inputs do not determine: "
             << count->str();
  }
  if (op.getLimit()) {
    int64_t limit = operands.front().getInt(0);
    turns = turns ? std::min(*turns, limit) : limit;
  }
  return turns;
}

static LogicalResult runTurn(Interpreter &interpreter, LoopOp op, int64_t turn,
                             LoopState &loop, const SymbolValues &symbols,
                             const Captures &captures) {
  Tensors arguments;
  arguments.emplace_back(IntegerType::get(op.getContext(), 64),
                         ArrayRef<int64_t>());
  arguments.front().setInt(0, turn);
  llvm::append_range(arguments, loop.state);
  FailureOr<Tensors> yielded = interpreter.runBlock(
      op.getBody().front(), std::move(arguments), symbols, captures);
  if (failed(yielded))
    return failure();
  auto next = yielded->begin();
  if (op.getCondition())
    loop.goesOn = (next++)->getInt(0) != 0;
  std::copy_n(next, loop.state.size(), loop.state.begin());
  loop.rows.emplace_back(next + loop.state.size(), yielded->end());
  return success();
}

/// Row `number` of each turn, one above the other.
static FailureOr<ReferenceTensor> stackRows(LoopOp op, const LoopState &loop,
                                            unsigned number,
                                            const SymbolValues &symbols) {
  auto type =
      cast<RankedTensorType>(op.getResultTypes()[loop.state.size() + number]);
  SmallVector<int64_t> dims;
  for (DimAttr dim : getDims(type))
    dims.push_back(dim.evaluate(symbols).value_or(-1));
  for (const Tensors &rows : loop.rows)
    if (rows[number].dims() != ArrayRef(dims).drop_front())
      return op.emitOpError()
             << "has rows of another size than its result " << type;
  ReferenceTensor stack(type.getElementType(), dims);
  int64_t position = 0;
  for (const Tensors &rows : loop.rows)
    for (int64_t i = 0; i < rows[number].numElements(); ++i, ++position)
      stack.isFloat() ? stack.setFloat(position, rows[number].getFloat(i))
                      : stack.setInt(position, rows[number].getInt(i));
  return stack;
}

static FailureOr<Tensors> runLoop(Interpreter &interpreter, LoopOp op,
                                  Tensors operands,
                                  const SymbolValues &symbols) {
  Captures captures = takeCaptures(op, operands);
  FailureOr<std::optional<int64_t>> turns = numTurns(op, operands, symbols);
  if (failed(turns))
    return failure();
  unsigned numEnds = operands.size() - op.getInits().size();
  LoopState loop;
  if (op.getCondition())
    loop.goesOn = operands[numEnds - 1].getInt(0) != 0;
  loop.state.append(operands.begin() + numEnds, operands.end());
  for (int64_t turn = 0; loop.goesOn && (!*turns || turn < **turns); ++turn)
    if (failed(runTurn(interpreter, op, turn, loop, symbols, captures)))
      return failure();
  unsigned numRows = op.getNumResults() - loop.state.size();
  Tensors results = loop.state;
  for (unsigned number = 0; number < numRows; ++number) {
    FailureOr<ReferenceTensor> stack = stackRows(op, loop, number, symbols);
    if (failed(stack))
      return failure();
    results.push_back(std::move(*stack));
  }
  return results;
}

void tenon::addControlFlow(Interpreter &interpreter) {
  interpreter.addHandler<IfOp>(
      [&](Operation *op, Tensors operands, const SymbolValues &symbols) {
        return runIf(interpreter, cast<IfOp>(op), std::move(operands), symbols);
      });
  interpreter.addHandler<LoopOp>([&](Operation *op, Tensors operands,
                                     const SymbolValues &symbols) {
    return runLoop(interpreter, cast<LoopOp>(op), std::move(operands), symbols);
  });
}
