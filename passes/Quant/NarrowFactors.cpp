//===- NarrowFactors.cpp - products of f32 multiply tf32 ------------------===//

#include "passes/Quant/Passes.h"

#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_NARROWFACTORSPASS
#include "passes/Quant/Passes.h.inc"

namespace {

/// The tile by way of tf32.
Value rounded(OpBuilder &b, Location loc, Value tile) {
  auto type = cast<tile::TileType>(tile.getType());
  auto converted = [&](Value input, Type to, auto convert) -> Value {
    auto result = tile::TileType::get(b.getContext(), type.getExtents(), to);
    auto axes = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    Attribute map = b.getI64ArrayAttr(axes);
    auto op = tile::MapOp::create(b, loc, result, input, b.getArrayAttr(map));
    Block &body = op.getBody().emplaceBlock();
    Value element = body.addArgument(
        cast<tile::TileType>(input.getType()).getElementType(), loc);
    OpBuilder inside = OpBuilder::atBlockEnd(&body);
    tile::YieldOp::create(inside, loc, convert(inside, to, element));
    return op;
  };
  Value narrow = converted(tile, FloatTF32Type::get(b.getContext()),
                           [&](OpBuilder &inside, Type to, Value x) -> Value {
                             return arith::TruncFOp::create(inside, loc, to, x);
                           });
  return converted(narrow, type.getElementType(),
                   [&](OpBuilder &inside, Type to, Value x) -> Value {
                     return arith::ExtFOp::create(inside, loc, to, x);
                   });
}

struct NarrowFactors final : impl::NarrowFactorsPassBase<NarrowFactors> {
  void runOnOperation() override {
    getOperation().walk([](tile::MmaOp mma) {
      auto loop = mma->getParentOfType<scf::ForOp>();
      bool isOfScores = loop && loop->hasAttr(tile::kOnlineSoftmax);
      bool isOfF32 = llvm::all_of(mma->getOperandTypes(), [](Type type) {
        return cast<tile::TileType>(type).getElementType().isF32();
      });
      if (isOfScores || !isOfF32)
        return;
      OpBuilder b(mma);
      for (OpOperand *factor : {&mma.getLhsMutable(), &mma.getRhsMutable()})
        factor->set(rounded(b, mma.getLoc(), factor->get()));
    });
  }
};

} // namespace
} // namespace tenon
