//===- NarrowFloats.cpp - multiply and store activations in bf16 ----------===//
//
// In order, each op of the function:
// 1. A product or a lookup reads narrow operands and gives a narrow result; so
// does a view of a narrow value.
// 2. What reads an activation gives one: it is computed wide and narrowed.
// 3. Whoever reads an activation reads it widened, which costs nothing.
//
//===----------------------------------------------------------------------===//

#include "passes/Quant/Passes.h"

#include "dialects/Graph/GraphDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_NARROWFLOATSPASS
#include "passes/Quant/Passes.h.inc"

namespace {

bool isWide(Value value) {
  return getElementTypeOrSelf(value.getType()).isF32();
}

class Narrower {
public:
  explicit Narrower(func::FuncOp function)
      : body(function.getBody().front()), b(function.getContext()) {}
  void run();

private:
  void visit(Operation *op);
  void computeNarrow(Operation *op);
  void narrowResult(Operation *op);
  Value narrow(Value value);
  Value cast(Value value, Type elementType);

  Block &body;
  OpBuilder b;
  DenseMap<Value, Value> narrowed; ///< by the wide value
};

Value Narrower::cast(Value value, Type elementType) {
  return graph::CastOp::create(b, value.getLoc(), value, elementType);
}

/// The value in bf16; the same one for every reader.
Value Narrower::narrow(Value value) {
  Value &known = narrowed[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfterValue(value);
    known = cast(value, b.getBF16Type());
  }
  return known;
}

/// The op on narrow operands; readers of its result read it widened.
void Narrower::computeNarrow(Operation *op) {
  for (OpOperand &operand : op->getOpOperands())
    if (isWide(operand.get()))
      operand.set(narrow(operand.get()));
  b.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    if (!isWide(result))
      continue;
    auto type = llvm::cast<RankedTensorType>(result.getType());
    result.setType(type.clone(b.getBF16Type()));
    Value wide = cast(result, b.getF32Type());
    result.replaceAllUsesExcept(wide, wide.getDefiningOp());
    narrowed[wide] = result;
  }
}

/// The op stays; who reads its result, other than the function's caller, reads
/// what is left of it in bf16.
void Narrower::narrowResult(Operation *op) {
  for (Value result : op->getResults()) {
    if (!isWide(result))
      continue;
    Value small = narrow(result);
    b.setInsertionPointAfterValue(small);
    Value wide = cast(small, b.getF32Type());
    narrowed[wide] = small;
    result.replaceUsesWithIf(wide, [&](OpOperand &use) {
      return use.getOwner() != small.getDefiningOp() &&
             use.getOwner() != body.getTerminator();
    });
  }
}

void Narrower::visit(Operation *op) {
  auto tiles = dyn_cast<TileOpInterface>(op);
  bool readsActivation = llvm::any_of(
      op->getOperands(), [&](Value v) { return narrowed.contains(v); });
  KernelClass kernelClass = tiles ? tiles.getKernelClass() : KernelClass::None;
  switch (kernelClass) {
  case KernelClass::Contraction:
  case KernelClass::Attention:
  case KernelClass::Gather:
    return computeNarrow(op);
  case KernelClass::View:
    return readsActivation ? computeNarrow(op) : void();
  default:
    return readsActivation ? narrowResult(op) : void();
  }
}

void Narrower::run() {
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops)
    visit(op);
  // Not every widened or narrowed value has readers.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isa<graph::CastOp>(op) && op.use_empty())
      op.erase();
}

struct NarrowFloats final : impl::NarrowFloatsPassBase<NarrowFloats> {
  void runOnOperation() override {
    if (!getOperation().isExternal())
      Narrower(getOperation()).run();
  }
};

} // namespace
} // namespace tenon
