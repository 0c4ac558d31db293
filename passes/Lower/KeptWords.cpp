//===- KeptWords.cpp - words that stay from one instance to the next ------===//
//
// Attention stages a head's keys and values for a block of queries, and the
// next block needs the same words. Where the grid walks such blocks one after
// the other, the words stay in scratch memory: so a block may be of few
// queries, whose scores stay in L1. A range of instances begins with none, as
// does each head; blocks of keys that have no room are staged each time.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitOperands.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

/// Of the words of one right side that stay. Those of keys and of values are
/// half of an L2 beside units of tiles.
static constexpr int64_t kKeptBytes = 512 << 10;

static int64_t bytesOfWords(tile::TileType words) {
  return 4 * words.getExtent(0) * words.getExtent(1);
}

static int64_t numKept(tile::TileType words) {
  return kKeptBytes / bytesOfWords(words);
}

/// Whether the value is the same in all instances that differ in `offset`
/// alone, in the same turn of the loops around it.
static bool isSameBut(Value value, Value offset) {
  if (value == offset)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return !loop || argument == loop.getInductionVar();
  }
  if (value.getDefiningOp<tile::GridOp>())
    return true;
  return !value.getDefiningOp()
              ->walk([&](Operation *op) {
                return WalkResult(
                    success(llvm::all_of(op->getOperands(), [&](Value operand) {
                      return isa<tile::MapOp>(
                                 operand.getParentBlock()->getParentOp()) ||
                             isSameBut(operand, offset);
                    })));
              })
              .wasInterrupted();
}

bool TileLowering::staysBetweenInstances(tile::MmaOp mma) {
  auto loop = dyn_cast<scf::ForOp>(mma->getParentOp());
  if (!loop || loop->getParentOp() != kernel || !usesTileUnit(mma) ||
      hasPackedWords(mma) || numKept(typeOfWords(mma)) == 0)
    return false;
  tile::GridOp grid = kernel.getGrid();
  if (grid.getSizes().empty() || kernel.getScheduleAttr().contains("group") ||
      !matchPattern(loop.getLowerBound(), m_Zero()) ||
      !matchPattern(loop.getStep(), m_Constant()))
    return false;
  return isSameBut(mma.getRhs(), grid.getResult(gridOrder().back()));
}

/// Room for the words of the kernel's products, which are none when the first
/// instance of a head, or of all, begins.
void TileLowering::prepareKeptWords(Value instance, Value begin) {
  SmallVector<Value> counts;
  kernel.walk([&](tile::MmaOp mma) {
    Value rhs = mma.getRhs();
    if (keptWords.contains(rhs) || !staysBetweenInstances(mma))
      return;
    tile::TileType words = typeOfWords(mma);
    auto blocks = tile::TileType::get(
        b.getContext(),
        {b.getI64IntegerAttr((numKept(words) + 1) * words.getExtent(0)),
         words.getExtents()[1]},
        words.getElementType());
    auto count = tile::TileType::get(b.getContext(), {}, b.getI64Type());
    keptWords[rhs] = {allocate(blocks, /*lane=*/1),
                      allocate(count, /*lane=*/0).pointer};
    counts.push_back(keptWords[rhs].count);
  });
  if (counts.empty())
    return;
  Value offset = mapped(kernel.getGrid().getResult(gridOrder().back()));
  auto isEqual = [&](Value x, Value y) -> Value {
    return arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::eq, x, y);
  };
  Value isFirstOfHead = isEqual(offset, constantIndex(0));
  Value isFirst =
      arith::OrIOp::create(b, loc(), isFirstOfHead, isEqual(instance, begin));
  OpBuilder::InsertionGuard guard(b);
  auto branch = scf::IfOp::create(b, loc(), isFirst, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  for (Value count : counts)
    LLVM::StoreOp::create(b, loc(), toI64(constantIndex(0)), count);
}

/// The words of the loop's block, staged unless they are there.
TileLowering::Scratch TileLowering::keptWordsOf(tile::MmaOp mma) {
  const KeptWords &kept = keptWords[mma.getRhs()];
  auto loop = cast<scf::ForOp>(mma->getParentOp());
  tile::TileType words = typeOfWords(mma);
  Value number = b.createOrFold<arith::DivUIOp>(
      loc(), mapped(loop.getInductionVar()), mapped(loop.getStep()));
  Value most = constantIndex(numKept(words));
  Value place = arith::MinUIOp::create(b, loc(), number, most);
  Scratch here = kept.blocks;
  here.pointer = advance(
      here.pointer, arith::MulIOp::create(b, loc(), place,
                                          constantIndex(bytesOfWords(words))));
  Value count = LLVM::LoadOp::create(b, loc(), b.getI64Type(), kept.count);
  Value isMissing = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::uge,
                                          toI64(number), count);
  OpBuilder::InsertionGuard guard(b);
  auto branch =
      scf::IfOp::create(b, loc(), isMissing, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  stageWordsInto(mma, here);
  Value next = arith::AddIOp::create(b, loc(), number, constantIndex(1));
  LLVM::StoreOp::create(b, loc(),
                        toI64(arith::MinUIOp::create(b, loc(), next, most)),
                        kept.count);
  return here;
}

} // namespace tenon
