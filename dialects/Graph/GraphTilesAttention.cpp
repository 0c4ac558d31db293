//===- GraphTilesAttention.cpp - attention as tiles -----------------------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>
#include <numbers>

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

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
  AxisTile keyTerm(const Window &scoreRegion,
                   const std::optional<AxisTile> &bias,
                   const std::optional<AxisTile> &mask);
  static bool isOfKeys(const AxisTile &tile) {
    return !llvm::is_contained(tile.axes, 0u);
  }
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

  auto scoreType = tensorOf(
      {getDim(op.getQuery().getType(), 0), getDim(op.getQuery().getType(), 1),
       getDim(op.getQuery().getType(), 2), getDim(op.getKey().getType(), 2)},
      f32);
  std::optional<AxisTile> bias, mask;
  for (auto [operand, tile] :
       {std::pair(op.getBias(), &bias), std::pair(op.getMask(), &mask)}) {
    if (!operand)
      continue;
    auto type = cast<RankedTensorType>(operand.getType());
    auto found = tileOfOperand(builder, operand,
                               broadcastRegion(scoreRegion, type, scoreType));
    if (failed(found))
      return failure();
    *tile = *found;
  }
  AxisTile term = keyTerm(scoreRegion, bias, mask);

  // Everything else about a score is one map.
  SmallVector<AxisTile> inputs{s, term};
  auto addInput = [&](const AxisTile &tile) {
    inputs.push_back(tile);
    return inputs.size() - 1;
  };
  std::optional<unsigned> rowBias, rowMask, last;
  if (bias && !isOfKeys(*bias))
    rowBias = addInput(*bias);
  bool hasKeyMask = mask && isOfKeys(*mask);
  if (mask && !hasKeyMask)
    rowMask = addInput(*mask);
  if (op.getCausal()) {
    last = addInput(builder.index(scoreRegion, 0));
    addInput(builder.index(scoreRegion, 1));
    addInput(
        builder.scalar(arith::SubIOp::create(b, loc, numKeys, numQueries)));
  }
  double factor = op.getScale().convertToDouble() * std::numbers::log2e;
  return builder.map(
      scoreRegion, inputs, f32, [&](OpBuilder &body, ValueRange v) -> Value {
        Value x =
            math::FmaOp::create(body, loc, v[0], constant(body, factor), v[1]);
        Value hidden = negInfinity(body);
        auto hideUnless = [&](Value isVisible) {
          x = arith::SelectOp::create(body, loc, isVisible, x, hidden);
        };
        if (rowBias)
          x = math::FmaOp::create(body, loc, v[*rowBias],
                                  constant(body, std::numbers::log2e), x);
        // Adding -inf hides no key whose score is NaN or whose bias infinite.
        // Keys behind the last one are zeros and need no more.
        if (rowBias || hasKeyMask)
          hideUnless(arith::CmpFOp::create(body, loc, arith::CmpFPredicate::UNE,
                                           v[1], hidden));
        if (rowMask)
          hideUnless(v[*rowMask]);
        if (last) {
          Value end = arith::AddIOp::create(body, loc, v[*last], v[*last + 2]);
          hideUnless(arith::CmpIOp::create(body, loc, arith::CmpIPredicate::sle,
                                           v[*last + 1], end));
        }
        return x;
      });
}

/// What all scores of a key are increased by: what a bias says to all queries,
/// and -inf when none of them sees the key.
AxisTile AttentionTiles::keyTerm(const Window &scoreRegion,
                                 const std::optional<AxisTile> &bias,
                                 const std::optional<AxisTile> &mask) {
  SmallVector<AxisTile> inputs{builder.index(scoreRegion, 1),
                               builder.scalar(numKeys)};
  bool hasBias = bias && isOfKeys(*bias), hasMask = mask && isOfKeys(*mask);
  if (hasBias)
    inputs.push_back(*bias);
  if (hasMask)
    inputs.push_back(*mask);
  return builder.map(
      scoreRegion, inputs, f32, [&](OpBuilder &body, ValueRange v) -> Value {
        Value term = constant(body, 0.0);
        if (hasBias)
          term = arith::MulFOp::create(body, loc, v[2],
                                       constant(body, std::numbers::log2e));
        Value visible = arith::CmpIOp::create(
            body, loc, arith::CmpIPredicate::slt, v[0], v[1]);
        if (hasMask)
          visible = arith::AndIOp::create(body, loc, visible, v.back());
        return arith::SelectOp::create(body, loc, visible, term,
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
  // A row with a NaN needs no maximum: its sum is NaN.
  AxisTile blockTop = builder.reduce(tile::Combine::MaxNumber, *s, 1);
  AxisTile top =
      builder.map(scoreRegion, {m, blockTop}, f32,
                  [&](OpBuilder &body, ValueRange v) -> Value {
                    return arith::MaximumFOp::create(body, loc, v[0], v[1]);
                  });
  // A row that has seen only masked keys has maximum -inf; subtracting 0
  // instead keeps its terms 0 rather than NaN.
  AxisTile base = builder.map(
      scoreRegion, {top}, f32, [&](OpBuilder &body, ValueRange v) -> Value {
        Value none = arith::CmpFOp::create(body, loc, arith::CmpFPredicate::OEQ,
                                           v[0], negInfinity(body));
        return arith::SelectOp::create(body, loc, none, constant(body, 0.0),
                                       v[0]);
      });
  Type narrow = op.getValue().getType().getElementType();
  auto expOf = [&](OpBuilder &body, ValueRange v) -> Value {
    auto e = math::Exp2Op::create(body, loc,
                                  arith::SubFOp::create(body, loc, v[0], v[1]));
    e->setAttr(tile::kNotPositive, body.getUnitAttr());
    return e;
  };
  // What a row is scaled by stays in f32, and its errors would add up.
  auto probability = [&](OpBuilder &body, ValueRange v) -> Value {
    Value e = expOf(body, v);
    if (narrow.isBF16())
      e.getDefiningOp()->setAttr(tile::kRoundedToBf16, body.getUnitAttr());
    return e;
  };
  AxisTile p = builder.map(scoreRegion, {*s, base}, f32, probability);
  AxisTile c = builder.map(scoreRegion, {m, base}, f32, expOf);
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
  last->front().getDefiningOp()->setAttr(tile::kOnlineSoftmax, b.getUnitAttr());
  // One division a row. With few keys and a wide head that is still most of
  // what is done to the sums.
  AxisTile scale = builder.map({{rows}, {}}, {{(*last)[1], {0}}}, f32,
                               [&](OpBuilder &body, ValueRange v) -> Value {
                                 return arith::DivFOp::create(
                                     body, loc, constant(body, 1.0), v[0]);
                               });
  Window accRegion{{rows, columns}, {}};
  AxisTile out = builder.map(
      accRegion, {{(*last)[2], {0, 1}}, {scale.tile, {0}}}, f32,
      [&](OpBuilder &body, ValueRange v) -> Value {
        Value quotient = arith::MulFOp::create(body, loc, v[0], v[1]);
        if (!op.getNanToZero())
          return quotient;
        // The scale is NaN when a probability is, and infinite when no key is
        // visible.
        Value infinity =
            constant(body, std::numeric_limits<double>::infinity());
        Value bad = arith::CmpFOp::create(body, loc, arith::CmpFPredicate::UGE,
                                          v[1], infinity);
        return arith::SelectOp::create(body, loc, bad, constant(body, 0.0),
                                       quotient);
      });
  out.axes = {*region.axisOf(2), *region.axisOf(3)};
  return out;
}

FailureOr<AxisTile> AttentionOp::buildTile(KernelBuilder &builder, unsigned,
                                           const Window &region) {
  return AttentionTiles(*this, builder, region).build();
}
