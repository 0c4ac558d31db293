//===- Groups.cpp - groups of ops that become one kernel ------------------===//

#include "passes/Fusion/Groups.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tenon {

KernelClass classOf(Operation *op) {
  auto tiles = dyn_cast_or_null<TileOpInterface>(op);
  return tiles ? tiles.getKernelClass() : KernelClass::None;
}

KernelClass strongestClass(graph::GroupOp group) {
  KernelClass strongest = KernelClass::View;
  for (Operation &op : group.getBody().front())
    if (classOf(&op) != KernelClass::None)
      strongest = std::max(strongest, classOf(&op));
  return strongest;
}

graph::GroupOp makeGroup(OpBuilder &b, Value root,
                         ArrayRef<Operation *> members, ValueRange inside,
                         ValueRange outside) {
  OpBuilder::InsertionGuard guard(b);
  auto group =
      graph::GroupOp::create(b, root.getLoc(), root.getType(), outside);
  Block &body = group.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inside)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  b.setInsertionPointToStart(&body);
  for (Operation *member : members)
    b.clone(*member, mapping);
  graph::YieldOp::create(b, root.getLoc(), mapping.lookup(root));
  return group;
}

} // namespace tenon
