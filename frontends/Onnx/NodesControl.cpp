//===- NodesControl.cpp - importers of If and Loop ------------------------===//
//
// A body sees the names around it. What import knows to be constant decides
// here: the branch that is always taken stands in the node's place, and a loop
// that always goes on has a count alone.
//
//===----------------------------------------------------------------------===//

#include "frontends/Onnx/NodeTable.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

/// The node's attribute that is a graph; null after an error.
static const Graph *bodyOf(NodeBuilder &b, StringRef name, size_t numOutputs) {
  const NodeAttribute *attribute = b.attribute(name);
  if (attribute && attribute->graphs.size() == 1 &&
      attribute->graphs.front().outputs.size() == numOutputs)
    return &attribute->graphs.front();
  (void)b.error("needs a graph '" + name + "' with " + Twine(numOutputs) +
                " outputs");
  return nullptr;
}

/// What a body calls its output.
static Imported *findOutput(NodeBuilder &b, const Graph &body, size_t output) {
  StringRef name = body.outputs[output].name;
  Imported *found = b.importer.find(name);
  if (!found)
    (void)b.error("its body makes no '" + name + "'");
  return found;
}

/// Ends the body that is being imported with its outputs from `first` on.
static LogicalResult yieldOutputs(NodeBuilder &b, const Graph &body,
                                  size_t first, SmallVector<Value> yielded) {
  for (size_t output = first; output < body.outputs.size(); ++output) {
    Imported *found = findOutput(b, body, output);
    if (!found)
      return failure();
    yielded.push_back(b.importer.materialize(*found));
  }
  graph::YieldOp::create(b.builder, b.loc, yielded);
  return success();
}

static LogicalResult setOutputs(NodeBuilder &b, Operation *op) {
  for (auto [output, result] : llvm::enumerate(op->getResults()))
    if (b.isUsed(output) && failed(b.set(output, result)))
      return failure();
  return success();
}

/// A tensor of one element as one of rank 0.
static Value scalar(NodeBuilder &b, unsigned input) {
  return b.reshape(b.data(input), {});
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

/// The branch that is always taken, in the node's place.
static LogicalResult importTaken(NodeBuilder &b, bool condition) {
  const Graph *branch = bodyOf(b, condition ? "then_branch" : "else_branch",
                               b.node.outputs.size());
  if (!branch || failed(b.importer.importGraph(*branch)))
    return failure();
  for (auto [output, name] : llvm::enumerate(b.node.outputs)) {
    Imported *found = findOutput(b, *branch, output);
    if (!found ||
        (b.isUsed(output) && failed(b.importer.define(name, *found, b.node))))
      return failure();
  }
  return success();
}

/// The branches' results, which must be of one size: memory is planned before
/// it is known which one is taken.
static LogicalResult checkBranches(NodeBuilder &b, TypeRange then,
                                   TypeRange otherwise) {
  for (auto [output, pair] : llvm::enumerate(llvm::zip_equal(then, otherwise)))
    if (auto [x, y] = pair; x != y)
      return b.error(llvm::formatv("output {0} depends on the branch: expected "
                                   "{1} as the first one makes, got {2}",
                                   output, x, y)
                         .str());
  return success();
}

static LogicalResult importIf(NodeBuilder &b) {
  if (const ShapeValue *known = b.shape(0))
    if (auto numbers = known->numbers(); numbers && numbers->size() == 1)
      return importTaken(b, numbers->front() != 0);
  Value condition = scalar(b, 0);
  Region bodies[2];
  SmallVector<Type> types[2];
  constexpr StringLiteral kNames[] = {"then_branch", "else_branch"};
  for (unsigned number : {0u, 1u}) {
    const Graph *branch = bodyOf(b, kNames[number], b.node.outputs.size());
    Block &block = bodies[number].emplaceBlock();
    if (!branch || failed(b.importer.importBody(
                       *branch, block, [] { return success(); },
                       [&] { return yieldOutputs(b, *branch, 0, {}); })))
      return failure();
    types[number].assign(block.back().operand_type_begin(),
                         block.back().operand_type_end());
  }
  if (failed(checkBranches(b, types[0], types[1])))
    return failure();
  auto op = graph::IfOp::create(b.builder, b.loc, types[0], condition);
  op.getThenBody().takeBody(bodies[0]);
  op.getElseBody().takeBody(bodies[1]);
  return setOutputs(b, op);
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

/// What ends a loop.
struct LoopEnd {
  DimAttr count;   ///< or null
  Value limit;     ///< or null
  Value condition; ///< or null
};

/// ONNX's way to say that only the condition ends a loop.
static bool isEndless(DimAttr count) {
  constexpr int64_t kMany = std::numeric_limits<int32_t>::max();
  return count.getConstantValue().value_or(0) >= kMany;
}

/// The trip count, and the condition before the first turn; a condition that is
/// known to hold is none.
static LoopEnd readEnd(NodeBuilder &b) {
  LoopEnd end;
  if (const ShapeValue *count = b.has(0) ? b.shape(0) : nullptr)
    end.count = count->elements.front();
  else if (b.has(0))
    end.limit = b.castTo(scalar(b, 0), b.builder.getI64Type());
  const ShapeValue *known = b.has(1) ? b.shape(1) : nullptr;
  auto numbers = known ? known->numbers() : std::nullopt;
  if (numbers && numbers->front() == 0)
    return {b.dim(0), nullptr, nullptr};
  if (b.has(1) && !numbers)
    end.condition = scalar(b, 1);
  return end;
}

static size_t numStateInputs(const NodeBuilder &b) {
  return std::max(b.numInputs(), 2u) - 2;
}

namespace {
/// Imports the body of one Loop node.
class LoopImporter {
public:
  LoopImporter(NodeBuilder &b, const Graph &body)
      : b(b), body(body), numState(numStateInputs(b)) {
    for (unsigned input = 2; input < b.numInputs(); ++input)
      inits.push_back(b.data(input));
  }

  LogicalResult run(LoopEnd end) {
    Region region;
    Block &block = region.emplaceBlock();
    block.addArgument(RankedTensorType::get({}, b.builder.getI64Type()), b.loc);
    for (Value init : inits)
      block.addArgument(init.getType(), b.loc);
    if (failed(b.importer.importBody(
            body, block, [&] { return defineInputs(block); },
            [&] { return yield(end); })))
      return failure();
    if (end.count && end.condition && isEndless(end.count))
      end.count = nullptr;
    if (failed(checkState(block, end)) || failed(checkRows(end)))
      return failure();
    auto op = graph::LoopOp::create(b.builder, b.loc, resultTypes(block, end),
                                    end.count, end.limit, end.condition, inits);
    op.getBody().takeBody(region);
    return setOutputs(b, op);
  }

private:
  size_t numRows() const { return body.outputs.size() - 1 - numState; }

  /// The turn's number, that the condition holds, and the state.
  LogicalResult defineInputs(Block &block) {
    if (body.inputs.size() != 2 + numState)
      return b.error("needs a body of " + Twine(2 + numState) +
                     " inputs, got " + Twine(body.inputs.size()));
    for (auto [number, input] : llvm::enumerate(body.inputs)) {
      Location loc = b.importer.locationOf(input.name);
      Imported imported{RankedTensorType::get({}, b.builder.getI1Type()),
                        loc,
                        {},
                        ShapeValue::scalar(b.dim(1)),
                        {},
                        {}};
      if (number != 1) {
        Value argument = block.getArgument(number == 0 ? 0 : number - 1);
        auto type = cast<RankedTensorType>(argument.getType());
        imported = Imported{type, loc, argument, {}, {}, {}};
      }
      if (failed(b.importer.define(input.name, imported, b.node)))
        return failure();
    }
    return success();
  }

  /// A condition that always holds after a turn is none.
  LogicalResult yield(LoopEnd &end) {
    Imported *next = findOutput(b, body, 0);
    if (!next)
      return failure();
    const ShapeValue *known = b.importer.shapeOf(*next);
    auto numbers = known ? known->numbers() : std::nullopt;
    bool goesOn = numbers && numbers->size() == 1 && numbers->front() != 0;
    if (goesOn && !end.condition)
      return yieldOutputs(b, body, 1, {});
    if (!end.condition) {
      // Depth 0: it is made around all bodies, as the loop's operand.
      Imported holds{RankedTensorType::get({}, b.builder.getI1Type()),
                     b.loc,
                     {},
                     ShapeValue::scalar(b.dim(1)),
                     {},
                     {}};
      end.condition = b.importer.materialize(holds);
    }
    return yieldOutputs(b, body, 1,
                        {b.reshape(b.importer.materialize(*next), {})});
  }

  LogicalResult checkState(Block &block, const LoopEnd &end) {
    ValueRange yielded = block.back().getOperands();
    yielded = yielded.drop_front(end.condition ? 1 : 0);
    for (auto [number, init] : llvm::enumerate(inits))
      if (Type next = yielded[number].getType(); next != init.getType())
        return b.error(
            llvm::formatv("its body changes '{0}' from turn to turn: expected "
                          "{1}, got {2}",
                          body.inputs[2 + number].name, init.getType(), next)
                .str());
    return success();
  }

  /// Rows are results of a size that is known before the run.
  LogicalResult checkRows(const LoopEnd &end) {
    if (numRows() == 0 || (end.count && !end.limit && !end.condition))
      return success();
    return b.error(
        "collects '" + StringRef(body.outputs[1 + numState].name) +
        "' in a number of turns that is computed from data: expected "
        "a trip count that follows from sizes, and no condition");
  }

  SmallVector<Type> resultTypes(Block &block, const LoopEnd &end) {
    SmallVector<Type> types(ValueRange(inits).getTypes());
    for (Value row : block.back().getOperands().take_back(numRows())) {
      auto type = cast<RankedTensorType>(row.getType());
      SmallVector<DimAttr> dims = graph::getDims(type);
      dims.insert(dims.begin(), end.count);
      types.push_back(graph::tensorOf(dims, type.getElementType()));
    }
    return types;
  }

  NodeBuilder &b;
  const Graph &body;
  const size_t numState;
  SmallVector<Value> inits;
};
} // namespace

static LogicalResult importLoop(NodeBuilder &b) {
  const Graph *body = bodyOf(b, "body", b.node.outputs.size() + 1);
  if (!body)
    return failure();
  if (b.node.outputs.size() < numStateInputs(b))
    return b.error("needs an output for each of its " +
                   Twine(numStateInputs(b)) + " state inputs, got " +
                   Twine(b.node.outputs.size()));
  LoopEnd end = readEnd(b);
  if (b.hasFailed())
    return failure();
  return LoopImporter(b, *body).run(end);
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"", "If", 1, 1, 1, importIf, nullptr},
    {"", "Loop", 1, 0, -1, importLoop, nullptr},
};

ArrayRef<NodeRule> onnx::controlRules() { return kRules; }
