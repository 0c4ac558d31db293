//===- StageWords.cpp - right sides as a unit of tiles reads them ---------===//
//
// A unit of tiles multiplies words, pairs of bf16 that are neighbours along the
// contracted axis, and wants those of 16 columns side by side. Packed weights
// lie so. Any other right side is staged in scratch memory: rows two by two
// where they lie in memory as rows do, columns through squares of registers
// where those do.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/TileLowering.h"

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

/// Pairs of rows that are contiguous become rows of words.
void TileLowering::stageRows(Value tile, const Scratch &to) {
  auto type = cast<tile::TileType>(tile.getType());
  SmallVector<std::optional<Bound>> none(2);
  forEachVector(
      {type.getExtent(0) / kElementsOfWord, type.getExtent(1)}, none,
      /*lane=*/1, [&](const Place &at) {
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
}

/// The words of 16 contiguous columns are turned into rows.
void TileLowering::stageColumns(Value tile, const Scratch &to) {
  auto type = cast<tile::TileType>(tile.getType());
  int64_t depth = kElementsOfWord * kWordsOfVector;
  auto words = VectorType::get(kWordsOfVector, b.getI32Type());
  OpBuilder::InsertionGuard guard(b);
  Value corner[2];
  for (auto [axis, step] : {std::pair<int64_t, int64_t>{1, kWordsOfVector},
                            std::pair<int64_t, int64_t>{0, depth}}) {
    auto loop = scf::ForOp::create(b, loc(), constantIndex(0),
                                   constantIndex(type.getExtent(axis)),
                                   constantIndex(step));
    b.setInsertionPointToStart(loop.getBody());
    corner[axis] = loop.getInductionVar();
  }
  auto plus = [&](Value x, int64_t y) {
    return b.createOrFold<arith::AddIOp>(loc(), x, constantIndex(y));
  };
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, depth));
  SmallVector<Value> square;
  for (int64_t n = 0; n < kWordsOfVector; ++n) {
    Value column = plus(corner[1], n);
    Value elements = vector::ShuffleOp::create(
        b, loc(), vectorAt(tile, corner[0], column, 0),
        vectorAt(tile, plus(corner[0], kWordsOfVector), column, 0), all);
    square.push_back(vector::BitCastOp::create(b, loc(), words, elements));
  }
  transposeSquare(b, loc(), square);
  Value firstRow = b.createOrFold<arith::DivUIOp>(
      loc(), corner[0], constantIndex(kElementsOfWord));
  for (int64_t n = 0; n < kWordsOfVector; ++n) {
    Place at;
    at.coords = {plus(firstRow, n), corner[1]};
    at.lane = 1;
    at.width = kWordsOfVector;
    writeScratch(square[n], to, at);
  }
}

bool TileLowering::canStageWords(tile::MmaOp mma) {
  tile::TileType rhs = cast<tile::TileType>(mma.getRhs().getType());
  return tile::dotLength(mma) == kElementsOfWord &&
         machine.vectorBytes == 4 * kWordsOfVector &&
         rhs.getExtent(0) % (kElementsOfWord * kWordsOfVector) == 0 &&
         rhs.getExtent(1) % kWordsOfVector == 0 &&
         laneAxisOf(mma.getResult()) == 1;
}

TileLowering::UnitMemory TileLowering::stageWords(tile::MmaOp mma) {
  Value rhs = mma.getRhs();
  auto type = cast<tile::TileType>(rhs.getType());
  auto words = tile::TileType::get(
      b.getContext(),
      {b.getI64IntegerAttr(type.getExtent(0) / kElementsOfWord),
       b.getI64IntegerAttr(type.getExtent(1))},
      b.getI32Type());
  Scratch to = allocate(words, /*lane=*/1);
  if (contiguousAxis(rhs) == 0u)
    stageColumns(rhs, to);
  else
    stageRows(rhs, to);
  return {to.pointer, constantIndex(4 * to.strides[0])};
}

} // namespace tenon
