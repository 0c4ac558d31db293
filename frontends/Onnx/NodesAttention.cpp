//===- NodesAttention.cpp - importers of attention and positions ----------===//

#include "frontends/Onnx/NodeTable.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

static SmallVector<DimAttr> dimsOf(Value value) {
  return graph::getDims(cast<RankedTensorType>(value.getType()));
}

static Value takeLanes(NodeBuilder &b, Value x, int64_t axis, DimAttr start,
                       DimAttr count) {
  if (b.hasFailed())
    return nullptr;
  SmallVector<DimAttr> dims = dimsOf(x);
  dims[axis] = count;
  Type elementType = cast<RankedTensorType>(x.getType()).getElementType();
  return b.makeOf<graph::SliceOp>(dims, elementType, x, axis, start,
                                  /*step=*/1);
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// An input as [B, H, L, D]: three dims are [B, L, H D], split by the
/// attribute.
static Value splitHeads(NodeBuilder &b, unsigned input, StringRef attribute) {
  if (b.rank(input) == 4)
    return b.data(input);
  int64_t heads = b.integer(attribute, 0);
  SmallVector<DimAttr> dims = b.dims(input);
  DimAttr width = b.rank(input) == 3 && heads > 0
                      ? dims[2].divideExactly(b.dim(heads))
                      : nullptr;
  if (!width) {
    (void)b.error("input " + Twine(input) +
                  " must have four dims, or three and '" + attribute +
                  "': expected a divisor of its lanes, got " + Twine(heads));
    return nullptr;
  }
  Value apart =
      b.reshape(b.data(input), {dims[0], dims[1], b.dim(heads), width});
  return b.transpose(apart, {0, 2, 1, 3});
}

/// Back to the rank that the first input has.
static Value mergeHeads(NodeBuilder &b, Value x) {
  if (b.hasFailed() || b.rank(0) == 4)
    return x;
  SmallVector<DimAttr> dims = dimsOf(x);
  return b.reshape(b.transpose(x, {0, 2, 1, 3}),
                   {dims[0], dims[2], dims[1].mul(dims[3])});
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Keys or values after those of the past.
static Value appendToPast(NodeBuilder &b, Value x, unsigned pastInput) {
  if (b.hasFailed() || !b.has(pastInput))
    return x;
  SmallVector<Value> parts = {b.data(pastInput), x};
  return b.make<graph::ConcatOp>(parts, /*axis=*/2);
}

/// What graph's attention needs equal of queries, keys and values.
static LogicalResult equateAttention(NodeBuilder &b, Value query, Value key,
                                     Value value) {
  if (b.hasFailed())
    return failure();
  SmallVector<DimAttr> q = dimsOf(query), k = dimsOf(key), v = dimsOf(value);
  return success(
      succeeded(b.equate(q[0], k[0])) && succeeded(b.equate(q[0], v[0])) &&
      succeeded(b.equate(k[1], v[1])) && succeeded(b.equate(k[2], v[2])) &&
      succeeded(b.equate(q[3], k[3])));
}

static LogicalResult importAttention(NodeBuilder &b) {
  Value query = splitHeads(b, 0, "q_num_heads");
  Value key = appendToPast(b, splitHeads(b, 1, "kv_num_heads"), 4);
  Value value = appendToPast(b, splitHeads(b, 2, "kv_num_heads"), 5);
  if (failed(equateAttention(b, query, key, value)))
    return failure();
  if (b.number("softcap", 0) != 0)
    return b.error("unsupported form: expected 'softcap' to be 0");
  // ONNX's causal mask begins in the upper left corner, graph's in the lower
  // right.
  bool causal = b.integer("is_causal", 0);
  DimAttr queries = dimsOf(query)[2], keys = dimsOf(key)[2];
  if (causal && queries != keys)
    return b.error("unsupported form: expected as many keys as queries under "
                   "'is_causal', got " +
                   keys.str() + " and " + queries.str());
  std::optional<int64_t> width = dimsOf(query)[3].getConstantValue();
  if (!width && !b.attribute("scale"))
    return b.error(
        "unsupported form: expected a constant head size or 'scale'");
  llvm::APFloat scale(
      b.number("scale", width ? 1 / std::sqrt(double(*width)) : 1));
  Value mask, bias;
  if (b.has(3))
    (b.type(3).getElementType().isInteger(1) ? mask : bias) = b.data(3);
  Value result =
      b.make<graph::AttentionOp>(query, key, value, mask, bias, scale, causal,
                                 /*nan_to_zero=*/false);
  if (failed(b.set(0, mergeHeads(b, result))) || failed(b.set(1, key)))
    return failure();
  return b.set(2, value);
}

//===----------------------------------------------------------------------===//
// Rotary embedding
//===----------------------------------------------------------------------===//

/// Cosines or sines as [B, 1, L, D/2], read from a table by position.
static Value anglesOf(NodeBuilder &b, unsigned input) {
  Value angles = b.data(input);
  if (b.has(3))
    angles = b.make<graph::GatherOp>(angles, b.data(3), /*axis=*/0);
  if (b.hasFailed())
    return nullptr;
  SmallVector<DimAttr> dims = dimsOf(angles);
  if (dims.size() != 3) {
    (void)b.error("its angles must have three dims, got " + Twine(dims.size()));
    return nullptr;
  }
  return b.reshape(angles, {dims[0], b.dim(1), dims[1], dims[2]});
}

static Value multiply(NodeBuilder &b, Value x, Value y) {
  if (failed(b.broadcastTogether({x, y})))
    return nullptr;
  return b.make<graph::MulOp>(x, y);
}

/// The lanes of all pairs, first and second apart: [B, H, L, P] each.
static std::pair<Value, Value> splitPairs(NodeBuilder &b, Value x,
                                          DimAttr pairs, bool interleaved) {
  SmallVector<DimAttr> dims = dimsOf(x);
  if (!interleaved)
    return {takeLanes(b, x, 3, b.dim(0), pairs),
            takeLanes(b, x, 3, pairs, pairs)};
  Value apart = b.reshape(x, {dims[0], dims[1], dims[2], pairs, b.dim(2)});
  SmallVector<DimAttr> lanes = {dims[0], dims[1], dims[2], pairs};
  return {b.reshape(takeLanes(b, apart, 4, b.dim(0), b.dim(1)), lanes),
          b.reshape(takeLanes(b, apart, 4, b.dim(1), b.dim(1)), lanes)};
}

static Value joinPairs(NodeBuilder &b, Value first, Value second,
                       bool interleaved) {
  if (b.hasFailed())
    return nullptr;
  SmallVector<DimAttr> lanes = dimsOf(first), column = lanes;
  column.push_back(b.dim(1));
  SmallVector<Value> parts = {first, second};
  if (interleaved)
    parts = {b.reshape(first, column), b.reshape(second, column)};
  lanes[3] = lanes[3].add(lanes[3]);
  return b.reshape(b.make<graph::ConcatOp>(parts, interleaved ? 4 : 3), lanes);
}

static LogicalResult importRotaryEmbedding(NodeBuilder &b) {
  Value x = splitHeads(b, 0, "num_heads"), cosine = anglesOf(b, 1),
        sine = anglesOf(b, 2);
  if (b.hasFailed())
    return failure();
  int64_t rotated = b.integer("rotary_embedding_dim", 0);
  DimAttr width = dimsOf(x)[3], lanes = rotated > 0 ? b.dim(rotated) : width;
  DimAttr pairs = lanes.divideExactly(b.dim(2));
  if (!pairs)
    return b.error("needs pairs of lanes: expected an even number, got " +
                   lanes.str());
  bool interleaved = b.integer("interleaved", 0);
  Value turning = lanes == width ? x : takeLanes(b, x, 3, b.dim(0), lanes);
  auto [first, second] = splitPairs(b, turning, pairs, interleaved);
  Value left = b.make<graph::SubOp>(multiply(b, first, cosine),
                                    multiply(b, second, sine));
  Value right = b.make<graph::AddOp>(multiply(b, first, sine),
                                     multiply(b, second, cosine));
  Value result = joinPairs(b, left, right, interleaved);
  if (lanes != width) {
    SmallVector<Value> parts = {result,
                                takeLanes(b, x, 3, lanes, width.sub(lanes))};
    result = b.make<graph::ConcatOp>(parts, /*axis=*/3);
  }
  return b.set(0, mergeHeads(b, result));
}

static constexpr NodeRule kRules[] = {
    {"", "Attention", 23, 3, 6, importAttention, nullptr},
    {"", "RotaryEmbedding", 23, 3, 4, importRotaryEmbedding, nullptr},
};

ArrayRef<NodeRule> onnx::attentionRules() { return kRules; }
