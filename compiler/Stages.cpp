//===- Stages.cpp - which passes each stage is ----------------------------===//

#include "compiler/Compile.h"
#include "compiler/Interpret/ExecutionCheck.h"
#include "compiler/Interpret/WeightFiles.h"
#include "compiler/Targets/Targets.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/Products.h"
#include "passes/Fusion/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Quant/Passes.h"
#include "passes/Raise/Passes.h"
#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleMachine.h"
#include "passes/Simplify/Passes.h"
#include "passes/Verify/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tenon {

static constexpr StringLiteral kNames[] = {
    "import", "simplify", "fuse", "tile", "schedule", "plan", "lower"};

StringRef nameOf(Stage stage) { return kNames[static_cast<size_t>(stage)]; }

std::optional<Stage> stageByName(StringRef name) {
  const auto *found = llvm::find(kNames, name);
  if (found == std::end(kNames))
    return std::nullopt;
  return static_cast<Stage>(found - std::begin(kNames));
}

//===----------------------------------------------------------------------===//
// Passes of the stages
//===----------------------------------------------------------------------===//

/// Ops of the graph that become no tile themselves, but can be written in terms
/// of others.
static SmallVector<std::string> opsWithoutTiles(MLIRContext *context) {
  SmallVector<std::string> names;
  for (RegisteredOperationName op : context->getRegisteredOperations())
    if (op.hasInterface<DecomposableOpInterface>() &&
        !op.hasInterface<TileOpInterface>())
      names.push_back(op.stripDialect().str());
  return names;
}

static void addSimplify(PassManager &passes, bool useBf16) {
  passes.addPass(createSimplifyGraphPass());
  passes.addPass(createResolveIndexGatherPass());
  passes.addPass(createRaiseIntegerMatmulPass()); // fold-scales moves scales
  passes.addPass(createFoldScalesPass());
  // What is always true is no part of a mask any more.
  passes.addPass(createSimplifyGraphPass());
  passes.addPass(createRaiseGeluPass());
  passes.addPass(createRaiseSiluPass());
  passes.addPass(createRaiseSwigluPass()); // is made of silu
  passes.addPass(createRaiseLayerNormPass());
  passes.addPass(createRaiseRmsNormPass());
  passes.addPass(createRaiseAttentionPass());
  passes.addPass(createRaiseRopePass());
  passes.addPass(createMergeParallelMatmulsPass());
  // After raising, which recognises these ops.
  DecomposePassOptions composites;
  composites.ops = opsWithoutTiles(passes.getContext());
  passes.addPass(createDecomposePass(composites));
  passes.addPass(createSimplifyGraphPass());
  passes.addPass(createSinkViewsPass());
  // After what wants values of one reader: it makes several of one.
  passes.addPass(createRoundByReciprocalPass());
  passes.addPass(createClampRoundingsPass()); // of the quotients that it finds
  if (useBf16)
    passes.addNestedPass<func::FuncOp>(createNarrowFloatsPass());
  // Last: what tells the first layer from the others is shared by now.
  passes.addPass(createOutlineRepeatedLayersPass());
}

static void addCudaSchedule(PassManager &passes, target::GpuAttr gpu) {
  ChooseCudaSchedulePassOptions options;
  options.warpgroups = gpu.hasWarpgroups();
  options.sharedBytes = gpu.getSharedBytes();
  passes.addPass(createSplitAttentionPass());
  passes.addPass(createChooseCudaSchedulePass(options));
  passes.addPass(createApplySchedulePass());
  passes.addPass(createSumOneRowProductsPass());
  passes.addPass(createMergeMapsPass());
}

static void addSchedule(PassManager &passes, Attribute target) {
  if (auto gpu = dyn_cast<target::GpuAttr>(target))
    return addCudaSchedule(passes, gpu);
  auto cpu = cast<target::CpuAttr>(target);
  ScheduleMachine machine = scheduleMachine(cpu);
  ChooseSchedulePassOptions options;
  options.vectorBytes = machine.vectorBytes;
  options.numVectors = machine.numVectors;
  options.f32Macs = machine.f32Macs;
  options.l2Bytes = machine.l2Bytes;
  options.units.append(machine.units.begin(), machine.units.end());
  passes.addPass(createChooseSchedulePass(options));
  passes.addPass(createApplySchedulePass());
}

/// A GPU's kernels are printed from what the schedule left.
static void addLower(PassManager &passes, Attribute target, bool emulateUnits) {
  auto cpu = dyn_cast<target::CpuAttr>(target);
  if (!cpu)
    return;
  LowerToCpuPassOptions options;
  options.emulateUnits = emulateUnits;
  options.vectorBytes = cpu.getVectorBytes();
  options.numVectors = cpu.getNumVectors();
  passes.addPass(createLowerToCpuPass(options));
}

static void addStage(PassManager &passes, Stage stage,
                     const CompileOptions &options, Attribute target) {
  switch (stage) {
  case Stage::Import:
    return;
  case Stage::Simplify:
    return addSimplify(passes, options.useBf16);
  case Stage::Fuse:
    passes.addNestedPass<func::FuncOp>(createFuseGroupsPass());
    // On a CPU the next kernel finds in its cache what the last one wrote.
    if (isa<target::GpuAttr>(target))
      passes.addNestedPass<func::FuncOp>(createMergeGroupsPass());
    return;
  case Stage::Tile:
    passes.addPass(createFormKernelsPass());
    if (options.useTf32)
      passes.addPass(createNarrowFactorsPass());
    return;
  case Stage::Schedule:
    return addSchedule(passes, target);
  case Stage::Plan:
    return passes.addPass(createPlanMemoryPass());
  case Stage::Lower:
    return addLower(passes, target, options.emulateUnits);
  }
}

/// The machine that the options name.
static FailureOr<Attribute> targetOf(Location loc,
                                     const CompileOptions &options) {
  if (isGpuName(options.target))
    return gpuByName(loc, options.target);
  return cpuByName(loc, options.target);
}

static std::unique_ptr<Pass> createVerifier(Stage stage) {
  switch (stage) {
  case Stage::Import:
    return createVerifyImportPass();
  case Stage::Simplify:
    return createVerifySimplifyPass();
  case Stage::Fuse:
    return createVerifyFusePass();
  case Stage::Tile:
    return createVerifyTilePass();
  case Stage::Schedule:
    return createVerifySchedulePass();
  case Stage::Plan:
    return createVerifyPlanPass();
  case Stage::Lower:
    return createVerifyLowerPass();
  }
  llvm_unreachable("there is no other stage");
}

//===----------------------------------------------------------------------===//
// Running them
//===----------------------------------------------------------------------===//

/// What each kernel computes, how and why so, for people; lowering forgets it.
using Explanations = llvm::StringMap<SmallVector<NamedAttribute>>;

/// A type that is multiplied as fast as the product's factors can be.
static Type typeOfFactors(tile::MmaOp product) {
  Builder b(product.getContext());
  switch (tile::dotLength(product)) {
  case 4:
    return b.getI8Type();
  case 2:
    return b.getBF16Type();
  default:
    return b.getF32Type();
  }
}

static Explanations explanationsOf(ModuleOp module) {
  Explanations explanations;
  Builder b(module.getContext());
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    auto &list = explanations[kernel.getSymName()];
    if (StringAttr source = kernel.getSourceAttr())
      list.push_back(b.getNamedAttr("tenon.source", source));
    if (DictionaryAttr schedule = kernel.getScheduleAttr())
      list.push_back(b.getNamedAttr("tenon.schedule", schedule));
    if (Attribute reason = kernel->getAttr("tenon.reason"))
      list.push_back(b.getNamedAttr("tenon.reason", reason));
    kernel.walk([&](tile::MmaOp product) {
      list.push_back(b.getNamedAttr("tenon.multiplies",
                                    TypeAttr::get(typeOfFactors(product))));
      return WalkResult::interrupt();
    });
  }
  return explanations;
}

static void keepExplanations(ModuleOp module,
                             const Explanations &explanations) {
  for (auto function : module.getOps<func::FuncOp>())
    for (NamedAttribute attribute : explanations.lookup(function.getSymName()))
      function->setAttr(attribute.getName(), attribute.getValue());
}

LogicalResult runStages(ModuleOp module, const CompileOptions &options,
                        Stage after, Stage until) {
  FailureOr<Attribute> target = targetOf(module.getLoc(), options);
  if (failed(target))
    return failure();
  // Sizes are attributes of graph, also in a module that has no op of it.
  module.getContext()->loadDialect<graph::GraphDialect>();
  // Of the largest element of a result; bf16 keeps 8 bits of each value, tf32
  // 11 of each factor.
  constexpr double kBf16Tolerance = 0.05, kTf32Tolerance = 0.01;
  ExecutionCheck check(readWeightsFrom(""), options.useBf16   ? kBf16Tolerance
                                            : options.useTf32 ? kTf32Tolerance
                                                              : 0);
  if (options.verifyEachExec)
    module->getContext()->disableMultithreading();
  // What is given may be written by hand.
  PassManager given(module.getContext());
  given.addPass(createVerifier(after));
  if (failed(given.run(module)))
    return failure();
  for (int number = static_cast<int>(after) + 1;
       number <= static_cast<int>(until); ++number) {
    auto stage = static_cast<Stage>(number);
    options.progress(nameOf(stage), 0, 0);
    PassManager passes(module.getContext());
    addStage(passes, stage, options, *target);
    passes.addPass(createVerifier(stage));
    if (options.verifyEachExec && stage <= Stage::Schedule)
      check.watch(passes);
    Explanations explanations = explanationsOf(module);
    if (failed(passes.run(module)) || check.hasFailed())
      return failure();
    if (stage == Stage::Lower)
      keepExplanations(module, explanations);
  }
  return success();
}

} // namespace tenon
