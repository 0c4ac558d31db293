//===- KernelInterpreter.cpp - executes tile kernels, in both forms -------===//
//
// What stands before the grid runs once, what follows it once an instance. A
// value is a scalar, a tile or a view, and lives in one of three maps.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interpret/KernelInterpreter.h"

#include "compiler/Interpret/KernelMemory.h"
#include "compiler/Interpret/TileArithmetic.h"
#include "dialects/Graph/GraphReference.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

#include <random>

using namespace mlir;
using namespace tenon;

namespace {

class KernelRun {
public:
  KernelRun(tile::KernelOp kernel, KernelArguments arguments,
            const KernelOptions &options);
  FailureOr<SmallVector<ReferenceTensor>> run();

private:
  using Ops = llvm::iterator_range<Block::iterator>;

  LogicalResult runOps(Ops ops);
  LogicalResult runOp(Operation *op);
  LogicalResult runLoop(scf::ForOp loop);
  LogicalResult runScalar(Operation *op);
  LogicalResult runView(tile::ViewOp op);
  LogicalResult runLoad(tile::LoadOp op);
  LogicalResult runStore(tile::StoreOp op);
  LogicalResult runGather(tile::GatherOp op);
  LogicalResult runMap(tile::MapOp op);
  void runFill(tile::FillOp op);
  void runIndex(tile::IndexOp op);

  /// Offsets of every instance, in the order of their numbers.
  FailureOr<SmallVector<SmallVector<int64_t>>> listInstances(tile::GridOp grid);
  int64_t numberOf(Attribute extent);
  ReferenceTensor emptyTile(tile::TileType type);
  int64_t indexOf(Value value) const {
    return static_cast<int64_t>(scalars.at(value).bits);
  }
  SmallVector<int64_t> indicesOf(ValueRange values) const {
    return llvm::map_to_vector(values,
                               [&](Value value) { return indexOf(value); });
  }
  void setIndex(Value value, int64_t number) {
    scalars[value] = {.bits = static_cast<uint64_t>(number)};
  }
  /// Gives each of `to` what the value beside it has.
  void bind(ValueRange to, ValueRange from);

  tile::KernelOp kernel;
  const KernelOptions &options;
  KernelMemory memory;
  llvm::DenseMap<Value, Scalar> scalars;
  llvm::DenseMap<Value, ReferenceTensor> tiles;
  llvm::DenseMap<Value, KernelView> views;
  /// Bodies of maps with the values that they take from outside, and scalar
  /// ops as bodies of one op; prepared once.
  struct Body {
    ScalarBody body;
    SmallVector<Value> captured;
  };
  llvm::DenseMap<Operation *, Body> bodies;
};

} // namespace

//===----------------------------------------------------------------------===//
// The kernel and its instances
//===----------------------------------------------------------------------===//

static SmallVector<ReferenceTensor>
emptyTensors(ArrayRef<RankedTensorType> types) {
  return llvm::map_to_vector(types, [](RankedTensorType type) {
    return ReferenceTensor(type.getElementType(), type.getShape());
  });
}

KernelRun::KernelRun(tile::KernelOp kernel, KernelArguments arguments,
                     const KernelOptions &options)
    : kernel(kernel), options(options),
      memory(arguments.inputs, arguments.layouts,
             emptyTensors(arguments.results)) {
  for (auto [argument, number] :
       llvm::zip_equal(kernel.getScalars(), arguments.scalars))
    setIndex(argument, number);
}

FailureOr<SmallVector<ReferenceTensor>> KernelRun::run() {
  Block &entry = kernel.getEntry();
  tile::GridOp grid = kernel.getGrid();
  auto gridPosition = Block::iterator(grid);
  if (failed(runOps({entry.begin(), gridPosition})))
    return failure();
  auto instances = listInstances(grid);
  if (failed(instances))
    return failure();
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, instances->size()));
  std::shuffle(order.begin(), order.end(), std::mt19937(options.orderSeed));
  for (int64_t number : order) {
    memory.beginInstance(number);
    for (auto [result, offset] :
         llvm::zip_equal(grid.getResults(), (*instances)[number]))
      setIndex(result, offset);
    if (failed(runOps({std::next(gridPosition), std::prev(entry.end())})))
      return failure();
  }
  return memory.takeOutputs(kernel);
}

FailureOr<SmallVector<SmallVector<int64_t>>>
KernelRun::listInstances(tile::GridOp grid) {
  SmallVector<int64_t> counts, blocks;
  for (auto [size, block] :
       llvm::zip_equal(indicesOf(grid.getSizes()), grid.getBlocks())) {
    blocks.push_back(numberOf(block));
    if (size < 0 || blocks.back() < 1)
      return emitKernelError(grid)
             << "needs sizes of 0 or more in blocks of 1 or "
                "more, got "
             << size << " by " << blocks.back();
    counts.push_back(llvm::divideCeilSigned(size, blocks.back()));
  }
  SmallVector<SmallVector<int64_t>> instances;
  graph::forEachIndex(counts, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> &offsets = instances.emplace_back();
    for (auto [i, block] : llvm::zip_equal(index, blocks))
      offsets.push_back(i * block);
  });
  return instances;
}

int64_t KernelRun::numberOf(Attribute extent) {
  if (auto number = dyn_cast<IntegerAttr>(extent))
    return number.getInt();
  auto symbol = cast<StringAttr>(extent);
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto number = schedule.getAs<IntegerAttr>(symbol))
      return number.getInt();
  auto given = options.extents.find(symbol);
  return given == options.extents.end() ? options.otherExtent : given->second;
}

ReferenceTensor KernelRun::emptyTile(tile::TileType type) {
  auto shape = llvm::map_to_vector(
      type.getExtents(), [&](Attribute extent) { return numberOf(extent); });
  return ReferenceTensor(type.getElementType(), shape);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

LogicalResult KernelRun::runOps(Ops ops) {
  for (Operation &op : ops)
    if (failed(runOp(&op)))
      return failure();
  return success();
}

LogicalResult KernelRun::runOp(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](tile::ViewOp view) { return runView(view); })
      .Case([&](tile::LoadOp load) { return runLoad(load); })
      .Case([&](tile::StoreOp store) { return runStore(store); })
      .Case([&](tile::GatherOp gather) { return runGather(gather); })
      .Case([&](tile::MapOp map) { return runMap(map); })
      .Case([&](scf::ForOp loop) { return runLoop(loop); })
      .Case([&](tile::ExtentOp extent) {
        setIndex(extent, numberOf(extent.getSymbolAttr()));
        return success();
      })
      .Case([&](tile::FillOp fill) {
        runFill(fill);
        return success();
      })
      .Case([&](tile::IndexOp index) {
        runIndex(index);
        return success();
      })
      .Case([&](tile::ReduceOp reduce) {
        tiles[reduce.getResult()] = reduceTile(
            reduce.getKind(), tiles.at(reduce.getInput()), reduce.getAxis(),
            reduce.getLimit() ? std::optional(indexOf(reduce.getLimit()))
                              : std::nullopt);
        return success();
      })
      .Case([&](tile::MmaOp mma) {
        tiles[mma.getResult()] =
            multiplyTiles(tiles.at(mma.getLhs()), tiles.at(mma.getRhs()),
                          tiles.at(mma.getAccumulator()));
        return success();
      })
      .Default([&](Operation *other) { return runScalar(other); });
}

void KernelRun::bind(ValueRange to, ValueRange from) {
  // All are read before any is overwritten: a loop may exchange two values.
  SmallVector<ReferenceTensor> newTiles;
  SmallVector<Scalar> newScalars;
  for (Value value : from)
    if (isa<tile::TileType>(value.getType()))
      newTiles.push_back(tiles.at(value));
    else
      newScalars.push_back(scalars.at(value));
  auto *tile = newTiles.begin();
  auto *scalar = newScalars.begin();
  for (Value value : to)
    if (isa<tile::TileType>(value.getType()))
      tiles[value] = std::move(*tile++);
    else
      scalars[value] = *scalar++;
}

LogicalResult KernelRun::runLoop(scf::ForOp loop) {
  int64_t first = indexOf(loop.getLowerBound()),
          end = indexOf(loop.getUpperBound()), step = indexOf(loop.getStep());
  if (step < 1)
    return emitKernelError(loop) << "needs a step of 1 or more, got " << step;
  Block *body = loop.getBody();
  bind(loop.getRegionIterArgs(), loop.getInitArgs());
  for (int64_t i = first; i < end; i += step) {
    setIndex(loop.getInductionVar(), i);
    if (failed(runOps(body->without_terminator())))
      return failure();
    bind(loop.getRegionIterArgs(), body->getTerminator()->getOperands());
  }
  bind(loop.getResults(), loop.getRegionIterArgs());
  return success();
}

/// An arith op on the kernel's scalars.
LogicalResult KernelRun::runScalar(Operation *op) {
  auto found = bodies.find(op);
  if (found == bodies.end()) {
    auto body = ScalarBody::prepare(op->getOperands(), op, op->getResults());
    if (failed(body))
      return failure();
    found = bodies.try_emplace(op, Body{std::move(*body), {}}).first;
  }
  auto arguments = llvm::map_to_vector(
      op->getOperands(), [&](Value operand) { return scalars.at(operand); });
  auto result = found->second.body.run(arguments);
  if (!result)
    return emitKernelError(op) << "is undefined for its operands";
  scalars[op->getResult(0)] = result->front();
  return success();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LogicalResult KernelRun::runView(tile::ViewOp op) {
  KernelView view{cast<BlockArgument>(op.getBuffer()).getArgNumber(),
                  indicesOf(op.getSizes()), op.getType().getLayout()};
  for (auto [d, size, expected] :
       llvm::enumerate(view.sizes, op.getType().getShape()))
    if (!ShapedType::isDynamic(expected) && size != expected)
      return emitKernelError(op)
             << "has another size than its type in dimension " << d
             << ": expected " << expected << ", got " << size;
  if (failed(memory.checkView(op, view)))
    return failure();
  views[op.getResult()] = std::move(view);
  return success();
}

/// Index in a view of the element at `place` of a tile whose axes run along
/// `axes` of the view.
static SmallVector<int64_t> viewIndex(ArrayRef<int64_t> offsets,
                                      ArrayRef<int64_t> axes,
                                      ArrayRef<int64_t> place) {
  SmallVector<int64_t> index(offsets);
  for (auto [axis, coordinate] : llvm::zip_equal(axes, place))
    index[axis] += coordinate;
  return index;
}

/// A dimension without an axis has no mask: its offset is inside.
static LogicalResult checkPoints(Operation *op, const KernelView &view,
                                 ArrayRef<int64_t> offsets,
                                 ArrayRef<int64_t> axes) {
  for (auto [d, offset, size] : llvm::enumerate(offsets, view.sizes))
    if (!llvm::is_contained(axes, static_cast<int64_t>(d)) &&
        (offset < 0 || offset >= size))
      return emitKernelError(op)
             << "stands outside of its view in dimension " << d
             << ": expected 0 to " << size - 1 << ", got " << offset;
  return success();
}

LogicalResult KernelRun::runLoad(tile::LoadOp op) {
  ReferenceTensor tile = emptyTile(op.getType());
  const KernelView &view = views.at(op.getView());
  SmallVector<int64_t> offsets = indicesOf(op.getOffsets());
  if (failed(checkPoints(op, view, offsets, op.getAxes())))
    return failure();
  LogicalResult status = success();
  int64_t position = 0;
  graph::forEachIndex(tile.dims(), [&](ArrayRef<int64_t> place) {
    if (succeeded(status))
      status = memory.read(op, view, viewIndex(offsets, op.getAxes(), place),
                           tile, position++);
  });
  tiles[op.getResult()] = std::move(tile);
  return status;
}

LogicalResult KernelRun::runStore(tile::StoreOp op) {
  const ReferenceTensor &tile = tiles.at(op.getTile());
  const KernelView &view = views.at(op.getView());
  SmallVector<int64_t> offsets = indicesOf(op.getOffsets());
  if (failed(checkPoints(op, view, offsets, op.getAxes())))
    return failure();
  LogicalResult status = success();
  int64_t position = 0;
  graph::forEachIndex(tile.dims(), [&](ArrayRef<int64_t> place) {
    if (succeeded(status))
      status = memory.write(op, view, viewIndex(offsets, op.getAxes(), place),
                            tile, position++);
  });
  return status;
}

LogicalResult KernelRun::runGather(tile::GatherOp op) {
  ReferenceTensor tile = emptyTile(op.getType());
  const ReferenceTensor &indices = tiles.at(op.getIndices());
  const KernelView &view = views.at(op.getView());
  SmallVector<int64_t> offsets = indicesOf(op.getOffsets());
  LogicalResult status = success();
  int64_t position = 0;
  graph::forEachIndex(tile.dims(), [&](ArrayRef<int64_t> place) {
    ArrayRef<int64_t> row = place.take_front(indices.rank());
    int64_t chosen = indices.getInt(indices.offset(row));
    if (chosen < 0)
      chosen += view.sizes[op.getDim()];
    SmallVector<int64_t> index =
        viewIndex(offsets, op.getAxes(), place.drop_front(indices.rank()));
    index[op.getDim()] += chosen;
    if (succeeded(status))
      status = memory.read(op, view, index, tile, position++);
  });
  tiles[op.getResult()] = std::move(tile);
  return status;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void KernelRun::runFill(tile::FillOp op) {
  ReferenceTensor tile = emptyTile(op.getType());
  Scalar value = scalars.at(op.getValue());
  for (int64_t position = 0; position < tile.numElements(); ++position)
    setScalar(tile, position, value);
  tiles[op.getResult()] = std::move(tile);
}

void KernelRun::runIndex(tile::IndexOp op) {
  ReferenceTensor tile = emptyTile(op.getType());
  int64_t first = indexOf(op.getOffset());
  for (int64_t position = 0; position < tile.numElements(); ++position)
    tile.setInt(position, first + position);
  tiles[op.getResult()] = std::move(tile);
}

/// Values of the kernel that the body of a map reads.
static SmallVector<Value> capturedBy(tile::MapOp map) {
  llvm::SetVector<Value> captured;
  map.getBody().walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (operand.getParentRegion() != &map.getBody())
        captured.insert(operand);
  });
  return captured.takeVector();
}

LogicalResult KernelRun::runMap(tile::MapOp op) {
  Block &block = op.getBody().front();
  auto found = bodies.find(op);
  if (found == bodies.end()) {
    SmallVector<Value> captured = capturedBy(op), arguments;
    llvm::append_range(arguments, block.getArguments());
    llvm::append_range(arguments, captured);
    auto ops = llvm::map_to_vector(block.without_terminator(),
                                   [](Operation &inner) { return &inner; });
    auto body = ScalarBody::prepare(arguments, ops,
                                    block.getTerminator()->getOperands());
    if (failed(body))
      return failure();
    found = bodies.try_emplace(op, Body{std::move(*body), captured}).first;
  }
  SmallVector<MapInput> inputs;
  for (auto [n, input] : llvm::enumerate(op.getInputs()))
    inputs.push_back({&tiles.at(input), op.getMap(n)});
  auto captured = llvm::map_to_vector(
      found->second.captured, [&](Value value) { return scalars.at(value); });
  ReferenceTensor result = emptyTile(op.getType());
  if (auto place = mapTiles(found->second.body, inputs, captured, result)) {
    InFlightDiagnostic error = emitKernelError(op);
    error << "is undefined for the operands at [";
    llvm::interleaveComma(*place, error);
    return error << "]";
  }
  tiles[op.getResult()] = std::move(result);
  return success();
}

FailureOr<SmallVector<ReferenceTensor>>
tenon::interpretKernel(tile::KernelOp kernel, KernelArguments arguments,
                       const KernelOptions &options) {
  return KernelRun(kernel, std::move(arguments), options).run();
}
