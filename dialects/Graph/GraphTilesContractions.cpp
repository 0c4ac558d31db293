//===- GraphTilesContractions.cpp - matmul and attention as tiles ---------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <numbers>

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

static Value zeroTile(KernelBuilder &builder, ArrayRef<Attribute> extents,
                      Type type) {
  OpBuilder &b = builder.builder();
  Value zero = arith::ConstantOp::create(b, builder.loc(), b.getZeroAttr(type));
  return tile::FillOp::create(
      b, builder.loc(), tile::TileType::get(b.getContext(), extents, type),
      zero);
}

/// The operand's tile with all axes of its region, in the region's order.
static FailureOr<Value> wholeTile(KernelBuilder &builder, Value operand,
                                  const Window &region) {
  FailureOr<AxisTile> tile = builder.narrowTileOf(operand, region);
  if (failed(tile))
    return failure();
  return builder.expand(region, *tile).tile;
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

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

KernelClass AttentionOp::getKernelClass() { return KernelClass::Attention; }

namespace {
/// Attention as one pass over blocks of keys with a running maximum (online
/// softmax: Milakov and Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022,
/// arXiv:2205.14135). In base 2, scale and log2(e) folded into one factor:
///
///   s  = (q k^T) * scale * log2(e) + bias * log2(e);  masked: -inf
///   m' = max(m, max_j s);  p = exp2(s - m');  c = exp2(m - m')
///   l' = l * c + sum_j p;  acc' = acc * c + p v;      at the end acc / l
struct AttentionTiles {
  AttentionTiles(AttentionOp op, KernelBuilder &builder, const Window &region)
      : op(op), builder(builder), region(region) {}

  AttentionOp op;
  KernelBuilder &builder;
  const Window &region;
  OpBuilder &b = builder.builder();
  Location loc = builder.loc();
  MLIRContext *context = op.getContext();
  Type f32 = Float32Type::get(context);

  tile::Axis rows, columns; ///< axes of the result: queries, and the head's dim
  Value batch, head, kvHead; ///< where this instance stands
  Value numKeys, numQueries;

  FailureOr<AxisTile> build();

private:
  bool findAxes();
  Value visibleKeys();
  Value startOfSum();
  FailureOr<AxisTile> scores(Value q, const Window &scoreRegion);
  FailureOr<SmallVector<Value>> step(Value q, Value j, ValueRange carried);
  Window rowRegion() const { return {{rows}, {}}; }
  Value constant(OpBuilder &body, double value) {
    return arith::ConstantOp::create(body, loc, body.getF32FloatAttr(value));
  }
  Value negInfinity(OpBuilder &body) {
    return arith::ConstantOp::create(
        body, loc,
        body.getFloatAttr(f32, APFloat::getInf(APFloat::IEEEsingle(), true)));
  }
};
} // namespace

bool AttentionTiles::findAxes() {
  std::optional<unsigned> i = region.axisOf(2), d = region.axisOf(3);
  if (!i || !d || i == d || region.axisOf(0) || region.axisOf(1) ||
      region.axes[*i].dims.size() != 1)
    return false;
  rows = region.axes[*i];
  columns = region.axes[*d];
  batch = region.points[0];
  head = builder.addIndex(region.points[1], nullptr);
  auto group = op.getQuery().getType().getDimSize(1) /
               op.getKey().getType().getDimSize(1);
  kvHead = group == 1 ? head
                      : arith::DivUIOp::create(b, loc, head,
                                               builder.constantIndex(group))
                            .getResult();
  numKeys = builder.sizeOf(op.getKey(), 2);
  numQueries = builder.sizeOf(op.getQuery(), 2);
  return true;
}

/// Where the loop over keys may end: causal rows see no key behind the last
/// row's own.
Value AttentionTiles::visibleKeys() {
  if (!op.getCausal())
    return numKeys;
  Value end = builder.addIndex(builder.addIndex(rows.offset, nullptr),
                               builder.extentValue(rows.extent));
  Value shift = arith::SubIOp::create(b, loc, numKeys, numQueries);
  Value last = arith::AddIOp::create(b, loc, end, shift);
  Value clamped =
      arith::MaxSIOp::create(b, loc, last, builder.constantIndex(0));
  return arith::MinSIOp::create(b, loc, clamped, numKeys);
}

/// 0; or 1 when there are no keys at all, so that the result is 0 / 1.
Value AttentionTiles::startOfSum() {
  if (builder.constantSizeOf(op.getKey(), 2).value_or(0) > 0)
    return constant(b, 0.0);
  Value isEmpty = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                        numKeys, builder.constantIndex(0));
  return arith::SelectOp::create(b, loc, isEmpty, constant(b, 1.0),
                                 constant(b, 0.0));
}

FailureOr<AxisTile> AttentionTiles::scores(Value q, const Window &scoreRegion) {
  // scoreRegion: axes 0 queries, 1 keys.
  int64_t headDim = op.getQuery().getType().getDimSize(3);
  tile::Axis depth{{3}, Value(), builder.number(headDim)};
  tile::Axis keys = scoreRegion.axes[1];
  keys.dims = {2};
  FailureOr<Value> k = wholeTile(
      builder, op.getKey(), {{depth, keys}, {batch, kvHead, Value(), Value()}});
  if (failed(k))
    return failure();
  Value zero = zeroTile(builder, {rows.extent, keys.extent}, f32);
  AxisTile s{tile::MmaOp::create(b, loc, q, *k, zero), {0, 1}};

  // Everything else about a score is one map.
  SmallVector<AxisTile> inputs{s, builder.index(scoreRegion, 1),
                               builder.scalar(numKeys)};
  auto scoreType = tensorOf(
      {getDim(op.getQuery().getType(), 0), getDim(op.getQuery().getType(), 1),
       getDim(op.getQuery().getType(), 2), getDim(op.getKey().getType(), 2)},
      f32);
  std::optional<unsigned> bias, mask, row;
  auto addOperand = [&](Value operand,
                        std::optional<unsigned> &position) -> LogicalResult {
    if (!operand)
      return success();
    auto type = cast<RankedTensorType>(operand.getType());
    auto tile = tileOfOperand(builder, operand,
                              broadcastRegion(scoreRegion, type, scoreType));
    if (failed(tile))
      return failure();
    position = inputs.size();
    inputs.push_back(*tile);
    return success();
  };
  if (failed(addOperand(op.getBias(), bias)) ||
      failed(addOperand(op.getMask(), mask)))
    return failure();
  if (op.getCausal()) {
    row = inputs.size();
    inputs.push_back(builder.index(scoreRegion, 0));
    inputs.push_back(
        builder.scalar(arith::SubIOp::create(b, loc, numKeys, numQueries)));
  }
  double factor = op.getScale().convertToDouble() * std::numbers::log2e;
  return builder.map(
      scoreRegion, inputs, f32, [&](OpBuilder &body, ValueRange v) -> Value {
        Value x =
            arith::MulFOp::create(body, loc, v[0], constant(body, factor));
        if (bias)
          x = math::FmaOp::create(body, loc, v[*bias],
                                  constant(body, std::numbers::log2e), x);
        Value visible = arith::CmpIOp::create(
            body, loc, arith::CmpIPredicate::slt, v[1], v[2]);
        if (mask)
          visible = arith::AndIOp::create(body, loc, visible, v[*mask]);
        if (row) {
          Value last = arith::AddIOp::create(body, loc, v[*row], v[*row + 1]);
          Value past = arith::CmpIOp::create(
              body, loc, arith::CmpIPredicate::sle, v[1], last);
          visible = arith::AndIOp::create(body, loc, visible, past);
        }
        return arith::SelectOp::create(body, loc, visible, x,
                                       negInfinity(body));
      });
}

FailureOr<SmallVector<Value>> AttentionTiles::step(Value q, Value j,
                                                   ValueRange carried) {
  Window scoreRegion{{rows, {{3}, j, builder.symbol("BN")}},
                     {batch, head, Value(), Value()}};
  FailureOr<AxisTile> s = scores(q, scoreRegion);
  if (failed(s))
    return failure();
  AxisTile m{carried[0], {0}}, l{carried[1], {0}};
  AxisTile blockTop = builder.reduce(tile::Combine::Max, *s, 1);
  AxisTile top =
      builder.map(scoreRegion, {m, blockTop}, f32,
                  [&](OpBuilder &body, ValueRange v) -> Value {
                    return arith::MaximumFOp::create(body, loc, v[0], v[1]);
                  });
  // A row that has seen only masked keys has maximum -inf; subtracting 0
  // instead keeps its terms 0 rather than NaN.
  auto base = [&](OpBuilder &body, Value maximum) -> Value {
    Value none = arith::CmpFOp::create(body, loc, arith::CmpFPredicate::OEQ,
                                       maximum, negInfinity(body));
    return arith::SelectOp::create(body, loc, none, constant(body, 0.0),
                                   maximum);
  };
  auto expOf = [&](OpBuilder &body, ValueRange v) -> Value {
    return math::Exp2Op::create(
        body, loc, arith::SubFOp::create(body, loc, v[0], base(body, v[1])));
  };
  AxisTile p = builder.map(scoreRegion, {*s, top}, f32, expOf);
  AxisTile c = builder.map(scoreRegion, {m, top}, f32, expOf);
  AxisTile sum = builder.reduce(tile::Combine::Sum, p, 1);
  AxisTile nextL =
      builder.map(scoreRegion, {l, c, sum}, f32,
                  [&](OpBuilder &body, ValueRange v) -> Value {
                    return math::FmaOp::create(body, loc, v[0], v[1], v[2]);
                  });

  Window accRegion{{rows, columns}, {}};
  AxisTile acc =
      builder.map(accRegion, {{carried[2], {0, 1}}, c}, f32,
                  [&](OpBuilder &body, ValueRange v) -> Value {
                    return arith::MulFOp::create(body, loc, v[0], v[1]);
                  });
  tile::Axis keys{{2}, j, builder.symbol("BN")}, depth = columns;
  FailureOr<Value> v =
      wholeTile(builder, op.getValue(),
                {{keys, depth}, {batch, kvHead, Value(), Value()}});
  if (failed(v))
    return failure();
  Type narrow = op.getValue().getType().getElementType();
  if (narrow != f32)
    p = builder.map(scoreRegion, {p}, narrow,
                    [&](OpBuilder &body, ValueRange x) -> Value {
                      return arith::TruncFOp::create(body, loc, narrow, x[0]);
                    });
  Value nextAcc = tile::MmaOp::create(b, loc, p.tile, *v, acc.tile);
  return SmallVector<Value>{top.tile, nextL.tile, nextAcc};
}

FailureOr<AxisTile> AttentionTiles::build() {
  auto elementType = cast<FloatType>(op.getQuery().getType().getElementType());
  if (!findAxes() || op.getQuery().getType().isDynamicDim(3) ||
      elementType.getWidth() > 32)
    return failure();
  int64_t headDim = op.getQuery().getType().getDimSize(3);
  tile::Axis depth{{3}, Value(), builder.number(headDim)};
  FailureOr<Value> q = wholeTile(
      builder, op.getQuery(), {{rows, depth}, {batch, head, Value(), Value()}});
  if (failed(q))
    return failure();
  auto rowType = tile::TileType::get(context, {rows.extent}, f32);
  Value m = tile::FillOp::create(b, loc, rowType, negInfinity(b));
  Value l = tile::FillOp::create(b, loc, rowType, startOfSum()).getResult();
  Value acc = zeroTile(builder, {rows.extent, columns.extent}, f32);
  auto last = builder.loop(
      visibleKeys(), builder.symbol("BN"), {m, l, acc},
      [&](Value j, ValueRange carried) { return step(*q, j, carried); });
  if (failed(last))
    return failure();
  Window accRegion{{rows, columns}, {}};
  AxisTile out = builder.map(
      accRegion, {{(*last)[2], {0, 1}}, {(*last)[1], {0}}}, f32,
      [&](OpBuilder &body, ValueRange v) -> Value {
        Value quotient = arith::DivFOp::create(body, loc, v[0], v[1]);
        if (!op.getNanToZero())
          return quotient;
        // The row's sum is NaN when a probability is, and 0 when no key is
        // visible.
        Value zero = constant(body, 0.0);
        Value bad = arith::CmpFOp::create(body, loc, arith::CmpFPredicate::UEQ,
                                          v[1], zero);
        return arith::SelectOp::create(body, loc, bad, zero, quotient);
      });
  out.axes = {*region.axisOf(2), *region.axisOf(3)};
  return out;
}

FailureOr<AxisTile> AttentionOp::buildTile(KernelBuilder &builder, unsigned,
                                           const Window &region) {
  return AttentionTiles(*this, builder, region).build();
}
