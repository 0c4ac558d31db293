//===- GraphTilesElementwise.cpp - elementwise ops and iota as tiles ------===//

#include "dialects/Graph/GraphTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

/// One map over the operands' tiles, with the op's own scalar function.
static FailureOr<tile::AxisTile> buildElementwise(ElementwiseOpInterface op,
                                                  tile::KernelBuilder &builder,
                                                  const tile::Window &region) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<tile::AxisTile> inputs;
  for (Value operand : op->getOperands()) {
    auto type = cast<RankedTensorType>(operand.getType());
    auto tile =
        tileOfOperand(builder, operand, broadcastRegion(region, type, result));
    if (failed(tile))
      return failure();
    inputs.push_back(*tile);
  }
  return builder.map(region, inputs, computeType(result.getElementType()),
                     [&](OpBuilder &b, ValueRange scalars) {
                       return op.buildBody(b, scalars);
                     });
}

#define TENON_ELEMENTWISE(Op)                                                  \
  KernelClass Op::getKernelClass() { return KernelClass::Elementwise; }        \
  FailureOr<tile::AxisTile> Op::buildTile(                                     \
      tile::KernelBuilder &builder, unsigned, const tile::Window &region) {    \
    return buildElementwise(*this, builder, region);                           \
  }
TENON_ELEMENTWISE(NegOp)
TENON_ELEMENTWISE(AbsOp)
TENON_ELEMENTWISE(SignOp)
TENON_ELEMENTWISE(ExpOp)
TENON_ELEMENTWISE(LogOp)
TENON_ELEMENTWISE(SqrtOp)
TENON_ELEMENTWISE(RsqrtOp)
TENON_ELEMENTWISE(ReciprocalOp)
TENON_ELEMENTWISE(ErfOp)
TENON_ELEMENTWISE(TanhOp)
TENON_ELEMENTWISE(SinOp)
TENON_ELEMENTWISE(CosOp)
TENON_ELEMENTWISE(SigmoidOp)
TENON_ELEMENTWISE(SiluOp)
TENON_ELEMENTWISE(ReluOp)
TENON_ELEMENTWISE(FloorOp)
TENON_ELEMENTWISE(CeilOp)
TENON_ELEMENTWISE(RoundOp)
TENON_ELEMENTWISE(GeluOp)
TENON_ELEMENTWISE(IsNanOp)
TENON_ELEMENTWISE(NotOp)
TENON_ELEMENTWISE(AddOp)
TENON_ELEMENTWISE(SubOp)
TENON_ELEMENTWISE(MulOp)
TENON_ELEMENTWISE(DivOp)
TENON_ELEMENTWISE(ModOp)
TENON_ELEMENTWISE(PowOp)
TENON_ELEMENTWISE(MaxOp)
TENON_ELEMENTWISE(MinOp)
TENON_ELEMENTWISE(SwigluOp)
TENON_ELEMENTWISE(FmaOp)
TENON_ELEMENTWISE(AndOp)
TENON_ELEMENTWISE(OrOp)
TENON_ELEMENTWISE(XorOp)
TENON_ELEMENTWISE(CompareOp)
TENON_ELEMENTWISE(WhereOp)
#undef TENON_ELEMENTWISE

KernelClass CastOp::getKernelClass() {
  // Widening costs nothing where it is read, and its memory is smaller before:
  // like a view it is done again by every reader.
  Type from = getInput().getType().getElementType(),
       to = getResult().getType().getElementType();
  unsigned bits = from.getIntOrFloatBitWidth();
  bool isNarrow = isa<FloatType>(from) ? bits <= 16 : bits == 8;
  bool widens = isNarrow && (to.isF32() ||
                             (isa<IntegerType>(from) && isa<IntegerType>(to) &&
                              to.getIntOrFloatBitWidth() > bits));
  return widens ? KernelClass::View : KernelClass::Elementwise;
}

FailureOr<tile::AxisTile> CastOp::buildTile(tile::KernelBuilder &builder,
                                            unsigned,
                                            const tile::Window &region) {
  RankedTensorType from = getInput().getType(), to = getResult().getType();
  // Whoever reads a narrow float computes in the wide one.
  if (to.getElementType() != from.getElementType() &&
      to.getElementType() == computeType(from.getElementType()))
    return tileOfOperand(builder, getInput(),
                         broadcastRegion(region, from, to));
  return buildElementwise(*this, builder, region);
}

KernelClass IotaOp::getKernelClass() { return KernelClass::Elementwise; }

FailureOr<tile::AxisTile> IotaOp::buildTile(tile::KernelBuilder &builder,
                                            unsigned,
                                            const tile::Window &region) {
  Type elementType = getResult().getType().getElementType();
  FailureOr<tile::AxisTile> coordinates =
      builder.coordinates(region, getAxis());
  if (failed(coordinates))
    return failure();
  if (elementType.isInteger(64))
    return coordinates;
  return builder.map(region, {*coordinates}, computeType(elementType),
                     [&](OpBuilder &b, ValueRange v) -> Value {
                       if (isa<FloatType>(elementType))
                         return arith::SIToFPOp::create(
                             b, builder.loc(), computeType(elementType), v[0]);
                       return arith::TruncIOp::create(b, builder.loc(),
                                                      elementType, v[0]);
                     });
}
