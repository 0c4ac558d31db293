//===- DotProducts.cpp - products by dot products within lanes ------------===//
//
// vdpbf16ps adds to each f32 lane the products of two pairs of bf16, vpdpbusd
// to each i32 lane those of four unsigned and four signed bytes: a step along
// the contracted axis takes as many of its elements. Of the vector side the
// rows of a step lie interleaved, in a packed weight already; of the scalar
// side a step is one broadcast of 32 bits. What lies behind the end is zero.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Bits of what a unit multiplies in a lane.
static constexpr int64_t kLaneBits = 32;

/// The load of the scalar side, when the elements of a step lie side by side in
/// memory.
static tile::LoadOp wordLoad(const ProductBlock &block, int64_t length) {
  Value side = tile::narrowOperand(block.scalarSide).tile;
  auto load = side.getDefiningOp<tile::LoadOp>();
  if (!load || load.getView().getType().getLayout())
    return nullptr;
  ArrayRef<int64_t> shape = load.getView().getType().getShape();
  int64_t dim = load.getAxes()[1 - block.vectorK];
  bool isContiguous = dim == static_cast<int64_t>(shape.size()) - 1;
  bool isWhole = !ShapedType::isDynamic(shape[dim]) &&
                 shape[dim] % length == 0 && block.depth % length == 0;
  return isContiguous && isWhole ? load : nullptr;
}

/// Elements of the contracted axis in a step; 1 without a unit.
int64_t TileLowering::stepLength(const ProductBlock &block) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  int64_t length = tile::dotLength(block.mma);
  bool fits = unit && !unit->isOfTiles && unit->dotLength == length &&
              block.width == 16 && !scratch.contains(block.scalarSide);
  return fits && wordLoad(block, length) ? length : 1;
}

/// Vectors in turn, an element of each.
static Value inTurn(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  if (vectors.size() == 1)
    return vectors.front();
  SmallVector<Value> even, odd;
  for (auto [n, vector] : llvm::enumerate(vectors))
    (n % 2 ? odd : even).push_back(vector);
  return vector::InterleaveOp::create(b, loc, inTurn(b, loc, even),
                                      inTurn(b, loc, odd));
}

/// 16 times `length` rows of the vector side, the first of them `k`.
Value TileLowering::dotVector(const ProductBlock &block, Value k, int64_t v,
                              int64_t length) {
  tile::NarrowOperand side = tile::narrowOperand(block.vectorSide);
  auto type = VectorType::get(length * block.width, side.elementType());
  if (auto staged = words.find(block.vectorSide); staged != words.end()) {
    Value row = b.createOrFold<arith::DivUIOp>(loc(), k, constantIndex(length));
    Value word =
        readScratch(staged->second, b.getI32Type(), vectorPlace(block, row, v));
    return vector::BitCastOp::create(b, loc(), type, word);
  }
  auto load = side.tile.getDefiningOp<tile::LoadOp>();
  if (load && load.getView().getType().getLayout() &&
      !scratch.contains(side.tile)) {
    // The lane digit is followed by the one within steps.
    Value packed = evaluateLoad(load, vectorPlace(block, k, v), b.getI32Type());
    return vector::BitCastOp::create(b, loc(), type, packed);
  }
  SmallVector<Value> rows;
  for (int64_t n = 0; n < length; ++n) {
    Value row = b.createOrFold<arith::AddIOp>(loc(), k, constantIndex(n));
    rows.push_back(evaluate(side.tile, vectorPlace(block, row, v)));
  }
  return inTurn(b, loc(), rows);
}

/// Row `r`'s elements of the step in all 16 lanes.
Value TileLowering::dotScalar(const ProductBlock &block, Value k, int64_t r,
                              int64_t length) {
  tile::LoadOp load = wordLoad(block, length);
  Place at = scalarPlace(block, k, r);
  // Of the row's bound only what the loops around do not keep is checked: the
  // contracted axis is whole steps and the loop ends with it.
  size_t outer = guaranteed.size();
  if (block.kBound)
    guaranteed.push_back({*block.kBound, {k}});
  Value bits = evaluateLoad(load, at, b.getI32Type());
  guaranteed.truncate(outer);
  Value splat = vector::BroadcastOp::create(
      b, loc(), VectorType::get(block.width, b.getI32Type()), bits);
  return vector::BitCastOp::create(
      b, loc(),
      VectorType::get(length * block.width, load.getType().getElementType()),
      splat);
}

/// Element `part` of each word as the type of sums: one of two bf16, or one of
/// four bytes.
Value TileLowering::widenPart(Value words, int64_t part, int64_t length,
                              bool isUnsigned) {
  auto type = cast<VectorType>(words.getType());
  auto splat = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, loc(),
                                     DenseElementsAttr::get(type, value));
  };
  int64_t bits = kLaneBits / length, above = kLaneBits - bits * (part + 1);
  Value top = arith::ShLIOp::create(b, loc(), words, splat(above));
  if (length == 2) { // bf16 is the upper half of an f32
    Value mask = splat(static_cast<int32_t>(0xffff0000));
    Value half = arith::AndIOp::create(b, loc(), top, mask);
    return vector::BitCastOp::create(b, loc(), type.clone(b.getF32Type()),
                                     half);
  }
  Value down = splat(kLaneBits - bits);
  return isUnsigned ? arith::ShRUIOp::create(b, loc(), top, down).getResult()
                    : arith::ShRSIOp::create(b, loc(), top, down).getResult();
}

/// sum + the products of the elements of `x` and `y` in each lane; of bytes `x`
/// is unsigned.
Value TileLowering::dot(Value sum, Value x, Value y, int64_t length) {
  if (!machine.emulatesUnits)
    return LLVM::CallIntrinsicOp::create(
               b, loc(), sum.getType(),
               b.getStringAttr(length == 2 ? "llvm.x86.avx512bf16.dpbf16ps.512"
                                           : "llvm.x86.avx512.vpdpbusd.512"),
               ValueRange{sum, x, y})
        .getResult(0);
  auto words = VectorType::get(16, b.getI32Type());
  Value left = vector::BitCastOp::create(b, loc(), words, x);
  Value right = vector::BitCastOp::create(b, loc(), words, y);
  // vdpbf16ps adds the product of the odd elements first.
  for (int64_t part : llvm::reverse(llvm::seq<int64_t>(0, length)))
    sum = multiplyAdd(b, loc(), widenPart(left, part, length, true),
                      widenPart(right, part, length, false), sum);
  return sum;
}

/// Step `step` of `length` elements along the contracted axis.
SmallVector<Value> TileLowering::dotStep(const ProductBlock &block, Value step,
                                         int64_t length, ValueRange sums) {
  Value k = b.createOrFold<arith::MulIOp>(loc(), step, constantIndex(length));
  SmallVector<Value> vectors, next;
  readsAhead = block.readsAhead;
  for (int64_t v = 0; v < block.blockVectors; ++v)
    vectors.push_back(dotVector(block, k, v, length));
  readsAhead = false;
  for (int64_t r = 0; r < block.blockRows; ++r) {
    Value scalar = dotScalar(block, k, r, length);
    for (int64_t v = 0; v < block.blockVectors; ++v) {
      Value sum = sums[r * block.blockVectors + v];
      bool isLeft = block.lane == 1; // the scalar side
      next.push_back(dot(sum, isLeft ? scalar : vectors[v],
                         isLeft ? vectors[v] : scalar, length));
    }
  }
  return next;
}

} // namespace tenon
