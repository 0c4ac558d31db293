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

/// How many parts give every multiprocessor two instances; 1 where the kernel
/// has enough as it is, or more than a few queries.
int64_t numPartsOf(tile::KernelOp kernel) {
  constexpr int64_t kInstances = 256, kFewQueries = 16, kFewestKeys = 128,
                    kMostParts = 32;
  scf::ForOp loop = loopOf(kernel);
  if (!loop)
    return 1;
  int64_t numInstances = 1;
  tile::GridOp grid = kernel.getGrid();
  for (auto [size, block] :
       llvm::zip_equal(grid.getSizes(), grid.getBlocks())) {
    std::optional<int64_t> number = constantOf(size);
    if (isa<IntegerAttr>(block))
      numInstances *= number.value_or(1);
    else if (!number || *number > kFewQueries)
      return 1;
  }
  int64_t most = kMostParts;
  if (std::optional<int64_t> keys = constantOf(loop.getUpperBound()))
    most = std::min(most, *keys / kFewestKeys);
  return std::clamp<int64_t>(kInstances / std::max<int64_t>(numInstances, 1), 1,
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
                           Value part, ValueRange carried);
  tile::AxisTile loadPart(tile::KernelBuilder &builder, Type type, Value buffer,
                          Value part);
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

tile::AxisTile Splitter::loadPart(tile::KernelBuilder &builder, Type type,
                                  Value buffer, Value part) {
  auto tileType = cast<tile::TileType>(type);
  SmallVector<Value> offsets;
  SmallVector<int64_t> axes;
  OpBuilder &b = builder.builder();
  Value view =
      viewOf(b, merged.getGrid(), tileType, buffer, offsets, axes, part);
  Value load =
      tile::LoadOp::create(b, builder.loc(), type, view, offsets, axes);
  return {load, llvm::to_vector(llvm::seq<unsigned>(0, axes.size()))};
}

SmallVector<Value> Splitter::merge(tile::KernelBuilder &builder,
                                   ValueRange buffers, Value part,
                                   ValueRange carried) {
  Location loc = builder.loc();
  auto accType = cast<tile::TileType>(carried[2].getType());
  Type f32 = accType.getElementType();
  tile::Window region;
  for (auto [dim, extent] : llvm::enumerate(accType.getExtents()))
    region.axes.push_back({{static_cast<unsigned>(dim)}, Value(), extent});
  tile::AxisTile m{carried[0], {0}}, l{carried[1], {0}},
      acc{carried[2], {0, 1}};
  SmallVector<tile::AxisTile> of;
  for (auto [value, buffer] : llvm::zip_equal(carried, buffers))
    of.push_back(loadPart(builder, value.getType(), buffer, part));

  tile::AxisTile top = builder.map(
      region, {m, of[0]}, f32, [&](OpBuilder &b, ValueRange v) -> Value {
        return arith::MaximumFOp::create(b, loc, v[0], v[1]);
      });
  // What has no visible key counts nothing: -inf less -inf would be NaN.
  auto factor = [&](OpBuilder &b, ValueRange v) -> Value {
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
  tile::AxisTile c = builder.map(region, {m, top}, f32, factor),
                 d = builder.map(region, {of[0], top}, f32, factor);
  auto sum = [&](OpBuilder &b, ValueRange v) -> Value {
    return math::FmaOp::create(b, loc, v[0], v[1],
                               arith::MulFOp::create(b, loc, v[2], v[3]));
  };
  return {top.tile, builder.map(region, {l, c, of[1], d}, f32, sum).tile,
          builder.map(region, {acc, c, of[2], d}, f32, sum).tile};
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
  OpBuilder &b = builder.builder();
  b.setInsertionPoint(keys);
  SmallVector<Value> carried(keys.getInitArgs());
  Value start = carried[1]; // not 0 where there are no keys at all
  auto rowType = cast<tile::TileType>(start.getType());
  carried[1] = tile::FillOp::create(
      b, loc, rowType,
      arith::ConstantOp::create(b, loc,
                                b.getFloatAttr(rowType.getElementType(), 0)));
  auto last = builder.loop(
      builder.constantIndex(numParts), b.getIndexAttr(1), carried,
      [&](Value part, ValueRange values) -> FailureOr<SmallVector<Value>> {
        ValueRange buffers(entry.getArguments().slice(first, kNumCarried));
        return merge(builder, buffers, part, values);
      });
  tile::Window rows{{{{0}, Value(), rowType.getExtents()[0]}}, {}};
  (*last)[1] = builder
                   .map(rows, {{(*last)[1], {0}}, {start, {0}}},
                        rowType.getElementType(),
                        [&](OpBuilder &body, ValueRange v) -> Value {
                          return arith::AddFOp::create(body, loc, v[0], v[1]);
                        })
                   .tile;
  keys.replaceAllUsesWith(*last);
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
