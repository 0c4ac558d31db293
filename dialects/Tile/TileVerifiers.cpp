//===- TileVerifiers.cpp - what each tile op refuses ----------------------===//
//
// One verifier per op, its checks in the order of the op's constraint labels.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/TileDialect.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace tenon::tile;

LogicalResult KernelOp::verify() {
  // kernel_c1
  unsigned numBuffers = getNumInputs() + getNumOutputs();
  for (BlockArgument argument : getEntry().getArguments()) {
    bool mustBeBuffer = argument.getArgNumber() < numBuffers;
    if (mustBeBuffer != isa<BufferType>(argument.getType()) ||
        (!mustBeBuffer && !argument.getType().isIndex()))
      return emitOpError("needs ")
             << getNumInputs() << " input and " << getNumOutputs()
             << " output buffers, then indices: argument "
             << argument.getArgNumber() << " is " << argument.getType();
  }
  if (getEntry().getNumArguments() < numBuffers)
    return emitOpError("needs ")
           << numBuffers << " buffers, got " << getEntry().getNumArguments()
           << " arguments";
  // kernel_c2
  auto grids = getEntry().getOps<GridOp>();
  auto numGrids = std::distance(grids.begin(), grids.end());
  if (numGrids != 1)
    return emitOpError("needs exactly one 'tile.grid', got ") << numGrids;
  // kernel_c3
  int64_t numAxes = getGrid().getBlocks().size();
  for (VariantAttr variant : getVariantList())
    if (variant.getAxis() < 0 || variant.getAxis() >= numAxes)
      return emitOpError("has a variant of an axis that its grid has not: "
                         "expected less than ")
             << numAxes << ", got " << variant.getAxis();
  return success();
}

LogicalResult KernelOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // kernel_c4
  for (VariantAttr variant : getVariantList()) {
    auto other =
        symbols.lookupNearestSymbolFrom<KernelOp>(*this, variant.getKernel());
    if (!other || other == *this)
      return emitOpError("needs another kernel as a variant, got ")
             << variant.getKernel();
    bool isAlike =
        llvm::equal(getEntry().getArgumentTypes(),
                    other.getEntry().getArgumentTypes()) &&
        getNumInputs() == other.getNumInputs() &&
        getGrid().getBlocks().size() == other.getGrid().getBlocks().size();
    if (!isAlike) {
      auto describe = [](InFlightDiagnostic &to, KernelOp kernel) {
        to << kernel.getNumInputs() << " inputs of ("
           << kernel.getEntry().getArgumentTypes() << ") and "
           << kernel.getGrid().getBlocks().size() << " axes";
      };
      InFlightDiagnostic error =
          emitOpError("needs a variant with its own arguments and grid: "
                      "expected ");
      describe(error, *this);
      error << ", got " << variant.getKernel() << " with ";
      describe(error, other);
      return error;
    }
  }
  return success();
}

LogicalResult GridOp::verify() {
  // grid_c1
  if (getBlocks().size() != getSizes().size())
    return emitOpError("needs one block for each size: expected ")
           << getSizes().size() << ", got " << getBlocks().size();
  return success();
}

LogicalResult ViewOp::verify() {
  // view_c1
  if (getSizes().size() != getType().getRank())
    return emitOpError("needs one size for each dimension: expected ")
           << getType().getRank() << ", got " << getSizes().size();
  // view_c2
  for (auto [d, size, extent] :
       llvm::enumerate(getSizes(), getType().getShape())) {
    IntegerAttr number;
    if (matchPattern(size, m_Constant(&number)) && number.getInt() != extent)
      return emitOpError("size ") << d << " is " << number.getInt()
                                  << " but the type is " << getType();
  }
  return success();
}

/// Checks (C1) to (C3) of loads and stores.
static LogicalResult verifyAccess(Operation *op, ViewType view,
                                  unsigned numOffsets, ArrayRef<int64_t> axes,
                                  unsigned numAxes) {
  if (numOffsets != view.getRank())
    return op->emitOpError(
               "needs one offset for each dimension of the view: expected ")
           << view.getRank() << ", got " << numOffsets;
  llvm::SmallSet<int64_t, 4> seen;
  for (int64_t axis : axes)
    if (axis < 0 || axis >= view.getRank() || !seen.insert(axis).second)
      return op->emitOpError("needs different dimensions of ")
             << view << " as axes, got " << axis;
  if (axes.size() != numAxes)
    return op->emitOpError(
               "needs one view dimension for each tile axis: expected ")
           << numAxes << ", got " << axes.size();
  return success();
}

LogicalResult LoadOp::verify() {
  // load_c1
  // load_c2
  if (failed(verifyAccess(*this, getView().getType(), getOffsets().size(),
                          getAxes(), getType().getRank())))
    return failure();
  // load_c3
  if (getView().getType().getElementType() != getType().getElementType())
    return emitOpError("needs equal element types: expected ")
           << getView().getType().getElementType() << ", got "
           << getType().getElementType();
  return success();
}

LogicalResult StoreOp::verify() {
  // store_c1
  // store_c2
  if (failed(verifyAccess(*this, getView().getType(), getOffsets().size(),
                          getAxes(), getTile().getType().getRank())))
    return failure();
  // store_c3
  if (getView().getType().getElementType() !=
      getTile().getType().getElementType())
    return emitOpError("needs equal element types: expected ")
           << getView().getType().getElementType() << ", got "
           << getTile().getType().getElementType();
  return success();
}

LogicalResult GatherOp::verify() {
  // gather_c1
  if (!isa<IntegerType>(getIndices().getType().getElementType()))
    return emitOpError("needs integer indices, got ") << getIndices().getType();
  // gather_c2
  unsigned numAxes = getType().getRank() - getIndices().getType().getRank();
  if (failed(verifyAccess(*this, getView().getType(), getOffsets().size(),
                          getAxes(), numAxes)))
    return failure();
  // gather_c3
  if (llvm::is_contained(getAxes(), static_cast<int64_t>(getDim())))
    return emitOpError("dimension ")
           << getDim() << " is both indexed and an axis";
  return success();
}

LogicalResult MapOp::verify() {
  // map_c1
  if (getMaps().size() != getInputs().size())
    return emitOpError("needs one map for each input: expected ")
           << getInputs().size() << ", got " << getMaps().size();
  for (auto [n, input] : llvm::enumerate(getInputs())) {
    auto type = cast<TileType>(input.getType());
    SmallVector<unsigned> map = getMap(n);
    // map_c2
    if (map.size() != type.getRank())
      return emitOpError("input ") << n << " has " << type.getRank()
                                   << " axes but its map has " << map.size();
    // map_c3
    for (auto [axis, target] : llvm::enumerate(map))
      if (target >= getType().getRank() ||
          type.getExtents()[axis] != getType().getExtents()[target])
        return emitOpError("axis ")
               << axis << " of input " << n << " (" << type
               << ") does not fit axis " << target << " of " << getType();
  }
  // map_c4
  Block &body = getBody().front();
  if (body.getNumArguments() != getInputs().size())
    return emitOpError("needs one body argument for each input: expected ")
           << getInputs().size() << ", got " << body.getNumArguments();
  for (auto [argument, input] : llvm::zip(body.getArguments(), getInputs()))
    if (argument.getType() != cast<TileType>(input.getType()).getElementType())
      return emitOpError("body argument is ")
             << argument.getType() << " but the input is " << input.getType();
  // map_c5
  Value yielded = cast<YieldOp>(body.getTerminator()).getValue();
  if (yielded.getType() != getType().getElementType())
    return emitOpError("yields ")
           << yielded.getType() << " but the result is " << getType();
  return success();
}

LogicalResult ReduceOp::verify() {
  // reduce_c1
  TileType input = getInput().getType();
  if (getAxis() >=
      input.getRank()) // a negative axis is a large unsigned number
    return emitOpError("needs an axis of ") << input << ", got " << getAxis();
  // reduce_c2
  SmallVector<Attribute> extents(input.getExtents());
  extents.erase(extents.begin() + getAxis());
  auto expected = TileType::get(getContext(), extents, input.getElementType());
  if (getType() != expected)
    return emitOpError("drops the reduced axis: expected ")
           << expected << ", got " << getType();
  return success();
}

LogicalResult MmaOp::verify() {
  // mma_c1
  auto lhs = getLhs().getType(), rhs = getRhs().getType(),
       acc = getAccumulator().getType();
  bool fits = lhs.getRank() == 2 && rhs.getRank() == 2 && acc.getRank() == 2 &&
              lhs.getExtents()[1] == rhs.getExtents()[0] &&
              lhs.getExtents()[0] == acc.getExtents()[0] &&
              rhs.getExtents()[1] == acc.getExtents()[1] && acc == getType();
  if (!fits)
    return emitOpError("needs MxK, KxN and MxN tiles, got ")
           << lhs << ", " << rhs << " and " << acc << " -> " << getType();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // launch_c1
  auto kernel =
      symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("names no kernel: ") << getKernelAttr();
  // launch_c2
  if (kernel.getNumInputs() != getInputs().size() ||
      kernel.getNumOutputs() != getNumResults() ||
      kernel.getScalars().size() != getScalars().size())
    return emitOpError("gives ")
           << getInputs().size() << " inputs, " << getNumResults()
           << " results and " << getScalars().size()
           << " scalars, but the kernel has " << kernel.getNumInputs() << ", "
           << kernel.getNumOutputs() << " and " << kernel.getScalars().size();
  return success();
}

LogicalResult
PackOp::evaluate(ArrayRef<tenon::ReferenceTensor> operands,
                 MutableArrayRef<tenon::ReferenceTensor> results) {
  results[0] = operands[0];
  return success();
}
