//===- AttentionScores.h - what stands between q k^T and the softmax ------===//

#ifndef TENON_PASSES_RAISE_ATTENTIONSCORES_H
#define TENON_PASSES_RAISE_ATTENTIONSCORES_H

#include "passes/Raise/Raising.h"

namespace tenon {

/// Keys that a query may not see: the score is replaced by, or gets added,
/// `fill`.
struct MaskTerm {
  /// All of them hold where the key is seen.
  struct Condition {
    mlir::Value value;
    bool isSeenWhen; ///< which answer of `value` lets the key be seen
  };
  llvm::SmallVector<Condition> conditions;
  double fill; ///< -infinity, or a large negative number
  /// Whether adding `fill` to a score is the same as replacing it. If not, the
  /// term has no meaning as a bias.
  bool isExactAsBias = true;
};

/// A term added to the scores.
struct BiasTerm {
  mlir::Value value;
  double factor = 1.0;
};

/// scale * product + biases, masked.
struct AttentionScores {
  graph::MatmulOp product; ///< of queries and transposed keys
  double scale = 1.0;
  bool isCausal = false;
  llvm::SmallVector<MaskTerm> masks;
  llvm::SmallVector<BiasTerm> biases;

  mlir::RankedTensorType getType() const {
    return llvm::cast<mlir::RankedTensorType>(product->getResult(0).getType());
  }
};

/// Reads the operand of a softmax. Nothing when no matmul is found.
std::optional<AttentionScores> readScores(mlir::Value scores);

/// Takes the causal condition out of the masks, where it is exactly the one of
/// graph.attention: key j is visible to query i when j <= i + S - L.
///
/// A query that sees no key looks at all keys alike when the fill is finite, at
/// those after it, too. So a finite causal mask is taken only where it is the
/// only mask or bias (each query sees itself then), or `everyQuerySeesAKey`.
void takeCausalMask(AttentionScores &scores, bool everyQuerySeesAKey);

/// The boolean mask and the additive bias of what is left; null when there is
/// none. Both broadcast to the scores.
mlir::Value buildMask(mlir::OpBuilder &builder, mlir::Location loc,
                      const AttentionScores &scores);
mlir::Value buildBias(mlir::OpBuilder &builder, mlir::Location loc,
                      const AttentionScores &scores);

} // namespace tenon

#endif // TENON_PASSES_RAISE_ATTENTIONSCORES_H
