//===- ResolveIndexGather.cpp - lookups and comparisons of mere positions -===//
//
// Exporters index tensors with counters: mask[arange(B), arange(L)]. Such a
// lookup only moves elements. For gather_nd, with part k of the indices being
// offset_k + stride_k * i along dim d_k of the indices:
//
//   1. slice each indexed dim of the data to the elements that are looked up;
//   2. transpose the indexed dims into the order of their d_k;
//   3. reshape, with extent 1 for dims of the indices that no part depends on;
//   4. broadcast along those.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Analysis/Positions.h"
#include "passes/Simplify/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_RESOLVEINDEXGATHERPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr auto kRemark =
    remark::RemarkOpts::name("resolve-index-gather").category("Simplify");

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

DimAttr number(MLIRContext *context, int64_t value) {
  return DimAttr::getConstant(context, value);
}

/// What one index runs through: elements start, start + step ... of a dim.
struct Run {
  std::optional<unsigned> dim; ///< of the indices; none: one index everywhere
  DimAttr start, extent;
  int64_t step = 1;
};

/// Reads an index as a run along at most one dim of its value.
std::optional<Run> readRun(Value index) {
  std::optional<Positions> positions = readPositions(index);
  if (!positions)
    return std::nullopt;
  RankedTensorType type = typeOf(index);
  Run run{std::nullopt, positions->offset, number(type.getContext(), 1)};
  for (auto [d, stride] : llvm::enumerate(positions->strides)) {
    if (stride == 0 || type.getDimSize(d) == 1)
      continue;
    if (stride < 0 || run.dim)
      return std::nullopt;
    run.dim = d;
    run.extent = graph::getDim(type, d);
    run.step = stride;
  }
  // A negative index would count from the end.
  return isNeverNegative(run.start) ? std::optional(run) : std::nullopt;
}

Value slice(OpBuilder &builder, Location loc, Value data, unsigned axis,
            const Run &run) {
  SmallVector<DimAttr> dims = graph::getDims(typeOf(data));
  bool isWhole = run.start.getConstantValue() == 0 && run.step == 1 &&
                 graph::areEqual(dims[axis], run.extent);
  if (isWhole)
    return data;
  dims[axis] = run.extent;
  auto type = graph::tensorOf(dims, typeOf(data).getElementType());
  return graph::SliceOp::create(builder, loc, type, data, axis, run.start,
                                run.step);
}

Value reshape(OpBuilder &builder, Location loc, Value data,
              ArrayRef<DimAttr> dims) {
  auto type = graph::tensorOf(dims, typeOf(data).getElementType());
  return type == data.getType()
             ? data
             : graph::ReshapeOp::create(builder, loc, type, data);
}

/// Reshapes sliced data, whose first dims stand for `runs`, so that they lie
/// along the dims of the indices, and broadcasts to the result's type.
/// `lead` dims before them and all after them stay.
Value spread(OpBuilder &builder, Location loc, Value data, unsigned lead,
             ArrayRef<Run> runs, unsigned indexRank, RankedTensorType result) {
  SmallVector<DimAttr> dataDims = graph::getDims(typeOf(data));
  SmallVector<DimAttr> dims(dataDims.begin(), dataDims.begin() + lead);
  dims.append(indexRank, number(builder.getContext(), 1));
  for (const Run &run : runs)
    if (run.dim)
      dims[lead + *run.dim] = run.extent;
  llvm::append_range(dims, ArrayRef(dataDims).drop_front(lead + runs.size()));
  Value placed = reshape(builder, loc, data, dims);
  return placed.getType() == result
             ? placed
             : graph::BroadcastOp::create(builder, loc, result, placed);
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

struct ResolveGather final : OpRewritePattern<graph::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::GatherOp gather,
                                PatternRewriter &rewriter) const override {
    std::optional<Run> run = readRun(gather.getIndices());
    if (!run)
      return rewriter.notifyMatchFailure(gather,
                                         "the indices are no positions");
    Location loc = gather.getLoc();
    unsigned axis = gather.getAxis();
    Value part = slice(rewriter, loc, gather.getData(), axis, *run);
    Value result =
        spread(rewriter, loc, part, axis, *run,
               typeOf(gather.getIndices()).getRank(), typeOf(gather));
    remark::passed(loc, kRemark) << "gather at positions became a slice";
    rewriter.replaceOp(gather, result);
    return success();
  }
};

/// The parts of the indices, one an indexed dim, or nothing.
SmallVector<Value> splitIndices(Value indices) {
  RankedTensorType type = typeOf(indices);
  if (type.getDimSize(type.getRank() - 1) == 1)
    return {indices};
  auto concat = indices.getDefiningOp<graph::ConcatOp>();
  if (!concat || static_cast<int64_t>(concat.getAxis()) != type.getRank() - 1)
    return {};
  SmallVector<Value> parts(concat.getInputs());
  bool areSingle = llvm::all_of(parts, [&](Value part) {
    return typeOf(part).getDimSize(type.getRank() - 1) == 1;
  });
  return areSingle ? parts : SmallVector<Value>();
}

struct ResolveGatherNd final : OpRewritePattern<graph::GatherNdOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::GatherNdOp gather,
                                PatternRewriter &rewriter) const override {
    SmallVector<Run> runs;
    if (const char *reason = readRuns(gather, runs)) {
      remark::missed(gather.getLoc(), kRemark) << reason;
      return rewriter.notifyMatchFailure(gather, reason);
    }
    Location loc = gather.getLoc();
    Value data = gather.getData();
    for (auto [k, run] : llvm::enumerate(runs))
      data = slice(rewriter, loc, data, k, run);
    data = sortByDim(rewriter, loc, data, runs);
    Value result =
        spread(rewriter, loc, data, 0, runs,
               typeOf(gather.getIndices()).getRank() - 1, typeOf(gather));
    remark::passed(loc, kRemark) << "gather_nd at positions became a broadcast";
    rewriter.replaceOp(gather, result);
    return success();
  }

private:
  /// Fills `runs`, or says why not.
  static const char *readRuns(graph::GatherNdOp gather,
                              SmallVector<Run> &runs) {
    if (gather.getBatchDims() != 0)
      return "the lookup has batch dims";
    SmallVector<Value> parts = splitIndices(gather.getIndices());
    if (parts.empty())
      return "the indices are not put together from one part for each dim";
    SmallVector<unsigned> seen;
    for (Value part : parts) {
      std::optional<Run> run = readRun(part);
      if (!run)
        return "an index is not a position along one dim";
      if (run->dim && llvm::is_contained(seen, *run->dim))
        return "two indices run along the same dim, so the lookup takes a "
               "diagonal";
      if (run->dim)
        seen.push_back(*run->dim);
      runs.push_back(*run);
    }
    return nullptr;
  }

  /// Transposes the indexed dims so that their runs' dims rise, and sorts
  /// `runs`.
  static Value sortByDim(OpBuilder &builder, Location loc, Value data,
                         SmallVector<Run> &runs) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(data).getRank()));
    std::sort(order.begin(), order.begin() + runs.size(),
              [&](int64_t a, int64_t b) {
                return std::pair(runs[a].dim, a) < std::pair(runs[b].dim, b);
              });
    if (llvm::is_sorted(order))
      return data;
    SmallVector<DimAttr> dims;
    for (int64_t from : order)
      dims.push_back(graph::getDim(typeOf(data), from));
    runs = llvm::map_to_vector(ArrayRef(order).take_front(runs.size()),
                               [&](int64_t from) { return runs[from]; });
    auto type = graph::tensorOf(dims, typeOf(data).getElementType());
    return graph::TransposeOp::create(builder, loc, type, data, order);
  }
};

/// Compares positions whose ranges do not meet: iota >= 0.
struct ResolveCompare final : OpRewritePattern<graph::CompareOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(graph::CompareOp compare,
                                PatternRewriter &rewriter) const override {
    std::optional<Positions> lhs = readPositions(compare.getLhs());
    std::optional<Positions> rhs = readPositions(compare.getRhs());
    if (!lhs || !rhs)
      return rewriter.notifyMatchFailure(compare, "compares no positions");
    RankedTensorType type = typeOf(compare);
    Positions difference = subtract(*lhs, *rhs, type.getRank());
    std::optional<bool> answer =
        decide(compare.getPredicate(), difference, graph::getDims(type));
    if (!answer)
      return rewriter.notifyMatchFailure(compare,
                                         "the answer depends on the position");
    remark::passed(compare.getLoc(), kRemark)
        << (Twine("comparison of positions is always ") +
            (*answer ? "true" : "false"))
               .str();
    Value constant =
        makeConstant(rewriter, compare.getLoc(), rewriter.getBoolAttr(*answer));
    rewriter.replaceOpWithNewOp<graph::BroadcastOp>(compare, type, constant);
    return success();
  }

private:
  /// The answer to "difference <predicate> 0" when all elements agree.
  static std::optional<bool> decide(graph::Predicate predicate,
                                    const Positions &difference,
                                    ArrayRef<DimAttr> dims) {
    DimAttr least = leastOf(difference, dims),
            greatest = greatestOf(difference, dims);
    DimAttr zero = number(least.getContext(), 0),
            one = number(least.getContext(), 1);
    bool isPositive = isNeverNegative(least.sub(one));
    bool isNegative = isNeverNegative(zero.sub(greatest).sub(one));
    bool isAtLeast0 = isNeverNegative(least),
         isAtMost0 = isNeverNegative(zero.sub(greatest));
    auto answer = [](bool isTrue, bool isFalse) -> std::optional<bool> {
      if (isTrue || isFalse)
        return isTrue;
      return std::nullopt;
    };
    switch (predicate) {
    case graph::Predicate::Ge:
      return answer(isAtLeast0, isNegative);
    case graph::Predicate::Gt:
      return answer(isPositive, isAtMost0);
    case graph::Predicate::Le:
      return answer(isAtMost0, isPositive);
    case graph::Predicate::Lt:
      return answer(isNegative, isAtLeast0);
    case graph::Predicate::Eq:
      return answer(isAtLeast0 && isAtMost0, isPositive || isNegative);
    case graph::Predicate::Ne:
      return answer(isPositive || isNegative, isAtLeast0 && isAtMost0);
    }
    llvm_unreachable("a predicate is one of six");
  }
};

struct ResolveIndexGather final
    : impl::ResolveIndexGatherPassBase<ResolveIndexGather> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ResolveGather, ResolveGatherNd, ResolveCompare>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
  }
};

} // namespace
} // namespace tenon
