//===- SplitOperands.h - both factors of an f32 product as bf16 parts -----===//
//
// An f32 is the sum of three bf16: its upper eight bits, the eight below, the
// rest. A block of a product has both factors split into scratch memory, in the
// order in which a unit of tiles reads them: some steps of the contracted axis
// at a time, in two places, so that one set can be multiplied while the next
// one is written. Few steps are one set, and a left side that a loop multiplies
// in each of its turns is split before it.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_LOWER_SPLITOPERANDS_H
#define TENON_PASSES_LOWER_SPLITOPERANDS_H

#include "passes/Lower/UnitOperands.h"

namespace tenon {

/// Elements of the contracted axis in a step of the unit.
inline constexpr int64_t kStepElements = 32;
/// Parts of a number.
inline constexpr int64_t kParts = 3;
/// Steps of a turn: 32 rows or columns of parts are half of an L1.
inline constexpr int64_t kTurnSteps = 4;

/// Whether a product has so few steps that they are one turn.
inline bool isOneTurn(tile::MmaOp mma) {
  auto lhs = mlir::cast<tile::TileType>(mma.getLhs().getType());
  return lhs.getExtent(1) <= kTurnSteps * kStepElements;
}

/// Writes the arithmetic of one product: on vectors of 16 numbers.
class SplitOperands {
public:
  using Value = mlir::Value;

  /// The least and the largest magnitude in each lane, as bits; the least one
  /// less, so that zeros do not count.
  struct Range {
    Value most, leastLessOne;
  };
  /// Of all that was split so far.
  struct Ranges {
    Range left, right;

    llvm::SmallVector<Value> values() const;
    static Ranges of(mlir::ValueRange values);
    static constexpr size_t kValues = 4;
  };
  using RangesFn = llvm::function_ref<Ranges(Value, const Ranges &)>;
  /// Steps of the contracted axis that are split at once, and which of the two
  /// places their parts are in.
  struct Turn {
    Value first, count, place; ///< index
  };
  /// What each of some steps of the unit splits, of a turn to come.
  struct Share {
    Turn turn;
    Value rows, pairs;             ///< that are split in all
    Value rowsOfStep, pairsOfStep; ///< by one step
  };
  /// A share comes in slices, to be put between instructions of the unit: of
  /// its rows one step each, of its pairs one vector of the panel each.
  static constexpr int64_t kSlices = kTurnSteps;

  enum class Sides { Left, Both };

  SplitOperands(TileLowering &lowering, tile::MmaOp mma,
                Sides sides = Sides::Both);

  Ranges emptyRanges();
  /// All of the left side, of one turn.
  TileLowering::SplitSide splitLeft();
  Ranges splitAll(const Turn &turn, const Ranges &before);
  /// The work of a turn, shared out to so many steps of the unit.
  Share shareOf(const Turn &turn, Value numStepsOfUnit);
  /// Slice `slice` of what step `number` of the unit splits.
  Ranges splitSlice(int64_t slice, Value number, const Share &share,
                    const Ranges &before);
  /// Whether no part of these numbers and no product of their parts is lost.
  Value isExact(const Ranges &ranges);

  /// The tile of the left side's 16 rows, or the right side's 16 columns, in
  /// the first step of a turn; its parts and the next steps follow.
  Value leftTile(const Turn &turn, Value row) {
    return linePointer(left, mostRows, turn, row, index(0));
  }
  Value rightTile(const Turn &turn, Value column) {
    return linePointer(right, mostColumns, turn, column, index(0));
  }
  /// A loop that carries the ranges.
  Ranges loopOver(Value from, Value to, const Ranges &before, RangesFn body);

  Value rows() const { return numRows; }
  Value columns() const { return numColumns; }
  int64_t steps() const { return numSteps; }
  /// All steps, where they are one turn.
  Turn onlyTurn() { return {index(0), index(numSteps), index(0)}; }

private:
  Range extended(const Range &range, Value floats);
  Value joinUpperHalves(Value first, Value second, bool inTurn);
  Value withoutUpperHalf(Value floats);
  void storeParts(Value first, Value second, bool inTurn, Value pointer);
  Value allocateParts(int64_t numLines);
  Value linePointer(Value operand, int64_t numLines, const Turn &turn,
                    Value line, Value step);
  Ranges splitRows(const Turn &turn, const Ranges &before);
  Ranges splitRow(Value row, Value step, const Turn &turn,
                  const Ranges &before);
  Ranges splitPair(Value number, int64_t vector, const Turn &turn,
                   const Ranges &before);
  Value numPairs(const Turn &turn);

  mlir::Location loc() { return tiles.loc(); }
  Value index(int64_t value) { return tiles.constantIndex(value); }
  template <typename Op> Value make(Value x, Value y) {
    return b.createOrFold<Op>(loc(), x, y);
  }
  Value add(Value x, Value y) { return make<mlir::arith::AddIOp>(x, y); }
  Value mul(Value x, int64_t y) {
    return make<mlir::arith::MulIOp>(x, index(y));
  }
  Value splatWord(int32_t value);
  Value wordsOf(Value floats);

  TileLowering &tiles;
  mlir::OpBuilder &b;
  tile::MmaOp mma;
  int64_t mostRows, mostColumns, numSteps; ///< of the whole block
  int64_t panelVectors; ///< vectors of columns that are split together
  Value numRows, numColumns;
  Value left, right; ///< where parts are
};

} // namespace tenon

#endif // TENON_PASSES_LOWER_SPLITOPERANDS_H
