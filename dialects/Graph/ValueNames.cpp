//===- ValueNames.cpp - what an imported model calls its values -----------===//

#include "dialects/Graph/ValueNames.h"

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphDims.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace tenon::graph {

/// A named value is a fused location whose metadata is its name and its type.
using NamedLoc = FusedLocWith<ArrayAttr>;

Location withValueName(Location loc, StringRef name, RankedTensorType type) {
  Builder b(loc.getContext());
  return FusedLoc::get(
      {loc}, b.getArrayAttr({b.getStringAttr(name), TypeAttr::get(type)}),
      loc.getContext());
}

static SmallVector<NamedLoc> namedLocsOf(Location loc) {
  SmallVector<NamedLoc> named;
  loc->walk([&](Location part) {
    if (auto value = dyn_cast<NamedLoc>(part))
      named.push_back(value);
    return WalkResult::advance();
  });
  return named;
}

Location withoutValueNames(Location loc) {
  SmallVector<Location> places;
  for (NamedLoc value : namedLocsOf(loc))
    llvm::append_range(places, value.getLocations());
  return FusedLoc::get(loc.getContext(), places);
}

void keepLastOfEachValueName(Operation *function) {
  llvm::DenseMap<Location, Operation *> last;
  function->walk([&](Operation *op) {
    if (namedLocsOf(op->getLoc()).empty())
      return;
    Operation *&named = last[op->getLoc()];
    if (named)
      named->setLoc(withoutValueNames(named->getLoc()));
    named = op;
  });
}

ValueNames valueNamesAt(Location loc) {
  ValueNames value;
  for (NamedLoc named : namedLocsOf(loc)) {
    value.names.push_back(cast<StringAttr>(named.getMetadata()[0]).getValue());
    value.type = cast<RankedTensorType>(
        cast<TypeAttr>(named.getMetadata()[1]).getValue());
  }
  return value;
}

bool hasValueName(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return false;
  ValueNames known = valueNamesAt(op->getLoc());
  return known.type && getDims(known.type) ==
                           getDims(cast<RankedTensorType>(value.getType()));
}

} // namespace tenon::graph
