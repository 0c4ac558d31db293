//===- OneBlock.cpp - rows of unknown length as one block -----------------===//

#include "passes/Schedule/OneBlock.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;

namespace tenon {

/// The symbol of the loop's blocks, if it counts from 0 to `size`.
static StringAttr symbolOfLoop(scf::ForOp loop, Value size) {
  auto extent = loop.getStep().getDefiningOp<tile::ExtentOp>();
  bool passesAll = matchPattern(loop.getLowerBound(), m_Zero()) &&
                   loop.getUpperBound() == size;
  return extent && passesAll ? extent.getSymbolAttr() : StringAttr();
}

std::optional<unsigned> axisOfLoops(tile::KernelOp kernel) {
  // Rows may be as many as columns; these are the last axis.
  tile::GridOp grid = kernel.getGrid();
  unsigned axis = grid.getSizes().size() - 1;
  if (tile::hasProduct(kernel) || grid.getSizes().empty() ||
      !isa<StringAttr>(grid.getBlocks()[axis]) ||
      matchPattern(grid.getSizes()[axis], m_Constant()))
    return std::nullopt;
  for (auto loop : kernel.getEntry().getOps<scf::ForOp>())
    if (symbolOfLoop(loop, grid.getSizes()[axis]))
      return axis;
  return std::nullopt;
}

/// The only turn of the loop, in its place.
static void takeFirstTurn(scf::ForOp loop) {
  OpBuilder b(loop);
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), loop.getLowerBound());
  mapping.map(loop.getRegionIterArgs(), loop.getInitArgs());
  for (Operation &op : loop.getBody()->without_terminator())
    b.clone(op, mapping);
  for (auto [result, yielded] :
       llvm::zip_equal(loop.getResults(), loop.getYieldedValues()))
    result.replaceAllUsesWith(mapping.lookupOrDefault(yielded));
  loop.erase();
}

void putInOneBlock(tile::KernelOp kernel, unsigned axis, int64_t extent) {
  tile::GridOp grid = kernel.getGrid();
  auto block = cast<StringAttr>(grid.getBlocks()[axis]);
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getEntry());
  NamedAttrList schedule(kernel.getScheduleAttr());
  schedule.set(block, b.getIndexAttr(extent));
  llvm::SmallDenseSet<Attribute> symbols;
  for (auto loop :
       llvm::make_early_inc_range(kernel.getEntry().getOps<scf::ForOp>()))
    if (StringAttr symbol = symbolOfLoop(loop, grid.getSizes()[axis])) {
      symbols.insert(symbol);
      schedule.erase(symbol);
      takeFirstTurn(loop);
    }
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](tile::TileType type) -> Type {
    auto extents =
        llvm::map_to_vector(type.getExtents(), [&](Attribute extent) {
          return symbols.contains(extent) ? block : extent;
        });
    return tile::TileType::get(type.getContext(), extents,
                               type.getElementType());
  });
  replacer.recursivelyReplaceElementsIn(kernel, /*replaceAttrs=*/false,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  kernel.setScheduleAttr(schedule.getDictionary(kernel.getContext()));
  Value first = arith::ConstantIndexOp::create(b, kernel.getLoc(), 0);
  grid.getResult(axis).replaceAllUsesWith(first);
  // Loops read alike, and so do the blocks that they were.
  IRRewriter rewriter(kernel.getContext());
  DominanceInfo dominance(kernel);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
}

} // namespace tenon
