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

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kLineBytes = 64;

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

/// Asks for the line to be in L2, to read it later; or in L1.
void TileLowering::fetch(Value address, Use use) {
  constexpr int32_t kIntoL1 = 3, kIntoL2 = 2, kOfData = 1;
  LLVM::Prefetch::create(
      b, loc(), address, b.getI32IntegerAttr(use == Use::Write),
      b.getI32IntegerAttr(use == Use::Read ? kIntoL2 : kIntoL1),
      b.getI32IntegerAttr(kOfData));
}

/// Weights come from afar. Measured on Sapphire Rapids: 512 bytes to 16 KiB do
/// for many rows; more than half a page is slower for one row.
void TileLowering::fetchAhead(Value address) {
  constexpr int64_t kAheadBytes = 2048;
  fetch(advance(address, constantIndex(kAheadBytes)), Use::Read);
}

/// Whether rows that are so many bytes apart begin where lines begin, if the
/// first one does.
static bool beginLines(Value stride, int64_t elementBytes) {
  APInt elements;
  return matchPattern(stride, m_ConstantInt(&elements)) &&
         elements.getSExtValue() * elementBytes % kLineBytes == 0;
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
  int64_t rowBytes = bytes * type.getExtent(1);
  SmallVector<int64_t> places;
  for (int64_t byte = 0; byte < rowBytes; byte += kLineBytes)
    places.push_back(byte);
  // A row that begins within a line ends in one more.
  if (!beginLines(memory.strides[axes[0]], bytes))
    places.push_back(rowBytes - 1);
  for (int64_t byte : places) {
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

/// Whether lanes of this axis are neighbours in the memory of the access.
template <typename Access>
static bool isContiguous(Access access, unsigned axis) {
  tile::ViewType view = access.getView().getType();
  return !view.getLayout() && access.getAxes()[axis] == view.getRank() - 1;
}

/// The place in the memory of a store, or what lies so many bytes after it.
void TileLowering::fetchStore(tile::StoreOp store, const Place &at,
                              int64_t aheadBytes) {
  Memory memory = memoryOf(store.getView());
  Value address = addressOf(store.getView().getType().getElementType(),
                            memory.pointer, offsetOfStore(store, memory, at));
  fetch(aheadBytes ? advance(address, constantIndex(aheadBytes)) : address,
        Use::Write);
}

/// Whether a vector of the tile takes longer than its way from L2.
bool TileLowering::computesMuch(Value tile) {
  constexpr int64_t kMuch = 10;
  return costOf(tile) > kMuch;
}

/// The loads of its own shape that a tile is made of.
static SmallVector<tile::LoadOp> loadsOf(Value tile) {
  SmallVector<int64_t> shape = tileTypeOf(tile).getShape();
  llvm::SetVector<Value> parts;
  parts.insert(tile);
  SmallVector<tile::LoadOp> loads;
  for (size_t i = 0; i < parts.size(); ++i) {
    Operation *op = parts[i].getDefiningOp();
    auto load = dyn_cast_or_null<tile::LoadOp>(op);
    if (load && load.getType().getShape() == shape)
      loads.push_back(load);
    if (isa_and_nonnull<tile::MapOp, tile::ReduceOp>(op))
      parts.insert_range(op->getOperands());
  }
  return loads;
}

/// Whether a place is whole lines of what the access reads or writes.
template <typename Access>
static bool fillsLines(Access access, const Place &at) {
  Type storage = storageType(access.getView().getType().getElementType());
  return at.lane && isContiguous(access, *at.lane) &&
         at.width * bytesOf(storage) % kLineBytes == 0;
}

/// The memory beside what is computed and stored at this place. Where little is
/// computed, stores wait: for lines to be this core's. Where much is, it is
/// loads: so few vectors are on their way at once that memory is not seen
/// ahead, and lines asked for in order to be written would hold loads up.
/// Measured on Sapphire Rapids, in L2 and in memory: 256 bytes are too few.
void TileLowering::fetchBesideStore(tile::StoreOp store, const Place &at) {
  constexpr int64_t kStoreAhead = 512, kLoadAhead = 1024;
  if (!computesMuch(store.getTile())) {
    if (fillsLines(store, at) && !awaitedStores.contains(store))
      fetchStore(store, at, kStoreAhead);
    return;
  }
  for (tile::LoadOp load : loadsOf(store.getTile()))
    if (fillsLines(load, at))
      fetch(advance(addressOfLoad(load, at), constantIndex(kLoadAhead)),
            Use::ReadSoon);
}

/// Whether rows of the tile are rows of memory, which others follow in the next
/// instance, and all that says where is known already.
template <typename Access> bool TileLowering::hasRowsInMemory(Access access) {
  if (access.getAxes().size() != 2 || !isContiguous(access, 1))
    return false;
  auto isKnown = [&](Value value) { return mapping.contains(value); };
  auto view = access.getView().template getDefiningOp<tile::ViewOp>();
  return llvm::is_contained(kernel.getGrid().getResults(),
                            access.getOffsets()[access.getAxes()[0]]) &&
         llvm::all_of(access.getOffsets(), isKnown) &&
         llvm::all_of(view.getSizes(), isKnown);
}

/// What the last of the passes over rows asks for on its way: the rows that the
/// next instance begins with, and, if it computes much, what is stored after
/// it. They come from L2, or from further, meanwhile.
TileLowering::AwaitedRows TileLowering::awaitedRows(tile::ReduceOp last) {
  SmallVector<int64_t> shape = tileTypeOf(last.getInput()).getShape();
  AwaitedRows rows;
  for (Operation *op = last->getNextNode(); op; op = op->getNextNode()) {
    auto reduce = dyn_cast<tile::ReduceOp>(op);
    if (reduce && tileTypeOf(reduce.getInput()).getShape() == shape)
      return {};
    auto store = dyn_cast<tile::StoreOp>(op);
    if (store && tileTypeOf(store.getTile()).getShape() == shape &&
        computesMuch(last.getInput()) && hasRowsInMemory(store))
      rows.stores.push_back(store);
  }
  awaitedStores.insert_range(rows.stores);
  for (tile::LoadOp load : loadsOf(last.getInput()))
    if (hasRowsInMemory(load))
      rows.loads.push_back(load);
  return rows;
}

Value TileLowering::addressOfLoad(tile::LoadOp load, const Place &at) {
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> coords(memory.sizes.size()), offsets;
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  for (auto [axis, dim] : llvm::enumerate(load.getAxes()))
    coords[dim] = at.coords[axis];
  return addressOf(load.getType().getElementType(), memory.pointer,
                   linearOffset(memory, offsets, coords));
}

/// The same place in the rows of the next instance.
void TileLowering::fetchNextRow(tile::LoadOp load, Place at) {
  at.coords[0] = b.createOrFold<arith::AddIOp>(
      loc(), at.coords[0], constantIndex(load.getType().getExtent(0)));
  fetch(addressOfLoad(load, at), Use::ReadSoon);
}

/// Asks for the lines that a vector begins, counted from where a line begins.
void TileLowering::fetchRows(const AwaitedRows &rows, const Place &at,
                             int64_t number) {
  auto beginsLine = [&](auto access) {
    Type storage = storageType(access.getView().getType().getElementType());
    return number * at.width * bytesOf(storage) % kLineBytes == 0;
  };
  for (tile::LoadOp load : rows.loads)
    if (beginsLine(load))
      fetchNextRow(load, at);
  for (tile::StoreOp store : rows.stores)
    if (beginsLine(store))
      fetchStore(store, at, 0);
}

} // namespace tenon
