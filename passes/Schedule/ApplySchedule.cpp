//===- ApplySchedule.cpp - make algorithm-form kernels scheduled ones -----===//

#include "passes/Schedule/ConstantOperands.h"
#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_APPLYSCHEDULEPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Numbers for symbols
//===----------------------------------------------------------------------===//

/// The number of a symbol, or the extent itself when it is one.
Attribute numberOf(DictionaryAttr schedule, Attribute extent) {
  auto symbol = dyn_cast<StringAttr>(extent);
  return symbol ? schedule.get(symbol) : extent;
}

LogicalResult applyNumbers(tile::KernelOp kernel) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  if (!schedule)
    return kernel.emitOpError("has no schedule; run choose-schedule first");
  bool isComplete = true;
  auto lookup = [&](Attribute extent) -> Attribute {
    Attribute number = numberOf(schedule, extent);
    if (!number && isComplete) {
      kernel.emitOpError("has no number for ")
          << extent << " in its schedule " << schedule;
      isComplete = false;
    }
    return number ? number : extent;
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](tile::TileType type) -> Type {
    SmallVector<Attribute> extents =
        llvm::map_to_vector(type.getExtents(), lookup);
    return tile::TileType::get(type.getContext(), extents,
                               type.getElementType());
  });
  replacer.recursivelyReplaceElementsIn(kernel, /*replaceAttrs=*/false,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);

  tile::GridOp grid = kernel.getGrid();
  OpBuilder b(grid);
  SmallVector<Attribute> blocks = llvm::map_to_vector(grid.getBlocks(), lookup);
  grid.setBlocksAttr(b.getArrayAttr(blocks));
  SmallVector<tile::ExtentOp> extents;
  kernel.walk([&](tile::ExtentOp op) { extents.push_back(op); });
  for (tile::ExtentOp op : extents) {
    auto number = dyn_cast<IntegerAttr>(lookup(op.getSymbolAttr()));
    if (!number)
      return failure();
    b.setInsertionPoint(op);
    op.replaceAllUsesWith(
        arith::ConstantIndexOp::create(b, op.getLoc(), number.getInt())
            .getResult());
    op.erase();
  }
  return success(isComplete);
}

//===----------------------------------------------------------------------===//
// Panels
//===----------------------------------------------------------------------===//

/// Whether the load's rows and columns are those of a matrix, or of one of a
/// stack.
bool readsMatrix(tile::LoadOp load) {
  int64_t rank = load.getView().getType().getRank();
  return rank >= 2 && load.getAxes() == ArrayRef<int64_t>{rank - 2, rank - 1};
}

/// Whether the load's elements are some of one of many rows.
bool readsRow(tile::LoadOp load) {
  int64_t rank = load.getView().getType().getRank();
  return rank >= 2 && load.getAxes() == ArrayRef<int64_t>{rank - 1};
}

/// Whether the load's columns begin where a panel of `width` columns does.
bool beginsAtPanel(tile::LoadOp load, int64_t width) {
  Value offset = load.getOffsets().back();
  if (matchPattern(offset, m_Zero()))
    return true;
  auto grid = offset.getDefiningOp<tile::GridOp>();
  if (!grid)
    return false;
  Attribute block = grid.getBlocks()[cast<OpResult>(offset).getResultNumber()];
  return cast<IntegerAttr>(block).getInt() % width == 0;
}

/// How many rows of its right side are read at once: by the product's unit, or
/// because they have no address of their own.
int64_t rowsOfStep(tile::KernelOp kernel, tile::MmaOp mma, tile::LoadOp load) {
  int64_t word = tile::wordLengthOf(load.getType().getElementType());
  if (word > 1)
    return word;
  const tile::ProductUnit *unit = tile::unitOf(kernel);
  int64_t length = tile::dotLength(mma);
  bool isLoad =
      tile::narrowOperand(mma.getRhs()).tile.getDefiningOp<tile::LoadOp>() !=
      nullptr;
  return unit && unit->dotLength == length && isLoad ? length : 1;
}

/// How many columns of the product's right side lie together.
int64_t columnsOfPanel(tile::KernelOp kernel, tile::LoadOp load) {
  auto panel = kernel.getScheduleAttr().getAs<IntegerAttr>("panel");
  return panel ? panel.getInt() : load.getType().getExtent(1);
}

/// A load that panels would serve.
struct PanelLoad {
  tile::LoadOp load;
  int64_t width;    ///< columns that lie together
  int64_t rows = 1; ///< rows that are read at once
};

/// The right sides of the kernel's products, and what the loops around them
/// read along the same columns: scales and zero points of groups of rows.
SmallVector<PanelLoad> panelLoads(tile::KernelOp kernel) {
  SmallVector<PanelLoad> found;
  kernel.walk([&](tile::MmaOp mma) {
    tile::LoadOp right = tile::loadBehind(mma.getRhs());
    if (!right || !readsMatrix(right))
      return;
    int64_t width = columnsOfPanel(kernel, right);
    found.push_back({right, width, rowsOfStep(kernel, mma, right)});
    auto loop = mma->getParentOfType<scf::ForOp>();
    for (; loop; loop = loop->getParentOfType<scf::ForOp>())
      for (auto load : loop.getBody()->getOps<tile::LoadOp>())
        if (readsRow(load) &&
            load.getOffsets().back() == right.getOffsets().back())
          found.push_back({load, width});
  });
  return found;
}

/// Which loads would be served by columns one after the other: the matrix unit
/// multiplies what lies together along what is contracted, but for halves.
SmallVector<tile::LoadOp> columnLoads(tile::KernelOp kernel) {
  SmallVector<tile::LoadOp> found;
  int64_t unitBytes = tile::unitBytes(kernel);
  if (!kernel.getScheduleAttr().contains("unit") || unitBytes == 0 ||
      unitBytes == 2)
    return found;
  kernel.walk([&](tile::MmaOp mma) {
    Value right = tile::unitOperand(mma.getRhs()).tile;
    if (auto load = right.getDefiningOp<tile::LoadOp>();
        load && readsMatrix(load))
      found.push_back(load);
  });
  return found;
}

/// Packs what the operand is, unless that was done for another variant, which
/// must read the same order.
LogicalResult packOperand(OpOperand &operand, tile::LayoutAttr layout) {
  Operation *owner = operand.getOwner();
  if (auto pack = operand.get().getDefiningOp<tile::PackOp>()) {
    if (pack.getLayout() == layout)
      return success();
    return owner->emitOpError()
           << "runs one of several variants, which need one order of operand "
           << operand.getOperandNumber() << ": expected " << pack.getLayout()
           << ", got " << layout;
  }
  OpBuilder b(owner);
  operand.set(tile::PackOp::create(b, owner->getLoc(), operand.get(), layout));
  return success();
}

/// Reads in another order where all launches give constants.
LogicalResult packConstant(tile::LoadOp load, tile::LayoutAttr layout,
                           ArrayRef<tile::LaunchOp> launches,
                           const Calls &calls) {
  auto view = load.getView().getDefiningOp<tile::ViewOp>();
  tile::ViewType type = view.getType();
  auto argument = cast<BlockArgument>(view.getBuffer());
  bool isStatic = llvm::none_of(type.getShape(), ShapedType::isDynamic);
  bool isOnlyUse = argument.hasOneUse() && view.getResult().hasOneUse();
  llvm::SetVector<OpOperand *> constants;
  bool isConstant =
      findConstants(launches, argument.getArgNumber(), calls, constants);
  bool isOfShape = llvm::all_of(constants, [&](OpOperand *operand) {
    return cast<RankedTensorType>(operand->get().getType()).getShape() ==
           type.getShape();
  });
  if (!isStatic || !isOnlyUse || !isConstant || !isOfShape || type.getLayout())
    return success();
  for (OpOperand *operand : constants)
    if (failed(packOperand(*operand, layout)))
      return failure();
  view.getResult().setType(tile::ViewType::get(
      type.getContext(), type.getShape(), type.getElementType(), layout));
  return success();
}

LogicalResult packConstants(tile::KernelOp kernel,
                            ArrayRef<tile::LaunchOp> launches,
                            const Calls &calls) {
  MLIRContext *context = kernel.getContext();
  auto rankOf = [](tile::LoadOp load) {
    return load.getView().getType().getRank();
  };
  // Blocks of threads read rows as they are.
  if (kernel.getScheduleAttr().contains("warps")) {
    for (tile::LoadOp load : columnLoads(kernel))
      if (failed(packConstant(
              load, tile::LayoutAttr::getColumns(context, rankOf(load)),
              launches, calls)))
        return failure();
    return success();
  }
  for (PanelLoad panel : panelLoads(kernel)) {
    auto layout = tile::LayoutAttr::getPanels(context, panel.width, panel.rows,
                                              rankOf(panel.load));
    if (beginsAtPanel(panel.load, panel.width) &&
        failed(packConstant(panel.load, layout, launches, calls)))
      return failure();
  }
  return success();
}

void tidy(tile::KernelOp kernel) {
  RewritePatternSet patterns(kernel.getContext());
  scf::ForOp::getCanonicalizationPatterns(patterns, kernel.getContext());
  (void)applyPatternsGreedily(kernel, std::move(patterns));
  IRRewriter rewriter(kernel.getContext());
  DominanceInfo dominance(kernel);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
}

/// The launches of each kernel; of a variant those of what it is one of.
using Launches = DenseMap<StringAttr, SmallVector<tile::LaunchOp>>;

Launches launchesOf(ModuleOp module) {
  Launches launches;
  module.walk([&](tile::LaunchOp launch) {
    launches[launch.getKernelAttr().getAttr()].push_back(launch);
  });
  for (auto kernel : module.getOps<tile::KernelOp>())
    for (tile::VariantAttr variant : kernel.getVariantList())
      launches[variant.getKernel().getAttr()] =
          launches.lookup(kernel.getSymNameAttr());
  return launches;
}

struct ApplySchedule final : impl::ApplySchedulePassBase<ApplySchedule> {
  void runOnOperation() override {
    Launches launches = launchesOf(getOperation());
    Calls calls = callsOf(getOperation());
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      if (failed(applyNumbers(kernel)))
        return signalPassFailure();
      tidy(kernel);
      if (auto found = launches.find(kernel.getSymNameAttr());
          found != launches.end() &&
          failed(packConstants(kernel, found->second, calls)))
        return signalPassFailure();
    }
  }
};

} // namespace
} // namespace tenon
