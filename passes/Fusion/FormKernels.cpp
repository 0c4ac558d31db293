//===- FormKernels.cpp - make a tile kernel of each group -----------------===//
//
// For each group:
// 1. Find the core: the value before the transposes and reshapes that end it.
// 2. List the grids that suit the group's strongest op, best first.
// 3. For each: build the kernel by asking for the core's tile; on failure,
// next.
// 4. When none works, cut off the views that lead into the group, else what its
//    strongest op reads, and retry: that becomes a kernel of its own.
// 5. Share kernels of equal text.
//
//===----------------------------------------------------------------------===//

#include "passes/Fusion/GridForms.h"
#include "passes/Fusion/GroupCost.h"
#include "passes/Fusion/Groups.h"
#include "passes/Fusion/MergeMaps.h"
#include "passes/Fusion/Passes.h"
#include "passes/Fusion/RelaxFunctions.h"

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/ValueNames.h"
#include "dialects/Tile/KernelBuilder.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/CSE.h"

#include <map>

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_FORMKERNELSPASS
#include "passes/Fusion/Passes.h.inc"

namespace {

constexpr auto kRemark =
    remark::RemarkOpts::name("form-kernels").category("Fusion");

//===----------------------------------------------------------------------===//
// One kernel
//===----------------------------------------------------------------------===//

/// The value before the trailing reshapes; its memory is the group's result.
Value beforeReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<graph::ReshapeOp>())
    value = reshape.getInput();
  return value;
}

/// The core's window, moved through the transposes between core and `stored`.
/// Returns the core.
Value moveThroughTransposes(Value stored,
                            SmallVectorImpl<graph::TransposeOp> &chain) {
  while (auto transpose = stored.getDefiningOp<graph::TransposeOp>()) {
    chain.push_back(transpose);
    stored = transpose.getInput();
  }
  return stored;
}

/// Result dim i is input dim permutation[i].
tile::Window transposeWindow(const tile::Window &window,
                             ArrayRef<int64_t> permutation) {
  tile::Window result = window;
  for (auto [to, from] : llvm::enumerate(permutation))
    result.points[to] = window.points[from];
  for (tile::Axis &axis : result.axes)
    for (unsigned &dim : axis.dims)
      dim = llvm::find(permutation, static_cast<int64_t>(dim)) -
            permutation.begin();
  return result;
}

bool axesAreNeighbours(const tile::Window &window) {
  return llvm::all_of(window.axes, [](const tile::Axis &axis) {
    for (unsigned i = 1; i < axis.dims.size(); ++i)
      if (axis.dims[i] != axis.dims[i - 1] + 1)
        return false;
    return true;
  });
}

class KernelFormer {
public:
  KernelFormer(ModuleOp module) : module(module), symbols(module) {}
  LogicalResult form(graph::GroupOp group);

private:
  tile::KernelOp build(graph::GroupOp group, const GridForm &form,
                       SmallVectorImpl<Attribute> &scalars);
  tile::KernelOp tryForms(graph::GroupOp group,
                          SmallVectorImpl<Attribute> &scalars);
  tile::KernelOp share(tile::KernelOp kernel);

  ModuleOp module;
  SymbolTable symbols;
  std::map<std::string, tile::KernelOp> kernels; ///< by text
};

/// "matmul, add": the ops of the group that compute.
std::string describe(graph::GroupOp group) {
  std::string text;
  for (Operation &op : group.getBody().front().without_terminator()) {
    bool isConstant =
        op.getNumOperands() == 0 && classOf(&op) == KernelClass::None;
    if (classOf(&op) != KernelClass::View && !isConstant)
      text += (text.empty() ? "" : ", ") + op.getName().stripDialect().str();
  }
  return text.empty() ? "copy" : text;
}

tile::KernelOp KernelFormer::build(graph::GroupOp group, const GridForm &form,
                                   SmallVectorImpl<Attribute> &scalars) {
  Block &body = group.getBody().front();
  ValueRange results = cast<graph::YieldOp>(body.getTerminator()).getValues();
  Value stored = beforeReshapes(results[0]);
  SmallVector<graph::TransposeOp> transposes;
  Value core = moveThroughTransposes(stored, transposes);
  if (!isPossible(core, form))
    return nullptr;

  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  auto kernel = tile::KernelOp::create(
      b, group.getLoc(), "kernel", body.getNumArguments(), results.size(),
      DictionaryAttr(), b.getStringAttr(describe(group)), ArrayAttr());
  Block &entry = kernel.getBody().emplaceBlock();
  auto addBuffer = [&](Type type) {
    entry.addArgument(
        tile::BufferType::get(b.getContext(),
                              tile::kernelTypeOf(getElementTypeOrSelf(type))),
        group.getLoc());
  };
  for (BlockArgument input : body.getArguments())
    addBuffer(input.getType());
  for (Value result : results)
    addBuffer(result.getType());
  b.setInsertionPointToEnd(&entry);
  tile::ReturnOp::create(b, group.getLoc());

  tile::KernelBuilder builder(kernel, graphSizes(b.getContext()),
                              body.getArguments());
  tile::Window window = buildGrid(builder, core, form);
  FailureOr<tile::AxisTile> tile = builder.tileOf(core, window);
  tile::Window target = window;
  for (graph::TransposeOp transpose : llvm::reverse(transposes))
    target = transposeWindow(target, transpose.getPermutation());
  if (failed(tile) || !axesAreNeighbours(target)) {
    kernel.erase();
    return nullptr;
  }
  builder.store(stored, 0, *tile, target);
  // Others have the core's shape, and were computed on the way to it.
  for (auto [number, result] : llvm::enumerate(results.drop_front())) {
    FailureOr<tile::AxisTile> other = builder.tileOf(result, window);
    if (failed(other)) {
      kernel.erase();
      return nullptr;
    }
    builder.store(result, number + 1, *other, window);
  }
  scalars.assign(builder.scalars().begin(), builder.scalars().end());
  return kernel;
}

tile::KernelOp KernelFormer::tryForms(graph::GroupOp group,
                                      SmallVectorImpl<Attribute> &scalars) {
  Value root = cast<graph::YieldOp>(group.getBody().front().getTerminator())
                   .getValues()[0];
  SmallVector<graph::TransposeOp> transposes;
  Value core = moveThroughTransposes(beforeReshapes(root), transposes);
  unsigned rank = cast<RankedTensorType>(core.getType()).getRank();
  for (const GridForm &form : gridForms(strongestClass(group), rank))
    if (tile::KernelOp kernel = build(group, form, scalars))
      return kernel;
  return nullptr;
}

/// One kernel for each text.
tile::KernelOp KernelFormer::share(tile::KernelOp kernel) {
  IRRewriter rewriter(kernel.getContext());
  DominanceInfo dominance(kernel);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
  relaxFunctions(kernel);
  mergeMaps(kernel, readTheSame);
  std::string text;
  llvm::raw_string_ostream os(text);
  // By itself: in the module, values would be numbered after those of others.
  kernel->print(os, OpPrintingFlags().useLocalScope());
  auto [position, isNew] = kernels.try_emplace(text, kernel);
  if (!isNew) {
    kernel.erase();
    return position->second;
  }
  std::string name = kernel.getSource()->str();
  for (size_t comma; (comma = name.find(", ")) != std::string::npos;)
    name.replace(comma, 2, "_");
  kernel.setSymName(name.substr(0, 48));
  symbols.insert(kernel);
  return kernel;
}

void eraseUnusedInputs(graph::GroupOp group) {
  Block &body = group.getBody().front();
  for (unsigned n = body.getNumArguments(); n-- > 0;)
    if (body.getArgument(n).use_empty()) {
      group.getInputsMutable().erase(n);
      body.eraseArgument(n);
    }
}

/// Makes a group of what `value`, inside of `group`, is computed from; its
/// result becomes an input.
graph::GroupOp cutOff(graph::GroupOp group, Value value) {
  Block &body = group.getBody().front();
  BackwardSliceOptions options;
  options.inclusive = true;
  options.filter = [&](Operation *member) {
    return member->getBlock() == &body;
  };
  llvm::SetVector<Operation *> members;
  (void)getBackwardSlice(value.getDefiningOp(), &members, options);
  OpBuilder b(group);
  graph::GroupOp cut = makeGroup(b, value, members.getArrayRef(),
                                 llvm::to_vector_of<Value>(body.getArguments()),
                                 group.getInputs());
  eraseUnusedInputs(cut);
  group.getInputsMutable().append(cut.getResult(0));
  value.replaceAllUsesWith(body.addArgument(value.getType(), value.getLoc()));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  eraseUnusedInputs(group);
  return cut;
}

/// The last result of the views that lead into the group, each of the one
/// before; null when there are none.
Value leadingView(graph::GroupOp group) {
  Block &body = group.getBody().front();
  Value root = cast<graph::YieldOp>(body.getTerminator()).getValues()[0];
  Value last;
  for (Operation &op : body.without_terminator()) {
    if (classOf(&op) != KernelClass::View || op.getNumOperands() != 1 ||
        op.getResult(0) == root)
      continue;
    Value viewed = op.getOperand(0);
    bool leads =
        last ? viewed == last && last.hasOneUse() : isa<BlockArgument>(viewed);
    if (leads)
      last = op.getResult(0);
  }
  return last;
}

/// What the last op that is not elementwise reads of the group's own values;
/// else what the last op reads of them. Null for a group of one op.
Value lastSeam(graph::GroupOp group) {
  Value seam;
  for (Operation &op :
       llvm::reverse(group.getBody().front().without_terminator()))
    for (Value operand : op.getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!producer || producer->getNumOperands() == 0)
        continue;
      if (classOf(&op) != KernelClass::Elementwise)
        return operand;
      seam = seam ? seam : operand;
    }
  return seam;
}

/// With the name of the value that the group leaves in memory: its result, or
/// what its trailing reshapes read.
Location resultLocation(graph::GroupOp group) {
  Value value = cast<graph::YieldOp>(group.getBody().front().getTerminator())
                    .getValues()[0];
  Location loc = value.getLoc();
  while (!graph::hasValueName(value)) {
    auto reshape = value.getDefiningOp<graph::ReshapeOp>();
    if (!reshape)
      return graph::withoutValueNames(loc);
    value = reshape.getInput();
  }
  return value.getLoc();
}

LogicalResult KernelFormer::form(graph::GroupOp group) {
  SmallVector<Attribute> scalars;
  tile::KernelOp kernel = tryForms(group, scalars);
  SmallVector<graph::GroupOp> cut;
  while (!kernel) {
    Value seam = leadingView(group);
    seam = seam ? seam : lastSeam(group);
    if (!seam)
      break;
    remark::missed(seam.getLoc(), kRemark)
        << ("no grid suits all of " + describe(group) + ": " +
            seam.getDefiningOp()->getName().stripDialect() +
            " ends a kernel of its own")
               .str();
    cut.push_back(cutOff(group, seam));
    kernel = tryForms(group, scalars);
  }
  if (!kernel)
    return group.emitError("no kernel can be made of ") << describe(group);
  for (graph::GroupOp copy : cut)
    if (failed(form(copy)))
      return failure();
  kernel = share(kernel);
  OpBuilder b(group);
  auto launch = tile::LaunchOp::create(
      b, resultLocation(group), group.getResultTypes(), kernel.getSymName(),
      group.getInputs(), b.getArrayAttr(scalars), countFlops(group),
      countBytes(group));
  group.replaceAllUsesWith(launch);
  group.erase();
  return success();
}

struct FormKernels final : impl::FormKernelsPassBase<FormKernels> {
  void runOnOperation() override {
    SmallVector<graph::GroupOp> groups;
    getOperation().walk([&](graph::GroupOp group) { groups.push_back(group); });
    KernelFormer former(getOperation());
    for (graph::GroupOp group : groups)
      if (failed(former.form(group)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tenon
