//===- GraphTilesSearch.cpp - argmax, top_k and cumsum as tiles -----------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

//===----------------------------------------------------------------------===//
// Comparisons with NaN before all numbers
//===----------------------------------------------------------------------===//

static Value isNan(OpBuilder &b, Location loc, Value x) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
}

/// x == y, or both are NaN.
static Value areSame(OpBuilder &b, Location loc, Value x, Value y) {
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y);
  Value equal = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
  Value nan = arith::AndIOp::create(b, loc, isNan(b, loc, x), isNan(b, loc, y));
  return arith::OrIOp::create(b, loc, equal, nan);
}

/// Whether y is chosen before x: it is larger (smaller with `smallest`), or the
/// only NaN of the two.
static Value comesLater(OpBuilder &b, Location loc, Value x, Value y,
                        bool smallest) {
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(
        b, loc,
        smallest ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt, x, y);
  // Unordered compares are true when y is NaN; x must not be.
  Value less = arith::CmpFOp::create(
      b, loc, smallest ? arith::CmpFPredicate::UGT : arith::CmpFPredicate::ULT,
      x, y);
  Value number = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, x, x);
  return arith::AndIOp::create(b, loc, less, number);
}

namespace {
/// The best element along a dim, and where it is.
struct Search {
  KernelBuilder &builder;
  ReducedDims along;
  bool smallest;
  Location loc = builder.loc();
  OpBuilder &b = builder.builder();
  Type i64 = b.getI64Type();
  Type elementType = getElementTypeOrSelf(along.input.getType());
  Type type = computeType(elementType);
  tile::Combine kind = smallest ? tile::Combine::Min : tile::Combine::Max;

  /// Whether an element is among those searched: element, its place, tiles
  /// along the kept axes.
  using Candidate = function_ref<Value(OpBuilder &, ValueRange)>;

  /// The best value among the candidates; `extra` are more inputs of it.
  FailureOr<AxisTile> best(ArrayRef<AxisTile> extra, Candidate isCandidate);
  /// The first place among the candidates where `value` stands.
  FailureOr<AxisTile> placeOf(AxisTile value, ArrayRef<AxisTile> extra,
                              Candidate isCandidate);

private:
  FailureOr<SmallVector<AxisTile>> inputsOf(const Window &block,
                                            ArrayRef<AxisTile> extra);
};
} // namespace

FailureOr<SmallVector<AxisTile>> Search::inputsOf(const Window &block,
                                                  ArrayRef<AxisTile> extra) {
  FailureOr<AxisTile> x = builder.tileOf(along.input, block);
  if (failed(x))
    return failure();
  SmallVector<AxisTile> inputs{inSignedOrder(builder, block, *x, elementType),
                               builder.index(block, block.axes.size() - 1)};
  llvm::append_range(inputs, extra);
  return inputs;
}

FailureOr<AxisTile> Search::best(ArrayRef<AxisTile> extra,
                                 Candidate isCandidate) {
  TypedAttr identity = tile::identityOf(b, kind, type);
  return reduceOver(
      builder, along, kind, type,
      [&](const Window &block) -> FailureOr<AxisTile> {
        auto inputs = inputsOf(block, extra);
        if (failed(inputs))
          return failure();
        return builder.map(
            block, *inputs, type, [&](OpBuilder &body, ValueRange v) -> Value {
              Value none = arith::ConstantOp::create(body, loc, identity);
              return arith::SelectOp::create(body, loc, isCandidate(body, v),
                                             v[0], none);
            });
      });
}

FailureOr<AxisTile> Search::placeOf(AxisTile value, ArrayRef<AxisTile> extra,
                                    Candidate isCandidate) {
  SmallVector<AxisTile> all(extra);
  all.push_back(value);
  return reduceOver(
      builder, along, tile::Combine::Min, i64,
      [&](const Window &block) -> FailureOr<AxisTile> {
        auto inputs = inputsOf(block, all);
        if (failed(inputs))
          return failure();
        return builder.map(
            block, *inputs, i64, [&](OpBuilder &body, ValueRange v) -> Value {
              Value isHere = arith::AndIOp::create(
                  body, loc, areSame(body, loc, v[0], v.back()),
                  isCandidate(body, v.drop_back()));
              Value none = arith::ConstantOp::create(
                  body, loc,
                  body.getI64IntegerAttr(std::numeric_limits<int64_t>::max()));
              return arith::SelectOp::create(body, loc, isHere, v[1], none);
            });
      });
}

//===----------------------------------------------------------------------===//
// argmax
//===----------------------------------------------------------------------===//

KernelClass ArgMaxOp::getKernelClass() { return KernelClass::Reduction; }

FailureOr<AxisTile> ArgMaxOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  int64_t axis = getAxis();
  auto kept = projectRegion(region, getInput().getType().getRank(),
                            [&](unsigned d) -> std::optional<unsigned> {
                              if (getKeepDims())
                                return d == axis ? std::nullopt
                                                 : std::optional<unsigned>(d);
                              return d < axis ? d : d + 1;
                            });
  if (failed(kept))
    return failure();
  Search search{builder, {getInput(), {axis}, kept->region}, getSmallest()};
  auto any = [&](OpBuilder &b, ValueRange) -> Value {
    return arith::ConstantOp::create(b, builder.loc(), b.getBoolAttr(true));
  };
  FailureOr<AxisTile> value = search.best({}, any);
  if (failed(value))
    return failure();
  FailureOr<AxisTile> place = search.placeOf(*value, {}, any);
  if (failed(place))
    return failure();
  return kept->renumber(*place);
}

//===----------------------------------------------------------------------===//
// top_k
//===----------------------------------------------------------------------===//

KernelClass TopKOp::getKernelClass() { return KernelClass::Reduction; }

namespace {
/// k turns, each of which finds the best of what comes behind the last one
/// found. k passes over the input: right for the few experts of a router and
/// the few tokens of a sampler.
struct TopKTiles {
  TopKOp op;
  KernelBuilder &builder;
  const Window &region;
  Location loc = builder.loc();

  FailureOr<AxisTile> build(unsigned number);

private:
  FailureOr<SmallVector<Value>>
  turn(unsigned number, Value t, const OperandRegion &kept, ValueRange carried);
  Value filled(const Window &window, TypedAttr value);
};
} // namespace

Value TopKTiles::filled(const Window &window, TypedAttr value) {
  OpBuilder &b = builder.builder();
  SmallVector<Attribute> extents;
  for (const tile::Axis &axis : window.axes)
    extents.push_back(axis.extent);
  return tile::FillOp::create(
      b, loc, tile::TileType::get(op.getContext(), extents, value.getType()),
      arith::ConstantOp::create(b, loc, value));
}

/// Carried: the last value found, its place (-1 before the first), the result.
FailureOr<SmallVector<Value>> TopKTiles::turn(unsigned number, Value t,
                                              const OperandRegion &kept,
                                              ValueRange carried) {
  auto keptAxes =
      llvm::to_vector(llvm::seq<unsigned>(0, kept.region.axes.size()));
  auto allAxes = llvm::to_vector(llvm::seq<unsigned>(0, region.axes.size()));
  AxisTile last{carried[0], keptAxes}, lastPlace{carried[1], keptAxes};
  int64_t axis = op.getAxis();
  Search search{
      builder, {op.getInput(), {axis}, kept.region}, op.getSmallest()};
  auto isBehind = [&](OpBuilder &b, ValueRange v) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    Value isFirst =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, v[3], zero);
    Value later = comesLater(b, loc, v[0], v[2], op.getSmallest());
    Value further =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, v[1], v[3]);
    Value equal =
        arith::AndIOp::create(b, loc, areSame(b, loc, v[0], v[2]), further);
    return arith::OrIOp::create(b, loc, isFirst,
                                arith::OrIOp::create(b, loc, later, equal));
  };
  FailureOr<AxisTile> value = search.best({last, lastPlace}, isBehind);
  if (failed(value))
    return failure();
  FailureOr<AxisTile> place =
      search.placeOf(*value, {last, lastPlace}, isBehind);
  if (failed(place))
    return failure();
  FailureOr<AxisTile> rank = builder.coordinates(region, axis);
  if (failed(rank))
    return failure();
  AxisTile found = kept.renumber(number == 0 ? *value : *place);
  AxisTile next = builder.map(
      region, {{carried[2], allAxes}, found, *rank, builder.scalar(t)},
      elementTypeOf(found), [&](OpBuilder &b, ValueRange v) -> Value {
        Value isThis =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, v[2], v[3]);
        return arith::SelectOp::create(b, loc, isThis, v[1], v[0]);
      });
  return SmallVector<Value>{builder.expand(kept.region, *value).tile,
                            builder.expand(kept.region, *place).tile,
                            next.tile};
}

FailureOr<AxisTile> TopKTiles::build(unsigned number) {
  FailureOr<OperandRegion> kept = withoutDim(region, op.getAxis());
  if (failed(kept))
    return failure();
  OpBuilder &b = builder.builder();
  Type type = computeType(op.getInput().getType().getElementType());
  Type found = number == 0 ? type : b.getI64Type();
  SmallVector<Value> carried{
      filled(kept->region, cast<TypedAttr>(b.getZeroAttr(type))),
      filled(kept->region, b.getI64IntegerAttr(-1)),
      filled(region, cast<TypedAttr>(b.getZeroAttr(found)))};
  auto result = builder.loop(
      builder.constantIndex(op.getK()), builder.number(1), carried,
      [&](Value t, ValueRange v) { return turn(number, t, *kept, v); });
  if (failed(result))
    return failure();
  AxisTile best{(*result)[2],
                llvm::to_vector(llvm::seq<unsigned>(0, region.axes.size()))};
  if (number == 1)
    return best;
  return inSignedOrder(builder, region, best,
                       op.getInput().getType().getElementType());
}

FailureOr<AxisTile> TopKOp::buildTile(KernelBuilder &builder, unsigned number,
                                      const Window &region) {
  return TopKTiles{*this, builder, region}.build(number);
}

//===----------------------------------------------------------------------===//
// cumsum
//===----------------------------------------------------------------------===//

KernelClass CumsumOp::getKernelClass() { return KernelClass::Elementwise; }

FailureOr<AxisTile> CumsumOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  // For each result, the sum of those elements that it includes, chosen by
  // their places: N^2 / 2 additions a row, all of them in lanes.
  int64_t dim = getAxis();
  FailureOr<OperandRegion> kept = withoutDim(region, dim);
  FailureOr<AxisTile> place = builder.coordinates(region, dim);
  if (failed(kept) || failed(place))
    return failure();
  // The block's window has the axes of the result, then the summed one.
  Location loc = builder.loc();
  Type type = computeType(getInput().getType().getElementType());
  ReducedDims summed{getInput(), {dim}, region};
  auto includes =
      getReverse() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
  if (getExclusive())
    includes =
        getReverse() ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt;
  return reduceOver(
      builder, summed, tile::Combine::Sum, type,
      [&](const Window &block) -> FailureOr<AxisTile> {
        Window source = kept->region;
        source.axes.push_back(block.axes.back());
        FailureOr<AxisTile> x = builder.tileOf(getInput(), source);
        if (failed(x))
          return failure();
        SmallVector<unsigned> axes(kept->axes);
        unsigned last = block.axes.size() - 1;
        axes.push_back(last);
        for (unsigned &axis : x->axes)
          axis = axes[axis];
        return builder.map(
            block, {*x, builder.index(block, last), *place}, type,
            [&](OpBuilder &b, ValueRange v) -> Value {
              Value isIn = arith::CmpIOp::create(b, loc, includes, v[1], v[2]);
              Value zero =
                  arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
              return arith::SelectOp::create(b, loc, isIn, v[0], zero);
            });
      });
}
