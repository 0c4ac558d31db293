//===- PairProducts.cpp - products by dot products of bf16 pairs ----------===//
//
// vdpbf16ps adds to each f32 lane the products of two pairs: a step along the
// contracted axis takes two of its elements. Of the vector side the rows k and
// k + 1 lie interleaved, in a packed weight already; of the scalar side a pair
// is one broadcast of 32 bits. What lies behind an odd end is zero.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

static bool isBf16(Value tile) {
  return cast<tile::TileType>(tile.getType()).getElementType().isBF16();
}

/// The load of the scalar side, when its pairs lie side by side in memory.
static tile::LoadOp pairedLoad(const ProductBlock &block) {
  auto load = block.scalarSide.getDefiningOp<tile::LoadOp>();
  if (!load || load.getView().getType().getLayout())
    return nullptr;
  ArrayRef<int64_t> shape = load.getView().getType().getShape();
  int64_t dim = load.getAxes()[1 - block.vectorK];
  bool isContiguous = dim == static_cast<int64_t>(shape.size()) - 1;
  bool isEven = !ShapedType::isDynamic(shape[dim]) && shape[dim] % 2 == 0 &&
                block.depth % 2 == 0;
  return isContiguous && isEven ? load : nullptr;
}

bool TileLowering::usesPairs(const ProductBlock &block) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto unit = schedule ? schedule.getAs<StringAttr>("unit") : StringAttr();
  return unit && unit.getValue() == "avx512bf16" && block.width == 16 &&
         block.sumType.isF32() && isBf16(block.vectorSide) &&
         isBf16(block.scalarSide) && !scratch.contains(block.scalarSide) &&
         pairedLoad(block);
}

/// 16 pairs of rows 2 * pair and 2 * pair + 1.
Value TileLowering::pairVector(const ProductBlock &block, Value pair,
                               int64_t v) {
  Value k = arith::MulIOp::create(b, loc(), pair, constantIndex(2));
  auto load = block.vectorSide.getDefiningOp<tile::LoadOp>();
  if (load && load.getView().getType().getLayout() &&
      !scratch.contains(block.vectorSide)) {
    // The lane digit is followed by the one within pairs.
    Value words = evaluateLoad(load, vectorPlace(block, k, v), b.getI32Type());
    return vector::BitCastOp::create(
        b, loc(), VectorType::get(2 * block.width, b.getBF16Type()), words);
  }
  Value next = arith::AddIOp::create(b, loc(), k, constantIndex(1));
  Value low = evaluate(block.vectorSide, vectorPlace(block, k, v));
  Value high = evaluate(block.vectorSide, vectorPlace(block, next, v));
  return vector::InterleaveOp::create(b, loc(), low, high);
}

/// Row `r`'s pair in all 16 lanes.
Value TileLowering::pairScalar(const ProductBlock &block, Value pair,
                               int64_t r) {
  Value k = arith::MulIOp::create(b, loc(), pair, constantIndex(2));
  tile::LoadOp load = pairedLoad(block);
  Place at = scalarPlace(block, k, r);
  // Of the row's bound only what the loops around do not keep is checked: the
  // contracted axis is even and the loop ends with it.
  size_t outer = guaranteed.size();
  if (block.kBound)
    guaranteed.push_back({*block.kBound, {k}});
  Value bits = evaluateLoad(load, at, b.getI32Type());
  guaranteed.truncate(outer);
  Value splat = vector::BroadcastOp::create(
      b, loc(), VectorType::get(block.width, b.getI32Type()), bits);
  return vector::BitCastOp::create(
      b, loc(), VectorType::get(2 * block.width, b.getBF16Type()), splat);
}

/// The even or odd elements of pairs of bf16, a pair a word, as f32.
Value TileLowering::widenHalf(Value words, bool isOdd) {
  auto type = cast<VectorType>(words.getType());
  auto splat = [&](int32_t value) {
    return arith::ConstantOp::create(b, loc(),
                                     DenseElementsAttr::get(type, value));
  };
  Value bits =
      isOdd ? arith::AndIOp::create(b, loc(), words, splat(-65536)).getResult()
            : arith::ShLIOp::create(b, loc(), words, splat(16)).getResult();
  return vector::BitCastOp::create(b, loc(), type.clone(b.getF32Type()), bits);
}

/// sum + x[2i] * y[2i] + x[2i + 1] * y[2i + 1], lane by lane.
Value TileLowering::dotPairs(Value sum, Value x, Value y) {
  if (!machine.emulatesUnits)
    return LLVM::CallIntrinsicOp::create(
               b, loc(), sum.getType(),
               b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
               ValueRange{sum, x, y})
        .getResult(0);
  auto words = VectorType::get(16, b.getI32Type());
  Value left = vector::BitCastOp::create(b, loc(), words, x);
  Value right = vector::BitCastOp::create(b, loc(), words, y);
  // The unit adds the product of the odd elements first.
  for (bool isOdd : {true, false})
    sum = math::FmaOp::create(b, loc(), widenHalf(left, isOdd),
                              widenHalf(right, isOdd), sum);
  return sum;
}

SmallVector<Value> TileLowering::pairStep(const ProductBlock &block, Value pair,
                                          ValueRange sums) {
  SmallVector<Value> vectors, next;
  for (int64_t v = 0; v < block.blockVectors; ++v)
    vectors.push_back(pairVector(block, pair, v));
  for (int64_t r = 0; r < block.blockRows; ++r) {
    Value scalar = pairScalar(block, pair, r);
    for (int64_t v = 0; v < block.blockVectors; ++v)
      next.push_back(
          dotPairs(sums[r * block.blockVectors + v], scalar, vectors[v]));
  }
  return next;
}

} // namespace tenon
