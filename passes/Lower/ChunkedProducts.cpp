//===- ChunkedProducts.cpp - products of few rows, as fast as weights come ===//
//
// Where a block of registers does not hold all rows, several pass the same
// weights. They pass a chunk of the contracted axis at a time, which stays in
// L1 while the sums wait in scratch memory; and with each the memory gives as
// much of what comes next as the block has of the rows. Otherwise the first
// would wait for memory, and memory for the others.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

using namespace mlir;

namespace tenon {

/// Steps of a chunk: of four vectors a third of an L1 of 48 KiB. A multiple of
/// the steps of a turn.
static constexpr int64_t kChunk = 64;
static constexpr int64_t kStepsOfTurn = 4;
/// How far ahead of a chunk what is fetched lies: 1 to 4 were equal, as was
/// half of one for two blocks of rows, but not for three.
static constexpr int64_t kChunksAhead = 2;
static constexpr int64_t kLineBytes = 64, kLinesAtOnce = 2;

/// Fetches, in steps from `from` on, the block's share of what lies some chunks
/// behind those of the panel: of this panel, or of the next.
TileLowering::BesideFn TileLowering::fetchesBeside(const ProductBlock &block,
                                                   Value from, Value firstRow,
                                                   Value numRows) {
  auto load = block.vectorSide.getDefiningOp<tile::LoadOp>();
  auto layout =
      load ? load.getView().getType().getLayout() : tile::LayoutAttr();
  int64_t width = block.blockVectors * block.width;
  if (!layout || layout.getDigitList()[0].stride != width)
    return nullptr;
  auto mul = [&](Value x, int64_t y) {
    return b.createOrFold<arith::MulIOp>(loc(), x, constantIndex(y));
  };
  auto add = [&](Value x, Value y) {
    return b.createOrFold<arith::AddIOp>(loc(), x, y);
  };
  auto shareOf = [&](Value bytes) {
    return b.createOrFold<arith::DivUIOp>(loc(), bytes, numRows);
  };
  int64_t elementBytes = bytesOf(load.getType().getElementType());
  int64_t stepBytes = width * elementBytes;
  Memory memory = memoryOf(load.getView());
  SmallVector<Value> offsets, coords(memory.sizes.size());
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  coords[load.getAxes()[0]] = from;
  coords[load.getAxes()[1]] = block.laneCoords[0];
  Value begin = mul(packedOffset(load, memory, offsets, coords), elementBytes);
  Value ahead = add(constantIndex(kChunksAhead * kChunk * stepBytes),
                    shareOf(mul(firstRow, kChunk * stepBytes)));
  Value first = advance(memory.pointer, add(begin, ahead));
  // Whole pairs of lines: a loop's own instructions are half as many for them.
  Value lines = b.createOrFold<arith::CeilDivUIOp>(
      loc(), shareOf(constantIndex(kStepsOfTurn * stepBytes * block.blockRows)),
      constantIndex(kLinesAtOnce * kLineBytes));
  Value ofTurn = mul(lines, kLinesAtOnce * kLineBytes);
  return [=, this](Value step) {
    Value turn = b.createOrFold<arith::DivUIOp>(
        loc(), b.createOrFold<arith::SubIOp>(loc(), step, from),
        constantIndex(kStepsOfTurn));
    Value start =
        advance(first, b.createOrFold<arith::MulIOp>(loc(), turn, ofTurn));
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0), ofTurn,
                                   constantIndex(kLinesAtOnce * kLineBytes));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    for (int64_t line = 0; line < kLinesAtOnce; ++line)
      fetch(advance(start, add(loop.getInductionVar(),
                               constantIndex(line * kLineBytes))),
            Use::Read);
  };
}

/// Adds the steps of a turn from each `step` on.
void TileLowering::addChunk(const ProductBlock &block, Value from, Value to,
                            const Scratch &sums, const BesideFn &beside) {
  SmallVector<Value> before;
  auto forEach = [&](function_ref<void(const Place &)> body) {
    for (int64_t r = 0; r < block.blockRows; ++r)
      for (int64_t v = 0; v < block.blockVectors; ++v)
        body(resultPlace(block, r, v));
  };
  forEach([&](const Place &at) {
    before.push_back(readScratch(sums, block.sumType, at));
  });
  auto takeStep = [&](Value step, ValueRange taken) {
    return productStep(block, step, taken);
  };
  SmallVector<Value> after =
      sumSteps(from, to, kStepsOfTurn, takeStep, before, beside);
  const Value *next = after.begin();
  forEach([&](const Place &at) { writeScratch(*next++, sums, at); });
}

/// Adds the products of all rows to the sums; the contracted axis is whole
/// turns long and ends inside.
void TileLowering::addInChunks(tile::MmaOp mma, const Scratch &sums) {
  ProductBlock all = blockOf(mma);
  all.readsAhead = false;
  std::optional<Bound> bound = boundOf(mma.getLhs(), 0);
  Value limit = limitOf(bound, all.rows);
  forVectorBlocks(all, [&](const ProductBlock &block, Value firstVector) {
    auto chunks =
        scf::ForOp::create(b, loc(), constantIndex(0),
                           constantIndex(block.depth), constantIndex(kChunk));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(chunks.getBody());
    Value from = chunks.getInductionVar();
    Value end =
        b.createOrFold<arith::AddIOp>(loc(), from, constantIndex(kChunk));
    Value to =
        block.depth % kChunk == 0
            ? end
            : arith::MinUIOp::create(b, loc(), end, constantIndex(block.depth))
                  .getResult();
    forRowBlocks(block, limit, [&](Value firstRow, int64_t numRows) {
      ProductBlock part = blockAt(block, firstVector, firstRow, numRows);
      if (bound)
        guaranteed.push_back({*bound, part.rowCoords});
      addChunk(part, from, to, sums,
               fetchesBeside(part, from, firstRow, limit));
      if (bound)
        guaranteed.pop_back();
    });
  });
}

/// Writes what the product is added to.
void TileLowering::startSums(tile::MmaOp mma, const Scratch &to) {
  forEachVector(mma.getType().getShape(),
                {boundOf(mma.getLhs(), 0), std::nullopt}, /*lane=*/1,
                [&](const Place &at) {
                  writeScratch(evaluate(mma.getAccumulator(), at), to, at);
                });
}

/// Computes the product into `to`: in registers where these hold all rows, else
/// in chunks.
void TileLowering::keepVectorProduct(tile::MmaOp mma, const Scratch &to) {
  OpBuilder::InsertionGuard guard(b);
  ProductBlock block = blockOf(mma);
  std::optional<Bound> bound = boundOf(mma.getLhs(), 0);
  Value fits = b.createOrFold<arith::CmpIOp>(loc(), arith::CmpIPredicate::ule,
                                             limitOf(bound, block.rows),
                                             constantIndex(block.blockRows));
  auto choice = scf::IfOp::create(b, loc(), fits, /*withElseRegion=*/true);
  b.setInsertionPointToStart(choice.thenBlock());
  lowerProduct(
      mma, mma.getResult(), bound, /*needsOutside=*/false,
      [&](Value value, const Place &at) { writeScratch(value, to, at); });
  b.setInsertionPointToStart(choice.elseBlock());
  startSums(mma, to);
  addInChunks(mma, to);
}

} // namespace tenon
