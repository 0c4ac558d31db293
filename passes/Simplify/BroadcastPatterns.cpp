//===- BroadcastPatterns.cpp - elementwise ops work on the smallest tensors===//

#include "passes/Simplify/Patterns.h"

#include "dialects/Graph/GraphDialect.h"
#include "passes/Analysis/KnownValues.h"

using namespace mlir;

namespace tenon {
namespace {

using graph::DimAttr;

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The operand before it was broadcast: a smaller tensor, or one number.
struct Core {
  Value value;
  TypedAttr number; ///< set when the operand is one number everywhere

  explicit Core(Value operand)
      : value(operand), number(getUniformElement(operand)) {
    while (auto broadcast = value.getDefiningOp<graph::BroadcastOp>())
      value = broadcast.getInput();
  }
  SmallVector<DimAttr> dims() const {
    return number ? SmallVector<DimAttr>() : graph::getDims(typeOf(value));
  }
  bool isNarrowerThan(Value operand) const {
    return number ? typeOf(operand).getRank() > 0 : value != operand;
  }
};

/// Moves broadcasts of operands behind an elementwise op, which broadcasts by
/// itself what the other operands already have.
///
///     add(x, broadcast(b))         -> add(x, b)
///     where(broadcast(m), 0, c)    -> broadcast(where(m, 0, c))
struct NarrowElementwise final
    : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  NarrowElementwise(MLIRContext *context, int64_t maxElements)
      : OpInterfaceRewritePattern(context), maxElements(maxElements) {}

  LogicalResult matchAndRewrite(ElementwiseOpInterface op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Core> cores(
        llvm::map_range(op->getOperands(), [](Value v) { return Core(v); }));
    bool isAnyNarrower =
        llvm::any_of(llvm::zip_equal(cores, op->getOperands()), [](auto pair) {
          return std::get<0>(pair).isNarrowerThan(std::get<1>(pair));
        });
    if (!isAnyNarrower || isEvaluated(op))
      return rewriter.notifyMatchFailure(op, "no operand is a broadcast");

    SmallVector<DimAttr> dims;
    for (const Core &core : cores) {
      FailureOr<SmallVector<DimAttr>> both =
          graph::broadcastDims(dims, core.dims());
      if (failed(both))
        return rewriter.notifyMatchFailure(op, "operands do not broadcast");
      dims = *both;
    }
    RankedTensorType wide = typeOf(op->getResult(0));
    bool staysWide = true;
    for (unsigned d = 0; d < wide.getRank(); ++d) {
      if (isKept(op, cores, dims, d))
        continue;
      if (graph::getDim(wide, d).isUnknown())
        return rewriter.notifyMatchFailure(op, "a dim is unknown");
      staysWide = false;
    }

    RankedTensorType narrow =
        staysWide ? wide : graph::tensorOf(dims, wide.getElementType());
    Value result = clone(op, cores, narrow, rewriter);
    if (!staysWide)
      result = graph::BroadcastOp::create(rewriter, op->getLoc(), wide, result);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Constants on all sides are computed instead.
  bool isEvaluated(Operation *op) const {
    RankedTensorType type = typeOf(op->getResult(0));
    return type.hasStaticShape() && type.getNumElements() <= maxElements &&
           llvm::all_of(op->getOperands(), [](Value v) {
             return v.getDefiningOp<graph::ConstantOp>();
           });
  }

  /// Whether dim `d` of the result is the same when computed from the cores.
  static bool isKept(Operation *op, ArrayRef<Core> cores,
                     ArrayRef<DimAttr> dims, unsigned d) {
    RankedTensorType wide = typeOf(op->getResult(0));
    unsigned lead = wide.getRank() - dims.size();
    if (d >= lead && graph::areEqual(dims[d - lead], graph::getDim(wide, d)))
      return true;
    // No narrowed operand had this dim, so nothing about it changed.
    return llvm::none_of(
        llvm::zip_equal(cores, op->getOperands()), [&](auto pair) {
          auto [core, operand] = pair;
          unsigned missing = wide.getRank() - typeOf(operand).getRank();
          return core.isNarrowerThan(operand) && d >= missing &&
                 typeOf(operand).getDimSize(d - missing) != 1;
        });
  }

  static Value clone(Operation *op, ArrayRef<Core> cores, RankedTensorType type,
                     PatternRewriter &rewriter) {
    SmallVector<Value> operands;
    for (auto [core, operand] : llvm::zip_equal(cores, op->getOperands()))
      operands.push_back(core.number && core.isNarrowerThan(operand)
                             ? makeConstant(rewriter, op->getLoc(), core.number)
                             : core.value);
    Operation *narrow = op->clone();
    narrow->setOperands(operands);
    narrow->getResult(0).setType(type);
    return rewriter.insert(narrow)->getResult(0);
  }

  int64_t maxElements;
};

} // namespace

void addBroadcastPatterns(RewritePatternSet &patterns, int64_t maxElements) {
  patterns.add<NarrowElementwise>(patterns.getContext(), maxElements);
}

} // namespace tenon
