//===- ReduceTiles.cpp - reductions over whole tiles ----------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Combine.h"

using namespace mlir;

namespace tenon {

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// One element of all lanes. Halves are folded onto each other: the code
/// generator does that for sums only.
static Value combineLanes(OpBuilder &b, Location loc, tile::Combine kind,
                          Value vector) {
  int64_t width = cast<VectorType>(vector.getType()).getNumElements();
  for (int64_t half = width / 2; half > 0; half /= 2) {
    auto lanes = [&](int64_t first) -> Value {
      auto numbers = llvm::to_vector(llvm::seq<int64_t>(first, first + half));
      return vector::ShuffleOp::create(b, loc, vector, vector, numbers);
    };
    vector = tile::combine(b, loc, kind, lanes(0), lanes(half));
  }
  return vector::ExtractOp::create(b, loc, vector, 0);
}

/// Steps along the reduced axis that are folded side by side: they hide the
/// latency of the additions.
static constexpr int64_t kChains = 4;

/// Whether the tile is read first by a reduction along its lanes, which then
/// computes it once for all: it writes each vector that it reads.
bool TileLowering::isKeptByReduce(Value tile) {
  auto map = tile.getDefiningOp<tile::MapOp>();
  if (!map || pendingProduct(tile) || tileTypeOf(tile).getRank() != 2)
    return false;
  Operation *first = nullptr;
  for (Operation *user : tile.getUsers()) {
    if (user->getBlock() != map->getBlock())
      return false;
    first = first && first->isBeforeInBlock(user) ? first : user;
  }
  auto reduce = dyn_cast_or_null<tile::ReduceOp>(first);
  unsigned lane = laneAxisOf(tile);
  if (!reduce || reduce.getAxis() != lane)
    return false;
  // It leaves out rows behind any bound; others want zeros behind most.
  return boundOf(tile, 1 - lane).has_value() ==
         endsOfGrid(tile)[1 - lane].has_value();
}

/// The reduction's input, or what the only other reader makes of it place by
/// place.
TileLowering::KeptTile TileLowering::keptBeside(tile::ReduceOp reduce) {
  Value tile = reduce.getInput();
  if (scratch.contains(tile) || !shouldMaterialize(tile) ||
      !isKeptByReduce(tile))
    return {};
  SmallVector<Operation *> others;
  for (Operation *user : tile.getUsers())
    if (user != reduce)
      others.push_back(user);
  auto reader = others.size() == 1 ? dyn_cast<tile::MapOp>(others.front())
                                   : tile::MapOp();
  if (reader && reader.getInputs().size() == 1 &&
      reader.getMap(0) == SmallVector<unsigned>{0, 1} &&
      laneAxisOf(reader) == laneAxisOf(tile))
    tile = reader;
  Scratch to = placeToKeep(tile);
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(tile, axis);
  return {tile, to};
}

/// Scratch memory for a tile that is written as it is read: that of what it is
/// made of place by place, if nothing else reads that, or new memory.
TileLowering::Scratch TileLowering::placeToKeep(Value tile) {
  unsigned lane = laneAxisOf(tile);
  if (auto map = tile.getDefiningOp<tile::MapOp>())
    for (auto [n, input] : llvm::enumerate(map.getInputs()))
      if (auto from = scratch.find(input);
          from != scratch.end() && input.hasOneUse() &&
          input.getType() == tile.getType() &&
          map.getMap(n) == SmallVector<unsigned>{0, 1} &&
          from->second.strides[lane] == 1)
        return from->second;
  return allocate(tileTypeOf(tile), lane);
}

void TileLowering::keep(const KeptTile &kept, Value input, Value value,
                        const Place &at) {
  held[input] = value;
  writeScratch(evaluate(kept.tile, at), kept.to, at);
  held.erase(input);
}

/// One reduction over an axis of a tile.
class Reduction {
public:
  Reduction(TileLowering &lowering, tile::ReduceOp reduce);
  void lower();

private:
  void reduceDown();
  void reduceLanes();
  void reduceRows();
  Value sumOfLanes(Place at);
  Value step(Value sum, Place at);
  Place resultPlace(const Place &at);
  Place placeOfRow();
  Value combine(Value x, Value y) {
    return tile::combine(b, loc(), reduce.getKind(), x, y);
  }

  Location loc() { return tiles.loc(); }
  Value index(int64_t value) { return tiles.constantIndex(value); }

  TileLowering &tiles;
  OpBuilder &b;
  tile::ReduceOp reduce;
  Value input;
  SmallVector<int64_t> shape; ///< of the input
  unsigned axis, lane;        ///< reduced, and in vectors of the input
  int64_t width;              ///< of a vector
  Value start;                ///< a vector that changes no result
  TileLowering::Scratch to;
  SmallVector<std::optional<Bound>> bounds; ///< of the input's other axes
  TileLowering::KeptTile kept;
};

Reduction::Reduction(TileLowering &lowering, tile::ReduceOp reduce)
    : tiles(lowering), b(lowering.b), reduce(reduce), input(reduce.getInput()),
      shape(tileTypeOf(input).getShape()), axis(reduce.getAxis()),
      lane(lowering.laneAxisOf(input)) {
  Type elementType = reduce.getType().getElementType();
  width = tiles.lanesOf(elementType);
  TypedAttr identity = tile::identityOf(b, reduce.getKind(), elementType);
  start = arith::ConstantOp::create(
      b, loc(),
      DenseElementsAttr::get(VectorType::get(width, elementType),
                             ArrayRef<Attribute>{identity}));
  // The result's lane is the input's, or, when that one is reduced, the last.
  unsigned rank = shape.size() - 1;
  unsigned last = rank ? rank - 1 : 0;
  to = tiles.allocate(reduce.getType(),
                      lane == axis ? last : lane - (lane > axis));
  bounds.resize(shape.size());
  for (unsigned a = 0; a < shape.size(); ++a) {
    if (a == axis)
      continue;
    bounds[a] = tiles.boundOf(input, a);
    to.bounds[a - (a > axis)] = bounds[a];
  }
  kept = tiles.keptBeside(reduce);
}

Place Reduction::resultPlace(const Place &at) {
  Place result;
  for (unsigned a = 0; a < shape.size(); ++a)
    if (a != axis) {
      result.coords.push_back(at.coords[a]);
      result.known.push_back(std::nullopt);
    }
  if (at.lane && *at.lane != axis) {
    result.lane = *at.lane - (*at.lane > axis);
    result.width = at.width;
    result.mask = at.mask;
  }
  return result;
}

Value Reduction::step(Value sum, Place at) {
  Value value = tiles.evaluate(input, at);
  if (kept.tile)
    tiles.keep(kept, input, value, at);
  if (at.mask && lane == axis)
    value = arith::SelectOp::create(b, loc(), at.mask, value, start);
  return combine(sum, value);
}

/// Vectors of results, one pass down the axis.
void Reduction::reduceDown() {
  SmallVector<std::optional<Bound>> loose = bounds;
  loose[lane] = tiles.endsOfGrid(input)[lane];
  SmallVector<int64_t> outer = shape;
  outer[axis] = 1;
  auto reduceVector = [&](const Place &at) {
    auto loop = scf::ForOp::create(b, loc(), index(0), index(shape[axis]),
                                   index(1), start);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Place here = at;
    here.coords[axis] = loop.getInductionVar();
    scf::YieldOp::create(b, loc(), step(loop.getRegionIterArgs()[0], here));
    b.setInsertionPointAfter(loop);
    tiles.writeScratch(loop.getResult(0), to, resultPlace(at));
  };
  tiles.forEachVector(outer, loose, lane, reduceVector, /*mayOverrun=*/true);
}

Place Reduction::placeOfRow() {
  Place at;
  at.coords.resize(shape.size());
  at.known.resize(shape.size());
  at.lane = axis;
  at.width = width;
  return at;
}

/// Chains of vectors along the lanes, and their sum.
Value Reduction::sumOfLanes(Place at) {
  int64_t chunk = kChains * width, whole = shape[axis] / chunk * chunk;
  SmallVector<Value> chains(kChains, start);
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc(), index(0), index(whole),
                                   index(chunk), chains);
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next;
    for (int64_t c = 0; c < kChains; ++c) {
      at.coords[axis] = arith::AddIOp::create(b, loc(), loop.getInductionVar(),
                                              index(c * width));
      next.push_back(step(loop.getRegionIterArgs()[c], at));
    }
    scf::YieldOp::create(b, loc(), next);
    chains = llvm::to_vector_of<Value>(loop.getResults());
  }
  for (int64_t c = whole, i = 0; c < shape[axis]; c += width, ++i) {
    at.coords[axis] = index(c);
    int64_t left = shape[axis] - c;
    at.mask = left < width ? tiles.laneMask(index(left), width) : Value();
    chains[i] = step(chains[i], at);
  }
  return combine(combine(chains[0], chains[1]), combine(chains[2], chains[3]));
}

void Reduction::reduceLanes() {
  OpBuilder::InsertionGuard guard(b);
  Place at = placeOfRow();
  size_t numGuaranteed = tiles.guaranteed.size();
  for (unsigned a = 0; a < shape.size(); ++a) {
    if (a == axis)
      continue;
    auto loop = scf::ForOp::create(
        b, loc(), index(0), tiles.limitOf(bounds[a], shape[a]), index(1));
    b.setInsertionPointToStart(loop.getBody());
    at.coords[a] = loop.getInductionVar();
    if (bounds[a])
      tiles.guaranteed.push_back({*bounds[a], {loop.getInductionVar()}});
  }
  Value total = combineLanes(b, loc(), reduce.getKind(), sumOfLanes(at));
  at.lane.reset();
  tiles.writeScratch(total, to, resultPlace(at));
  tiles.guaranteed.truncate(numGuaranteed);
}

/// The sums of as many rows as a vector has lanes are transposed, and then
/// combined down: a tenth of the instructions of as many rows by themselves.
void Reduction::reduceRows() {
  auto square = tile::TileType::get(
      b.getContext(), SmallVector<Attribute>(2, b.getI64IntegerAttr(width)),
      reduce.getType().getElementType());
  TileLowering::Scratch sums = tiles.allocate(square, /*lane=*/1);
  auto placeOfSum = [&](Value row) {
    Place place;
    place.coords = {row, index(0)};
    place.known.resize(2);
    place.lane = 1;
    place.width = width;
    return place;
  };
  Value limit = tiles.limitOf(bounds[0], shape[0]);
  auto blocks = scf::ForOp::create(b, loc(), index(0), limit, index(width));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(blocks.getBody());
  Value first = blocks.getInductionVar();
  Value left = arith::SubIOp::create(b, loc(), limit, first);
  auto rows = scf::ForOp::create(
      b, loc(), index(0),
      b.createOrFold<arith::MinUIOp>(loc(), left, index(width)), index(1));
  {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(rows.getBody());
    Value row = rows.getInductionVar();
    Place at = placeOfRow();
    at.coords[0] = arith::AddIOp::create(b, loc(), first, row);
    if (bounds[0])
      tiles.guaranteed.push_back({*bounds[0], {at.coords[0]}});
    tiles.writeScratch(sumOfLanes(at), sums, placeOfSum(row));
    if (bounds[0])
      tiles.guaranteed.pop_back();
  }
  SmallVector<Value> vectors;
  for (int64_t r = 0; r < width; ++r)
    vectors.push_back(
        tiles.readScratch(sums, square.getElementType(), placeOfSum(index(r))));
  transposeSquare(b, loc(), vectors);
  for (int64_t half = width / 2; half > 0; half /= 2)
    for (int64_t r = 0; r < half; ++r)
      vectors[r] = combine(vectors[r], vectors[r + half]);
  Place at = placeOfRow();
  at.coords[0] = first;
  at.lane = 0;
  tiles.writeScratch(vectors[0], to, resultPlace(at));
}

void Reduction::lower() {
  if (lane != axis)
    reduceDown();
  else if (shape.size() == 2 && axis == 1 && shape[0] % width == 0)
    reduceRows();
  else
    reduceLanes();
  tiles.scratch[reduce.getResult()] = to;
  if (kept.tile)
    tiles.scratch[kept.tile] = kept.to;
}

void TileLowering::lowerReduce(tile::ReduceOp reduce) {
  Reduction(*this, reduce).lower();
}

} // namespace tenon
