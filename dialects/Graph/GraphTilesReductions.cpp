//===- GraphTilesReductions.cpp - reductions and norms as tiles -----------===//

#include "dialects/Graph/GraphRegions.h"
#include "dialects/Tile/Combine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

static Type elementTypeOf(const AxisTile &tile) {
  return cast<tile::TileType>(tile.tile.getType()).getElementType();
}

static Value constant(OpBuilder &b, Location loc, Type type, double value) {
  TypedAttr attr =
      isa<FloatType>(type)
          ? TypedAttr(b.getFloatAttr(type, value))
          : TypedAttr(b.getIntegerAttr(type, static_cast<int64_t>(value)));
  return arith::ConstantOp::create(b, loc, attr);
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

KernelClass ReduceOp::getKernelClass() { return KernelClass::Reduction; }

static tile::Combine combineOf(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
  case ReduceKind::SumSquare:
    return tile::Combine::Sum;
  case ReduceKind::Max:
    return tile::Combine::Max;
  case ReduceKind::Min:
    return tile::Combine::Min;
  case ReduceKind::Prod:
    return tile::Combine::Prod;
  }
  llvm_unreachable("all kinds are handled");
}

/// The tile with `identity` behind `bound` along the axis.
static AxisTile maskBehind(KernelBuilder &builder, const Window &region,
                           unsigned axis, Value bound, TypedAttr identity,
                           AxisTile tile) {
  Location loc = builder.loc();
  OpBuilder &b = builder.builder();
  Value limit = arith::IndexCastOp::create(b, loc, b.getI64Type(), bound);
  auto scalar = tile::TileType::get(b.getContext(), {}, b.getI64Type());
  AxisTile limitTile{tile::FillOp::create(b, loc, scalar, limit), {}};
  return builder.map(
      region, {tile, builder.index(region, axis), limitTile},
      elementTypeOf(tile), [&](OpBuilder &body, ValueRange v) -> Value {
        Value inside = arith::CmpIOp::create(
            body, loc, arith::CmpIPredicate::slt, v[1], v[2]);
        Value other = arith::ConstantOp::create(body, loc, identity);
        return arith::SelectOp::create(body, loc, inside, v[0], other);
      });
}

/// The operand's region of a reduction without its reduced axis.
static FailureOr<OperandRegion> keptRegion(ReduceOp op, const Window &region) {
  ArrayRef<int64_t> axes = op.getAxes();
  unsigned rank = op.getInput().getType().getRank();
  SmallVector<unsigned> kept;
  for (unsigned d = 0; d < rank; ++d)
    if (op.getKeepDims() || !llvm::is_contained(axes, d))
      kept.push_back(d);
  return projectRegion(
      region, rank, [&](unsigned d) -> std::optional<unsigned> {
        bool isReduced =
            llvm::is_contained(axes, static_cast<int64_t>(kept[d]));
        return isReduced ? std::nullopt : std::optional<unsigned>(kept[d]);
      });
}

/// The mean's last step: sum / count.
static AxisTile divideByCount(KernelBuilder &builder, const Window &region,
                              Value count, AxisTile sum) {
  Location loc = builder.loc();
  OpBuilder &b = builder.builder();
  Type type = elementTypeOf(sum);
  Value asInt = arith::IndexCastOp::create(b, loc, b.getI64Type(), count);
  Value asFloat = arith::SIToFPOp::create(b, loc, type, asInt);
  AxisTile divisor{
      tile::FillOp::create(
          b, loc, tile::TileType::get(b.getContext(), {}, type), asFloat),
      {}};
  return builder.map(region, {sum, divisor}, type,
                     [&](OpBuilder &body, ValueRange v) -> Value {
                       return arith::DivFOp::create(body, loc, v[0], v[1]);
                     });
}

FailureOr<AxisTile> ReduceOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  // A loop over blocks of the reduced dims, taken as one; the schedule decides
  // how long a block is, and a block as long as the dim leaves no loop.
  ArrayRef<int64_t> axes = getAxes();
  for (unsigned i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1)
      return failure();
  FailureOr<OperandRegion> kept = keptRegion(*this, region);
  if (failed(kept) || axes.empty())
    return failure();
  OpBuilder &b = builder.builder();
  Location loc = builder.loc();
  tile::Combine kind = combineOf(getKind());

  SmallVector<Attribute> sizes;
  for (int64_t d : axes)
    sizes.push_back(builder.sizeAttrOf(getInput(), d));
  Attribute size = builder.tensorSizes().productOf(sizes);
  Value bound = builder.sizeValue(size);
  Attribute block = builder.symbol("BR");

  Window input = kept->region;
  unsigned reduced = input.axes.size();
  input.axes.push_back(
      {SmallVector<unsigned, 2>(axes.begin(), axes.end()), Value(), block});

  Type type = getInput().getType().getElementType();
  if (isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32)
    type = b.getF32Type();
  SmallVector<Attribute> extents;
  for (const tile::Axis &axis : kept->region.axes)
    extents.push_back(axis.extent);
  TypedAttr identity = tile::identityOf(b, kind, type);
  Value init = tile::FillOp::create(
      b, loc, tile::TileType::get(getContext(), extents, type),
      arith::ConstantOp::create(b, loc, identity));
  SmallVector<unsigned> allKept =
      llvm::to_vector(llvm::seq<unsigned>(0, reduced));

  auto result = builder.loop(
      bound, block, init,
      [&](Value r, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        Window here = input;
        here.axes[reduced].offset = r;
        FailureOr<AxisTile> tile = builder.tileOf(getInput(), here);
        if (failed(tile))
          return failure();
        AxisTile whole = builder.expand(here, *tile);
        if (getKind() == ReduceKind::SumSquare)
          whole = builder.map(
              here, {whole}, type, [&](OpBuilder &body, ValueRange v) -> Value {
                return arith::MulFOp::create(body, loc, v[0], v[0]);
              });
        whole = maskBehind(builder, here, reduced, bound, identity, whole);
        AxisTile part = builder.reduce(kind, whole, reduced);
        AxisTile sum =
            builder.map(kept->region, {{carried[0], allKept}, part}, type,
                        [&](OpBuilder &body, ValueRange v) {
                          return tile::combine(body, loc, kind, v[0], v[1]);
                        });
        return SmallVector<Value>{sum.tile};
      });
  if (failed(result))
    return failure();
  AxisTile reducedTile = kept->renumber({result->front(), allKept});
  return getKind() == ReduceKind::Mean
             ? divideByCount(builder, region, bound, reducedTile)
             : reducedTile;
}

//===----------------------------------------------------------------------===//
// softmax and norms: whole rows in one tile
//===----------------------------------------------------------------------===//

/// The axis of the region that holds dim `d` whole, alone.
static FailureOr<unsigned> wholeAxis(KernelBuilder &builder,
                                     const Window &region, Value value,
                                     unsigned d) {
  std::optional<unsigned> axis = region.axisOf(d);
  std::optional<int64_t> size = builder.constantSizeOf(value, d);
  if (!axis || !size || region.axes[*axis].dims.size() != 1 ||
      region.axes[*axis].extent != builder.number(*size))
    return failure();
  return *axis;
}

KernelClass SoftmaxOp::getKernelClass() { return KernelClass::Reduction; }

FailureOr<AxisTile> SoftmaxOp::buildTile(KernelBuilder &builder, unsigned,
                                         const Window &region) {
  FailureOr<unsigned> axis = wholeAxis(builder, region, getResult(), getAxis());
  FailureOr<AxisTile> x = builder.tileOf(getInput(), region);
  if (failed(axis) || failed(x))
    return failure();
  Location loc = builder.loc();
  Type type = elementTypeOf(*x);
  AxisTile all = builder.expand(region, *x);
  AxisTile top = builder.reduce(tile::Combine::Max, all, *axis);
  AxisTile e = builder.map(
      region, {all, top}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        return math::ExpOp::create(b, loc,
                                   arith::SubFOp::create(b, loc, v[0], v[1]));
      });
  AxisTile sum = builder.reduce(tile::Combine::Sum, e, *axis);
  return builder.map(region, {e, sum}, type,
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       return arith::DivFOp::create(b, loc, v[0], v[1]);
                     });
}

/// Mean of the squares of `x` along the axis, and 1 / sqrt(that + epsilon).
static AxisTile inverseDeviation(KernelBuilder &builder, const Window &region,
                                 AxisTile x, unsigned axis, double size,
                                 double epsilon) {
  Location loc = builder.loc();
  Type type = elementTypeOf(x);
  AxisTile squares =
      builder.map(region, {x}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        return arith::MulFOp::create(b, loc, v[0], v[0]);
      });
  AxisTile sum = builder.reduce(tile::Combine::Sum, squares, axis);
  return builder.map(
      region, {sum}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        Value mean =
            arith::DivFOp::create(b, loc, v[0], constant(b, loc, type, size));
        Value biased = arith::AddFOp::create(b, loc, mean,
                                             constant(b, loc, type, epsilon));
        return math::RsqrtOp::create(b, loc, biased);
      });
}

/// The operand of size N that goes with dim `rank - 1`.
static FailureOr<AxisTile> rowOperand(KernelBuilder &builder,
                                      const Window &region, Value operand,
                                      Value result) {
  return tileOfOperand(
      builder, operand,
      broadcastRegion(region, cast<RankedTensorType>(operand.getType()),
                      cast<RankedTensorType>(result.getType())));
}

KernelClass LayerNormOp::getKernelClass() { return KernelClass::Reduction; }

FailureOr<AxisTile> LayerNormOp::buildTile(KernelBuilder &builder, unsigned,
                                           const Window &region) {
  unsigned last = getType().getRank() - 1;
  FailureOr<unsigned> axis = wholeAxis(builder, region, getResult(), last);
  FailureOr<AxisTile> x = builder.tileOf(getInput(), region);
  FailureOr<AxisTile> scale =
      rowOperand(builder, region, getScale(), getResult());
  if (failed(axis) || failed(x) || failed(scale))
    return failure();
  Location loc = builder.loc();
  Type type = elementTypeOf(*x);
  double size = static_cast<double>(getType().getDimSize(last));

  AxisTile all = builder.expand(region, *x);
  AxisTile sum = builder.reduce(tile::Combine::Sum, all, *axis);
  AxisTile centered = builder.map(
      region, {all, sum}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        Value mean =
            arith::DivFOp::create(b, loc, v[1], constant(b, loc, type, size));
        return arith::SubFOp::create(b, loc, v[0], mean);
      });
  AxisTile factor = inverseDeviation(builder, region, centered, *axis, size,
                                     getEpsilon().convertToDouble());
  SmallVector<AxisTile> inputs{centered, factor, *scale};
  if (getBias()) {
    FailureOr<AxisTile> bias =
        rowOperand(builder, region, getBias(), getResult());
    if (failed(bias))
      return failure();
    inputs.push_back(*bias);
  }
  return builder.map(
      region, inputs, type, [&](OpBuilder &b, ValueRange v) -> Value {
        Value normal = arith::MulFOp::create(b, loc, v[0], v[1]);
        Value scaled = arith::MulFOp::create(b, loc, normal, v[2]);
        return v.size() == 4
                   ? arith::AddFOp::create(b, loc, scaled, v[3]).getResult()
                   : scaled;
      });
}

KernelClass RmsNormOp::getKernelClass() { return KernelClass::Reduction; }

FailureOr<AxisTile> RmsNormOp::buildTile(KernelBuilder &builder, unsigned,
                                         const Window &region) {
  unsigned last = getType().getRank() - 1;
  FailureOr<unsigned> axis = wholeAxis(builder, region, getResult(), last);
  FailureOr<AxisTile> x = builder.tileOf(getInput(), region);
  FailureOr<AxisTile> scale =
      rowOperand(builder, region, getScale(), getResult());
  if (failed(axis) || failed(x) || failed(scale))
    return failure();
  Location loc = builder.loc();
  Type type = elementTypeOf(*x);
  AxisTile all = builder.expand(region, *x);
  AxisTile factor =
      inverseDeviation(builder, region, all, *axis,
                       static_cast<double>(getType().getDimSize(last)),
                       getEpsilon().convertToDouble());
  return builder.map(region, {all, factor, *scale}, type,
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       Value normal = arith::MulFOp::create(b, loc, v[0], v[1]);
                       return arith::MulFOp::create(b, loc, normal, v[2]);
                     });
}
