//===- UnitProduct.h - one product by a unit of 16 x 16 sums --------------===//

#ifndef TENON_PASSES_LOWER_UNITPRODUCT_H
#define TENON_PASSES_LOWER_UNITPRODUCT_H

#include "passes/Lower/UnitOperands.h"

namespace tenon {

class UnitProduct {
public:
  using Value = mlir::Value;
  using RowFn = llvm::function_ref<void(Value row)>;

  /// `isZero`: the sums are zero, whatever the memory says.
  UnitProduct(TileLowering &lowering, tile::MmaOp mma,
              const TileLowering::Scratch &sums, bool isZero);

  /// Adds the products to the sums.
  void multiply();
  /// Also calls `finish` for each row below `numRows`, in the code behind it,
  /// and `announce` for rows that will be finished.
  void multiply(Value numRows, RowFn announce, RowFn finish);
  /// Also calls `finish` for each row below `numLate`, of another product, in
  /// the code between all steps.
  void multiplyBeside(Value numLate, RowFn finish);

private:
  using UnitMemory = TileLowering::UnitMemory;
  /// Writes code between the instructions of step `number`; null: none.
  using StepFn = llvm::function_ref<void(Value number)>;
  /// Steps of the contracted axis.
  struct Part {
    Value from, to;   ///< index
    int64_t numSteps; ///< at most
    bool isZero;      ///< whether the sums are zero before
  };
  /// Writes code beside a step of two tiles of rows, from `row` on.
  using PairFn =
      llvm::function_ref<void(const Part &part, Value row, Value number)>;

  void multiplyParts(Value pairs, PairFn beside, PairFn besideLast);
  void multiplyPart(const Part &part, Value pairs, PairFn beside);
  void multiplyRest(Value pairs, Value limit);
  void multiplyRows(const Part &part, Value row, const UnitMemory &from,
                    int64_t numTiles, StepFn beside);
  void multiplyTiles(const Part &part, const UnitMemory &to,
                     const UnitMemory &from, const UnitMemory &words,
                     int64_t rows, int64_t columns, StepFn beside);
  void fetchNext(const Part &part, Value number);
  void finishPairBefore(const Part &part, Value row, Value number,
                        RowFn announce, RowFn finish);
  Value roundDown(Value value, int64_t unit);
  int64_t numSteps() { return numStepsOf(mma); }
  Part wholeAxis() { return {index(0), index(numSteps()), numSteps(), isZero}; }
  /// Of two tiles.
  int64_t numColumnPairs() {
    return llvm::divideCeil(mma.getType().getExtent(1), 2 * kTileSide);
  }

  mlir::Location loc() { return tiles.loc(); }
  Value index(int64_t value) { return tiles.constantIndex(value); }
  template <typename Op> Value make(Value x, Value y) {
    return b.createOrFold<Op>(loc(), x, y);
  }

  TileLowering &tiles;
  mlir::OpBuilder &b;
  tile::MmaOp mma;
  UnitMemory sums;
  bool isZero;            ///< the sums, whatever the memory says
  bool readsAhead;        ///< the right side lies in packed memory
  UnitMemory left, right; ///< once multiply has begun
};

} // namespace tenon

#endif // TENON_PASSES_LOWER_UNITPRODUCT_H
