//===- Decompose.cpp - composite ops in terms of simpler ops --------------===//
//
// What the parts of an op are stands with the op (DecomposableOpInterface);
// parts may be composite in turn, so a decomposition is looked through again.
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_DECOMPOSEPASS
#include "passes/Simplify/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("decompose").category("Simplify");

/// Replaces `op` by its parts and returns those.
FailureOr<SmallVector<Operation *>> decompose(DecomposableOpInterface op) {
  Operation *before = op->getPrevNode();
  OpBuilder builder(op);
  FailureOr<SmallVector<Value>> values = op.decompose(builder);
  if (failed(values))
    return failure();
  for (auto [result, value] : llvm::zip_equal(op->getResults(), *values)) {
    // The parts may know more or fewer dims than what was written.
    if (value.getType() != result.getType())
      value = graph::ReshapeOp::create(builder, op->getLoc(), result.getType(),
                                       value);
    result.replaceAllUsesWith(value);
  }
  SmallVector<Operation *> parts;
  for (Operation *part = before ? before->getNextNode()
                                : &op->getBlock()->front();
       part != op; part = part->getNextNode())
    parts.push_back(part);
  remark::passed(op->getLoc(), kRemark)
      << (op->getName().getStringRef() + " became " + Twine(parts.size()) +
          " simpler ops")
             .str();
  op->erase();
  return parts;
}

struct Decompose final : impl::DecomposePassBase<Decompose> {
  using DecomposePassBase::DecomposePassBase;

  void runOnOperation() override {
    if (failed(checkNames()))
      return signalPassFailure();
    SmallVector<DecomposableOpInterface> worklist;
    getOperation()->walk([&](DecomposableOpInterface op) {
      if (isWanted(op))
        worklist.push_back(op);
    });
    while (!worklist.empty()) {
      FailureOr<SmallVector<Operation *>> parts =
          decompose(worklist.pop_back_val());
      if (failed(parts))
        return signalPassFailure();
      for (Operation *part : *parts)
        if (auto op = dyn_cast<DecomposableOpInterface>(part);
            op && isWanted(op))
          worklist.push_back(op);
    }
  }

private:
  bool isWanted(Operation *op) {
    return ops.empty() || llvm::is_contained(ops, op->getName().stripDialect());
  }

  /// An error when an option names what is not a composite op.
  LogicalResult checkNames() {
    SmallVector<StringRef> known;
    for (RegisteredOperationName name : getContext().getRegisteredOperations())
      if (name.hasInterface<DecomposableOpInterface>())
        known.push_back(name.stripDialect());
    llvm::sort(known);
    for (const std::string &name : ops)
      if (!llvm::is_contained(known, name))
        return getOperation()->emitError(
                   "decompose: needs names of composite ops: expected ")
               << llvm::join(known, ", ") << ", got " << name;
    return success();
  }
};

} // namespace
} // namespace tenon
