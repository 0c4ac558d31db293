//===- Offsets.cpp - what is known of the offsets of loads ----------------===//

#include "dialects/Tile/Offsets.h"

#include "dialects/Tile/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

bool tenon::tile::isKnownNonNegative(Value index) {
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    Operation *owner = argument.getOwner()->getParentOp();
    auto loop = dyn_cast<scf::ForOp>(owner);
    return loop ? isKnownNonNegative(loop.getLowerBound())
                : isa<KernelOp>(owner);
  }
  IntegerAttr number;
  if (matchPattern(index, m_Constant(&number)))
    return !number.getValue().isNegative();
  Operation *op = index.getDefiningOp();
  if (isa<arith::MaxSIOp>(op))
    return llvm::any_of(op->getOperands(), isKnownNonNegative);
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::DivUIOp,
          arith::RemUIOp>(op))
    return llvm::all_of(op->getOperands(), isKnownNonNegative);
  return isa<GridOp, ExtentOp>(op);
}
