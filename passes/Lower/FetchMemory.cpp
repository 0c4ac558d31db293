//===- FetchMemory.cpp - lines of memory asked for before their use -------===//
//
// Hardware reads ahead along what it sees, within a page. What lies elsewhere
// is asked for: the words of a product's next part, rows that are read when a
// product is complete, and rows that are stored then. A store to a line that
// this core does not have waits for it, and stores after it wait too, until
// those waiting are so many that nothing goes on.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kLineBytes = 64;

/// Asks for the line to be in L2, to read it; or in L1, to write it.
void TileLowering::fetch(Value address, Use use) {
  constexpr int32_t kIntoL1 = 3, kIntoL2 = 2, kOfData = 1;
  bool isWritten = use == Use::Write;
  LLVM::Prefetch::create(b, loc(), address, b.getI32IntegerAttr(isWritten),
                         b.getI32IntegerAttr(isWritten ? kIntoL1 : kIntoL2),
                         b.getI32IntegerAttr(kOfData));
}

/// Weights come from afar. Measured on Sapphire Rapids: 512 bytes to 16 KiB do
/// for many rows; more than half a page is slower for one row.
void TileLowering::fetchAhead(Value address) {
  constexpr int64_t kAheadBytes = 2048;
  fetch(advance(address, constantIndex(kAheadBytes)), Use::Read);
}

/// A row of the tile that `access` loads or stores, if it is contiguous.
template <typename Access>
void TileLowering::fetchRow(Access access, tile::TileType type, Value row,
                            Use use) {
  tile::ViewType view = access.getView().getType();
  ArrayRef<int64_t> axes = access.getAxes();
  if (view.getLayout() || type.getRank() != 2 || axes[1] != view.getRank() - 1)
    return;
  Memory memory = memoryOf(access.getView());
  SmallVector<Value> offsets, coords(view.getRank());
  for (Value offset : access.getOffsets())
    offsets.push_back(mapped(offset));
  coords[axes[0]] = row;
  int64_t bytes = bytesOf(storageType(view.getElementType()));
  Value first = b.createOrFold<arith::MulIOp>(
      loc(), linearOffset(memory, offsets, coords), constantIndex(bytes));
  for (int64_t byte = 0; byte < bytes * type.getExtent(1); byte += kLineBytes) {
    Value at = b.createOrFold<arith::AddIOp>(loc(), first, constantIndex(byte));
    fetch(advance(memory.pointer, at), use);
  }
}

/// The rows of memory that a row of `end` is made of, besides the product.
void TileLowering::fetchInputs(Value end, Value row) {
  if (scratch.contains(end))
    return;
  if (auto load = end.getDefiningOp<tile::LoadOp>())
    return fetchRow(load, load.getType(), row, Use::Read);
  if (auto map = end.getDefiningOp<tile::MapOp>())
    for (Value input : map.getInputs())
      fetchInputs(input, row);
}

/// What is read and written for a row of the stored tile.
void TileLowering::fetchOperands(tile::StoreOp store, Value row) {
  fetchInputs(store.getTile(), row);
  auto type = cast<tile::TileType>(store.getTile().getType());
  fetchRow(store, type, row, Use::Write);
}

} // namespace tenon
