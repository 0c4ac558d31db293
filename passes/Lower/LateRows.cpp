//===- LateRows.cpp - rows that are finished beside the next product ------===//
//
//   instance 0     multiplies
//   instance 1     multiplies, and beside it finishes the rows of instance 0
//   instance 2     multiplies, and beside it finishes the rows of instance 1
//   behind them    finishes the rows of instance 2
//
// A matrix unit works on its own for many cycles. What follows a product, as
// gelu does, may take the vector units as long as all of the product takes, and
// longer than its last part, beside which short chains are computed.
//
// Two instances' sums are kept by turns. Where the rows of the one before lie
// follows from its number, as this one's do; so nothing else may be used in
// what is finished late but the grid, arguments and constants.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitProduct.h"

#include "dialects/Tile/Products.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {

/// Chains of as few ops are computed beside the last part of a product.
static constexpr int64_t kShortChain = 12;
/// Rows pass by before one that was asked for is read and written: at full
/// speed longer than it takes to come from memory.
static constexpr int64_t kRowsAhead = 16;

/// Whether the values are the same in all instances, or the grid's.
bool TileLowering::isKnownOfGrid(ValueRange values) {
  return llvm::all_of(values, [&](Value value) {
    Operation *op = value.getDefiningOp();
    return !op || isa<tile::GridOp, arith::ConstantOp>(op);
  });
}

/// Whether the tile can be computed for another instance, given its product.
bool TileLowering::isMadeOfGrid(Value tile, tile::MmaOp mma) {
  return TypeSwitch<Operation *, bool>(tile.getDefiningOp())
      .Case([&](tile::MmaOp product) { return product == mma; })
      .Case([&](tile::FillOp fill) { return isKnownOfGrid(fill.getValue()); })
      .Case([&](tile::LoadOp load) {
        auto view = load.getView().getDefiningOp<tile::ViewOp>();
        return isKnownOfGrid(load.getOffsets()) &&
               isKnownOfGrid(view.getSizes());
      })
      .Case([&](tile::MapOp map) {
        Block &body = map.getBody().front();
        for (Operation &op : body)
          for (Value operand : op.getOperands())
            if (operand.getParentBlock() != &body && !isKnownOfGrid(operand))
              return false;
        return llvm::all_of(map.getInputs(), [&](Value input) {
          return isMadeOfGrid(input, mma);
        });
      })
      .Default([](Operation *) { return false; });
}

/// Whether what is stored is a long chain of a kernel's only product.
bool TileLowering::finishesLate(tile::MmaOp mma, tile::StoreOp store) {
  Block &entry = kernel.getEntry();
  auto isOther = [&](Operation &op) {
    return isa<tile::MmaOp, tile::StoreOp, scf::ForOp>(op) && &op != mma &&
           &op != store;
  };
  auto view = store.getView().getDefiningOp<tile::ViewOp>();
  return mma->getBlock() == &entry && store->getBlock() == &entry &&
         llvm::none_of(entry, isOther) && scratch.size() == numInvariants &&
         costOf(store.getTile()) > kShortChain &&
         isKnownOfGrid(store.getOffsets()) && isKnownOfGrid(view.getSizes()) &&
         isMadeOfGrid(store.getTile(), mma);
}

/// The sums of this instance, or of the one before.
TileLowering::Scratch TileLowering::lateSums(Value number, bool isBefore) {
  Value place = arith::SubIOp::create(b, loc(), number, firstInstance);
  Value one = constantIndex(1), other = constantIndex(isBefore);
  Value bit = arith::AndIOp::create(b, loc(), place, one);
  Value isOdd =
      arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ne, bit, other);
  Scratch sums = late->even;
  sums.pointer = arith::SelectOp::create(b, loc(), isOdd, late->odd.pointer,
                                         late->even.pointer);
  return sums;
}

void TileLowering::lowerLateProduct(tile::MmaOp mma, tile::StoreOp store) {
  late = {mma, store, allocate(mma.getType(), /*lane=*/1),
          allocate(mma.getType(), /*lane=*/1)};
  Scratch sums = lateSums(instance, /*isBefore=*/false);
  Scratch sumsBefore = lateSums(instance, /*isBefore=*/true);
  UnitProduct product(*this, mma, sums, prepareSums(mma, sums));
  Value isFirst = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::eq,
                                        instance, firstInstance);
  Value before = arith::SubIOp::create(b, loc(), instance, constantIndex(1));
  IRMapping other = mapping;
  std::swap(mapping, other);
  decodeInstance(arith::SelectOp::create(b, loc(), isFirst, instance, before));
  Value limit = limitOf(boundOfStore(store, 0), mma.getType().getExtent(0));
  Value none = constantIndex(0);
  Value numLate = arith::SelectOp::create(b, loc(), isFirst, none, limit);
  std::swap(mapping, other);
  product.multiplyBeside(numLate, [&](Value row) {
    std::swap(mapping, other);
    scratch[mma.getResult()] = sumsBefore;
    Value ahead = constantIndex(kRowsAhead);
    fetchOperands(store, b.createOrFold<arith::AddIOp>(loc(), row, ahead));
    finishStoredRow(store, row);
    std::swap(mapping, other);
  });
}

/// Behind the last instance, its rows.
void TileLowering::finishLateRows(Value end) {
  auto [mma, store, even, odd] = *late;
  Value isAny = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ult,
                                      firstInstance, end);
  auto branch = scf::IfOp::create(b, loc(), isAny, /*withElse=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  Value last = arith::SubIOp::create(b, loc(), end, constantIndex(1));
  decodeInstance(last);
  scratch[mma.getResult()] = lateSums(last, /*isBefore=*/false);
  Value limit = limitOf(boundOfStore(store, 0), mma.getType().getExtent(0));
  forRows(constantIndex(0), limit,
          [&, store = store](Value row) { finishStoredRow(store, row); });
}

} // namespace tenon
