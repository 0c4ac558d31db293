//===- ReduceTiles.cpp - reductions over whole tiles ----------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Combine.h"

using namespace mlir;

namespace tenon {

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

static vector::CombiningKind vectorKind(tile::Combine kind, bool isFloat) {
  switch (kind) {
  case tile::Combine::Sum:
    return vector::CombiningKind::ADD;
  case tile::Combine::Prod:
    return vector::CombiningKind::MUL;
  case tile::Combine::Max:
    return isFloat ? vector::CombiningKind::MAXIMUMF
                   : vector::CombiningKind::MAXSI;
  case tile::Combine::Min:
    return isFloat ? vector::CombiningKind::MINIMUMF
                   : vector::CombiningKind::MINSI;
  }
  llvm_unreachable("all kinds are handled");
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
  Scratch to = allocate(tileTypeOf(tile), laneAxisOf(tile));
  for (unsigned axis = 0; axis < 2; ++axis)
    to.bounds[axis] = boundOf(tile, axis);
  return {tile, to};
}

void TileLowering::keep(const KeptTile &kept, Value input, Value value,
                        const Place &at) {
  held[input] = value;
  writeScratch(evaluate(kept.tile, at), kept.to, at);
  held.erase(input);
}

void TileLowering::lowerReduce(tile::ReduceOp reduce) {
  Value input = reduce.getInput();
  SmallVector<int64_t> shape = tileTypeOf(input).getShape();
  Type elementType = reduce.getType().getElementType();
  unsigned axis = reduce.getAxis(), lane = laneAxisOf(input);
  tile::Combine kind = reduce.getKind();
  int64_t width = lanesOf(elementType);
  bool isFloat = isa<FloatType>(elementType);
  auto vectorType = VectorType::get(width, elementType);
  TypedAttr identity = tile::identityOf(b, kind, elementType);
  Value start = arith::ConstantOp::create(
      b, loc(),
      DenseElementsAttr::get(vectorType, ArrayRef<Attribute>{identity}));

  // The result's lane is the input's, or, when that one is reduced, the last.
  unsigned resultRank = shape.size() - 1;
  unsigned resultLane = lane == axis ? (resultRank ? resultRank - 1 : 0)
                                     : (lane > axis ? lane - 1 : lane);
  Scratch to = allocate(reduce.getType(), resultLane);
  SmallVector<std::optional<Bound>> bounds(shape.size());
  for (unsigned a = 0; a < shape.size(); ++a)
    if (a != axis)
      bounds[a] = boundOf(input, a);
  for (unsigned a = 0; a < shape.size(); ++a)
    if (a != axis)
      to.bounds[a < axis ? a : a - 1] = bounds[a];

  SmallVector<int64_t> outer = shape;
  outer[axis] = 1;
  auto resultPlace = [&](const Place &at) {
    Place result;
    for (unsigned a = 0; a < shape.size(); ++a)
      if (a != axis) {
        result.coords.push_back(at.coords[a]);
        result.known.push_back(std::nullopt);
      }
    if (at.lane && *at.lane != axis) {
      result.lane = *at.lane > axis ? *at.lane - 1 : *at.lane;
      result.width = at.width;
      result.mask = at.mask;
    }
    return result;
  };
  KeptTile kept = keptBeside(reduce);
  auto step = [&](Value sum, Place at) {
    Value value = evaluate(input, at);
    if (kept.tile)
      keep(kept, input, value, at);
    if (at.mask && lane == axis)
      value = arith::SelectOp::create(b, loc(), at.mask, value, start);
    return tile::combine(b, loc(), kind, sum, value);
  };

  if (lane != axis) { // vectors of results, one pass down the axis
    SmallVector<std::optional<Bound>> loose = bounds;
    loose[lane] = endsOfGrid(input)[lane];
    auto reduceVector = [&](const Place &at) {
      auto loop = scf::ForOp::create(b, loc(), constantIndex(0),
                                     constantIndex(shape[axis]),
                                     constantIndex(1), start);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Place here = at;
      here.coords[axis] = loop.getInductionVar();
      scf::YieldOp::create(b, loc(), step(loop.getRegionIterArgs()[0], here));
      b.setInsertionPointAfter(loop);
      writeScratch(loop.getResult(0), to, resultPlace(at));
    };
    forEachVector(outer, loose, lane, reduceVector, /*mayOverrun=*/true);
    scratch[reduce.getResult()] = to;
    return;
  }

  // Along the lanes: chains of vectors, then the lanes of their sum.
  OpBuilder::InsertionGuard guard(b);
  Place at;
  at.coords.resize(shape.size());
  at.known.resize(shape.size());
  at.lane = axis;
  at.width = width;
  size_t numGuaranteed = guaranteed.size();
  for (unsigned a = 0; a < shape.size(); ++a) {
    if (a == axis)
      continue;
    auto loop =
        scf::ForOp::create(b, loc(), constantIndex(0),
                           limitOf(bounds[a], shape[a]), constantIndex(1));
    b.setInsertionPointToStart(loop.getBody());
    at.coords[a] = loop.getInductionVar();
    if (bounds[a])
      guaranteed.push_back({*bounds[a], {loop.getInductionVar()}});
  }
  int64_t chunk = kChains * width, whole = shape[axis] / chunk * chunk;
  SmallVector<Value> chains(kChains, start);
  if (whole > 0) {
    auto loop =
        scf::ForOp::create(b, loc(), constantIndex(0), constantIndex(whole),
                           constantIndex(chunk), chains);
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next;
    for (int64_t c = 0; c < kChains; ++c) {
      at.coords[axis] = arith::AddIOp::create(b, loc(), loop.getInductionVar(),
                                              constantIndex(c * width));
      next.push_back(step(loop.getRegionIterArgs()[c], at));
    }
    scf::YieldOp::create(b, loc(), next);
    chains = llvm::to_vector_of<Value>(loop.getResults());
  }
  for (int64_t c = whole, i = 0; c < shape[axis]; c += width, ++i) {
    at.coords[axis] = constantIndex(c);
    int64_t left = shape[axis] - c;
    at.mask = left < width ? laneMask(constantIndex(left), width) : Value();
    chains[i] = step(chains[i], at);
  }
  Value sum = tile::combine(
      b, loc(), kind, tile::combine(b, loc(), kind, chains[0], chains[1]),
      tile::combine(b, loc(), kind, chains[2], chains[3]));
  auto reassociate =
      isFloat ? arith::FastMathFlags::reassoc : arith::FastMathFlags::none;
  Value total = vector::ReductionOp::create(b, loc(), vectorKind(kind, isFloat),
                                            sum, reassociate);
  at.lane.reset();
  at.mask = nullptr;
  writeScratch(total, to, resultPlace(at));
  guaranteed.truncate(numGuaranteed);
  scratch[reduce.getResult()] = to;
  if (kept.tile)
    scratch[kept.tile] = kept.to;
}

} // namespace tenon
