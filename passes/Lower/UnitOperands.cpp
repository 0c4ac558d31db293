//===- UnitOperands.cpp - what a unit of 16 x 16 sums multiplies ----------===//

#include "passes/Lower/UnitOperands.h"

#include "dialects/Tile/Products.h"

using namespace mlir;

namespace tenon {

static tile::TileType tileTypeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

int64_t depthOfStep(tile::MmaOp mma) {
  return kTileSide * tile::dotLength(mma);
}

int64_t elementBytes(tile::MmaOp mma) { return kLineBytes / depthOfStep(mma); }

int64_t numStepsOf(tile::MmaOp mma) {
  return llvm::divideCeil(tileTypeOf(mma.getLhs()).getExtent(1),
                          depthOfStep(mma));
}

/// Whether the last step is filled up with zeros, in copies of both sides.
static bool isRagged(tile::MmaOp mma) {
  return tileTypeOf(mma.getLhs()).getExtent(1) % depthOfStep(mma) != 0;
}

Value narrowLeft(tile::MmaOp mma) {
  return tile::narrowOperand(tile::withoutRoundTrip(mma.getLhs())).tile;
}

/// The load of packed words, of one panel, that the right side is, or null.
static tile::LoadOp packedWords(tile::MmaOp mma) {
  auto load =
      tile::narrowOperand(mma.getRhs()).tile.getDefiningOp<tile::LoadOp>();
  auto layout =
      load ? load.getView().getType().getLayout() : tile::LayoutAttr();
  bool isOfWords = layout && layout.getDigitList().size() == 4;
  bool isOnePanel = isOfWords && layout.getDigitList()[2].extent ==
                                     load.getType().getExtent(1);
  return isOnePanel ? load : nullptr;
}

bool TileLowering::hasPackedWords(tile::MmaOp mma) {
  return packedWords(mma) != nullptr;
}

bool TileLowering::usesTileUnit(tile::MmaOp mma) {
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  bool isStaged = !hasPackedWords(mma);
  if (!unit || !unit->isOfTiles || unit->numParts != 1 ||
      !tile::computes(*unit, mma) || (isStaged && !canStageWords(mma)))
    return false;
  tile::TileType result = mma.getType();
  return (isStaged || hasWholeSteps(mma)) &&
         result.getExtent(0) % kTileSide == 0 &&
         result.getExtent(1) % kTileSide == 0;
}

/// Whether the contracted axis is whole steps long, and ends nowhere inside.
bool TileLowering::hasWholeSteps(tile::MmaOp mma) {
  std::optional<Bound> bound = boundOf(mma.getLhs(), 1);
  int64_t depth = tileTypeOf(mma.getLhs()).getExtent(1);
  return !isRagged(mma) && (!bound || isInside(*bound, depth));
}

/// Copies the tile; what is behind its end is zero, or nobody's.
void TileLowering::copyRows(Value tile, const Scratch &to) {
  SmallVector<std::optional<Bound>> ends = endsOfGrid(tile);
  ends[1] = std::nullopt;
  forEachVector(tileTypeOf(tile).getShape(), ends, 1, [&](const Place &at) {
    writeScratch(evaluate(tile, at), to, at);
  });
}

/// Copies as many rows as a tile register has; what is behind an end is zero.
void TileLowering::copyTileOfRows(Value tile, Value firstRow,
                                  const Scratch &to) {
  SmallVector<std::optional<Bound>> none(2);
  int64_t depth = tileTypeOf(tile).getExtent(1);
  forEachVector({kTileSide, depth}, none, 1, [&](const Place &target) {
    Place from = target;
    from.coords[0] =
        b.createOrFold<arith::AddIOp>(loc(), firstRow, target.coords[0]);
    writeScratch(evaluate(tile, from), to, target);
  });
}

/// A copy of the left side, with zeros up to whole steps.
TileLowering::Scratch TileLowering::copyLeftSide(tile::MmaOp mma) {
  Value lhs = narrowLeft(mma);
  tile::TileType type = tileTypeOf(lhs);
  int64_t depth = type.getExtent(1);
  int64_t padding = numStepsOf(mma) * depthOfStep(mma) - depth;
  Scratch copy =
      allocate(tile::TileType::get(
                   b.getContext(),
                   {type.getExtents()[0], b.getI64IntegerAttr(depth + padding)},
                   type.getElementType()),
               /*lane=*/1);
  copyRows(lhs, copy);
  SmallVector<std::optional<Bound>> ends{endsOfGrid(lhs)[0], std::nullopt};
  forEachVector({type.getExtent(0), padding}, ends, 1, [&](Place at) {
    at.coords[1] = b.createOrFold<arith::AddIOp>(loc(), at.coords[1],
                                                 constantIndex(depth));
    auto vector = VectorType::get(at.width, type.getElementType());
    writeScratch(arith::ConstantOp::create(b, loc(), b.getZeroAttr(vector)),
                 copy, at);
  });
  return copy;
}

/// What the loop's products have on their left in each of its turns is copied
/// or split before it.
void TileLowering::prepareLeftSides(scf::ForOp loop) {
  for (auto mma : loop.getBody()->getOps<tile::MmaOp>()) {
    Value lhs = mma.getLhs();
    if (!loop.isDefinedOutsideOfLoop(lhs))
      continue;
    if (splitsLeftOnce(mma))
      splitSides.try_emplace(lhs, splitLeftSide(mma));
    else if (usesTileUnit(mma) && !isRowsInScratch(mma) &&
             !readsLeftInPlace(mma))
      copies.try_emplace(narrowLeft(mma), copyLeftSide(mma));
  }
}

/// The left side's rows, contiguous along the contracted axis: where they lie,
/// or, when they are computed, in scratch memory, with zeros behind the end.
TileLowering::UnitMemory TileLowering::leftSide(tile::MmaOp mma) {
  Value lhs = narrowLeft(mma);
  int64_t bytes = elementBytes(mma);
  auto rowsOf = [&](const Scratch &rows) -> UnitMemory {
    return {rows.pointer, constantIndex(bytes * rows.strides[0])};
  };
  if (auto found = copies.find(lhs); found != copies.end())
    return rowsOf(found->second);
  if (isRowsInScratch(mma))
    return rowsOf(scratch[lhs]);
  if (!readsLeftInPlace(mma))
    return rowsOf(copyLeftSide(mma));
  auto load = lhs.getDefiningOp<tile::LoadOp>();
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> offsets;
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  SmallVector<Value> coords(offsets.size());
  Value first = linearOffset(memory, offsets, coords);
  Value start =
      advance(memory.pointer,
              arith::MulIOp::create(b, loc(), first, constantIndex(bytes)));
  Value rowBytes = arith::MulIOp::create(
      b, loc(), memory.strides[load.getAxes()[0]], constantIndex(bytes));
  return {start, rowBytes};
}

/// Whether scratch memory has the left side's rows as the unit reads them.
bool TileLowering::isRowsInScratch(tile::MmaOp mma) {
  auto found = scratch.find(narrowLeft(mma));
  return found != scratch.end() && found->second.strides[1] == 1 &&
         !isRagged(mma);
}

/// Whether the unit reads the left side's rows where they lie in memory.
bool TileLowering::readsLeftInPlace(tile::MmaOp mma) {
  return isReadInPlace(narrowLeft(mma)) && hasWholeSteps(mma);
}

/// Whether the tile's rows lie in memory as the unit wants them.
bool TileLowering::isReadInPlace(Value tile) {
  auto load = tile.getDefiningOp<tile::LoadOp>();
  return load && !scratch.contains(tile) &&
         !load.getView().getType().getLayout() && contiguousAxis(tile) == 1u;
}

/// The right side: rows of words, packed ones as long as a panel is wide.
TileLowering::UnitMemory TileLowering::rightSide(tile::MmaOp mma) {
  tile::LoadOp load = packedWords(mma);
  if (!load) {
    Scratch staged =
        keptWords.contains(mma.getRhs()) ? keptWordsOf(mma) : stageWords(mma);
    return {staged.pointer, constantIndex(4 * staged.strides[0])};
  }
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> offsets, coords{constantIndex(0), constantIndex(0)};
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  Value first = packedOffset(load, memory, offsets, coords);
  Value start = advance(
      memory.pointer,
      arith::MulIOp::create(b, loc(), first, constantIndex(elementBytes(mma))));
  int64_t width = memory.layout.getDigitList()[2].extent;
  return {start, constantIndex(4 * width)};
}

/// How many rows are multiplied: those that are there, or, where others may be
/// read too, whole tiles of them.
Value TileLowering::numRowsOf(tile::MmaOp mma) {
  int64_t numRows = mma.getType().getExtent(0);
  if (readsLeftInPlace(mma))
    return limitOf(boundOf(narrowLeft(mma), 0), numRows);
  std::optional<Bound> end = endsOfGrid(mma.getLhs())[0];
  if (!end)
    return constantIndex(numRows);
  Value side = constantIndex(kTileSide);
  Value tiles =
      b.createOrFold<arith::CeilDivUIOp>(loc(), limitOf(end, numRows), side);
  return b.createOrFold<arith::MulIOp>(loc(), tiles, side);
}

} // namespace tenon
