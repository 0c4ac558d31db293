//===- GraphShapeFolds.cpp - ops that move no element ---------------------===//
//
// A fold never invents a type: it returns a value of the result's type or edits
// the op in place, so dims that are unknown stay as they were written.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace tenon::graph;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// Whether a reshape between equal types must keep every dim: two unknown dims
/// can trade places, one follows from the others.
static bool isDetermined(RankedTensorType type) {
  return llvm::count_if(getDims(type),
                        [](DimAttr dim) { return dim.isUnknown(); }) <= 1;
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType() && isDetermined(typeOf(getInput())))
    return getInput();
  auto inner = getInput().getDefiningOp<ReshapeOp>();
  if (!inner)
    return nullptr;
  getInputMutable().assign(inner.getInput());
  return getResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  bool isIdentity = llvm::equal(getPermutation(),
                                llvm::seq<int64_t>(0, getPermutation().size()));
  if (isIdentity && getInput().getType() == getType())
    return getInput();
  auto inner = getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return nullptr;
  SmallVector<int64_t> composed;
  for (int64_t from : getPermutation())
    composed.push_back(inner.getPermutation()[from]);
  setPermutation(composed);
  getInputMutable().assign(inner.getInput());
  return getResult();
}

/// Whether two dims of equal types are the same number or polynomial.
static bool areAllKnown(RankedTensorType type) {
  return llvm::none_of(getDims(type),
                       [](DimAttr dim) { return dim.isUnknown(); });
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType() && areAllKnown(typeOf(getInput())))
    return getInput();
  return nullptr;
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool isWhole = getInput().getType() == getType() && getStep() == 1 &&
                 getStart().getConstantValue() == 0 &&
                 !getDim(typeOf(getInput()), getAxis()).isUnknown();
  return isWhole ? getInput() : nullptr;
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1 && getInputs().front().getType() == getType())
    return getInputs().front();
  return nullptr;
}
