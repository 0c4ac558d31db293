//===- MergeGroups.cpp - kernels that store what they compute on the way --===//

#include "passes/Fusion/Groups.h"
#include "passes/Fusion/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_MERGEGROUPSPASS
#include "passes/Fusion/Passes.h.inc"

namespace {

Value rootOf(graph::GroupOp group) {
  return cast<graph::YieldOp>(group.getBody().front().getTerminator())
      .getValues()[0];
}

bool haveEqualDims(Value a, Value b) {
  return graph::getDims(cast<RankedTensorType>(a.getType())) ==
         graph::getDims(cast<RankedTensorType>(b.getType()));
}

/// Whether all that else reads the value stands behind the group.
bool othersReadLater(Value value, graph::GroupOp group) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    Operation *here = group->getBlock()->findAncestorOpInBlock(*user);
    return user == group || (here && group->isBeforeInBlock(here));
  });
}

/// The group whose only result the reader could store for others, in the shape
/// of its own result; null where there is none.
graph::GroupOp mergeable(Value input, graph::GroupOp reader) {
  auto producer = input.getDefiningOp<graph::GroupOp>();
  bool isAlone = producer && producer->getBlock() == reader->getBlock() &&
                 producer->getNumResults() == 1 && !input.hasOneUse();
  if (!isAlone || strongestClass(producer) != KernelClass::Elementwise ||
      !haveEqualDims(input, reader.getResult(0)) ||
      classOf(rootOf(reader).getDefiningOp()) == KernelClass::View ||
      !othersReadLater(input, reader))
    return nullptr;
  return producer;
}

/// One group, at the reader, with the reader's result and the producer's.
void merge(graph::GroupOp producer, graph::GroupOp reader) {
  OpBuilder b(reader);
  llvm::SetVector<Value> inputs(producer.getInputs().begin(),
                                producer.getInputs().end());
  for (Value input : reader.getInputs())
    if (input != producer.getResult(0))
      inputs.insert(input);
  auto merged = graph::GroupOp::create(
      b, reader.getLoc(),
      {reader.getResult(0).getType(), producer.getResult(0).getType()},
      inputs.getArrayRef());
  Block &body = merged.getBody().emplaceBlock();
  llvm::DenseMap<Value, Value> inside;
  for (Value input : inputs)
    inside[input] = body.addArgument(input.getType(), input.getLoc());
  b.setInsertionPointToStart(&body);
  auto copy = [&](graph::GroupOp group) {
    IRMapping mapping;
    Block &from = group.getBody().front();
    for (auto [argument, input] :
         llvm::zip_equal(from.getArguments(), group.getInputs()))
      mapping.map(argument, inside.lookup(input));
    for (Operation &op : from.without_terminator())
      b.clone(op, mapping);
    return mapping.lookup(rootOf(group));
  };
  Value passed = inside[producer.getResult(0)] = copy(producer);
  Value root = copy(reader);
  graph::YieldOp::create(b, reader.getLoc(), {root, passed});
  reader.getResult(0).replaceAllUsesWith(merged.getResult(0));
  reader.erase();
  producer.getResult(0).replaceAllUsesWith(merged.getResult(1));
  producer.erase();
}

struct MergeGroups final : impl::MergeGroupsPassBase<MergeGroups> {
  void runOnOperation() override {
    auto groups =
        llvm::to_vector(getOperation().getBody().getOps<graph::GroupOp>());
    llvm::SmallDenseSet<Operation *> merged;
    for (graph::GroupOp reader : groups) {
      if (merged.contains(reader) || reader->getNumResults() != 1 ||
          strongestClass(reader) != KernelClass::Reduction)
        continue;
      for (Value input : reader.getInputs())
        if (graph::GroupOp producer = mergeable(input, reader)) {
          merged.insert(producer);
          merge(producer, reader);
          break;
        }
    }
  }
};

} // namespace
} // namespace tenon
