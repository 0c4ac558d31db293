//===- SimplifyGraph.cpp - folds, common subexpressions, shorter views ----===//

#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_SIMPLIFYGRAPHPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

struct SimplifyGraph final : impl::SimplifyGraphPassBase<SimplifyGraph> {
  using SimplifyGraphPassBase::SimplifyGraphPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    addConstantPatterns(patterns, maxElements);
    addBroadcastPatterns(patterns, maxElements);
    addViewPatterns(patterns);
    addRankPatterns(patterns);
    addAttentionPatterns(patterns);
    FrozenRewritePatternSet frozen(std::move(patterns));

    // Merging equal values lets views meet, so both alternate until nothing
    // moves.
    bool changed = true;
    while (changed) {
      if (failed(applyPatternsGreedily(getOperation(), frozen))) {
        getOperation()->emitError(
            "simplify-graph does not come to rest: expected no change "
            "within 10 rounds; please report this module");
        return signalPassFailure();
      }
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(getOperation());
      eliminateCommonSubExpressions(rewriter, dominance, getOperation(),
                                    &changed);
    }
  }
};

} // namespace
} // namespace tenon
