//===- GraphMathInference.cpp - result types of mathematical ops ----------===//
//
// Each check carries the label of the constraint on the op's page. They stand
// here, and not in the verifiers, because builders infer types as well.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphEquation.h"
#include "dialects/Graph/GraphInference.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tenon::graph {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Whether `axis` numbers a dim of `type`.
static bool isAxisOf(int64_t axis, RankedTensorType type) {
  return axis >= 0 && axis < type.getRank();
}

template <typename Op>
static LogicalResult refuseAxis(std::optional<Location> location, int64_t axis,
                                RankedTensorType type) {
  return refuse<Op>(location, "needs an axis of its input: expected 0 to ",
                    type.getRank() - 1, " for ", type, ", got ", axis);
}

/// `type` with dim `axis` removed, or of size 1.
static RankedTensorType reduceAxes(RankedTensorType type,
                                   ArrayRef<int64_t> axes, bool keepDims,
                                   Type elementType) {
  SmallVector<DimAttr> dims;
  for (auto [d, dim] : llvm::enumerate(getDims(type))) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(d)))
      dims.push_back(dim);
    else if (keepDims)
      dims.push_back(DimAttr::getConstant(type.getContext(), 1));
  }
  return tensorOf(dims, elementType);
}

// Every inferReturnTypes has these parameters; bodies read `adaptor`,
// `location` and `inferred`.
#define TENON_INFER(OP)                                                        \
  static LogicalResult infer##OP(OP::Adaptor adaptor,                          \
                                 std::optional<Location> location,             \
                                 SmallVectorImpl<Type> &inferred);             \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location> location, ValueRange operands,    \
      DictionaryAttr attributes, OpaqueProperties properties,                  \
      RegionRange regions, SmallVectorImpl<Type> &inferred) {                  \
    return infer##OP({operands, attributes, properties, regions}, location,    \
                     inferred);                                                \
  }                                                                            \
  static LogicalResult infer##OP(OP::Adaptor adaptor,                          \
                                 std::optional<Location> location,             \
                                 SmallVectorImpl<Type> &inferred)

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

TENON_INFER(MatmulOp) {
  RankedTensorType lhs = typeOf(adaptor.getLhs()),
                   rhs = typeOf(adaptor.getRhs());
  // matmul_c1
  if (lhs.getElementType() != rhs.getElementType())
    return refuse<MatmulOp>(location,
                            "needs operands of one element type: expected ",
                            lhs.getElementType(), ", got ", rhs);
  // matmul_c2
  if (lhs.getRank() == 0 || rhs.getRank() == 0)
    return refuse<MatmulOp>(location,
                            "needs a row or a matrix on either side: expected "
                            "rank 1 or more, got ",
                            lhs, " and ", rhs);
  SmallVector<DimAttr> left = getDims(lhs), right = getDims(rhs);
  bool isRow = left.size() == 1, isColumn = right.size() == 1;
  size_t inner = isColumn ? 0 : right.size() - 2;
  // matmul_c3
  if (!mayBeEqual(left.back(), right[inner]))
    return refuse<MatmulOp>(location, "contracts the last dim of lhs with dim ",
                            inner, " of rhs: expected ", left.back().str(),
                            ", got ", right[inner].str(), " in ", rhs);
  // matmul_c4
  ArrayRef<DimAttr> leftBatch = ArrayRef(left).drop_back(isRow ? 1 : 2);
  ArrayRef<DimAttr> rightBatch = ArrayRef(right).drop_back(isColumn ? 1 : 2);
  FailureOr<SmallVector<DimAttr>> dims = broadcastDims(leftBatch, rightBatch);
  if (failed(dims))
    return refuse<MatmulOp>(location,
                            "needs batch dims that broadcast: expected equal "
                            "or 1, got ",
                            lhs, " and ", rhs);
  if (!isRow)
    dims->push_back(left[left.size() - 2]);
  if (!isColumn)
    dims->push_back(right.back());
  inferred.push_back(tensorOf(*dims, lhs.getElementType()));
  return success();
}

TENON_INFER(GroupedMatmulOp) {
  RankedTensorType lhs = typeOf(adaptor.getLhs()),
                   rhs = typeOf(adaptor.getRhs()),
                   scale = typeOf(adaptor.getScale());
  // grouped_matmul_c1
  for (RankedTensorType type : {rhs, scale})
    if (type.getElementType() != lhs.getElementType())
      return refuse<GroupedMatmulOp>(
          location, "needs operands of one element type: expected ",
          lhs.getElementType(), ", got ", type);
  // grouped_matmul_c2
  if (lhs.getRank() < 3 || rhs.getRank() != 3 || scale.getRank() != 2)
    return refuse<GroupedMatmulOp>(
        location,
        "needs groups of rows: expected ranks of 3 or more, 3 and 2, got ", lhs,
        ", ", rhs, " and ", scale);
  SmallVector<DimAttr> left = getDims(lhs), right = getDims(rhs);
  // grouped_matmul_c3
  ArrayRef<DimAttr> groups = ArrayRef(left).take_back(2);
  if (!mayBeEqual(groups[0], right[0]) || !mayBeEqual(groups[1], right[1]))
    return refuse<GroupedMatmulOp>(
        location, "needs the same groups on either side: expected ",
        groups[0].str(), " of ", groups[1].str(), " rows, got ", rhs);
  // grouped_matmul_c4
  RankedTensorType expected =
      tensorOf({right[0], right[2]}, lhs.getElementType());
  if (!areCompatible(scale, expected))
    return refuse<GroupedMatmulOp>(
        location, "needs a scale for each group of each column: expected ",
        expected, ", got ", scale);
  auto dims = llvm::to_vector(ArrayRef<DimAttr>(left).drop_back(2));
  dims.push_back(right[2]);
  inferred.push_back(tensorOf(dims, lhs.getElementType()));
  return success();
}

TENON_INFER(ContractOp) {
  // contract_c1
  std::string mistake;
  FailureOr<Equation> equation = parseEquation(adaptor.getEquation(), &mistake);
  if (failed(equation))
    return refuse<ContractOp>(
        location, "needs an equation such as \"bhqd,bhkd->bhqk\": ", mistake,
        ", got \"", adaptor.getEquation(), "\"");
  // contract_c2
  if (equation->inputs.size() != adaptor.getInputs().size())
    return refuse<ContractOp>(
        location, "needs one group of letters an operand: expected ",
        adaptor.getInputs().size(), ", got ", equation->inputs.size(), " in \"",
        adaptor.getEquation(), "\"");
  llvm::StringMap<DimAttr> sizes;
  for (auto [letters, input] :
       llvm::zip_equal(equation->inputs, adaptor.getInputs())) {
    RankedTensorType type = typeOf(input);
    // contract_c3
    if (type.getElementType() !=
        typeOf(adaptor.getInputs()[0]).getElementType())
      return refuse<ContractOp>(
          location, "needs operands of one element type: expected ",
          typeOf(adaptor.getInputs()[0]).getElementType(), ", got ", type);
    // contract_c4
    if (static_cast<int64_t>(letters.size()) != type.getRank())
      return refuse<ContractOp>(location, "needs one letter a dim: expected ",
                                type.getRank(), " for ", type, ", got \"",
                                letters, "\"");
    for (auto [d, letter] : llvm::enumerate(letters)) {
      DimAttr dim = getDim(type, d);
      auto [entry, isNew] = sizes.try_emplace(StringRef(&letter, 1), dim);
      // contract_c5
      if (!mayBeEqual(entry->second, dim))
        return refuse<ContractOp>(
            location, "needs one size a letter: expected ", entry->second.str(),
            " for '", entry->first(), "', got ", dim.str(), " in ", type);
      if (entry->second.isUnknown() || dim.getConstantValue())
        entry->second = dim;
    }
  }
  SmallVector<DimAttr> dims;
  for (const char &letter : equation->result)
    dims.push_back(sizes.lookup(StringRef(&letter, 1)));
  inferred.push_back(
      tensorOf(dims, typeOf(adaptor.getInputs()[0]).getElementType()));
  return success();
}

/// Whether `type` broadcasts to `dims` without making them larger.
static bool broadcastsTo(RankedTensorType type, ArrayRef<DimAttr> dims) {
  if (type.getRank() > static_cast<int64_t>(dims.size()))
    return false;
  return llvm::all_of(
      llvm::zip(llvm::reverse(getDims(type)), llvm::reverse(dims)),
      [](auto pair) {
        DimAttr dim = std::get<0>(pair);
        return dim.getConstantValue() == 1 ||
               mayBeEqual(dim, std::get<1>(pair));
      });
}

/// Whether `a` is a multiple of `b`, as far as known.
static bool mayBeMultiple(DimAttr a, DimAttr b) {
  std::optional<int64_t> x = a.getConstantValue(), y = b.getConstantValue();
  return !x || !y || (*y == 0 ? *x == 0 : *x % *y == 0);
}

TENON_INFER(AttentionOp) {
  RankedTensorType query = typeOf(adaptor.getQuery()),
                   key = typeOf(adaptor.getKey());
  RankedTensorType value = typeOf(adaptor.getValue());
  Type elementType = query.getElementType();
  // attention_c1
  for (Value operand :
       {adaptor.getKey(), adaptor.getValue(), adaptor.getBias()})
    if (operand && typeOf(operand).getElementType() != elementType)
      return refuse<AttentionOp>(
          location, "needs operands of one element type: expected ",
          elementType, ", got ", operand.getType());
  SmallVector<DimAttr> q = getDims(query), k = getDims(key), v = getDims(value);
  // attention_c2
  if (!mayBeEqual(q[3], k[3]))
    return refuse<AttentionOp>(
        location, "needs queries and keys of one width: expected ", q[3].str(),
        " for ", query, ", got ", k[3].str(), " in ", key);
  // attention_c3
  if (!mayBeEqual(q[0], k[0]) || !mayBeEqual(q[0], v[0]))
    return refuse<AttentionOp>(location, "needs one batch size: expected ",
                               q[0].str(), " for ", query, ", got ", key,
                               " and ", value);
  // attention_c4
  if (!mayBeEqual(k[1], v[1]) || !mayBeEqual(k[2], v[2]))
    return refuse<AttentionOp>(location, "needs one value a key: expected ",
                               k[1].str(), " heads of ", k[2].str(), " for ",
                               key, ", got ", value);
  // attention_c5
  if (!mayBeMultiple(q[1], k[1]))
    return refuse<AttentionOp>(
        location,
        "needs groups of query heads of one size: expected a "
        "multiple of the ",
        k[1].str(), " heads of ", key, ", got ", q[1].str(), " in ", query);
  // attention_c6
  SmallVector<DimAttr> scores = {q[0], q[1], q[2], k[2]};
  for (Value operand : {adaptor.getMask(), adaptor.getBias()})
    if (operand && !broadcastsTo(typeOf(operand), scores))
      return refuse<AttentionOp>(
          location,
          "needs a mask and a bias that broadcast to the scores: "
          "expected ",
          tensorOf(scores, typeOf(operand).getElementType()), ", got ",
          operand.getType());
  inferred.push_back(tensorOf({q[0], q[1], q[2], v[3]}, elementType));
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

TENON_INFER(ReduceOp) {
  RankedTensorType input = typeOf(adaptor.getInput());
  int64_t last = -1;
  for (int64_t axis : adaptor.getAxes()) {
    // reduce_c1
    if (!isAxisOf(axis, input))
      return refuseAxis<ReduceOp>(location, axis, input);
    // reduce_c2
    if (axis <= last)
      return refuse<ReduceOp>(location,
                              "needs rising axes: expected more than ", last,
                              ", got ", axis);
    last = axis;
  }
  inferred.push_back(reduceAxes(input, adaptor.getAxes(), adaptor.getKeepDims(),
                                input.getElementType()));
  return success();
}

TENON_INFER(ArgMaxOp) {
  RankedTensorType input = typeOf(adaptor.getInput());
  int64_t axis = adaptor.getAxis();
  // argmax_c1
  if (!isAxisOf(axis, input))
    return refuseAxis<ArgMaxOp>(location, axis, input);
  // argmax_c2
  if (input.getDimSize(axis) == 0)
    return refuse<ArgMaxOp>(location,
                            "needs an element to choose: expected a dim ", axis,
                            " that is not 0, got ", input);
  inferred.push_back(reduceAxes(input, axis, adaptor.getKeepDims(),
                                IntegerType::get(input.getContext(), 64)));
  return success();
}

TENON_INFER(CumsumOp) {
  RankedTensorType input = typeOf(adaptor.getInput());
  // cumsum_c1
  if (!isAxisOf(adaptor.getAxis(), input))
    return refuseAxis<CumsumOp>(location, adaptor.getAxis(), input);
  inferred.push_back(input);
  return success();
}

TENON_INFER(TopKOp) {
  RankedTensorType input = typeOf(adaptor.getInput());
  int64_t axis = adaptor.getAxis(), k = adaptor.getK();
  // top_k_c1
  if (!isAxisOf(axis, input))
    return refuseAxis<TopKOp>(location, axis, input);
  // top_k_c2
  std::optional<int64_t> size = getDim(input, axis).getConstantValue();
  if (k < 0 || (size && k > *size))
    return refuse<TopKOp>(location, "chooses among the elements of dim ", axis,
                          ": expected k from 0 to ", getDim(input, axis).str(),
                          " for ", input, ", got ", k);
  SmallVector<DimAttr> dims = getDims(input);
  dims[axis] = DimAttr::getConstant(input.getContext(), k);
  inferred.push_back(tensorOf(dims, input.getElementType()));
  inferred.push_back(tensorOf(dims, IntegerType::get(input.getContext(), 64)));
  return success();
}

//===----------------------------------------------------------------------===//
// Norms, positions
//===----------------------------------------------------------------------===//

TENON_INFER(SoftmaxOp) {
  RankedTensorType input = typeOf(adaptor.getInput());
  // softmax_c1
  if (!isAxisOf(adaptor.getAxis(), input))
    return refuseAxis<SoftmaxOp>(location, adaptor.getAxis(), input);
  inferred.push_back(input);
  return success();
}

/// Scale or bias of a norm: one number for each lane of `input`.
template <typename Op>
static LogicalResult checkLanes(std::optional<Location> location,
                                StringRef name, Value lanes,
                                RankedTensorType input) {
  RankedTensorType expected =
      tensorOf(getDims(input).back(), input.getElementType());
  if (areCompatible(lanes.getType(), expected))
    return success();
  return refuse<Op>(location, "needs one ", name, " a lane: expected ",
                    expected, " for ", input, ", got ", lanes.getType());
}

/// The checks that both norms have: rank, epsilon, scale.
template <typename Op>
static LogicalResult checkNorm(std::optional<Location> location, Value input,
                               Value scale, double epsilon) {
  // layer_norm_c1, rms_norm_c1
  if (typeOf(input).getRank() == 0)
    return refuse<Op>(location,
                      "needs a last dim: expected rank 1 or more, got ",
                      input.getType());
  // layer_norm_c2, rms_norm_c2
  if (failed(checkLanes<Op>(location, "scale", scale, typeOf(input))))
    return failure();
  // layer_norm_c3, rms_norm_c3
  if (!(epsilon >= 0))
    return refuse<Op>(location,
                      "needs a variance that is not negative: expected an "
                      "epsilon of 0 or more, got ",
                      epsilon);
  return success();
}

TENON_INFER(LayerNormOp) {
  if (failed(checkNorm<LayerNormOp>(location, adaptor.getInput(),
                                    adaptor.getScale(),
                                    adaptor.getEpsilon().convertToDouble())))
    return failure();
  RankedTensorType input = typeOf(adaptor.getInput());
  // layer_norm_c4
  if (Value bias = adaptor.getBias())
    if (failed(checkLanes<LayerNormOp>(location, "bias", bias, input)))
      return failure();
  inferred.push_back(input);
  return success();
}

TENON_INFER(RmsNormOp) {
  if (failed(checkNorm<RmsNormOp>(location, adaptor.getInput(),
                                  adaptor.getScale(),
                                  adaptor.getEpsilon().convertToDouble())))
    return failure();
  inferred.push_back(adaptor.getInput().getType());
  return success();
}

TENON_INFER(RopeOp) {
  RankedTensorType input = typeOf(adaptor.getInput()); // BxHxLxD
  auto positions = typeOf(adaptor.getPositions());
  int64_t headDim = input.getDimSize(3);
  // rope_c1
  if (!ShapedType::isDynamic(headDim) && headDim % 2 != 0)
    return refuse<RopeOp>(
        location, "needs pairs of lanes: expected an even head dimension, got ",
        headDim, " in ", input);
  // rope_c2
  RankedTensorType expected = tensorOf({getDim(input, 0), getDim(input, 2)},
                                       positions.getElementType());
  if (!areCompatible(positions, expected)) {
    if (!location)
      return failure();
    InFlightDiagnostic diag = emitError(*location);
    diag << "'graph.rope' op needs one position per token: expected "
         << expected << " for " << input << ", got " << positions;
    diag.attachNote(adaptor.getPositions().getLoc())
        << "positions are defined here; they are shared by all heads, so they "
           "have no head dimension";
    return diag;
  }
  // rope_c3
  if (!(adaptor.getBase().convertToDouble() > 1.0))
    return refuse<RopeOp>(
        location, "needs falling frequencies: expected a base above 1, got ",
        adaptor.getBase().convertToDouble());
  inferred.push_back(input);
  return success();
}

#undef TENON_INFER

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::verify() { return verifyInferred(*this); }
LogicalResult GroupedMatmulOp::verify() { return verifyInferred(*this); }
LogicalResult ContractOp::verify() { return verifyInferred(*this); }
LogicalResult AttentionOp::verify() { return verifyInferred(*this); }
LogicalResult ReduceOp::verify() { return verifyInferred(*this); }
LogicalResult ArgMaxOp::verify() { return verifyInferred(*this); }
LogicalResult CumsumOp::verify() { return verifyInferred(*this); }
LogicalResult TopKOp::verify() { return verifyInferred(*this); }
LogicalResult SoftmaxOp::verify() { return verifyInferred(*this); }
LogicalResult LayerNormOp::verify() { return verifyInferred(*this); }
LogicalResult RmsNormOp::verify() { return verifyInferred(*this); }
LogicalResult RopeOp::verify() { return verifyInferred(*this); }

} // namespace tenon::graph
