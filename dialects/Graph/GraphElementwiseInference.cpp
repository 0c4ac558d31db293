//===- GraphElementwiseInference.cpp - result types of elementwise ops ----===//

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphElementwise.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tenon::graph {

LogicalResult inferElementwise(StringRef opName,
                               std::optional<Location> location,
                               ValueRange operands, ValueRange typed,
                               Type elementType,
                               SmallVectorImpl<Type> &inferred) {
  // add_c1, sub_c1, mul_c1, div_c1, mod_c1, max_c1, min_c1, pow_c1, swiglu_c1,
  // fma_c1, compare_c1, where_c1
  for (Value operand : typed)
    if (getElementTypeOrSelf(operand) != getElementTypeOrSelf(typed[0]))
      return emitOptionalError(
          location, "'", opName,
          "' op needs operands of one element type: expected ",
          getElementTypeOrSelf(typed[0]), ", got ", operand.getType());
  // add_c2, sub_c2, mul_c2, div_c2, mod_c2, max_c2, min_c2, pow_c2, swiglu_c2,
  // fma_c2, compare_c2, where_c2, and_c1, or_c1, xor_c1
  auto first = cast<RankedTensorType>(operands[0].getType());
  SmallVector<DimAttr> dims = getDims(first);
  for (Value operand : operands.drop_front()) {
    auto type = cast<RankedTensorType>(operand.getType());
    FailureOr<SmallVector<DimAttr>> both = broadcastDims(dims, getDims(type));
    if (failed(both))
      return emitOptionalError(
          location, "'", opName,
          "' op needs operands that broadcast: expected trailing "
          "dims equal or 1, got ",
          tensorOf(dims, first.getElementType()), " and ", type);
    dims = *both;
  }
  inferred.push_back(tensorOf(dims, elementType));
  return success();
}

} // namespace tenon::graph
