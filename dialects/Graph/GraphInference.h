//===- GraphInference.h - how ops check what they infer -------------------===//
//
// An op's constraints stand in its inferReturnTypes, where builders and parsers
// meet them alike. The op's verifier runs it first, so that each mistake is one
// error, and then compares what is written with what follows.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_GRAPHINFERENCE_H
#define TENON_DIALECTS_GRAPH_GRAPHINFERENCE_H

#include "dialects/Graph/GraphDims.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace tenon::graph {

/// Emits "'graph.x' op ..." when there is a location, and fails either way.
template <typename Op, typename... Args>
llvm::LogicalResult refuse(std::optional<mlir::Location> location,
                           Args &&...args) {
  return mlir::emitOptionalError(location, "'", Op::getOperationName(), "' op ",
                                 std::forward<Args>(args)...);
}

/// Whether the operands are legal and the written results follow from them.
template <typename Op> llvm::LogicalResult verifyInferred(Op op) {
  mlir::Operation *raw = op.getOperation();
  llvm::SmallVector<mlir::Type> expected;
  if (failed(Op::inferReturnTypes(
          raw->getContext(), raw->getLoc(), raw->getOperands(),
          raw->getRawDictionaryAttrs(), raw->getPropertiesStorage(),
          raw->getRegions(), expected)))
    return mlir::failure();
  if (areCompatible(expected, raw->getResultTypes()))
    return mlir::success();
  return op.emitOpError(
             "needs the result type that follows from its operands: expected ")
         << expected << ", got " << raw->getResultTypes();
}

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_GRAPHINFERENCE_H
