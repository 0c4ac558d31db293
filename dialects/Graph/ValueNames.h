//===- ValueNames.h - what an imported model calls its values -------------===//
//
//   // the op that computes the value "hidden" of node "MatMul_3"
//   op->setLoc(withValueName(nodeLoc, "hidden", type));
//   valueNamesAt(op->getLoc()).names // "hidden"
//
// The name is a part of the op's location, because rewrites keep locations and
// are not kept from merging ops by them. What stands in the place of an op has
// its location, and so have the steps before, when one op becomes several: only
// the last of them is the value.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_DIALECTS_GRAPH_VALUENAMES_H
#define TENON_DIALECTS_GRAPH_VALUENAMES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace tenon::graph {

/// The location of the op that computes the value `name`.
mlir::Location withValueName(mlir::Location loc, llvm::StringRef name,
                             mlir::RankedTensorType type);

/// Takes the names from all ops with a location but the last of them.
void keepLastOfEachValueName(mlir::Operation *function);

/// What the location of an op says of the value that it computes.
struct ValueNames {
  /// One; in a layer that is called several times one for each call; none where
  /// the value has no name.
  llvm::SmallVector<llvm::StringRef> names;
  mlir::RankedTensorType type; ///< the value's, as it was imported
};
ValueNames valueNamesAt(mlir::Location loc);
mlir::Location withoutValueNames(mlir::Location loc);

/// Whether `value` has a name and still the dims that it was imported with.
bool hasValueName(mlir::Value value);

} // namespace tenon::graph

#endif // TENON_DIALECTS_GRAPH_VALUENAMES_H
