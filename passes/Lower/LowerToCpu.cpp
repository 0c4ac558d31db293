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
  scratchBase = entry.getArgument(4);
}

/// Instance numbers count through the grid, the last axis of `order` fastest.
void TileLowering::decodeInstance(Value instance) {
  tile::GridOp grid = kernel.getGrid();
  unsigned rank = grid.getSizes().size();
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto given = schedule.getAs<DenseI64ArrayAttr>("order"))
      order.assign(given.asArrayRef().begin(), given.asArrayRef().end());
  Value rest = instance;
  for (int64_t axis : llvm::reverse(order)) {
    Value block =
        constantIndex(cast<IntegerAttr>(grid.getBlocks()[axis]).getInt());
    Value count = b.createOrFold<arith::CeilDivUIOp>(
        loc(), mapped(grid.getSizes()[axis]), block);
    Value number =
        axis == order.front()
            ? rest
            : arith::RemUIOp::create(b, loc(), rest, count).getResult();
    rest = arith::DivUIOp::create(b, loc(), rest, count);
    mapping.map(grid.getResult(axis),
                arith::MulIOp::create(b, loc(), number, block).getResult());
  }
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
  b.setInsertionPointToStart(loop.getBody());
  decodeInstance(loop.getInductionVar());
  if (failed(lowerBlock(kernel.getEntry())))
    return failure();
  function->setAttr("tenon.scratch_bytes", b.getI64IntegerAttr(scratchBytes));
  return function;
}

LogicalResult TileLowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(lowerOp(&op)))
      return failure();
  return success();
}

LogicalResult TileLowering::lowerOp(Operation *op) {
  if (isa<tile::GridOp, tile::ViewOp>(op))
    return success();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerLoop(loop);
  if (auto store = dyn_cast<tile::StoreOp>(op)) {
    lowerStore(store);
    return success();
  }
  if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
    lowerReduce(reduce);
    return success();
  }
  if (auto mma = dyn_cast<tile::MmaOp>(op)) {
    if (usesTileUnit(mma))
      lowerUnitProduct(mma);
    else if (!isAbsorbed(mma.getResult()))
      materialize(mma.getResult());
    return success();
  }
  if (isa<tile::TileDialect>(op->getDialect())) {
    if (isa<tile::ExtentOp>(op))
      return op->emitOpError("is left: the kernel has no schedule");
    if (shouldMaterialize(op->getResult(0)))
      materialize(op->getResult(0));
    return success();
  }
  if (!mapping.contains(op->getNumResults() ? op->getResult(0) : Value()))
    b.clone(*op, mapping); // index arithmetic
  return success();
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
  auto lowered =
      scf::ForOp::create(b, loc(), mapped(loop.getLowerBound()),
                         mapped(loop.getUpperBound()), mapped(loop.getStep()));
  mapping.map(loop.getInductionVar(), lowered.getInductionVar());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(lowered.getBody());
  if (failed(lowerBlock(*loop.getBody())))
    return failure();
  auto yielded =
      cast<scf::YieldOp>(loop.getBody()->getTerminator()).getOperands();
  for (Value value : yielded) // all are computed before any is overwritten
    if (!scratch.contains(value))
      materialize(value);
  for (auto [value, memory] : llvm::zip_equal(yielded, carried)) {
    auto type = cast<tile::TileType>(value.getType());
    unsigned lane = type.getRank()
                        ? llvm::find(memory.strides, 1) - memory.strides.begin()
                        : 0;
    SmallVector<std::optional<Bound>> none(type.getRank());
    forEachVector(type.getShape(), none, lane, [&](const Place &at) {
      writeScratch(evaluate(value, at), memory, at);
    });
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
