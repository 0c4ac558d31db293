//===- GroupCost.cpp - what the kernel of a group must do and move --------===//

#include "passes/Fusion/GroupCost.h"

using namespace mlir;

namespace tenon {

graph::DimAttr countFlops(graph::GroupOp group) {
  auto flops = graph::DimAttr::getConstant(group.getContext(), 0);
  for (Operation &op : group.getBody().front())
    if (auto cost = dyn_cast<CostOpInterface>(op))
      flops = flops.add(cast<graph::DimAttr>(cost.countFlops()));
  return flops;
}

namespace {

/// Bytes of `count` elements of the type of `tensor`.
graph::DimAttr bytesOf(Value tensor, Value count) {
  MLIRContext *context = tensor.getContext();
  int64_t bits = getElementTypeOrSelf(tensor).getIntOrFloatBitWidth();
  auto dims = graph::getDims(cast<RankedTensorType>(count.getType()));
  graph::DimAttr elements = graph::numElements(context, dims);
  std::optional<int64_t> number = elements.getConstantValue();
  if (number && bits > 1 && bits < 8)
    return graph::DimAttr::getConstant(context,
                                       llvm::divideCeil(*number * bits, 8));
  return elements.mul(
      graph::DimAttr::getConstant(context, llvm::divideCeil(bits, 8)));
}

/// Does `use` read no more of its tensor than the op's result has elements?
bool readsItsResultOnly(OpOperand &use) {
  auto tiles = dyn_cast<TileOpInterface>(use.getOwner());
  if (!tiles)
    return false;
  KernelClass kernelClass = tiles.getKernelClass();
  return kernelClass == KernelClass::View ||
         (kernelClass == KernelClass::Gather && use.getOperandNumber() == 0);
}

/// All of the input, or those elements that slices and gathers take.
graph::DimAttr countBytesRead(BlockArgument input) {
  graph::DimAttr whole = bytesOf(input, input);
  if (!llvm::all_of(input.getUses(), readsItsResultOnly))
    return whole;
  auto taken = graph::DimAttr::getConstant(input.getContext(), 0);
  for (OpOperand &use : input.getUses())
    taken = taken.add(bytesOf(input, use.getOwner()->getResult(0)));
  return graph::isNeverSmaller(taken, whole) ? whole : taken;
}

} // namespace

graph::DimAttr countBytes(graph::GroupOp group) {
  auto bytes = graph::DimAttr::getConstant(group.getContext(), 0);
  for (BlockArgument input : group.getBody().getArguments())
    bytes = bytes.add(countBytesRead(input));
  for (Value result : group.getResults())
    bytes = bytes.add(bytesOf(result, result));
  return bytes;
}

} // namespace tenon
