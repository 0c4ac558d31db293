//===- PlanMemory.cpp - from launches on tensors to a host program --------===//
//
// For each public function, and each private one that computes:
// 1. Merge equal values, so that one constant is one weight.
// 2. Give each result of a step (a launch or a call) a place: the function's
//    output, or a slot of the arena that is free from this step to the last
//    that reads the result.
// 3. Write the program: places when they are first needed, steps in order,
//    copies of what no step writes to its output.
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/Arena.h"
#include "passes/Memory/Passes.h"

#include "dialects/Exec/ExecDialect.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/ValueNames.h"
#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/Memory/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("plan-memory").category("Memory");

/// What a symbol without a maximum is when slots are compared: a short text.
constexpr int64_t kSampleSize = 128;

/// The bytes of a tensor; elements of fewer than 8 bits are counted as 8.
graph::DimAttr bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  MLIRContext *context = type.getContext();
  int64_t bits = type.getElementTypeBitWidth();
  return graph::numElements(context, graph::getDims(type))
      .mul(graph::DimAttr::getConstant(context, llvm::divideCeil(bits, 8)));
}

class Planner {
public:
  Planner(func::FuncOp function, SymbolTable &symbols)
      : function(function), symbols(symbols), b(function) {}

  LogicalResult run();

private:
  LogicalResult checkBody();
  void placeResults();
  Operation *createProgram();
  Operation *createFunction();
  Type bufferType() { return exec::BufferType::get(b.getContext()); }
  Value placeOf(Value tensor);
  Value input(unsigned number);
  Value output(unsigned number);
  Value weight(Value tensor);
  SmallVector<Value> buffersOf(Operation *step);
  FailureOr<ArrayAttr> variantsOf(tile::KernelOp kernel, tile::LaunchOp launch);
  LogicalResult writeLaunch(tile::LaunchOp launch);
  LogicalResult writeStep(Operation *step);
  void writeCopies();
  llvm::StringMap<int64_t> sampleShape();
  ArrayAttr names(unsigned count, StringRef what,
                  function_ref<Attribute(unsigned)> nameAt);

  func::FuncOp function;
  SymbolTable &symbols;
  OpBuilder b;
  SmallVector<Operation *> steps;    ///< launches and calls, in order
  DenseMap<Value, unsigned> outputs; ///< results that lie in an output
  DenseMap<Value, unsigned> slots;   ///< the other results of steps
  std::optional<Arena> arena;
  SmallVector<Value> slotBuffers, outputBuffers;
  DenseMap<Value, Value> places; ///< buffers of tensors, once needed
};

//===----------------------------------------------------------------------===//
// Which ops there are
//===----------------------------------------------------------------------===//

bool isStep(Operation *op) {
  return isa_and_nonnull<tile::LaunchOp, func::CallOp>(op);
}

LogicalResult Planner::checkBody() {
  DenseSet<Value> constants;
  for (Operation &op : function.front().without_terminator()) {
    if (isStep(&op)) {
      steps.push_back(&op);
      for (Value result : op.getResults())
        if (bytesOf(result).isUnknown())
          return op.emitOpError()
                 << "makes a tensor of unknown size, which cannot be planned: "
                 << result.getType();
      continue;
    }
    if (!llvm::all_of(op.getOperands(),
                      [&](Value v) { return constants.contains(v); }))
      return op.emitOpError() << "is left in the host program: expected only "
                                 "tile.launch, calls and what is computed "
                                 "from constants alone";
    constants.insert(op.result_begin(), op.result_end());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Places of results
//===----------------------------------------------------------------------===//

llvm::StringMap<int64_t> Planner::sampleShape() {
  llvm::StringMap<int64_t> sample;
  llvm::SetVector<StringAttr> used;
  for (Operation *step : steps)
    for (Value result : step->getResults())
      bytesOf(result).collectSymbols(used);
  for (StringAttr symbol : used)
    sample[symbol.getValue()] = kSampleSize;
  if (auto declared = function->getAttrOfType<ArrayAttr>("graph.symbols"))
    for (auto symbol : declared.getAsRange<graph::SymbolAttr>())
      if (symbol.getMax() >= 0)
        sample[symbol.getName().getValue()] = symbol.getMax();
  return sample;
}

void Planner::placeResults() {
  for (OpOperand &operand : function.front().getTerminator()->getOpOperands())
    if (isStep(operand.get().getDefiningOp()))
      outputs.try_emplace(operand.get(), operand.getOperandNumber());
  DenseMap<Value, unsigned> lastUse;
  for (auto [number, step] : llvm::enumerate(steps)) {
    for (Value input : step->getOperands())
      lastUse[input] = number;
    for (Value result : step->getResults())
      lastUse[result] = number;
  }
  arena.emplace(sampleShape());
  for (auto [number, step] : llvm::enumerate(steps))
    for (Value result : step->getResults())
      if (!outputs.contains(result))
        slots[result] = arena->take(bytesOf(result), number, lastUse[result]);
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

ArrayAttr Planner::names(unsigned count, StringRef what,
                         function_ref<Attribute(unsigned)> nameAt) {
  SmallVector<Attribute> list;
  for (unsigned i = 0; i < count; ++i) {
    Attribute name = nameAt(i);
    list.push_back(name ? name : b.getStringAttr(what + Twine(i)));
  }
  return b.getArrayAttr(list);
}

Operation *Planner::createProgram() {
  ArrayAttr inputs =
      names(function.getNumArguments(), "input",
            [&](unsigned i) { return function.getArgAttr(i, "graph.name"); });
  ArrayAttr results =
      names(function.getNumResults(), "output", [&](unsigned i) {
        return function.getResultAttr(i, "graph.name");
      });
  auto declared = function->getAttrOfType<ArrayAttr>("graph.symbols");
  auto program = exec::ProgramOp::create(
      b, function.getLoc(), function.getSymName(), inputs, results,
      declared ? declared : b.getArrayAttr({}), function.getFunctionType());
  b.setInsertionPointToStart(&program.getBody().emplaceBlock());
  return program;
}

/// Its parameters are the arguments, then the results.
Operation *Planner::createFunction() {
  auto created = exec::FunctionOp::create(
      b, function.getLoc(), function.getSymName(),
      function.getNumArguments() + function.getNumResults());
  b.setInsertionPointToStart(&created.getBody().emplaceBlock());
  return created;
}

Value Planner::input(unsigned number) {
  Location loc = function.getLoc();
  if (function.isPublic())
    return exec::InputOp::create(b, loc, bufferType(), number);
  return exec::ParameterOp::create(b, loc, bufferType(), number);
}

Value Planner::output(unsigned number) {
  Value &buffer = outputBuffers[number];
  Location loc = function.getLoc();
  if (!buffer && function.isPublic())
    buffer = exec::OutputOp::create(b, loc, bufferType(), number);
  if (!buffer)
    buffer = exec::ParameterOp::create(b, loc, bufferType(),
                                       function.getNumArguments() + number);
  return buffer;
}

/// Copies what computes `value`, which is computed from constants alone.
void cloneSlice(OpBuilder &b, Value value, IRMapping &mapping) {
  if (mapping.contains(value))
    return;
  for (Value operand : value.getDefiningOp()->getOperands())
    cloneSlice(b, operand, mapping);
  b.clone(*value.getDefiningOp(), mapping);
}

Value Planner::weight(Value tensor) {
  OpBuilder inner(b.getContext());
  auto value = func::FuncOp::create(
      tensor.getLoc(), "weight", inner.getFunctionType({}, tensor.getType()));
  value.setPrivate();
  inner.setInsertionPointToStart(value.addEntryBlock());
  IRMapping mapping;
  cloneSlice(inner, tensor, mapping);
  func::ReturnOp::create(inner, tensor.getLoc(), mapping.lookup(tensor));
  Operation *program = b.getInsertionBlock()->getParentOp();
  symbols.insert(value, Block::iterator(program));
  return exec::WeightOp::create(b, tensor.getLoc(), bufferType(),
                                value.getSymName());
}

Value Planner::placeOf(Value tensor) {
  if (auto found = outputs.find(tensor); found != outputs.end())
    return output(found->second);
  if (auto found = slots.find(tensor); found != slots.end()) {
    Value &buffer = slotBuffers[found->second];
    if (!buffer) {
      const Arena::Slot &slot = arena->slots()[found->second];
      SmallVector<Attribute> sizes(slot.sizes.begin(), slot.sizes.end());
      buffer = exec::SlotOp::create(b, function.getLoc(), bufferType(),
                                    b.getArrayAttr(sizes));
    }
    return buffer;
  }
  if (Value known = places.lookup(tensor))
    return known;
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return places[tensor] = input(argument.getArgNumber());
  return places[tensor] = weight(tensor);
}

/// The size of a grid's axis as a dim: a constant or an argument of the kernel.
Attribute gridSize(tile::KernelOp kernel, Value size, ArrayAttr scalars) {
  llvm::APInt number;
  if (matchPattern(size, m_ConstantInt(&number)))
    return graph::DimAttr::getConstant(kernel.getContext(),
                                       number.getSExtValue());
  auto argument = dyn_cast<BlockArgument>(size);
  unsigned numBuffers = kernel.getNumInputs() + kernel.getNumOutputs();
  if (argument && argument.getArgNumber() >= numBuffers)
    return scalars[argument.getArgNumber() - numBuffers];
  return nullptr;
}

/// What the step reads, then what it writes.
SmallVector<Value> Planner::buffersOf(Operation *step) {
  SmallVector<Value> buffers;
  for (Value input : step->getOperands())
    buffers.push_back(placeOf(input));
  for (Value result : step->getResults())
    buffers.push_back(placeOf(result));
  return buffers;
}

/// What is known of a tensor that a launch writes: the names that the imported
/// model has for it, and its type; a value with a name has its own dims, which
/// other reshapes may have followed.
struct WrittenTensor {
  ArrayAttr names;
  RankedTensorType type;
};

WrittenTensor writtenTensor(Value result) {
  Builder b(result.getContext());
  auto type = cast<RankedTensorType>(result.getType());
  graph::ValueNames known = graph::valueNamesAt(result.getLoc());
  if (known.type)
    type = graph::tensorOf(graph::getDims(known.type), type.getElementType());
  return {b.getStrArrayAttr(known.names), type};
}

/// The elements of the axes of a launch's grid, and those of its blocks.
struct Grid {
  SmallVector<Attribute> sizes;
  SmallVector<int64_t> blocks;
};

FailureOr<Grid> gridOf(tile::KernelOp kernel, ArrayAttr scalars) {
  Grid grid;
  tile::GridOp op = kernel.getGrid();
  for (auto [size, block] : llvm::zip_equal(op.getSizes(), op.getBlocks())) {
    grid.sizes.push_back(gridSize(kernel, size, scalars));
    auto number = dyn_cast<IntegerAttr>(block);
    if (!grid.sizes.back() || !number)
      return op.emitOpError()
             << "has an axis whose size is neither a number nor an argument, "
                "or whose block is not a number";
    grid.blocks.push_back(number.getInt());
  }
  return grid;
}

FailureOr<ArrayAttr> Planner::variantsOf(tile::KernelOp kernel,
                                         tile::LaunchOp launch) {
  SmallVector<Attribute> variants;
  for (tile::VariantAttr variant : kernel.getVariantList()) {
    auto other = symbols.lookup<tile::KernelOp>(variant.getKernel().getValue());
    FailureOr<Grid> grid = gridOf(other, launch.getScalars());
    if (failed(grid))
      return failure();
    variants.push_back(exec::VariantAttr::get(
        b.getContext(), variant.getKernel(), variant.getAxis(),
        variant.getMost(), b.getDenseI64ArrayAttr(grid->blocks)));
  }
  return variants.empty() ? ArrayAttr() : b.getArrayAttr(variants);
}

LogicalResult Planner::writeLaunch(tile::LaunchOp launch) {
  auto kernel = symbols.lookup<tile::KernelOp>(launch.getKernel());
  if (!kernel)
    return launch.emitOpError()
           << "there is no tile.kernel '" << launch.getKernel() << "'";
  FailureOr<Grid> grid = gridOf(kernel, launch.getScalars());
  FailureOr<ArrayAttr> variants = variantsOf(kernel, launch);
  if (failed(grid) || failed(variants))
    return failure();
  SmallVector<Type> types;
  SmallVector<Attribute> names;
  bool hasName = false;
  for (Value result : launch.getResults()) {
    WrittenTensor tensor = writtenTensor(result);
    types.push_back(tensor.type);
    names.push_back(tensor.names);
    hasName |= !tensor.names.empty();
  }
  exec::LaunchOp::create(
      b, launch.getLoc(), launch.getKernel(), buffersOf(launch),
      launch.getScalars(), b.getArrayAttr(grid->sizes), grid->blocks,
      launch.getFlopsAttr(), launch.getBytesAttr(), b.getTypeArrayAttr(types),
      hasName ? b.getArrayAttr(names) : nullptr, *variants);
  return success();
}

LogicalResult Planner::writeStep(Operation *step) {
  if (auto launch = dyn_cast<tile::LaunchOp>(step))
    return writeLaunch(launch);
  auto call = cast<func::CallOp>(step);
  exec::CallOp::create(b, call.getLoc(), call.getCallee(), buffersOf(call));
  return success();
}

void Planner::writeCopies() {
  for (OpOperand &operand : function.front().getTerminator()->getOpOperands()) {
    auto written = outputs.find(operand.get());
    unsigned number = operand.getOperandNumber();
    if (written != outputs.end() && written->second == number)
      continue;
    exec::CopyOp::create(b, function.getLoc(), placeOf(operand.get()),
                         output(number), bytesOf(operand.get()));
  }
}

LogicalResult Planner::run() {
  IRRewriter rewriter(function.getContext());
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  if (failed(checkBody()))
    return failure();
  placeResults();
  remark::analysis(function.getLoc(), kRemark)
      << (Twine(slots.size()) + " values share " +
          Twine(arena->slots().size()) + " slots of the arena")
             .str();
  outputBuffers.resize(function.getNumResults());
  slotBuffers.resize(arena->slots().size());
  Operation *program = function.isPublic() ? createProgram() : createFunction();
  for (Operation *step : steps)
    if (failed(writeStep(step)))
      return failure();
  writeCopies();
  symbols.erase(function);
  symbols.insert(program);
  return success();
}

/// A private function without arguments is a weight.
bool computes(func::FuncOp function) {
  return !function.isExternal() &&
         (function.isPublic() || function.getNumArguments() > 0);
}

struct PlanMemory final : impl::PlanMemoryPassBase<PlanMemory> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (computes(function) && failed(Planner(function, symbols).run()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tenon
