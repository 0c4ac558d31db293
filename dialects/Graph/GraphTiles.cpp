//===- GraphTiles.cpp - what the tiles of several graph ops are made of ---===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using tile::AxisTile;
using tile::KernelBuilder;
using tile::Window;

Type tenon::graph::computeType(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  return floatType && floatType.getWidth() < 32
             ? Float32Type::get(type.getContext())
             : tile::kernelTypeOf(type);
}

AxisTile tenon::graph::inSignedOrder(KernelBuilder &builder,
                                     const Window &region, AxisTile tile,
                                     Type elementType) {
  if (!elementType.isUnsignedInteger())
    return tile;
  Location loc = builder.loc();
  Type type = elementTypeOf(tile);
  return builder.map(
      region, {tile}, type, [&](OpBuilder &b, ValueRange v) -> Value {
        APInt top = APInt::getSignMask(type.getIntOrFloatBitWidth());
        Value sign =
            arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, top));
        return arith::XOrIOp::create(b, loc, v[0], sign);
      });
}

Type tenon::graph::elementTypeOf(const AxisTile &tile) {
  return cast<tile::TileType>(tile.tile.getType()).getElementType();
}

AxisTile tenon::graph::maskBehind(KernelBuilder &builder, const Window &region,
                                  unsigned axis, Value bound, TypedAttr other,
                                  AxisTile tile) {
  Location loc = builder.loc();
  return builder.map(
      region, {tile, builder.index(region, axis), builder.scalar(bound)},
      elementTypeOf(tile), [&](OpBuilder &body, ValueRange v) -> Value {
        Value inside = arith::CmpIOp::create(
            body, loc, arith::CmpIPredicate::slt, v[1], v[2]);
        Value outside = arith::ConstantOp::create(body, loc, other);
        return arith::SelectOp::create(body, loc, inside, v[0], outside);
      });
}

Value tenon::graph::zeroTile(KernelBuilder &builder,
                             ArrayRef<Attribute> extents, Type type) {
  OpBuilder &b = builder.builder();
  Value zero = arith::ConstantOp::create(b, builder.loc(), b.getZeroAttr(type));
  return tile::FillOp::create(
      b, builder.loc(), tile::TileType::get(b.getContext(), extents, type),
      zero);
}

FailureOr<Value> tenon::graph::wholeTile(KernelBuilder &builder, Value operand,
                                         const Window &region) {
  FailureOr<AxisTile> tile = builder.narrowTileOf(operand, region);
  if (failed(tile))
    return failure();
  return builder.expand(region, *tile).tile;
}

Value tenon::graph::wrapIndex(OpBuilder &b, Location loc, Value index,
                              Value size) {
  Value zero = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  Value isNegative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value fromEnd = arith::AddIOp::create(b, loc, index, size);
  return arith::SelectOp::create(b, loc, isNegative, fromEnd, index);
}

AxisTile tenon::graph::gatherTile(KernelBuilder &builder, const Window &region,
                                  Value input, ArrayRef<Attribute> dims,
                                  const AxisTile &indices, unsigned dim,
                                  const OperandRegion &rest) {
  AxisTile result;
  result.tile = builder.gather(input, dims, indices.tile, dim, rest.region);
  result.axes = indices.axes;
  result.axes.append(rest.axes);
  return builder.widened(region, result);
}

FailureOr<AxisTile> tenon::graph::reduceOver(
    KernelBuilder &builder, const ReducedDims &reduced, tile::Combine kind,
    Type type, function_ref<FailureOr<AxisTile>(const Window &)> element) {
  OpBuilder &b = builder.builder();
  Location loc = builder.loc();
  SmallVector<Attribute> sizes, extents;
  for (int64_t d : reduced.dims)
    sizes.push_back(builder.sizeAttrOf(reduced.input, d));
  Value bound = builder.sizeValue(builder.tensorSizes().productOf(sizes));
  Attribute blockExtent = builder.symbol("BR");

  for (const tile::Axis &axis : reduced.kept.axes)
    extents.push_back(axis.extent);
  TypedAttr identity = tile::identityOf(b, kind, type);
  Value init = tile::FillOp::create(
      b, loc, tile::TileType::get(b.getContext(), extents, type),
      arith::ConstantOp::create(b, loc, identity));
  unsigned last = reduced.kept.axes.size();
  auto all = llvm::to_vector(llvm::seq<unsigned>(0, last));

  auto result = builder.loop(
      bound, blockExtent, init,
      [&](Value r, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        Window block = reduced.kept;
        block.axes.push_back(
            {SmallVector<unsigned, 2>(reduced.dims.begin(), reduced.dims.end()),
             r, blockExtent});
        FailureOr<AxisTile> tile = element(block);
        if (failed(tile))
          return failure();
        AxisTile whole = builder.expand(block, *tile);
        Value left = arith::SubIOp::create(b, loc, bound, r);
        AxisTile part = builder.reduce(kind, whole, last, left);
        AxisTile sum =
            builder.map(reduced.kept, {{carried[0], all}, part}, type,
                        [&](OpBuilder &body, ValueRange v) {
                          return tile::combine(body, loc, kind, v[0], v[1]);
                        });
        return SmallVector<Value>{sum.tile};
      });
  if (failed(result))
    return failure();
  return AxisTile{result->front(), all};
}
