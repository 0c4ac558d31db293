//===- StageWords.cpp - right sides as a unit of tiles reads them ---------===//
//
// A unit of tiles multiplies words, pairs of bf16 that are neighbours along the
// contracted axis, and wants those of 16 columns side by side. Packed weights
// lie so. Any other right side is staged in scratch memory: rows two by two
// where they lie in memory as rows do, columns through squares of registers
// where those do.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitOperands.h"

#include "dialects/Tile/Products.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kWordsOfVector = 16;
static constexpr int64_t kElementsOfWord = 2;

/// The bf16 as the lower or the upper halves of words.
static Value halvesOfWords(OpBuilder &b, Location loc, Value elements,
                           bool isUpper) {
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  Value bits =
      arith::BitcastOp::create(b, loc, words.clone(b.getI16Type()), elements);
  Value wide = arith::ExtUIOp::create(b, loc, words, bits);
  if (!isUpper)
    return wide;
  Value half =
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, 16));
  return arith::ShLIOp::create(b, loc, wide, half);
}

Value TileLowering::vectorAt(Value tile, Value row, Value column,
                             unsigned lane) {
  Place at;
  at.coords = {row, column};
  at.known.resize(2);
  at.lane = lane;
  at.width = kWordsOfVector;
  return evaluate(tile, at);
}

/// Pairs of rows that are contiguous become rows of words; rows that are
/// missing from whole steps are zero.
void TileLowering::stageRows(Value tile, int64_t depth, const Scratch &to) {
  auto type = cast<tile::TileType>(tile.getType());
  int64_t numPairs = type.getExtent(0) / kElementsOfWord;
  SmallVector<std::optional<Bound>> none(2);
  forEachVector(
      {numPairs, type.getExtent(1)}, none, /*lane=*/1, [&](const Place &at) {
        Value row = b.createOrFold<arith::MulIOp>(
            loc(), at.coords[0], constantIndex(kElementsOfWord));
        Value next =
            b.createOrFold<arith::AddIOp>(loc(), row, constantIndex(1));
        Value low = halvesOfWords(b, loc(),
                                  vectorAt(tile, row, at.coords[1], 1), false);
        Value high = halvesOfWords(b, loc(),
                                   vectorAt(tile, next, at.coords[1], 1), true);
        writeScratch(arith::OrIOp::create(b, loc(), low, high), to, at);
      });
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  forEachVector(
      {depth / kElementsOfWord - numPairs, type.getExtent(1)}, none,
      /*lane=*/1, [&](Place at) {
        at.coords[0] = b.createOrFold<arith::AddIOp>(loc(), at.coords[0],
                                                     constantIndex(numPairs));
        writeScratch(arith::ConstantOp::create(b, loc(), b.getZeroAttr(words)),
                     to, at);
      });
}

/// The words of 16 contiguous columns, from a row of `tile` on, are turned into
/// rows. The second half of their elements is zero, if it is not in the tile.
void TileLowering::stageSquare(Value tile, Value row, Value column,
                               bool hasSecondHalf, const Scratch &to) {
  auto elementType = cast<tile::TileType>(tile.getType()).getElementType();
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  auto plus = [&](Value x, int64_t y) {
    return b.createOrFold<arith::AddIOp>(loc(), x, constantIndex(y));
  };
  auto all =
      llvm::to_vector(llvm::seq<int64_t>(0, kElementsOfWord * kWordsOfVector));
  SmallVector<Value> square;
  for (int64_t n = 0; n < kWordsOfVector; ++n) {
    Value at = plus(column, n);
    Value first = vectorAt(tile, row, at, 0);
    Value second =
        hasSecondHalf
            ? vectorAt(tile, plus(row, kWordsOfVector), at, 0)
            : arith::ConstantOp::create(
                  b, loc(),
                  b.getZeroAttr(VectorType::get(kWordsOfVector, elementType)))
                  .getResult();
    Value elements = vector::ShuffleOp::create(b, loc(), first, second, all);
    square.push_back(vector::BitCastOp::create(b, loc(), words, elements));
  }
  transposeSquare(b, loc(), square);
  Value firstRow = b.createOrFold<arith::DivUIOp>(
      loc(), row, constantIndex(kElementsOfWord));
  for (int64_t n = 0; n < kWordsOfVector; ++n) {
    Place at;
    at.coords = {plus(firstRow, n), column};
    at.lane = 1;
    at.width = kWordsOfVector;
    writeScratch(square[n], to, at);
  }
}

void TileLowering::stageColumns(Value tile, const Scratch &to) {
  auto type = cast<tile::TileType>(tile.getType());
  int64_t step = kElementsOfWord * kWordsOfVector;
  int64_t whole = type.getExtent(0) / step * step;
  auto columns = scf::ForOp::create(b, loc(), constantIndex(0),
                                    constantIndex(type.getExtent(1)),
                                    constantIndex(kWordsOfVector));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(columns.getBody());
  Value column = columns.getInductionVar();
  auto rows = scf::ForOp::create(b, loc(), constantIndex(0),
                                 constantIndex(whole), constantIndex(step));
  if (whole < type.getExtent(0))
    stageSquare(tile, constantIndex(whole), column, false, to);
  b.setInsertionPointToStart(rows.getBody());
  stageSquare(tile, rows.getInductionVar(), column, true, to);
}

bool TileLowering::canStageWords(tile::MmaOp mma) {
  tile::TileType rhs = cast<tile::TileType>(mma.getRhs().getType());
  return tile::dotLength(mma) == kElementsOfWord &&
         machine.vectorBytes == 4 * kWordsOfVector &&
         rhs.getExtent(0) % kWordsOfVector == 0 &&
         rhs.getExtent(1) % kWordsOfVector == 0 &&
         laneAxisOf(mma.getResult()) == 1;
}

TileLowering::UnitMemory TileLowering::stageWords(tile::MmaOp mma) {
  Value rhs = mma.getRhs();
  auto type = cast<tile::TileType>(rhs.getType());
  int64_t depth = numStepsOf(mma) * depthOfStep(mma);
  auto words =
      tile::TileType::get(b.getContext(),
                          {b.getI64IntegerAttr(depth / kElementsOfWord),
                           b.getI64IntegerAttr(type.getExtent(1))},
                          b.getI32Type());
  Scratch to = allocate(words, /*lane=*/1);
  if (contiguousAxis(rhs) == 0u)
    stageColumns(rhs, to);
  else
    stageRows(rhs, depth, to);
  return {to.pointer, constantIndex(4 * to.strides[0])};
}

} // namespace tenon
