//===- MaterializeTiles.cpp - tiles in scratch memory, and loops over them ===//

#include "passes/Lower/TileLowering.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Above this a tile with several readers is kept rather than computed again. A
/// load, or a sum of two loads, is cheaper than a round trip through L1.
static constexpr int64_t kRecomputeLimit = 5;

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

//===----------------------------------------------------------------------===//
// Scratch memory
//===----------------------------------------------------------------------===//

TileLowering::Scratch TileLowering::allocate(tile::TileType type,
                                             unsigned lane) {
  // Lanes are contiguous and padded to whole vectors; the other axes are
  // row-major.
  SmallVector<int64_t> shape = type.getShape();
  Scratch result;
  result.strides.resize(shape.size());
  result.bounds.resize(shape.size());
  int64_t elements = 1;
  if (!shape.empty()) {
    result.strides[lane] = 1;
    elements = roundUp(shape[lane], lanesOf(type.getElementType()));
    for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
      if (axis == lane)
        continue;
      result.strides[axis] = elements;
      elements *= shape[axis];
    }
  }
  int64_t elementBytes =
      std::max(1u, type.getElementType().getIntOrFloatBitWidth() / 8);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(scratchBase);
  Value offset =
      arith::ConstantOp::create(b, loc(), b.getI64IntegerAttr(scratchBytes));
  result.pointer =
      LLVM::GEPOp::create(b, loc(), scratchBase.getType(), b.getI8Type(),
                          scratchBase, ValueRange{offset});
  scratchBytes += roundUp(elements * elementBytes, 64);
  return result;
}

static Value scratchOffset(OpBuilder &b, Location loc,
                           ArrayRef<int64_t> strides, const Place &at) {
  Value linear = arith::ConstantIndexOp::create(b, loc, 0);
  for (auto [coord, stride] : llvm::zip_equal(at.coords, strides)) {
    Value scaled = b.createOrFold<arith::MulIOp>(
        loc, coord, arith::ConstantIndexOp::create(b, loc, stride).getResult());
    linear = b.createOrFold<arith::AddIOp>(loc, linear, scaled);
  }
  return linear;
}

/// Integers in a wider or narrower type: half a byte is a whole one in scratch.
template <typename Op>
static Value resizeIntegers(OpBuilder &b, Value value, Type elementType) {
  auto vector = dyn_cast<VectorType>(value.getType());
  Type type = vector ? Type(vector.clone(elementType)) : elementType;
  return Op::create(b, value.getLoc(), type, value);
}

Value TileLowering::readScratch(const Scratch &from, Type elementType,
                                const Place &at) {
  Value stride = at.lane ? constantIndex(from.strides[*at.lane]) : Value();
  Place whole = at;
  whole.mask = nullptr; // padding may be read
  bool isWidened = sharesBytes(elementType);
  Value read = readMemory(isWidened ? b.getI8Type() : elementType, from.pointer,
                          scratchOffset(b, loc(), from.strides, at), stride,
                          nullptr, whole);
  return isWidened ? resizeIntegers<arith::TruncIOp>(b, read, elementType)
                   : read;
}

void TileLowering::writeScratch(Value value, const Scratch &to,
                                const Place &at) {
  Value stride = at.lane ? constantIndex(to.strides[*at.lane]) : Value();
  Place whole = at;
  whole.mask = nullptr; // padding may be written
  if (sharesBytes(getElementTypeOrSelf(value.getType())))
    value = resizeIntegers<arith::ExtUIOp>(b, value, b.getI8Type());
  writeMemory(value, to.pointer, scratchOffset(b, loc(), to.strides, at),
              stride, nullptr, whole);
}

//===----------------------------------------------------------------------===//
// What to keep
//===----------------------------------------------------------------------===//

int64_t TileLowering::costOf(Value tile) {
  if (scratch.contains(tile))
    return 1;
  Operation *op = tile.getDefiningOp();
  if (!op || isa<tile::LoadOp, tile::FillOp, tile::IndexOp>(op))
    return 1;
  if (isa<tile::GatherOp>(op))
    return 6;
  auto map = dyn_cast<tile::MapOp>(op);
  if (!map)
    return 1;
  int64_t cost = 0;
  for (Value input : map.getInputs())
    cost += costOf(input);
  for (Operation &inner : map.getBody().front().without_terminator())
    cost += isa<arith::ConstantOp>(inner) ? 0
            : isa<math::FmaOp>(inner)     ? 1
            : isa<math::MathDialect>(inner.getDialect()) ||
                    isa<arith::DivFOp>(inner)
                ? 8
                : 1;
  return cost;
}

bool TileLowering::isCheap(Value tile) {
  return costOf(tile) <= kRecomputeLimit;
}

bool TileLowering::shouldMaterialize(Value tile) {
  Operation *op = tile.getDefiningOp();
  if (!isa_and_nonnull<tile::MapOp, tile::GatherOp, tile::LoadOp>(op))
    return false;
  if (pendingProduct(tile))
    return !isAbsorbed(tile);
  unsigned rank = tileTypeOf(tile).getRank();
  unsigned readers = 0;
  for (OpOperand &use : tile.getUses()) {
    Operation *user = use.getOwner();
    ++readers;
    // The vector side of a product is read again for every row block: it must
    // lie along the lanes.
    if (auto mma = dyn_cast<tile::MmaOp>(user)) {
      unsigned lane = laneAxisOf(mma.getResult());
      bool isVectorSide = use.getOperandNumber() == (lane == 1 ? 1u : 0u);
      if (use.getOperandNumber() < 2 && isVectorSide) {
        if (lane == 1 && (wordLength(tile) > 1 || dotsStagedWords(mma)))
          return false;
        bool isTurned = contiguousAxis(tile) != lane && !usesTileUnit(mma);
        if (isTurned || !isCheap(tile))
          return true;
      } else if (use.getOperandNumber() < 2 && !isCheap(tile)) {
        return true;
      }
    }
    // Spread over an axis that it lacks, it would be computed again there.
    if (auto map = dyn_cast<tile::MapOp>(user);
        map && map.getType().getRank() > rank && isa<tile::MapOp>(op) &&
        costOf(tile) > 2)
      return true;
    if (user->getBlock() != op->getBlock() && isa<tile::MapOp>(op) &&
        !isCheap(tile))
      return true;
  }
  // A loop that reads it first has room for a store.
  return readers > 1 && (!isCheap(tile) || isKeptByReduce(tile));
}

/// The axis along which the tile's memory is contiguous, found at its first
/// load.
std::optional<unsigned> TileLowering::contiguousAxis(Value tile) {
  if (auto found = scratch.find(tile); found != scratch.end()) {
    for (auto [axis, stride] : llvm::enumerate(found->second.strides))
      if (stride == 1)
        return axis;
    return std::nullopt;
  }
  Operation *op = tile.getDefiningOp();
  if (auto load = dyn_cast_or_null<tile::LoadOp>(op)) {
    if (load.getView().getType().getLayout())
      return load.getType().getRank() - 1;
    for (auto [axis, dim] : llvm::enumerate(load.getAxes()))
      if (dim == load.getView().getType().getRank() - 1)
        return axis;
    return std::nullopt;
  }
  if (auto gather = dyn_cast_or_null<tile::GatherOp>(op)) {
    unsigned numIndexAxes = gather.getIndices().getType().getRank();
    for (auto [position, dim] : llvm::enumerate(gather.getAxes()))
      if (dim == gather.getView().getType().getRank() - 1)
        return numIndexAxes + position;
    return std::nullopt;
  }
  if (auto map = dyn_cast_or_null<tile::MapOp>(op)) {
    // An input of full rank says more than one that is spread.
    std::optional<unsigned> best;
    for (auto [n, input] : llvm::enumerate(map.getInputs()))
      if (std::optional<unsigned> axis = contiguousAxis(input)) {
        unsigned target = map.getMap(n)[*axis];
        if (tileTypeOf(input).getRank() == map.getType().getRank())
          return target;
        best = best ? best : target;
      }
    return best;
  }
  return std::nullopt;
}

unsigned TileLowering::laneAxisOf(Value tile) {
  unsigned rank = tileTypeOf(tile).getRank();
  if (rank == 0)
    return 0;
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto lanes = schedule ? schedule.getAs<StringAttr>("lanes") : StringAttr();
  if (lanes && lanes.getValue() == "first")
    return 0;
  if (pendingProduct(tile) ||
      isa_and_nonnull<tile::MmaOp>(tile.getDefiningOp()))
    return rank - 1;
  return contiguousAxis(tile).value_or(rank - 1);
}

static bool haveEqualConstants(Value a, Value b) {
  IntegerAttr x, y;
  return matchPattern(a, m_Constant(&x)) && matchPattern(b, m_Constant(&y)) &&
         x.getInt() == y.getInt();
}

std::optional<Bound> TileLowering::boundOf(Value tile, unsigned axis) {
  if (auto found = scratch.find(tile); found != scratch.end())
    return found->second.bounds[axis];
  auto inView = [&](Value viewValue, unsigned dim,
                    ValueRange offsets) -> std::optional<Bound> {
    auto view = viewValue.getDefiningOp<tile::ViewOp>();
    int64_t extent = tileTypeOf(tile).getExtent(axis);
    if (isPaddedTo(view.getType().getLayout(), dim, extent))
      return std::nullopt;
    return Bound{mapped(offsets[dim]), mapped(view.getSizes()[dim])};
  };
  Operation *op = tile.getDefiningOp();
  if (auto load = dyn_cast_or_null<tile::LoadOp>(op))
    return inView(load.getView(), load.getAxes()[axis], load.getOffsets());
  if (auto gather = dyn_cast_or_null<tile::GatherOp>(op)) {
    unsigned numIndexAxes = gather.getIndices().getType().getRank();
    if (axis < numIndexAxes)
      return boundOf(gather.getIndices(), axis);
    return inView(gather.getView(), gather.getAxes()[axis - numIndexAxes],
                  gather.getOffsets());
  }
  if (auto mma = dyn_cast_or_null<tile::MmaOp>(op))
    return axis == 0 ? boundOf(mma.getLhs(), 0) : boundOf(mma.getRhs(), 1);
  if (auto map = dyn_cast_or_null<tile::MapOp>(op))
    return boundOfInputs(map, axis);
  return std::nullopt;
}

/// The end that all inputs with this axis have. Inputs that end at different
/// places say nothing about the map, nor do any when it looks at its own place:
/// it may have values where they end (a pad).
std::optional<Bound> TileLowering::boundOfInputs(tile::MapOp map,
                                                 unsigned axis) {
  std::optional<Bound> common;
  for (auto [n, input] : llvm::enumerate(map.getInputs()))
    for (auto [inner, target] : llvm::enumerate(map.getMap(n))) {
      if (target == axis && input.getDefiningOp<tile::IndexOp>())
        return std::nullopt;
      std::optional<Bound> bound =
          target == axis ? boundOf(input, inner) : std::nullopt;
      if (!bound)
        continue;
      if (common && (common->offset != bound->offset ||
                     (common->size != bound->size &&
                      !haveEqualConstants(common->size, bound->size))))
        return std::nullopt;
      common = bound;
    }
  return common;
}

Value TileLowering::limitOf(std::optional<Bound> bound, int64_t extent) {
  if (!bound || isInside(*bound, extent))
    return constantIndex(extent);
  Value left = arith::SubIOp::create(b, loc(), bound->size, bound->offset);
  Value positive = arith::MaxSIOp::create(b, loc(), left, constantIndex(0));
  return arith::MinSIOp::create(b, loc(), positive, constantIndex(extent));
}

//===----------------------------------------------------------------------===//
// Loops over whole tiles
//===----------------------------------------------------------------------===//

/// Whole vectors, then one with a mask. Where lanes may run over the end
/// (scratch has padding) a bound is left to the loads.
void TileLowering::forLanes(int64_t extent, std::optional<Bound> bound,
                            bool mayOverrun, int64_t width,
                            function_ref<void(Value, Value)> body) {
  if (mayOverrun && bound && extent % width == 0 && !isInside(*bound, extent)) {
    OpBuilder::InsertionGuard guard(b);
    auto loop =
        scf::ForOp::create(b, loc(), constantIndex(0), limitOf(bound, extent),
                           constantIndex(width));
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar(), nullptr);
    return;
  }
  if (mayOverrun || !bound || isInside(*bound, extent)) {
    int64_t whole = extent / width * width;
    if (whole == width) {
      body(constantIndex(0), nullptr);
    } else if (whole > 0) {
      auto loop =
          scf::ForOp::create(b, loc(), constantIndex(0), constantIndex(whole),
                             constantIndex(width));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      body(loop.getInductionVar(), nullptr);
    }
    if (whole < extent)
      body(constantIndex(whole),
           laneMask(constantIndex(extent - whole), width));
    return;
  }
  Value limit = limitOf(bound, extent);
  Value rest = arith::RemUIOp::create(b, loc(), limit, constantIndex(width));
  Value whole = arith::SubIOp::create(b, loc(), limit, rest);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, loc(), constantIndex(0), whole,
                                 constantIndex(width));
  b.setInsertionPointToStart(loop.getBody());
  guaranteed.push_back({*bound, {loop.getInductionVar(), whole}});
  body(loop.getInductionVar(), nullptr);
  b.setInsertionPointAfter(loop);
  Value hasRest = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ne,
                                        rest, constantIndex(0));
  auto tail = scf::IfOp::create(b, loc(), hasRest, /*withElseRegion=*/false);
  b.setInsertionPointToStart(tail.thenBlock());
  body(whole, laneMask(rest, width));
  guaranteed.pop_back();
  b.setInsertionPointAfter(tail);
}

void TileLowering::forEachVector(ArrayRef<int64_t> shape,
                                 ArrayRef<std::optional<Bound>> bounds,
                                 unsigned lane, PlaceFn body, bool mayOverrun,
                                 int64_t numVectors) {
  OpBuilder::InsertionGuard guard(b);
  Place at;
  at.coords.resize(shape.size());
  at.known.resize(shape.size());
  if (shape.empty()) {
    body(at);
    return;
  }
  Operation *outermost = nullptr;
  size_t numGuaranteed = guaranteed.size();
  for (unsigned axis = 0; axis < shape.size(); ++axis) {
    if (axis == lane)
      continue;
    if (shape[axis] == 1) {
      at.coords[axis] = constantIndex(0);
      continue;
    }
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0),
                                   limitOf(bounds[axis], shape[axis]),
                                   constantIndex(1));
    outermost = outermost ? outermost : loop.getOperation();
    b.setInsertionPointToStart(loop.getBody());
    at.coords[axis] = loop.getInductionVar();
    if (bounds[axis])
      guaranteed.push_back({*bounds[axis], {loop.getInductionVar()}});
  }
  at.lane = lane;
  at.width = numVectors * lanesOf(Type());
  forLanes(shape[lane], bounds[lane], mayOverrun, at.width,
           [&](Value coord, Value mask) {
             at.coords[lane] = coord;
             at.mask = mask;
             body(at);
           });
  guaranteed.truncate(numGuaranteed);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// The bounds of the tile's axes that are those of the grid: what is behind
/// them belongs to no result, so nothing of it is ever used.
SmallVector<std::optional<Bound>> TileLowering::endsOfGrid(Value tile) {
  tile::GridOp grid = kernel.getGrid();
  SmallVector<std::optional<Bound>> ends(tileTypeOf(tile).getRank());
  for (unsigned axis = 0; axis < ends.size(); ++axis) {
    std::optional<Bound> bound = boundOf(tile, axis);
    for (auto [offset, size] : llvm::zip(grid.getResults(), grid.getSizes()))
      if (bound && bound->offset == mapped(offset) &&
          (bound->size == mapped(size) ||
           haveEqualConstants(bound->size, mapped(size))))
        ends[axis] = bound;
  }
  return ends;
}

void TileLowering::materialize(Value tile) {
  Scratch to = allocate(tileTypeOf(tile), laneAxisOf(tile));
  materializeInto(tile, to);
}

void TileLowering::materializeInto(Value tile, const Scratch &to) {
  Scratch target = to;
  SmallVector<int64_t> shape = tileTypeOf(tile).getShape();
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    if (auto bound = boundOf(tile, axis))
      target.bounds[axis] = bound;
  unsigned lane = shape.empty()
                      ? 0
                      : llvm::find(target.strides, 1) - target.strides.begin();
  if (tile::MmaOp mma = pendingProduct(tile)) {
    lowerProduct(
        mma, tile, target.bounds[1 - lane], /*needsOutside=*/true,
        [&](Value value, const Place &at) { writeScratch(value, target, at); });
  } else if (std::optional<unsigned> along = contiguousAxis(tile);
             along && *along != lane && isInSquares(tileTypeOf(tile))) {
    forEachTransposed(tile, *along, [&](Value value, const Place &at) {
      writeScratch(value, target, at);
    });
  } else {
    // Behind a bound the tile is zero, and is written as such: whoever reads it
    // may not know of the bound.
    forEachVector(
        shape, endsOfGrid(tile), lane,
        [&](const Place &at) { writeScratch(evaluate(tile, at), target, at); },
        /*mayOverrun=*/true);
  }
  scratch[tile] = target;
}

} // namespace tenon
