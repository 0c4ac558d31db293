//===- GraphTilesContractions.cpp - products of matrices as tiles ---------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

/// Integers narrower than 32 bits are summed in 32.
static Type accumulatorType(Type elementType) {
  Type type = computeType(elementType);
  return type.getIntOrFloatBitWidth() < 32
             ? IntegerType::get(type.getContext(), 32)
             : type;
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

KernelClass MatmulOp::getKernelClass() { return KernelClass::Contraction; }

/// The region of one operand: its batch dims and its own outer dim (`outer` of
/// the result is `own` of the operand) projected, and a k axis along `kDim`.
static FailureOr<Window> operandRegion(const Window &region,
                                       RankedTensorType operand,
                                       RankedTensorType result, unsigned outer,
                                       unsigned own, unsigned kDim,
                                       bool kFirst) {
  unsigned rank = result.getRank(), lead = rank - operand.getRank();
  auto projected = projectRegion(
      region, operand.getRank(), [&](unsigned d) -> std::optional<unsigned> {
        if (d == outer)
          return own;
        if (d >= rank - 2 || d < lead)
          return std::nullopt;
        bool repeats =
            operand.getDimSize(d - lead) == 1 && result.getDimSize(d) != 1;
        return repeats ? std::nullopt : std::optional<unsigned>(d - lead);
      });
  if (failed(projected) || projected->region.axes.size() != 1)
    return failure();
  tile::Axis k{{kDim}, Value(), StringAttr::get(operand.getContext(), "BK")};
  SmallVector<tile::Axis> &axes = projected->region.axes;
  axes.insert(kFirst ? axes.begin() : axes.end(), k);
  return projected->region;
}

FailureOr<AxisTile> MatmulOp::buildTile(KernelBuilder &builder, unsigned,
                                        const Window &region) {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType(),
                   result = getType();
  unsigned rank = result.getRank();
  if (lhs.getRank() < 2 || rhs.getRank() < 2)
    return failure();
  std::optional<unsigned> mAxis = region.axisOf(rank - 2),
                          nAxis = region.axisOf(rank - 1);
  if (!mAxis || !nAxis || mAxis == nAxis)
    return failure();
  auto lhsRegion = operandRegion(region, lhs, result, rank - 2,
                                 lhs.getRank() - 2, lhs.getRank() - 1, false);
  auto rhsRegion = operandRegion(region, rhs, result, rank - 1,
                                 rhs.getRank() - 1, rhs.getRank() - 2, true);
  if (failed(lhsRegion) || failed(rhsRegion))
    return failure();

  Type type = accumulatorType(result.getElementType());
  Value init = zeroTile(
      builder, {region.axes[*mAxis].extent, region.axes[*nAxis].extent}, type);
  Value bound = builder.sizeOf(getLhs(), lhs.getRank() - 1);
  auto sum = builder.loop(
      bound, builder.symbol("BK"), init,
      [&](Value k, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        lhsRegion->axes.back().offset = k;
        rhsRegion->axes.front().offset = k;
        FailureOr<Value> a = wholeTile(builder, getLhs(), *lhsRegion);
        FailureOr<Value> b = wholeTile(builder, getRhs(), *rhsRegion);
        if (failed(a) || failed(b))
          return failure();
        Value next = tile::MmaOp::create(builder.builder(), builder.loc(), *a,
                                         *b, carried[0]);
        return SmallVector<Value>{next};
      });
  if (failed(sum))
    return failure();
  return AxisTile{sum->front(), {*mAxis, *nAxis}};
}

//===----------------------------------------------------------------------===//
// grouped_matmul
//===----------------------------------------------------------------------===//

KernelClass GroupedMatmulOp::getKernelClass() {
  return KernelClass::Contraction;
}

namespace {
/// A sum of products for each group, scaled and added to those before it.
struct GroupedTiles {
  GroupedTiles(GroupedMatmulOp op, KernelBuilder &builder, tile::Axis rows,
               tile::Axis columns, ArrayRef<Value> points)
      : op(op), builder(builder), rows(std::move(rows)),
        columns(std::move(columns)), batch(points.drop_back()) {}

  FailureOr<Value> build();

private:
  FailureOr<Value> sumOfGroup(Value group);

  GroupedMatmulOp op;
  KernelBuilder &builder;
  tile::Axis rows, columns; ///< of the result
  ArrayRef<Value> batch;    ///< points of the other dims, and none for the rows
  Type type = accumulatorType(op.getType().getElementType());
  Value zero = zeroTile(builder, {rows.extent, columns.extent}, type);
};
} // namespace

FailureOr<Value> GroupedTiles::sumOfGroup(Value group) {
  unsigned depthDim = op.getLhs().getType().getRank() - 1;
  SmallVector<Value> leftPoints(batch);
  leftPoints.append({group, Value()});
  auto sum = builder.loop(
      builder.sizeOf(op.getRhs(), 1), builder.symbol("BK"), zero,
      [&](Value k, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        Attribute extent = builder.symbol("BK");
        tile::Axis right = columns;
        right.dims = {2};
        FailureOr<Value> a =
            wholeTile(builder, op.getLhs(),
                      {{rows, {{depthDim}, k, extent}}, leftPoints});
        FailureOr<Value> b =
            wholeTile(builder, op.getRhs(),
                      {{{{1}, k, extent}, right}, {group, Value(), Value()}});
        if (failed(a) || failed(b))
          return failure();
        Value next = tile::MmaOp::create(builder.builder(), builder.loc(), *a,
                                         *b, carried[0]);
        return SmallVector<Value>{next};
      });
  if (failed(sum))
    return failure();
  return sum->front();
}

FailureOr<Value> GroupedTiles::build() {
  auto total = builder.loop(
      builder.sizeOf(op.getRhs(), 0), builder.number(1), zero,
      [&](Value group, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        FailureOr<Value> sum = sumOfGroup(group);
        tile::Axis along = columns;
        along.dims = {1};
        FailureOr<AxisTile> scale =
            builder.tileOf(op.getScale(), {{along}, {group, Value()}});
        if (failed(sum) || failed(scale))
          return failure();
        scale->axes = {1};
        AxisTile next = builder.map(
            {{rows, columns}, {}},
            {{carried[0], {0, 1}}, {*sum, {0, 1}}, *scale}, type,
            [&](OpBuilder &body, ValueRange v) -> Value {
              return math::FmaOp::create(body, builder.loc(), v[1], v[2], v[0]);
            });
        return SmallVector<Value>{next.tile};
      });
  if (failed(total))
    return failure();
  return total->front();
}

FailureOr<AxisTile> GroupedMatmulOp::buildTile(KernelBuilder &builder, unsigned,
                                               const Window &region) {
  unsigned rank = getType().getRank();
  std::optional<unsigned> m = region.axisOf(rank - 2),
                          n = region.axisOf(rank - 1);
  if (!m || !n || m == n || region.axes.size() != 2)
    return failure();
  FailureOr<Value> sum = GroupedTiles(*this, builder, region.axes[*m],
                                      region.axes[*n], region.points)
                             .build();
  if (failed(sum))
    return failure();
  return AxisTile{*sum, {*m, *n}};
}
