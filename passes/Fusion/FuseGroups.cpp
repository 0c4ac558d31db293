//===- FuseGroups.cpp - put ops that become one kernel into one group -----===//
//
// 1. Mark constant expressions: what needs no input and does not grow.
// 2. In order, let each op that computes join a group or begin one.
// 3. Let transposes and reshapes of a group's last value join it.
// 4. Write each group as a graph.group, cloning the views that it reads
// through.
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/KnownValues.h"
#include "passes/Fusion/Groups.h"
#include "passes/Fusion/Passes.h"

#include "dialects/Graph/ValueNames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_FUSEGROUPSPASS
#include "passes/Fusion/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("fuse-groups").category("Fusion");

/// Ops of one kernel. Views are not members until the group is written.
struct Group {
  SmallVector<Operation *> ops;
  KernelClass kernelClass = KernelClass::Elementwise;
  Value root; ///< the value that it stores
};

class Fuser {
public:
  explicit Fuser(func::FuncOp function)
      : function(function),
        constantExpressions(getStoredExpressions(function.front())) {}
  void run();

private:
  bool isConstantExpression(Value value) const {
    Operation *op = value.getDefiningOp();
    return op && constantExpressions.contains(op);
  }
  void place(Operation *op, KernelClass kernelClass);
  void placeResults(Operation *op, KernelClass kernelClass);
  Group *epilogueHost(Operation *op);
  bool isOnlyComputedInto(Value value, Operation *reader) const;
  void pullProducers(Operation *op, Group &group);
  bool widensStored(const Group &producer) const;
  bool maySink(const Group &producer, Value operand, const Group &consumer,
               Operation *op);
  void absorbTrailingViews(Group &group);
  void write(Group &group);
  void copyRemainingViews();

  func::FuncOp function;
  DenseSet<Operation *> constantExpressions;
  std::vector<std::unique_ptr<Group>> groups;
  DenseMap<Operation *, Group *> groupOf;
};

bool isView(Operation *op) { return classOf(op) == KernelClass::View; }

/// The value behind views.
Value behindViews(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The value behind views that keep every element in its place: widenings.
Value behindCasts(Value value) {
  while (isView(value.getDefiningOp()) &&
         isa<ElementwiseOpInterface>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// Whether `reader` is the only reader of `value`, views between them included.
bool isOnlyReadBy(Value value, Operation *reader) {
  for (Operation *user : value.getUsers())
    if (user != reader &&
        !(isView(user) && isOnlyReadBy(user->getResult(0), reader)))
      return false;
  return true;
}

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

bool haveEqualDims(Value a, Value b) {
  auto x = graph::getDims(tensorType(a)), y = graph::getDims(tensorType(b));
  return x.size() == y.size() && llvm::all_of(llvm::zip(x, y), [](auto pair) {
           return graph::areEqual(std::get<0>(pair), std::get<1>(pair));
         });
}

/// Elements times bits, as a polynomial.
graph::DimAttr bitsOf(Value value) {
  RankedTensorType type = tensorType(value);
  MLIRContext *context = value.getContext();
  auto width =
      graph::DimAttr::getConstant(context, type.getElementTypeBitWidth());
  return graph::numElements(context, graph::getDims(type)).mul(width);
}

/// Whether `reader` alone reads `value`, or what else does is computed in its
/// kernel: elementwise, place by place, and read by nothing else. So is a
/// value that is looked at before it is chosen.
bool Fuser::isOnlyComputedInto(Value value, Operation *reader) const {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (user == reader)
      return true;
    if (isView(user))
      return isOnlyReadBy(user->getResult(0), reader);
    Group *group = groupOf.lookup(user);
    return group && group->kernelClass == KernelClass::Elementwise &&
           group->ops.size() == 1 && haveEqualDims(value, group->root) &&
           isOnlyReadBy(group->root, reader);
  });
}

/// Whether the quantized value behind `operand`, which `op` would widen in the
/// kernel that makes it, is better stored: where a reduction will read what is
/// made of it, and nothing on the way there is as narrow again.
bool isNarrowest(Value made, Value operand, Operation *op) {
  constexpr unsigned kQuantizedBits = 8;
  unsigned bits = tensorType(made).getElementTypeBitWidth();
  if (made == operand || bits > kQuantizedBits)
    return false;
  while (classOf(op) == KernelClass::Elementwise || isView(op)) {
    Value result = op->getResult(0);
    if (!result.hasOneUse() || !haveEqualDims(result, operand) ||
        tensorType(result).getElementTypeBitWidth() <= bits)
      return false;
    op = *result.getUsers().begin();
  }
  return classOf(op) == KernelClass::Reduction;
}

/// The group that `op` can be the last step of.
Group *Fuser::epilogueHost(Operation *op) {
  Group *best = nullptr;
  for (Value operand : op->getOperands()) {
    Value made = behindCasts(operand);
    auto found = groupOf.find(made.getDefiningOp());
    if (found == groupOf.end() || found->second->root != made)
      continue;
    Group *host = found->second;
    if (!isOnlyComputedInto(made, op)) {
      remark::missed(op->getLoc(), kRemark)
          << (op->getName().stripDialect() +
              " does not join the kernel of its operand: something else reads "
              "it")
                 .str();
      continue;
    }
    if (!haveEqualDims(operand, op->getResult(0)) ||
        isNarrowest(made, operand, op))
      continue;
    if (!best || static_cast<int>(host->kernelClass) >
                     static_cast<int>(best->kernelClass))
      best = host;
  }
  return best;
}

/// Whether the group only gives a stored value another type: where it is read
/// that is no work, and less is read. A zero point is such a value.
bool Fuser::widensStored(const Group &producer) const {
  Operation *op = producer.ops.front();
  if (producer.ops.size() != 1 || op->getNumOperands() != 1)
    return false;
  Value stored = op->getOperand(0);
  return isa<ElementwiseOpInterface>(op) && isConstantExpression(stored) &&
         tensorType(stored).getElementTypeBitWidth() <
             tensorType(producer.root).getElementTypeBitWidth();
}

/// Whether a producer's group may be computed inside the reader's kernel.
bool Fuser::maySink(const Group &producer, Value operand, const Group &consumer,
                    Operation *op) {
  if (producer.root != behindViews(operand) ||
      !isOnlyReadBy(producer.root, op) ||
      static_cast<int>(producer.kernelClass) >
          static_cast<int>(KernelClass::Gather))
    return false;
  if (isa<ElementwiseOpInterface>(op) && widensStored(producer))
    return true;
  switch (consumer.kernelClass) {
  case KernelClass::Contraction:
  case KernelClass::Attention: {
    if (classOf(op) ==
        KernelClass::Elementwise) // its epilogue: once an element
      return haveEqualDims(operand, op->getResult(0));
    // Read once for each block of the other operand: only if that reads less.
    int64_t inputBits = 0;
    for (Operation *member : producer.ops)
      for (Value input : member->getOperands())
        if (groupOf.lookup(input.getDefiningOp()) != &producer &&
            !isFree(input.getDefiningOp()))
          inputBits +=
              bitsOf(behindCasts(input)).getConstantValue().value_or(0);
    std::optional<int64_t> rootBits = bitsOf(producer.root).getConstantValue();
    return rootBits && inputBits < *rootBits;
  }
  case KernelClass::Reduction:
    return classOf(op) == KernelClass::Reduction ||
           haveEqualDims(operand, op->getResult(0));
  default:
    return haveEqualDims(operand, op->getResult(0));
  }
}

void Fuser::pullProducers(Operation *op, Group &group) {
  for (Value operand : op->getOperands()) {
    auto found = groupOf.find(behindViews(operand).getDefiningOp());
    if (found == groupOf.end() || found->second == &group)
      continue;
    Group *producer = found->second;
    if (!maySink(*producer, operand, group, op))
      continue;
    group.ops.insert(group.ops.begin(), producer->ops.begin(),
                     producer->ops.end());
    for (Operation *member : producer->ops)
      groupOf[member] = &group;
    producer->ops.clear();
    group.kernelClass = std::max(group.kernelClass, producer->kernelClass);
  }
}

/// Each result of an op with several is a kernel of its own.
void Fuser::placeResults(Operation *op, KernelClass kernelClass) {
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    Group *group = groups.emplace_back(std::make_unique<Group>()).get();
    group->kernelClass = kernelClass;
    group->ops.push_back(op);
    group->root = result;
  }
}

void Fuser::place(Operation *op, KernelClass kernelClass) {
  Group *group =
      kernelClass == KernelClass::Elementwise ? epilogueHost(op) : nullptr;
  if (group) {
    remark::passed(op->getLoc(), kRemark)
        << (op->getName().stripDialect() + " joins the kernel of its operand")
               .str();
  } else {
    group = groups.emplace_back(std::make_unique<Group>()).get();
    group->kernelClass = kernelClass;
  }
  pullProducers(op, *group);
  group->ops.push_back(op);
  group->root = op->getResult(0);
  groupOf[op] = group;
}

/// A widening that only leaves the function would be a kernel that copies.
bool isWideningOfResult(Operation *op) {
  return isa<graph::CastOp>(op) && isView(op) &&
         llvm::all_of(op->getUsers(), llvm::IsaPred<func::ReturnOp>);
}

/// A transpose that turns columns of small elements into rows. Readers take
/// several of them at once along a row; a store would write one at a time.
bool scattersSmallElements(Operation *op) {
  auto transpose = dyn_cast<graph::TransposeOp>(op);
  if (!transpose)
    return false;
  ArrayRef<int64_t> from = transpose.getPermutation();
  return tensorType(transpose).getElementTypeBitWidth() < 32 &&
         from.back() != static_cast<int64_t>(from.size()) - 1;
}

/// A widening, transposes, then reshapes: the store can write through those.
void Fuser::absorbTrailingViews(Group &group) {
  bool sawReshape = false, sawView = false;
  while (group.root.hasOneUse()) {
    Operation *user = *group.root.getUsers().begin();
    bool isReshape = isa<graph::ReshapeOp>(user);
    bool joins = isReshape || (isa<graph::TransposeOp>(user) && !sawReshape) ||
                 (isWideningOfResult(user) && !sawView);
    if (!joins || scattersSmallElements(user))
      return;
    sawView = true;
    sawReshape |= isReshape;
    group.ops.push_back(user);
    groupOf[user] = &group;
    group.root = user->getResult(0);
  }
}

/// Collects, in order, the group's ops with the views and free values it reads.
void collectMembers(const DenseSet<Operation *> &constants, Value value,
                    llvm::SetVector<Operation *> &members,
                    llvm::SetVector<Value> &inputs,
                    const DenseSet<Operation *> &ops) {
  Operation *op = value.getDefiningOp();
  if (op && members.contains(op))
    return;
  bool belongs = op && (ops.contains(op) || isFree(op) ||
                        (isView(op) && !constants.contains(op)));
  if (!belongs) {
    inputs.insert(value);
    return;
  }
  for (Value operand : op->getOperands())
    collectMembers(constants, operand, members, inputs, ops);
  members.insert(op);
}

void Fuser::write(Group &group) {
  DenseSet<Operation *> ops(group.ops.begin(), group.ops.end());
  llvm::SetVector<Operation *> members;
  llvm::SetVector<Value> inputs;
  collectMembers(constantExpressions, group.root, members, inputs, ops);

  OpBuilder b(group.root.getDefiningOp());
  graph::GroupOp op = makeGroup(b, group.root, members.getArrayRef(),
                                inputs.getArrayRef(), inputs.getArrayRef());
  group.root.replaceAllUsesWith(op.getResult(0));
  group.root = op.getResult(0);
}

void Fuser::run() {
  for (Operation &op : function.getBody().front()) {
    KernelClass kernelClass = classOf(&op);
    bool computes =
        kernelClass != KernelClass::None && kernelClass != KernelClass::View;
    if (!computes || constantExpressions.contains(&op) || isFree(&op))
      continue;
    if (op.getNumResults() == 1)
      place(&op, kernelClass);
    else
      placeResults(&op, kernelClass);
  }
  for (auto &group : groups)
    if (!group->ops.empty())
      absorbTrailingViews(*group);
  for (auto &group : groups)
    if (!group->ops.empty())
      write(*group);
  copyRemainingViews();
}

/// A group for the view or free value that `operand` hands out.
void copyView(OpOperand &operand) {
  OpBuilder b(operand.getOwner());
  SmallVector<Value> inputs;
  Value base = behindViews(operand.get());
  if (!isFree(base.getDefiningOp()))
    inputs.push_back(base);
  llvm::SetVector<Operation *> chain;
  for (Value v = operand.get(); v != base; v = v.getDefiningOp()->getOperand(0))
    chain.insert(v.getDefiningOp());
  if (inputs.empty())
    chain.insert(base.getDefiningOp());
  auto members = llvm::to_vector(llvm::reverse(chain));
  graph::GroupOp group = makeGroup(b, operand.get(), members, inputs, inputs);
  operand.set(group.getResult(0));
}

/// Views and free values that leave the function, or enter another one, are
/// kernels of their own; a call can be given what lies in the artifact.
void Fuser::copyRemainingViews() {
  for (Operation &op : llvm::make_early_inc_range(function.front())) {
    bool isCall = isa<func::CallOp>(op);
    if (!isCall && !op.hasTrait<OpTrait::IsTerminator>())
      continue;
    for (OpOperand &operand : op.getOpOperands()) {
      Operation *made = operand.get().getDefiningOp();
      bool isViewOrFree =
          isView(made) || (isFree(made) && classOf(made) != KernelClass::None);
      if (isViewOrFree && !(isCall && constantExpressions.contains(made)))
        copyView(operand);
    }
  }
}

/// Removes what the groups took over.
void eraseDead(func::FuncOp function) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

struct FuseGroups final : impl::FuseGroupsPassBase<FuseGroups> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    graph::keepLastOfEachValueName(getOperation());
    Fuser(getOperation()).run();
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace tenon
