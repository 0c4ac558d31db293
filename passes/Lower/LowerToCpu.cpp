//===- LowerToCpu.cpp - scheduled kernels become functions over vectors ---===//
//
// void kernel(void *const *buffers, const int64_t *scalars,
//             int64_t begin, int64_t end, void *scratch)
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"
#include "passes/Lower/TileLowering.h"

#include "dialects/Target/TargetDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_LOWERTOCPUPASS
#include "passes/Lower/Passes.h.inc"

void TileLowering::loadArguments(func::FuncOp function) {
  Block &entry = *function.addEntryBlock();
  b.setInsertionPointToStart(&entry);
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  unsigned numBuffers = kernel.getNumInputs() + kernel.getNumOutputs();
  for (auto [number, argument] :
       llvm::enumerate(kernel.getEntry().getArguments())) {
    bool isBuffer = number < numBuffers;
    Value array = entry.getArgument(isBuffer ? 0 : 1);
    Type type = isBuffer ? Type(pointer) : Type(b.getI64Type());
    Value position = arith::ConstantOp::create(
        b, loc(), b.getI64IntegerAttr(isBuffer ? number : number - numBuffers));
    Value address = LLVM::GEPOp::create(b, loc(), pointer, type, array,
                                        ValueRange{position});
    Value value = LLVM::LoadOp::create(b, loc(), type, address);
    if (isBuffer)
      pointers[argument] = value;
    else
      mapping.map(argument,
                  arith::IndexCastOp::create(b, loc(), b.getIndexType(), value)
                      .getResult());
  }
  // Nothing else points there: what is read of it may be read before a store.
  scratchBase = entry.getArgument(4);
  function.setArgAttr(4, LLVM::LLVMDialect::getNoAliasAttrName(),
                      b.getUnitAttr());
}

/// Remembers that the offset's last step is a whole one, if it is.
void TileLowering::noteSteps(Value offset, Value size, int64_t step) {
  IntegerAttr number;
  if (matchPattern(size, m_Constant(&number)) && number.getInt() % step == 0)
    steps.push_back({offset, step, number.getInt()});
}

SmallVector<int64_t> TileLowering::gridOrder() {
  int64_t rank = kernel.getGrid().getSizes().size();
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto given = schedule ? schedule.getAs<DenseI64ArrayAttr>("order") : nullptr;
  return given ? llvm::to_vector(given.asArrayRef())
               : llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

/// Instance numbers count through the grid, the last axis of `order` fastest;
/// `group` blocks of it are walked before the axis above it steps.
void TileLowering::decodeInstance(Value instance) {
  tile::GridOp grid = kernel.getGrid();
  unsigned rank = grid.getSizes().size();
  SmallVector<int64_t> order = gridOrder();
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto group = schedule ? schedule.getAs<IntegerAttr>("group") : nullptr;
  SmallVector<Value> counts(rank), numbers(rank);
  for (unsigned axis = 0; axis < rank; ++axis)
    counts[axis] = b.createOrFold<arith::CeilDivUIOp>(
        loc(), mapped(grid.getSizes()[axis]), constantIndex(gridBlock(axis)));
  Value rest = instance;
  for (int64_t axis : llvm::reverse(order)) {
    numbers[axis] =
        axis == order.front()
            ? rest
            : arith::RemUIOp::create(b, loc(), rest, counts[axis]).getResult();
    if (axis != order.front())
      rest = arith::DivUIOp::create(b, loc(), rest, counts[axis]);
  }
  if (group)
    regroup(order.back(), order[rank - 2], group.getInt(), counts, numbers);
  for (unsigned axis = 0; axis < rank; ++axis) {
    Value offset = arith::MulIOp::create(b, loc(), numbers[axis],
                                         constantIndex(gridBlock(axis)));
    mapping.map(grid.getResult(axis), offset);
    noteSteps(offset, mapped(grid.getSizes()[axis]), gridBlock(axis));
  }
}

int64_t TileLowering::gridBlock(unsigned axis) {
  return cast<IntegerAttr>(kernel.getGrid().getBlocks()[axis]).getInt();
}

/// The plane of the two axes in groups of `size` numbers of `fast`: within one,
/// `slow` steps after each row of the group. The last group may be smaller.
void TileLowering::regroup(unsigned fast, unsigned slow, int64_t size,
                           ArrayRef<Value> counts,
                           MutableArrayRef<Value> numbers) {
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddIOp::create(b, loc(), x, y);
  };
  auto mul = [&](Value x, Value y) -> Value {
    return arith::MulIOp::create(b, loc(), x, y);
  };
  Value place = add(mul(numbers[slow], counts[fast]), numbers[fast]);
  Value whole = constantIndex(size);
  Value perGroup = mul(whole, counts[slow]);
  Value first = mul(arith::DivUIOp::create(b, loc(), place, perGroup), whole);
  Value inGroup = arith::RemUIOp::create(b, loc(), place, perGroup);
  Value left = arith::SubIOp::create(b, loc(), counts[fast], first);
  Value rows = arith::MinUIOp::create(b, loc(), left, whole);
  numbers[fast] = add(first, arith::RemUIOp::create(b, loc(), inGroup, rows));
  numbers[slow] = arith::DivUIOp::create(b, loc(), inGroup, rows);
}

FailureOr<func::FuncOp> TileLowering::lower() {
  b.setInsertionPoint(kernel);
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();
  auto type = b.getFunctionType({pointer, pointer, i64, i64, pointer}, {});
  auto function = func::FuncOp::create(b, loc(), kernel.getSymName(), type);
  loadArguments(function);
  Block &entry = function.front();
  auto toIndex = [&](Value v) {
    return arith::IndexCastOp::create(b, loc(), b.getIndexType(), v)
        .getResult();
  };
  auto loop =
      scf::ForOp::create(b, loc(), toIndex(entry.getArgument(2)),
                         toIndex(entry.getArgument(3)), constantIndex(1));
  func::ReturnOp::create(b, loc());
  // What does not depend on the instance stands before the loop.
  b.setInsertionPoint(loop);
  for (Operation &op : kernel.getEntry())
    if (isa<arith::ConstantOp>(op))
      b.clone(op, mapping);
  materializeInvariants();
  numInvariants = scratch.size();
  b.setInsertionPointToStart(loop.getBody());
  instance = loop.getInductionVar(), firstInstance = loop.getLowerBound();
  decodeInstance(instance);
  prepareKeptWords(instance, firstInstance);
  if (failed(lowerBlock(kernel.getEntry())))
    return failure();
  b.setInsertionPointAfter(loop);
  if (late)
    finishLateRows(loop.getUpperBound());
  function->setAttr("tenon.scratch_bytes", b.getI64IntegerAttr(scratchBytes));
  return function;
}

LogicalResult TileLowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(lowerOp(&op)))
      return failure();
  return success();
}

/// A product that is stored at once is computed with its store.
void TileLowering::lowerMma(tile::MmaOp mma) {
  bool usesTiles = usesTileUnit(mma);
  if (usesTiles || usesSplitUnit(mma)) {
    if (!isStored(mma))
      usesTiles ? keepUnitProduct(mma) : keepSplitProduct(mma);
    return;
  }
  if (dotsStagedWords(mma))
    words[mma.getRhs()] = stageWords(mma);
  if (!isAbsorbed(mma.getResult()))
    materialize(mma.getResult());
}

LogicalResult TileLowering::lowerOp(Operation *op) {
  if (isa<tile::GridOp, tile::ViewOp>(op))
    return success();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerLoop(loop);
  if (auto store = dyn_cast<tile::StoreOp>(op)) {
    Type elementType = store.getView().getType().getElementType();
    if (sharesBytes(elementType))
      return store.emitOpError(
                 "cannot write elements that share a byte, which other "
                 "instances write too: expected 8 bits or more, got ")
             << elementType;
    lowerStore(store);
    return success();
  }
  if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
    lowerReduce(reduce);
    return success();
  }
  if (auto mma = dyn_cast<tile::MmaOp>(op)) {
    lowerMma(mma);
    return success();
  }
  if (isa<tile::TileDialect>(op->getDialect())) {
    if (isa<tile::ExtentOp>(op))
      return op->emitOpError("is left: the kernel has no schedule");
    Value tile = op->getResult(0);
    if (!scratch.contains(tile) && shouldMaterialize(tile) &&
        !isKeptByReduce(tile))
      materialize(tile);
    return success();
  }
  if (!mapping.contains(op->getNumResults() ? op->getResult(0) : Value()))
    b.clone(*op, mapping); // index arithmetic
  return success();
}

/// Whether the tile's only reader is a map that reads it at its own place.
static bool isReadInPlaceBy(Value tile, Value reader) {
  auto map = reader.getDefiningOp<tile::MapOp>();
  if (!map || !tile.hasOneUse() || *tile.getUsers().begin() != map)
    return false;
  unsigned input = tile.getUses().begin()->getOperandNumber();
  return llvm::equal(map.getMap(input),
                     llvm::seq<unsigned>(0, map.getType().getRank()));
}

LogicalResult TileLowering::lowerLoop(scf::ForOp loop) {
  // Carried tiles live in scratch: written before the loop and at the end of
  // every turn.
  SmallVector<Scratch> carried;
  for (auto [init, argument] :
       llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs())) {
    auto type = dyn_cast<tile::TileType>(init.getType());
    if (!type)
      return loop.emitOpError("carries ")
             << init.getType() << ": only tiles can be carried";
    Scratch memory = allocate(type, laneAxisOf(argument));
    materializeInto(argument == init ? argument : init, memory);
    scratch.erase(init);
    memory.bounds.assign(type.getRank(), std::nullopt);
    scratch[argument] = memory;
    carried.push_back(memory);
  }
  llvm::SaveAndRestore sidesAround(splitSides, splitSides);
  llvm::SaveAndRestore copiesAround(copies, copies);
  prepareLeftSides(loop);
  auto lowered =
      scf::ForOp::create(b, loc(), mapped(loop.getLowerBound()),
                         mapped(loop.getUpperBound()), mapped(loop.getStep()));
  mapping.map(loop.getInductionVar(), lowered.getInductionVar());
  IntegerAttr step;
  if (matchPattern(loop.getLowerBound(), m_Zero()) &&
      matchPattern(loop.getStep(), m_Constant(&step)))
    noteSteps(lowered.getInductionVar(), lowered.getUpperBound(),
              step.getInt());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(lowered.getBody());
  if (failed(lowerBlock(*loop.getBody())))
    return failure();
  auto yielded =
      cast<scf::YieldOp>(loop.getBody()->getTerminator()).getOperands();
  for (auto [value, memory, argument] :
       llvm::zip_equal(yielded, carried, loop.getRegionIterArgs())) {
    if (scratch.contains(value))
      continue;
    // All are computed before any is overwritten that another may read.
    if (carried.size() == 1 && isReadInPlaceBy(argument, value))
      materializeInto(value, memory);
    else
      materialize(value);
  }
  for (auto [value, memory] : llvm::zip_equal(yielded, carried)) {
    if (scratch[value].pointer == memory.pointer)
      continue; // computed in place
    auto type = cast<tile::TileType>(value.getType());
    unsigned lane = type.getRank()
                        ? llvm::find(memory.strides, 1) - memory.strides.begin()
                        : 0;
    auto copy = [&](const Place &at) {
      writeScratch(evaluate(value, at), memory, at);
    };
    forEachVector(type.getShape(), endsOfGrid(value), lane, copy,
                  /*mayOverrun=*/true);
  }
  for (auto [result, memory] : llvm::zip_equal(loop.getResults(), carried))
    scratch[result] = memory;
  return success();
}

namespace {

struct LowerToCpu final : impl::LowerToCpuPassBase<LowerToCpu> {
  using LowerToCpuPassBase::LowerToCpuPassBase;

  void runOnOperation() override {
    VectorMachine machine{vectorBytes, numVectors, emulateUnits};
    SmallVector<tile::KernelOp> kernels(
        getOperation().getOps<tile::KernelOp>());
    for (tile::KernelOp kernel : kernels) {
      if (failed(TileLowering(kernel, machine).lower()))
        return signalPassFailure();
      kernel.erase();
    }
  }
};

} // namespace
} // namespace tenon
