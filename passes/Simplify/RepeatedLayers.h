//===- RepeatedLayers.h - where a function repeats a layer ----------------===//
//
//   OrderedOps order(function.front());
//   if (std::optional<RepeatedLayer> layer = findRepeatedLayer(order))
//     ... // ops of layer->repetition(order, 1): the second time
//
//===----------------------------------------------------------------------===//

#ifndef TENON_PASSES_SIMPLIFY_REPEATEDLAYERS_H
#define TENON_PASSES_SIMPLIFY_REPEATEDLAYERS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tenon {

/// The ops of a block in an order that depends on the graph alone, so that the
/// ops of a layer lie together whatever the exporter's order: first what no
/// weight has part in and several ops read (masks, positions), then depth first
/// from the results.
class OrderedOps {
public:
  explicit OrderedOps(mlir::Block &block);

  llvm::ArrayRef<mlir::Operation *> ops() const { return order; }
  /// The place of an op; nothing for those that have none: the terminator, what
  /// is free to compute again and what lies in the artifact.
  std::optional<unsigned> placeOf(mlir::Operation *op) const;
  /// Whether the value lies in the artifact.
  bool isStored(mlir::Value value) const;
  /// Moves the ops of the block into this order, behind those without a place.
  void apply();

private:
  void add(mlir::Operation *op);

  llvm::DenseSet<mlir::Operation *> stored;
  llvm::SmallVector<mlir::Operation *> order;
  llvm::DenseMap<mlir::Operation *, unsigned> places;
};

/// `numOps` ops from place `first` on, and again behind them: `count` times.
struct RepeatedLayer {
  unsigned first = 0, numOps = 0, count = 0;
  /// What is read outside of its repetition, of any: op and result number.
  llvm::SmallVector<std::pair<unsigned, unsigned>> results;

  llvm::ArrayRef<mlir::Operation *> repetition(const OrderedOps &order,
                                               unsigned number) const {
    return order.ops().slice(first + number * numOps, numOps);
  }
};

/// Whether what the repetitions read in one place is free to compute again, and
/// the same each time: then it stands in the layer. Else it is an argument.
bool areFreeAndEqual(llvm::ArrayRef<mlir::Value> values);

/// The repetition that spares the most ops, at the place where the fewest
/// values pass from one layer to the next. A layer has a contraction, and hands
/// on only values that lie in memory anyway. Says in a remark what keeps two
/// layers of equal ops apart.
std::optional<RepeatedLayer> findRepeatedLayer(const OrderedOps &order);

} // namespace tenon

#endif // TENON_PASSES_SIMPLIFY_REPEATEDLAYERS_H
