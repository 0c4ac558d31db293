//===- GraphTilesReductions.cpp - reductions and norms as tiles -----------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

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

/// Integers are averaged in 64 bits, and their mean truncates.
static AxisTile widenedForMean(KernelBuilder &builder, const Window &region,
                               AxisTile tile, Type elementType) {
  Type i64 = builder.builder().getI64Type();
  if (isa<FloatType>(elementType) || elementTypeOf(tile) == i64)
    return tile;
  bool isUnsigned = elementType.isUnsignedInteger();
  return builder.map(
      region, {tile}, i64, [&](OpBuilder &b, ValueRange v) -> Value {
        if (isUnsigned)
          return arith::ExtUIOp::create(b, builder.loc(), i64, v[0]);
        return arith::ExtSIOp::create(b, builder.loc(), i64, v[0]);
      });
}

/// The mean's last step: sum / count, where the mean of no integers is 0.
static AxisTile divideByCount(KernelBuilder &builder, const Window &region,
                              Value count, AxisTile sum) {
  Location loc = builder.loc();
  Type type = elementTypeOf(sum);
  return builder.map(
      region, {sum, builder.scalar(count)}, type,
      [&](OpBuilder &b, ValueRange v) -> Value {
        if (isa<FloatType>(type))
          return arith::DivFOp::create(
              b, loc, v[0], arith::SIToFPOp::create(b, loc, type, v[1]));
        Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
        return arith::DivSIOp::create(
            b, loc, v[0], arith::MaxSIOp::create(b, loc, v[1], one));
      });
}

FailureOr<AxisTile> ReduceOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  ArrayRef<int64_t> axes = getAxes();
  for (unsigned i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1)
      return failure();
  FailureOr<OperandRegion> kept = keptRegion(*this, region);
  if (failed(kept) || axes.empty())
    return failure();
  Type elementType = getInput().getType().getElementType();
  bool isMean = getKind() == ReduceKind::Mean;
  Type type = isMean && !isa<FloatType>(elementType)
                  ? builder.builder().getI64Type()
                  : computeType(elementType);
  bool isOrder = getKind() == ReduceKind::Max || getKind() == ReduceKind::Min;
  ReducedDims reduced{getInput(), SmallVector<int64_t>(axes), kept->region};
  auto square = [&](OpBuilder &body, ValueRange v) -> Value {
    if (isa<FloatType>(type))
      return arith::MulFOp::create(body, builder.loc(), v[0], v[0]);
    return arith::MulIOp::create(body, builder.loc(), v[0], v[0]);
  };
  auto result = reduceOver(
      builder, reduced, combineOf(getKind()), type,
      [&](const Window &block) -> FailureOr<AxisTile> {
        FailureOr<AxisTile> tile = builder.tileOf(getInput(), block);
        if (failed(tile))
          return failure();
        if (getKind() == ReduceKind::SumSquare)
          return builder.map(block, {*tile}, type, square);
        if (isMean)
          return widenedForMean(builder, block, *tile, elementType);
        return isOrder ? inSignedOrder(builder, block, *tile, elementType)
                       : *tile;
      });
  if (failed(result))
    return failure();
  AxisTile tile = kept->renumber(*result);
  if (isOrder)
    return inSignedOrder(builder, region, tile, elementType);
  if (!isMean)
    return tile;
  SmallVector<Attribute> sizes;
  for (int64_t d : axes)
    sizes.push_back(builder.sizeAttrOf(getInput(), d));
  Value count = builder.sizeValue(builder.tensorSizes().productOf(sizes));
  return divideByCount(builder, region, count, tile);
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

/// e^(x - top), with `top` along fewer axes. The maximum need not be NaN for a
/// row that has one: so is the row's sum, and then all of its quotients.
static AxisTile expOfDifference(KernelBuilder &builder, const Window &region,
                                AxisTile x, AxisTile top) {
  Location loc = builder.loc();
  return builder.map(region, {x, top}, elementTypeOf(x),
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       Value lower = arith::SubFOp::create(b, loc, v[0], v[1]);
                       auto e = math::ExpOp::create(b, loc, lower);
                       for (StringRef name :
                            {tile::kNotPositive, tile::kRelative})
                         e->setAttr(name, b.getUnitAttr());
                       return e;
                     });
}

/// x / y as x (1 / y), with `y` along fewer axes: there are fewer divisions.
static AxisTile quotient(KernelBuilder &builder, const Window &region,
                         AxisTile x, AxisTile y) {
  Location loc = builder.loc();
  Type type = elementTypeOf(x);
  AxisTile inverse =
      builder.map(region, {y}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        return arith::DivFOp::create(b, loc, constant(b, loc, type, 1.0), v[0]);
      });
  return builder.map(region, {x, inverse}, type,
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       return arith::MulFOp::create(b, loc, v[0], v[1]);
                     });
}

/// Softmax along a dim that no tile holds whole: one loop for the maximum, one
/// for the sum, and the operand's tile a third time.
static FailureOr<AxisTile> softmaxInLoops(SoftmaxOp op, KernelBuilder &builder,
                                          const Window &region) {
  int64_t axis = op.getAxis();
  FailureOr<AxisTile> x = builder.tileOf(op.getInput(), region);
  FailureOr<OperandRegion> kept = withoutDim(region, axis);
  if (failed(x) || failed(kept))
    return failure();
  ReducedDims reduced{op.getInput(), {axis}, kept->region};
  Type type = elementTypeOf(*x);
  auto input = [&](const Window &block) {
    return builder.tileOf(op.getInput(), block);
  };
  auto top =
      reduceOver(builder, reduced, tile::Combine::MaxNumber, type, input);
  if (failed(top))
    return failure();
  auto sum = reduceOver(builder, reduced, tile::Combine::Sum, type,
                        [&](const Window &block) -> FailureOr<AxisTile> {
                          FailureOr<AxisTile> tile = input(block);
                          if (failed(tile))
                            return failure();
                          return expOfDifference(builder, block, *tile, *top);
                        });
  if (failed(sum))
    return failure();
  AxisTile e = expOfDifference(builder, region, *x, kept->renumber(*top));
  return quotient(builder, region, e, kept->renumber(*sum));
}

FailureOr<AxisTile> SoftmaxOp::buildTile(KernelBuilder &builder, unsigned,
                                         const Window &region) {
  FailureOr<unsigned> axis = wholeAxis(builder, region, getResult(), getAxis());
  if (failed(axis))
    return softmaxInLoops(*this, builder, region);
  FailureOr<AxisTile> x = builder.tileOf(getInput(), region);
  if (failed(x))
    return failure();
  AxisTile all = builder.expand(region, *x);
  AxisTile top = builder.reduce(tile::Combine::MaxNumber, all, *axis);
  AxisTile e = expOfDifference(builder, region, all, top);
  AxisTile sum = builder.reduce(tile::Combine::Sum, e, *axis);
  return quotient(builder, region, e, sum);
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
  AxisTile mean = builder.map(region, {sum}, type,
                              [&](OpBuilder &b, ValueRange v) -> Value {
                                return arith::DivFOp::create(
                                    b, loc, v[0], constant(b, loc, type, size));
                              });
  AxisTile centered = builder.map(
      region, {all, mean}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        return arith::SubFOp::create(b, loc, v[0], v[1]);
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
  return builder.map(region, inputs, type,
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       Value normal = arith::MulFOp::create(b, loc, v[0], v[1]);
                       if (v.size() == 4)
                         return math::FmaOp::create(b, loc, normal, v[2], v[3]);
                       return arith::MulFOp::create(b, loc, normal, v[2]);
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
