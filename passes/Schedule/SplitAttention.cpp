//===- SplitAttention.cpp - few queries, many keys: more instances --------===//
//
// The kernel becomes two. The first has another axis in its grid: each instance
// passes over a part of the keys and leaves its maximum m, sum l and
// accumulator acc in memory. The second is the kernel again, with a loop over
// these parts in place of the keys':
//
//   m' = max(m, m_p);  c = exp2(m - m');  d = exp2(m_p - m')
//   l' = l * c + l_p * d;  acc' = acc * c + acc_p * d
//
//===----------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/GraphTiles.h"
#include "dialects/Tile/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_SPLITATTENTIONPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

using graph::DimAttr;

constexpr unsigned kNumCarried = 3; // maximum, sum, accumulator

scf::ForOp loopOf(tile::KernelOp kernel) {
  auto loops = kernel.getEntry().getOps<scf::ForOp>();
  if (!llvm::hasSingleElement(loops) ||
      !(*loops.begin())->hasAttr(tile::kOnlineSoftmax))
    return nullptr;
  return *loops.begin();
}

/// How many parts give every multiprocessor two instances, or eight of one
/// query, which are a warp each; 1 where the kernel has enough as it is, or
/// more than a few queries.
int64_t numPartsOf(tile::KernelOp kernel) {
  constexpr int64_t kFewestKeys = 128, kMostParts = 32;
  scf::ForOp loop = loopOf(kernel);
  if (!loop)
    return 1;
  int64_t numInstances = 1, most = kMostParts, mostQueries = 1;
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] :
       llvm::zip_equal(grid.getSizes(), grid.getBlocks())) {
    std::optional<int64_t> number = constantOf(size);
    if (isa<IntegerAttr>(block))
      numInstances *= number.value_or(1);
    else if (!number || *number > kFewQueries)
      return 1;
    else
      mostQueries = std::max(mostQueries, *number);
  }
  int64_t wanted = kMultiprocessors * (mostQueries == 1 ? 8 : 2);
  if (std::optional<int64_t> keys = constantOf(loop.getUpperBound()))
    most = std::min(most, *keys / kFewestKeys);
  return std::clamp<int64_t>(wanted / std::max<int64_t>(numInstances, 1), 1,
                             std::max<int64_t>(most, 1));
}

/// One kernel's two, and what its launches need to know of them.
class Splitter {
public:
  Splitter(tile::KernelOp kernel, SymbolTable &symbols, int64_t numParts)
      : kernel(kernel), symbols(symbols), numParts(numParts) {}
  void split();
  void replace(tile::LaunchOp launch);

private:
  tile::KernelOp copyOf(const Twine &suffix);
  void makeParts();
  void makeMerge();
  void storePart(tile::KernelBuilder &builder, Value tile, Value buffer,
                 tile::GridOp grid);
  SmallVector<Value> merge(tile::KernelBuilder &builder, ValueRange buffers,
                           TypeRange carried);
  tile::AxisTile loadParts(tile::KernelBuilder &builder, Type type,
                           Value buffer);
  Value viewOf(OpBuilder &b, tile::GridOp grid, tile::TileType type,
               Value buffer, SmallVectorImpl<Value> &offsets,
               SmallVectorImpl<int64_t> &axes, Value part);
  SmallVector<DimAttr> partDims(tile::LaunchOp launch);

  tile::KernelOp kernel, parts, merged;
  SymbolTable &symbols;
  int64_t numParts;
  SmallVector<unsigned> keptInputs; ///< of the kernel, which the merge reads
};

} // namespace

tile::KernelOp Splitter::copyOf(const Twine &suffix) {
  auto copy = cast<tile::KernelOp>(kernel->clone());
  copy.setSymName((kernel.getSymName() + suffix).str());
  symbols.insert(copy, kernel->getIterator());
  return copy;
}

static void eraseDead(tile::KernelOp kernel) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(kernel.getEntry())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// The part's view of a carried value: parts, then the grid's axes, then the
/// dims that the tile holds whole.
Value Splitter::viewOf(OpBuilder &b, tile::GridOp grid, tile::TileType type,
                       Value buffer, SmallVectorImpl<Value> &offsets,
                       SmallVectorImpl<int64_t> &axes, Value part) {
  Location loc = kernel.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  size_t numAxes = kernel.getGrid().getSizes().size();
  SmallVector<Value> sizes{constant(numParts)};
  llvm::append_range(sizes, grid.getSizes().take_front(numAxes));
  offsets.assign({part});
  llvm::append_range(offsets, grid.getResults().take_front(numAxes));
  for (Attribute extent : type.getExtents()) {
    auto number = dyn_cast<IntegerAttr>(extent);
    if (!number) {
      axes.push_back(1 + (llvm::find(grid.getBlocks(), extent) -
                          grid.getBlocks().begin()));
      continue;
    }
    axes.push_back(sizes.size());
    sizes.push_back(constant(number.getInt()));
    offsets.push_back(constant(0));
  }
  SmallVector<int64_t> shape;
  for (Value size : sizes)
    shape.push_back(constantOf(size).value_or(ShapedType::kDynamic));
  auto view = tile::ViewType::get(b.getContext(), shape, type.getElementType(),
                                  tile::LayoutAttr());
  return tile::ViewOp::create(b, loc, view, buffer, sizes);
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

void Splitter::makeParts() {
  parts = copyOf("_parts");
  scf::ForOp loop = loopOf(parts);
  Block &entry = parts.getEntry();
  while (&*std::prev(entry.getTerminator()->getIterator()) != loop)
    std::prev(entry.getTerminator()->getIterator())->erase();

  tile::GridOp grid = parts.getGrid();
  OpBuilder b(grid);
  Location loc = kernel.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  SmallVector<Value> sizes(grid.getSizes());
  sizes.push_back(constant(numParts));
  SmallVector<Attribute> blocks(grid.getBlocks().getValue());
  blocks.push_back(b.getIndexAttr(1));
  auto wider = tile::GridOp::create(
      b, loc, SmallVector<Type>(sizes.size(), b.getIndexType()), sizes,
      b.getArrayAttr(blocks));
  grid.replaceAllUsesWith(wider.getResults().drop_back());
  grid.erase();

  // Whole steps, so that no key is in two parts.
  b.setInsertionPoint(loop);
  Value end = loop.getUpperBound(), step = loop.getStep(),
        steps = arith::MulIOp::create(b, loc, step, constant(numParts));
  Value rounded = arith::AddIOp::create(
      b, loc, end, arith::SubIOp::create(b, loc, steps, constant(1)));
  Value length = arith::MulIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, rounded, steps), step);
  Value from = arith::MulIOp::create(b, loc, wider.getResults().back(), length);
  Value to = arith::MinSIOp::create(
      b, loc, arith::AddIOp::create(b, loc, from, length), end);
  loop.setLowerBound(from);
  loop.setUpperBound(arith::MaxSIOp::create(b, loc, from, to));

  unsigned first = parts.getNumInputs();
  entry.eraseArgument(first);
  parts.setNumOutputs(kNumCarried);
  b.setInsertionPoint(entry.getTerminator());
  for (auto [n, carried] : llvm::enumerate(loop.getResults())) {
    auto type = cast<tile::TileType>(carried.getType());
    Value buffer = entry.insertArgument(
        first + n, tile::BufferType::get(b.getContext(), type.getElementType()),
        loc);
    SmallVector<Value> offsets;
    SmallVector<int64_t> axes;
    Value view = viewOf(b, wider, type, buffer, offsets, axes,
                        wider.getResults().back());
    tile::StoreOp::create(b, loc, carried, view, offsets, axes);
  }
  eraseDead(parts);
}

//===----------------------------------------------------------------------===//
// Merge
//===----------------------------------------------------------------------===//

/// All parts of a carried value: a tile whose first axis they are.
tile::AxisTile Splitter::loadParts(tile::KernelBuilder &builder, Type type,
                                   Value buffer) {
  auto tileType = cast<tile::TileType>(type);
  SmallVector<Value> offsets;
  SmallVector<int64_t> axes{0};
  OpBuilder &b = builder.builder();
  Value view = viewOf(b, merged.getGrid(), tileType, buffer, offsets, axes,
                      builder.constantIndex(0));
  SmallVector<Attribute> extents{b.getIndexAttr(numParts)};
  llvm::append_range(extents, tileType.getExtents());
  auto all =
      tile::TileType::get(b.getContext(), extents, tileType.getElementType());
  Value load = tile::LoadOp::create(b, builder.loc(), all, view, offsets, axes);
  return {load, llvm::to_vector(llvm::seq<unsigned>(0, axes.size()))};
}

/// What the loop over all keys would leave, of what those over parts left.
SmallVector<Value> Splitter::merge(tile::KernelBuilder &builder,
                                   ValueRange buffers, TypeRange carried) {
  Location loc = builder.loc();
  auto accType = cast<tile::TileType>(carried.back());
  Type f32 = accType.getElementType();
  SmallVector<Attribute> extents{builder.number(numParts)};
  llvm::append_range(extents, accType.getExtents());
  tile::Window region;
  for (auto [dim, extent] : llvm::enumerate(extents))
    region.axes.push_back({{static_cast<unsigned>(dim)}, Value(), extent});
  SmallVector<tile::AxisTile> of;
  for (auto [type, buffer] : llvm::zip_equal(carried, buffers))
    of.push_back(loadParts(builder, type, buffer));

  tile::AxisTile top = builder.reduce(tile::Combine::Max, of[0], 0);
  // What has no visible key counts nothing: -inf less -inf would be NaN.
  auto weight = [&](OpBuilder &b, ValueRange v) -> Value {
    Value none = arith::ConstantOp::create(
        b, loc,
        b.getFloatAttr(f32, APFloat::getInf(APFloat::IEEEsingle(), true)));
    Value isNone =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, v[0], none);
    auto e =
        math::Exp2Op::create(b, loc, arith::SubFOp::create(b, loc, v[0], v[1]));
    e->setAttr(tile::kNotPositive, b.getUnitAttr());
    Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
    return arith::SelectOp::create(b, loc, isNone, zero, e);
  };
  tile::AxisTile weights = builder.map(region, {of[0], top}, f32, weight);
  auto sum = [&](const tile::AxisTile &parts) {
    tile::AxisTile weighted =
        builder.map(region, {parts, weights}, f32,
                    [&](OpBuilder &b, ValueRange v) -> Value {
                      return arith::MulFOp::create(b, loc, v[0], v[1]);
                    });
    return builder.reduce(tile::Combine::Sum, weighted, 0).tile;
  };
  return {top.tile, sum(of[1]), sum(of[2])};
}

void Splitter::makeMerge() {
  merged = copyOf("_merge");
  scf::ForOp keys = loopOf(merged);
  Block &entry = merged.getEntry();
  Location loc = kernel.getLoc();
  unsigned first = merged.getNumInputs();
  for (unsigned n = 0; n < kNumCarried; ++n) {
    Type element =
        cast<tile::TileType>(keys.getResult(n).getType()).getElementType();
    entry.insertArgument(
        first + n,
        tile::BufferType::get(entry.getParent()->getContext(), element), loc);
  }
  merged.setNumInputs(first + kNumCarried);

  tile::KernelBuilder builder(merged, tile::TensorSizes(), {});
  builder.builder().setInsertionPoint(keys);
  SmallVector<Value> last =
      merge(builder, entry.getArguments().slice(first, kNumCarried),
            keys.getResultTypes());
  Value start = keys.getInitArgs()[1]; // not 0 where there are no keys at all
  auto rowType = cast<tile::TileType>(start.getType());
  tile::Window rows{{{{0}, Value(), rowType.getExtents()[0]}}, {}};
  last[1] =
      builder
          .map(rows, {{last[1], {0}}, {start, {0}}}, rowType.getElementType(),
               [&](OpBuilder &body, ValueRange v) -> Value {
                 return arith::AddFOp::create(body, loc, v[0], v[1]);
               })
          .tile;
  keys.replaceAllUsesWith(last);
  keys.erase();
  eraseDead(merged);
  for (unsigned n = first; n-- > 0;) {
    if (!entry.getArgument(n).use_empty()) {
      keptInputs.insert(keptInputs.begin(), n);
      continue;
    }
    entry.eraseArgument(n);
    merged.setNumInputs(merged.getNumInputs() - 1);
  }
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The number of parts and the sizes of the kernel's grid, as dims.
SmallVector<DimAttr> Splitter::partDims(tile::LaunchOp launch) {
  MLIRContext *context = launch.getContext();
  SmallVector<DimAttr> dims{DimAttr::getConstant(context, numParts)};
  for (Value size : kernel.getGrid().getSizes()) {
    if (std::optional<int64_t> number = constantOf(size)) {
      dims.push_back(DimAttr::getConstant(context, *number));
      continue;
    }
    auto position = llvm::find(kernel.getScalars(), size);
    dims.push_back(cast<DimAttr>(
        launch.getScalars()[position - kernel.getScalars().begin()]));
  }
  return dims;
}

void Splitter::replace(tile::LaunchOp launch) {
  SmallVector<Type> types;
  for (Value carried : loopOf(kernel).getResults()) {
    SmallVector<DimAttr> dims = partDims(launch);
    auto type = cast<tile::TileType>(carried.getType());
    for (Attribute extent : type.getExtents())
      if (auto number = dyn_cast<IntegerAttr>(extent))
        dims.push_back(
            DimAttr::getConstant(launch.getContext(), number.getInt()));
    types.push_back(graph::tensorOf(dims, type.getElementType()));
  }
  OpBuilder b(launch);
  auto first = tile::LaunchOp::create(
      b, launch.getLoc(), types, parts.getSymName(), launch.getInputs(),
      launch.getScalars(), launch.getFlopsAttr(), launch.getBytesAttr());
  SmallVector<Value> inputs;
  for (unsigned n : keptInputs)
    inputs.push_back(launch.getInputs()[n]);
  llvm::append_range(inputs, first.getResults());
  auto second = tile::LaunchOp::create(
      b, launch.getLoc(), launch.getResultTypes(), merged.getSymName(), inputs,
      launch.getScalars(), Attribute(), Attribute());
  launch.replaceAllUsesWith(second);
  launch.erase();
}

void Splitter::split() {
  makeParts();
  makeMerge();
  IRRewriter rewriter(kernel.getContext());
  for (tile::KernelOp half : {parts, merged}) {
    DominanceInfo dominance(half);
    eliminateCommonSubExpressions(rewriter, dominance, half);
  }
}

namespace {

struct SplitAttention final : impl::SplitAttentionPassBase<SplitAttention> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto kernels = llvm::to_vector(getOperation().getOps<tile::KernelOp>());
    for (tile::KernelOp kernel : kernels) {
      int64_t numParts = numPartsOf(kernel);
      if (numParts < 2)
        continue;
      Splitter splitter(kernel, symbols, numParts);
      splitter.split();
      getOperation().walk([&](tile::LaunchOp launch) {
        if (launch.getKernel() == kernel.getSymName())
          splitter.replace(launch);
      });
      symbols.erase(kernel);
    }
  }
};

} // namespace
} // namespace tenon
