//===- NodesMath.cpp - importers of contractions and reductions -----------===//

#include "frontends/Onnx/Equation.h"
#include "frontends/Onnx/NodeTable.h"
#include "frontends/Onnx/ShapeRules.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;
using graph::ReduceKind;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static LogicalResult importMatMul(NodeBuilder &b) {
  if (failed(b.equateMatmul(b.dims(0), b.dims(1))))
    return failure();
  return b.set(0, b.make<graph::MatmulOp>(b.data(0), b.data(1)));
}

static Value scale(NodeBuilder &b, Value x, double factor) {
  return factor == 1 ? x : b.make<graph::MulOp>(x, b.like(x, factor));
}

/// alpha A B + beta C, A and B transposed on request.
static LogicalResult importGemm(NodeBuilder &b) {
  if (b.rank(0) != 2 || b.rank(1) != 2)
    return b.error("needs matrices: expected rank 2, got " + Twine(b.rank(0)) +
                   " and " + Twine(b.rank(1)));
  SmallVector<DimAttr> lhsDims = b.dims(0), rhsDims = b.dims(1);
  Value lhs = b.data(0), rhs = b.data(1);
  if (b.integer("transA", 0)) {
    lhs = b.transpose(lhs, {1, 0});
    std::swap(lhsDims[0], lhsDims[1]);
  }
  if (b.integer("transB", 0)) {
    rhs = b.transpose(rhs, {1, 0});
    std::swap(rhsDims[0], rhsDims[1]);
  }
  if (failed(b.equateMatmul(lhsDims, rhsDims)))
    return failure();
  Value result =
      scale(b, b.make<graph::MatmulOp>(lhs, rhs), b.number("alpha", 1));
  if (!b.has(2))
    return b.set(0, result);
  Value addend = scale(b, b.data(2), b.number("beta", 1));
  if (failed(b.broadcastTogether({result, addend})))
    return failure();
  return b.set(0, b.make<graph::AddOp>(result, addend));
}

static LogicalResult importEinsum(NodeBuilder &b) {
  SmallVector<int64_t> ranks;
  SmallVector<Value> inputs;
  for (unsigned input = 0; input < b.numInputs(); ++input) {
    if (!b.has(input))
      return b.error("input " + Twine(input) +
                     " is required but its name is empty");
    ranks.push_back(b.rank(input));
    inputs.push_back(b.data(input));
  }
  FailureOr<Equation> equation = expandEquation(b.text("equation", ""), ranks);
  if (failed(equation))
    return b.error("'equation' does not fit inputs of these ranks: \"" +
                   b.text("equation", "") + "\"");
  llvm::DenseMap<char, DimAttr> sizes;
  for (auto [input, letters] : llvm::enumerate(equation->inputs))
    for (auto [letter, dim] : llvm::zip_equal(letters, b.dims(input)))
      if (auto [known, isNew] = sizes.try_emplace(letter, dim);
          !isNew && failed(b.equate(known->second, dim)))
        return failure();
  return b.set(0, b.make<graph::ContractOp>(inputs, equation->str()));
}

//===----------------------------------------------------------------------===//
// Convolutions that are contractions
//===----------------------------------------------------------------------===//

/// Fails unless each input element meets the kernel once, as in the patches of
/// a vision transformer: then the convolution is a product with a matrix.
static LogicalResult checkPatches(NodeBuilder &b, ArrayRef<int64_t> kernel) {
  auto isList = [&](StringRef name, ArrayRef<int64_t> expected) {
    const NodeAttribute *list = b.attribute(name);
    return list ? ArrayRef(list->integers) == expected
                : llvm::all_of(expected, [&](int64_t n) {
                    return n == (name != "pads");
                  });
  };
  size_t axes = kernel.size();
  StringRef autoPad = b.text("auto_pad", "NOTSET");
  if (isList("strides", kernel) &&
      isList("dilations", SmallVector<int64_t>(axes, 1)) &&
      isList("pads", SmallVector<int64_t>(2 * axes, 0)) &&
      b.integer("group", 1) == 1 && (autoPad == "NOTSET" || autoPad == "VALID"))
    return success();
  return b.error("unsupported form: expected strides equal to the kernel, one "
                 "group and neither "
                 "pads nor dilations");
}

/// [B, C, n k] as [B, n, C k]: a row a patch. Sets `counts` to the n of each
/// axis.
static Value toPatches(NodeBuilder &b, ArrayRef<int64_t> kernel,
                       SmallVector<DimAttr> &counts) {
  SmallVector<DimAttr> dims = b.dims(0), apart = {dims[0], dims[1]};
  SmallVector<int64_t> order = {0}, lanes = {1};
  DimAttr rows = b.dim(1), width = dims[1];
  for (auto [size, k] : llvm::zip_equal(ArrayRef(dims).drop_front(2), kernel)) {
    DimAttr count = k > 0 ? size.divideExactly(b.dim(k)) : nullptr;
    if (!count) {
      (void)b.error("unsupported form: expected a multiple of the kernel's " +
                    Twine(k) + " elements, got " + size.str());
      return nullptr;
    }
    order.push_back(apart.size());
    lanes.push_back(apart.size() + 1);
    apart.append({count, b.dim(k)});
    counts.push_back(count);
    rows = rows.mul(count);
    width = width.mul(b.dim(k));
  }
  order.append(lanes);
  return b.reshape(b.transpose(b.reshape(b.data(0), apart), order),
                   {dims[0], rows, width});
}

static LogicalResult importConv(NodeBuilder &b) {
  SmallVector<DimAttr> weight = b.dims(1);
  if (b.rank(0) < 3 || weight.size() != b.dims(0).size() ||
      !b.type(1).hasStaticShape())
    return b.error("needs an input of rank 3 or more and a constant kernel of "
                   "its rank, got rank " +
                   Twine(b.rank(0)) + " and " + Twine(b.rank(1)));
  ArrayRef<int64_t> kernel = b.type(1).getShape().drop_front(2);
  if (failed(checkPatches(b, kernel)) ||
      failed(b.equate(b.dims(0)[1], weight[1])))
    return failure();
  SmallVector<DimAttr> counts;
  Value patches = toPatches(b, kernel, counts);
  DimAttr width =
      graph::numElements(b.builder.getContext(), ArrayRef(weight).drop_front());
  Value matrix = b.transpose(b.reshape(b.data(1), {weight[0], width}), {1, 0});
  Value result = b.make<graph::MatmulOp>(patches, matrix);
  if (b.has(2))
    result = b.make<graph::AddOp>(result, b.data(2));
  SmallVector<DimAttr> dims = {b.dims(0)[0], weight[0]};
  dims.append(counts);
  return b.set(0, b.reshape(b.transpose(result, {0, 2, 1}), dims));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The axes that a reduction names, rising; all where it names none.
static FailureOr<SmallVector<int64_t>> reducedAxes(NodeBuilder &b) {
  auto written = b.list("axes", 1);
  if (failed(written))
    return failure();
  if (*written && !(*written)->empty())
    return b.axes(**written, b.rank(0));
  if (b.integer("noop_with_empty_axes", 0))
    return SmallVector<int64_t>();
  return llvm::to_vector(llvm::seq<int64_t>(0, b.rank(0)));
}

static Value reduce(NodeBuilder &b, Value x, ReduceKind kind,
                    ArrayRef<int64_t> axes, bool keepDims) {
  return b.make<graph::ReduceOp>(x, kind, axes, keepDims);
}

template <typename OpTy> static Value apply(NodeBuilder &b, Value x) {
  return b.make<OpTy>(x);
}
static Value keep(NodeBuilder &, Value x) { return x; }

/// A reduction with an elementwise op before or after it: ReduceL1 sums sizes.
template <ReduceKind kind, auto before = keep, auto after = keep>
static LogicalResult importReduce(NodeBuilder &b) {
  FailureOr<SmallVector<int64_t>> axes = reducedAxes(b);
  if (failed(axes))
    return failure();
  Value x =
      reduce(b, before(b, b.data(0)), kind, *axes, b.integer("keepdims", 1));
  return b.set(0, after(b, x));
}

/// log(sum(exp(x))), the maximum taken out so that nothing overflows.
static LogicalResult importReduceLogSumExp(NodeBuilder &b) {
  FailureOr<SmallVector<int64_t>> axes = reducedAxes(b);
  if (failed(axes))
    return failure();
  Value x = b.data(0),
        largest = reduce(b, x, ReduceKind::Max, *axes, /*keepDims=*/true);
  Value exp = b.make<graph::ExpOp>(b.make<graph::SubOp>(x, largest));
  Value sum = reduce(b, exp, ReduceKind::Sum, *axes, /*keepDims=*/true);
  Value result = b.make<graph::AddOp>(b.make<graph::LogOp>(sum), largest);
  // Dropping kept dimensions is a reduction of one element.
  if (!b.integer("keepdims", 1))
    result = reduce(b, result, ReduceKind::Max, *axes, /*keepDims=*/false);
  return b.set(0, result);
}

template <bool smallest> static LogicalResult importArgMax(NodeBuilder &b) {
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 0), b.rank(0));
  if (failed(axis))
    return failure();
  if (b.integer("select_last_index", 0))
    return b.error(
        "unsupported form: expected 'select_last_index' to be 0, got 1");
  bool keepDims = b.integer("keepdims", 1);
  return b.set(0,
               b.make<graph::ArgMaxOp>(b.data(0), *axis, keepDims, smallest));
}

static LogicalResult importCumSum(NodeBuilder &b) {
  FailureOr<int64_t> written = b.needNumber(1, "axis");
  if (failed(written))
    return failure();
  FailureOr<int64_t> axis = b.axis(*written, b.rank(0));
  if (failed(axis))
    return failure();
  bool exclusive = b.integer("exclusive", 0), reverse = b.integer("reverse", 0);
  return b.set(0,
               b.make<graph::CumsumOp>(b.data(0), *axis, exclusive, reverse));
}

static LogicalResult importTopK(NodeBuilder &b) {
  FailureOr<int64_t> count =
      b.has(1) ? b.needNumber(1, "K") : b.integer("k", 0);
  if (failed(count))
    return failure();
  FailureOr<int64_t> axis = b.axis(b.integer("axis", -1), b.rank(0));
  if (failed(axis))
    return failure();
  bool smallest = !b.integer("largest", 1);
  Operation *topK =
      b.makeOp<graph::TopKOp>(2, b.data(0), *count, *axis, smallest);
  if (!topK || failed(b.set(0, topK->getResult(0))))
    return failure();
  return b.set(1, topK->getResult(1));
}

//===----------------------------------------------------------------------===//
// Triangles
//===----------------------------------------------------------------------===//

/// Keeps elements on one side of the k-th diagonal: column - row >= k for
/// upper.
static LogicalResult importTrilu(NodeBuilder &b) {
  int64_t rank = b.rank(0);
  if (rank < 2)
    return b.error("needs a matrix: expected rank 2 or more, got " +
                   Twine(rank));
  Value k = b.has(1) ? b.reshape(b.data(1), {}) : b.size(b.dim(0));
  Value x = b.data(0);
  SmallVector<DimAttr> dims = b.dims(0);
  ArrayRef<DimAttr> matrix = ArrayRef(dims).take_back(2);
  Type i64 = b.builder.getI64Type();
  Value row = b.makeOf<graph::IotaOp>(matrix, i64, 0);
  Value column = b.makeOf<graph::IotaOp>(matrix, i64, 1);
  Value diagonal = b.make<graph::SubOp>(column, row);
  graph::Predicate side =
      b.integer("upper", 1) ? graph::Predicate::Ge : graph::Predicate::Le;
  Value isKept = b.make<graph::CompareOp>(diagonal, k, side);
  if (b.type(0).getElementType().isInteger(1))
    return b.set(0, b.make<graph::AndOp>(isKept, x));
  return b.set(0, b.make<graph::WhereOp>(isKept, x, b.like(x, 0)));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"", "ArgMax", 1, 1, 1, importArgMax<false>, nullptr},
    {"", "ArgMin", 1, 1, 1, importArgMax<true>, nullptr},
    {"", "Conv", 1, 2, 3, importConv, nullptr},
    {"", "CumSum", 11, 2, 2, importCumSum, nullptr},
    {"", "Einsum", 12, 1, -1, importEinsum, nullptr},
    {"", "Gemm", 7, 2, 3, importGemm, nullptr},
    {"", "MatMul", 1, 2, 2, importMatMul, nullptr},
    {"", "ReduceL1", 1, 1, 2,
     importReduce<ReduceKind::Sum, apply<graph::AbsOp>>, nullptr},
    {"", "ReduceL2", 1, 1, 2,
     importReduce<ReduceKind::SumSquare, keep, apply<graph::SqrtOp>>, nullptr},
    {"", "ReduceLogSum", 1, 1, 2,
     importReduce<ReduceKind::Sum, keep, apply<graph::LogOp>>, nullptr},
    {"", "ReduceLogSumExp", 1, 1, 2, importReduceLogSumExp, nullptr},
    {"", "ReduceMax", 1, 1, 2, importReduce<ReduceKind::Max>,
     evaluateReduceMax},
    {"", "ReduceMean", 1, 1, 2, importReduce<ReduceKind::Mean>, nullptr},
    {"", "ReduceMin", 1, 1, 2, importReduce<ReduceKind::Min>,
     evaluateReduceMin},
    {"", "ReduceProd", 1, 1, 2, importReduce<ReduceKind::Prod>,
     evaluateReduceProd},
    {"", "ReduceSum", 1, 1, 2, importReduce<ReduceKind::Sum>,
     evaluateReduceSum},
    {"", "ReduceSumSquare", 1, 1, 2, importReduce<ReduceKind::SumSquare>,
     nullptr},
    {"", "TopK", 1, 1, 2, importTopK, nullptr},
    {"", "Trilu", 14, 1, 2, importTrilu, nullptr},
};

ArrayRef<NodeRule> onnx::mathRules() { return kRules; }
