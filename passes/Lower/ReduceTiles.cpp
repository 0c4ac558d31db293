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

/// Steps along the reduced axis that are computed side by side, in a quarter of
/// the registers.
static int64_t numAtOnceOf(const VectorMachine &machine) {
  return std::max<int64_t>(1, machine.numVectors / 4);
}

/// Sums that they are folded into, to hide the latency of the additions. Each
/// costs two operations a row; where it is of few steps, other rows hide it.
static int64_t numChainsOf(int64_t numSteps, int64_t numAtOnce) {
  constexpr int64_t kLeastSteps = 4;
  int64_t most = llvm::bit_floor<uint64_t>(numSteps / kLeastSteps);
  return std::clamp<int64_t>(most, 1, numAtOnce);
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
  Value sumToEnd(Place at);
  Value sumOf(MutableArrayRef<Value> sums);
  Value step(Value sum, Place at);
  void writeResult(Value total, const Place &at);
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
  std::optional<Bound> end; ///< of the reduced axis: what lies behind it does
                            ///< not count
  TileLowering::KeptTile kept;
  TileLowering::AwaitedRows awaited;
  Value finish; ///< the result, or what follows it
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
  finish = tiles.finishOf(reduce);
  to = tiles.allocate(tileTypeOf(finish),
                      lane == axis ? last : lane - (lane > axis));
  bounds.resize(shape.size());
  for (unsigned a = 0; a < shape.size(); ++a) {
    if (a == axis)
      continue;
    bounds[a] = tiles.boundOf(input, a);
    to.bounds[a - (a > axis)] = bounds[a];
  }
  end = tiles.endOf(reduce);
  kept = tiles.keptBeside(reduce);
  if (lane == axis && shape.size() == 2 && !end)
    awaited = tiles.awaitedRows(reduce);
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
  Value value = kept.tile ? tiles.evaluateAndKeep(kept, input, at)
                          : tiles.evaluate(input, at);
  if (at.mask && lane == axis)
    value = arith::SelectOp::create(b, loc(), at.mask, value, start);
  // A product that nothing else reads is added unrounded.
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (!product || !value.use_empty() || reduce.getKind() != tile::Combine::Sum)
    return combine(sum, value);
  sum = multiplyAdd(b, loc(), product.getLhs(), product.getRhs(), sum);
  product.erase();
  return sum;
}

void Reduction::writeResult(Value total, const Place &at) {
  Place place = resultPlace(at);
  tiles.held[reduce.getResult()] = total;
  tiles.writeScratch(tiles.evaluate(finish, place), to, place);
  tiles.held.erase(reduce.getResult());
}

/// Vectors of results, one pass down the axis.
void Reduction::reduceDown() {
  SmallVector<std::optional<Bound>> loose = bounds;
  loose[lane] = tiles.endsOfGrid(input)[lane];
  SmallVector<int64_t> outer = shape;
  outer[axis] = 1;
  auto reduceVector = [&](const Place &at) {
    Value zero = index(0), limit = tiles.limitOf(end, shape[axis]);
    auto loop = scf::ForOp::create(b, loc(), zero, limit, index(1), start);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Place here = at;
    here.coords[axis] = loop.getInductionVar();
    if (end)
      tiles.guaranteed.push_back({*end, {here.coords[axis]}});
    scf::YieldOp::create(b, loc(), step(loop.getRegionIterArgs()[0], here));
    if (end)
      tiles.guaranteed.pop_back();
    b.setInsertionPointAfter(loop);
    writeResult(loop.getResult(0), at);
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

/// Of at least one; in pairs, which take the places of these.
Value Reduction::sumOf(MutableArrayRef<Value> sums) {
  for (int64_t left = sums.size(); left > 1; left -= left / 2)
    for (int64_t c = 0; c < left / 2; ++c)
      sums[c] = combine(sums[c], sums[left - 1 - c]);
  return sums[0];
}

/// The same where the row ends within the tile: side by side as long as all
/// vectors are whole, then one by one.
Value Reduction::sumToEnd(Place at) {
  constexpr int64_t kMost = 4; // the latency of an addition; more leave more
                               // vectors to the second loop
  int64_t numAtOnce = std::min(kMost, numAtOnceOf(tiles.machine));
  Value limit = tiles.limitOf(end, shape[axis]);
  Value chunk = index(numAtOnce * width);
  Value rest = arith::RemUIOp::create(b, loc(), limit, chunk);
  Value whole = arith::SubIOp::create(b, loc(), limit, rest);
  OpBuilder::InsertionGuard guard(b);
  auto wholes = scf::ForOp::create(b, loc(), index(0), whole, chunk,
                                   SmallVector<Value>(numAtOnce, start));
  b.setInsertionPointToStart(wholes.getBody());
  SmallVector<Value> next;
  for (auto [n, chain] : llvm::enumerate(wholes.getRegionIterArgs())) {
    at.coords[axis] = arith::AddIOp::create(b, loc(), wholes.getInductionVar(),
                                            index(n * width));
    tiles.guaranteed.push_back({*end, {at.coords[axis]}});
    next.push_back(step(chain, at));
    tiles.guaranteed.pop_back();
  }
  scf::YieldOp::create(b, loc(), next);
  b.setInsertionPointAfter(wholes);
  SmallVector<Value> chains(wholes.getResults());
  Value sum = sumOf(chains), one = index(width);
  auto singles = scf::ForOp::create(b, loc(), whole, limit, one, sum);
  b.setInsertionPointToStart(singles.getBody());
  at.coords[axis] = singles.getInductionVar();
  at.mask = tiles.laneMask(
      arith::SubIOp::create(b, loc(), limit, at.coords[axis]), width);
  scf::YieldOp::create(b, loc(), step(singles.getRegionIterArgs()[0], at));
  return singles.getResult(0);
}

/// Chains of vectors along the lanes, and their sum.
Value Reduction::sumOfLanes(Place at) {
  if (end)
    return sumToEnd(at);
  int64_t numAtOnce = numAtOnceOf(tiles.machine);
  int64_t chunk = numAtOnce * width, whole = shape[axis] / chunk * chunk;
  int64_t numChains = numChainsOf(shape[axis] / width, numAtOnce);
  SmallVector<Value> chains(numChains, start);
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc(), index(0), index(whole),
                                   index(chunk), chains);
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next(loop.getRegionIterArgs());
    for (int64_t n = 0; n < numAtOnce; ++n) {
      at.coords[axis] = arith::AddIOp::create(b, loc(), loop.getInductionVar(),
                                              index(n * width));
      tiles.fetchRows(awaited, at, n);
      Value &chain = next[n % numChains];
      chain = step(chain, at);
    }
    scf::YieldOp::create(b, loc(), next);
    chains = llvm::to_vector_of<Value>(loop.getResults());
  }
  for (int64_t c = whole, i = 0; c < shape[axis]; c += width, ++i) {
    at.coords[axis] = index(c);
    int64_t left = shape[axis] - c;
    at.mask = left < width ? tiles.laneMask(index(left), width) : Value();
    Value &chain = chains[i % numChains];
    chain = step(chain, at);
  }
  return sumOf(chains);
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
  writeResult(total, at);
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
  writeResult(vectors[0], at);
}

void Reduction::lower() {
  if (lane != axis)
    reduceDown();
  else if (shape.size() == 2 && axis == 1 && shape[0] % width == 0)
    reduceRows();
  else
    reduceLanes();
  tiles.scratch[finish] = to;
  if (kept.tile)
    tiles.scratch[kept.tile] = kept.to;
}

/// Where the elements end that count, if that is within the tile.
std::optional<Bound> TileLowering::endOf(tile::ReduceOp reduce) {
  Value limit = reduce.getLimit();
  if (!limit)
    return std::nullopt;
  Bound end{constantIndex(0), mapped(limit)};
  if (auto left = limit.getDefiningOp<arith::SubIOp>())
    end = {mapped(left.getRhs()), mapped(left.getLhs())};
  int64_t extent = tileTypeOf(reduce.getInput()).getExtent(reduce.getAxis());
  return isInside(end, extent) ? std::nullopt : std::optional(end);
}

void TileLowering::lowerReduce(tile::ReduceOp reduce) {
  Reduction(*this, reduce).lower();
}

} // namespace tenon
