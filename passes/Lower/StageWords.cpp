//===- StageWords.cpp - right sides as a unit reads them ------------------===//
//
// A unit multiplies words, pairs of bf16 or four bytes that are neighbours
// along the contracted axis, and wants those of 16 columns side by side. Packed
// weights lie so. Any other right side is staged in scratch memory: the rows of
// a word together where they lie in memory as rows do, columns through squares
// of registers where those do.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/UnitOperands.h"

#include "dialects/Tile/Products.h"

using namespace mlir;

namespace tenon {

static constexpr int64_t kWordsOfVector = 16, kWordBits = 32;

/// How many elements lie in a word, neighbours along the contracted axis.
static int64_t elementsOfWord(Value tile) {
  Type element = cast<tile::TileType>(tile.getType()).getElementType();
  return kWordBits / element.getIntOrFloatBitWidth();
}

/// The elements as part `part` of words, the first of which is the lowest.
static Value partOfWords(OpBuilder &b, Location loc, Value elements,
                         int64_t part) {
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  int64_t bits =
      getElementTypeOrSelf(elements.getType()).getIntOrFloatBitWidth();
  auto narrow = words.clone(b.getIntegerType(bits));
  if (elements.getType() != narrow)
    elements = arith::BitcastOp::create(b, loc, narrow, elements);
  Value wide = arith::ExtUIOp::create(b, loc, words, elements);
  if (part == 0)
    return wide;
  auto shift = static_cast<int32_t>(bits * part);
  return arith::ShLIOp::create(
      b, loc, wide,
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(words, shift)));
}

Value TileLowering::vectorAt(Value tile, Value row, Value column, unsigned lane,
                             int64_t width) {
  Place at;
  at.coords = {row, column};
  at.known.resize(2);
  at.lane = lane;
  at.width = width;
  return evaluate(tile, at);
}

/// The rows of a word, each contiguous, become one row of words; rows that are
/// missing from whole steps are zero.
void TileLowering::stageRows(Value tile, int64_t depth, const Scratch &to) {
  auto type = cast<tile::TileType>(tile.getType());
  int64_t length = elementsOfWord(tile), numRows = type.getExtent(0) / length;
  SmallVector<std::optional<Bound>> none(2);
  forEachVector(
      {numRows, type.getExtent(1)}, none, /*lane=*/1, [&](const Place &at) {
        Value first = b.createOrFold<arith::MulIOp>(loc(), at.coords[0],
                                                    constantIndex(length));
        Value words;
        for (int64_t part = 0; part < length; ++part) {
          Value row =
              b.createOrFold<arith::AddIOp>(loc(), first, constantIndex(part));
          Value bits = partOfWords(
              b, loc(), vectorAt(tile, row, at.coords[1], 1, kWordsOfVector),
              part);
          words = words ? arith::OrIOp::create(b, loc(), words, bits) : bits;
        }
        writeScratch(words, to, at);
      });
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  forEachVector(
      {depth / length - numRows, type.getExtent(1)}, none, /*lane=*/1,
      [&](Place at) {
        at.coords[0] = b.createOrFold<arith::AddIOp>(loc(), at.coords[0],
                                                     constantIndex(numRows));
        writeScratch(arith::ConstantOp::create(b, loc(), b.getZeroAttr(words)),
                     to, at);
      });
}

/// A step of a contiguous column, of which `numElements` are in the tile; the
/// others are zero.
Value TileLowering::stepOfColumn(Value tile, Value row, Value column,
                                 int64_t numElements) {
  int64_t step = elementsOfWord(tile) * kWordsOfVector;
  if (numElements == step)
    return vectorAt(tile, row, column, 0, step);
  auto elementType = cast<tile::TileType>(tile.getType()).getElementType();
  Value all = arith::ConstantOp::create(
      b, loc(), b.getZeroAttr(VectorType::get(step, elementType)));
  for (int64_t at = 0; at < numElements; at += kWordsOfVector) {
    Value first = b.createOrFold<arith::AddIOp>(loc(), row, constantIndex(at));
    all = vector::InsertStridedSliceOp::create(
        b, loc(), vectorAt(tile, first, column, 0, kWordsOfVector), all,
        ArrayRef<int64_t>{at}, ArrayRef<int64_t>{1});
  }
  return all;
}

/// The words of 16 contiguous columns, a step from `row` on, are turned into
/// rows.
void TileLowering::stageSquare(Value tile, Value row, Value column,
                               int64_t numElements, const Scratch &to) {
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  auto plus = [&](Value x, int64_t y) {
    return b.createOrFold<arith::AddIOp>(loc(), x, constantIndex(y));
  };
  SmallVector<Value> square;
  for (int64_t n = 0; n < kWordsOfVector; ++n) {
    Value elements = stepOfColumn(tile, row, plus(column, n), numElements);
    square.push_back(vector::BitCastOp::create(b, loc(), words, elements));
  }
  transposeSquare(b, loc(), square);
  Value firstRow = b.createOrFold<arith::DivUIOp>(
      loc(), row, constantIndex(elementsOfWord(tile)));
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
  int64_t step = elementsOfWord(tile) * kWordsOfVector;
  int64_t rest = type.getExtent(0) % step, whole = type.getExtent(0) - rest;
  auto columns = scf::ForOp::create(b, loc(), constantIndex(0),
                                    constantIndex(type.getExtent(1)),
                                    constantIndex(kWordsOfVector));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(columns.getBody());
  Value column = columns.getInductionVar();
  auto rows = scf::ForOp::create(b, loc(), constantIndex(0),
                                 constantIndex(whole), constantIndex(step));
  if (rest > 0)
    stageSquare(tile, constantIndex(whole), column, rest, to);
  b.setInsertionPointToStart(rows.getBody());
  stageSquare(tile, rows.getInductionVar(), column, step, to);
}

bool TileLowering::canStageWords(tile::MmaOp mma) {
  tile::TileType rhs = cast<tile::TileType>(mma.getRhs().getType());
  return tile::dotLength(mma) > 1 &&
         machine.vectorBytes == 4 * kWordsOfVector &&
         rhs.getExtent(0) % kWordsOfVector == 0 &&
         rhs.getExtent(1) % kWordsOfVector == 0 &&
         laneAxisOf(mma.getResult()) == 1;
}

/// Whether the product goes by dot products in lanes, and its right side lies
/// across them: as words it is turned once, not for every block of rows.
bool TileLowering::dotsStagedWords(tile::MmaOp mma) {
  return canStageWords(mma) && stepLength(blockOf(mma)) > 1 &&
         contiguousAxis(tile::narrowOperand(mma.getRhs()).tile) == 0u;
}

tile::TileType TileLowering::typeOfWords(tile::MmaOp mma) {
  Value rhs = tile::narrowOperand(mma.getRhs()).tile;
  int64_t depth = numStepsOf(mma) * depthOfStep(mma);
  int64_t columns = cast<tile::TileType>(rhs.getType()).getExtent(1);
  return tile::TileType::get(b.getContext(),
                             {b.getI64IntegerAttr(depth / elementsOfWord(rhs)),
                              b.getI64IntegerAttr(columns)},
                             b.getI32Type());
}

void TileLowering::stageWordsInto(tile::MmaOp mma, const Scratch &to) {
  Value rhs = tile::narrowOperand(mma.getRhs()).tile;
  if (contiguousAxis(rhs) == 0u)
    stageColumns(rhs, to);
  else
    stageRows(rhs, numStepsOf(mma) * depthOfStep(mma), to);
}

TileLowering::Scratch TileLowering::stageWords(tile::MmaOp mma) {
  Scratch to = allocate(typeOfWords(mma), /*lane=*/1);
  stageWordsInto(mma, to);
  return to;
}

} // namespace tenon
