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
  auto step = [&](Value sum, Place at) {
    Value value = evaluate(input, at);
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
}

} // namespace tenon
