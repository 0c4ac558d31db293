//===- Patterns.h - the pattern sets of several files ---------------------===//

#ifndef TENON_PASSES_SIMPLIFY_PATTERNS_H
#define TENON_PASSES_SIMPLIFY_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace tenon {

/// Whether elementwise ops made the value from narrower integers that are
/// stored.
bool isWidenedWeight(mlir::Value value);

/// Of fold-scales: products with weights that are scaled in groups of rows.
void addGroupScalePatterns(mlir::RewritePatternSet &patterns);

/// Ops on small constants are computed; views of one number are broadcasts of a
/// rank-0 constant. Results above `maxElements` stay ops.
void addConstantPatterns(mlir::RewritePatternSet &patterns,
                         int64_t maxElements);

/// Elementwise ops work on the smallest tensors: broadcasts move behind them,
/// constants that are one number become rank 0.
void addBroadcastPatterns(mlir::RewritePatternSet &patterns,
                          int64_t maxElements);

/// Chains of reshape, transpose and broadcast become shorter ones.
void addViewPatterns(mlir::RewritePatternSet &patterns);

/// Attention of one query a head is not causal, and has a head for each of
/// keys.
void addAttentionPatterns(mlir::RewritePatternSet &patterns);

/// Products of vectors are products of matrices; a reduction reduces
/// neighbouring dims.
void addRankPatterns(mlir::RewritePatternSet &patterns);

} // namespace tenon

#endif // TENON_PASSES_SIMPLIFY_PATTERNS_H
