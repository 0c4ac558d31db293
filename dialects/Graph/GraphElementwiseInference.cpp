//===- GraphElementwiseInference.cpp - result types of elementwise ops
//-----===//

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
  // c1
  for (Value operand : typed)
    if (getElementTypeOrSelf(operand) != getElementTypeOrSelf(typed[0]))
      return emitOptionalError(
          location, "'", opName,
          "' op needs operands of one element type: expected ",
          getElementTypeOrSelf(typed[0]), ", got ", operand.getType());
  // c2
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
