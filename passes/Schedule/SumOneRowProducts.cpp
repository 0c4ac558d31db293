//===- SumOneRowProducts.cpp - products of one row in registers -----------===//
//
// A product of one row reads each element of its right side once, for one
// multiply-add: nothing would be gained by having it in shared memory.
//
//===----------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/ScheduleRules.h"

#include "dialects/Tile/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tenon {

#define GEN_PASS_DEF_SUMONEROWPRODUCTSPASS
#include "passes/Schedule/Passes.h.inc"

namespace {

tile::TileType typeOf(Value tile) {
  return cast<tile::TileType>(tile.getType());
}

bool isUnit(Attribute extent) {
  return cast<IntegerAttr>(extent).getInt() == 1;
}

/// Whether an element at the offset is in the view: a dim without an axis must
/// be, while an axis may reach out.
bool standsInside(Value offset, Value size) {
  if (std::optional<int64_t> at = constantOf(offset))
    return *at >= 0 && *at < constantOf(size).value_or(0);
  auto grid = offset.getDefiningOp<tile::GridOp>();
  if (!grid)
    return false;
  unsigned axis = cast<OpResult>(offset).getResultNumber();
  Value count = grid.getSizes()[axis];
  std::optional<int64_t> number = constantOf(count);
  return isUnit(grid.getBlocks()[axis]) &&
         (count == size || (number && number == constantOf(size)));
}

template <class Access> bool unitsStandInside(Access access, Value tile) {
  auto view = access.getView().template getDefiningOp<tile::ViewOp>();
  return llvm::all_of(
      llvm::zip_equal(access.getAxes(), typeOf(tile).getExtents()),
      [&](auto both) {
        auto [dim, extent] = both;
        return !isUnit(extent) ||
               standsInside(access.getOffsets()[dim], view.getSizes()[dim]);
      });
}

/// Whether the op could be without its tiles' axes of one element: a product of
/// floats that has one row, and vectors beside it; a reduction of more; what
/// reads and writes where there is something.
bool canDropUnits(Operation *op) {
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return unitsStandInside(load, load);
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return unitsStandInside(store, store.getTile());
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return llvm::none_of(gather.getType().getExtents(), isUnit);
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    return typeOf(reduce.getInput()).getExtent(reduce.getAxis()) > 1;
  auto mma = dyn_cast<tile::MmaOp>(op);
  if (!mma)
    return true;
  tile::TileType right = typeOf(mma.getRhs());
  return mma.getType().getExtent(0) == 1 && right.getExtent(0) > 1 &&
         right.getExtent(1) > 1 &&
         isa<FloatType>(mma.getType().getElementType());
}

/// Whether the kernel has a product, or a tile of three axes, and would be
/// left with fewer axes or none.
bool isOfOneRow(tile::KernelOp kernel) {
  if (kernel.getScheduleAttr().contains("unit"))
    return false;
  bool hasMany = tile::hasProduct(kernel);
  WalkResult result = kernel.walk([&](Operation *op) {
    for (Type type : op->getResultTypes()) {
      auto tile = dyn_cast<tile::TileType>(type);
      hasMany |=
          tile && tile.getRank() > 2 && llvm::any_of(tile.getExtents(), isUnit);
    }
    return canDropUnits(op) ? WalkResult::advance() : WalkResult::interrupt();
  });
  return hasMany && !result.wasInterrupted();
}

//===----------------------------------------------------------------------===//
// Axes of one element
//===----------------------------------------------------------------------===//

/// Leaves axes of one element out of all tiles of a kernel.
class UnitAxes {
public:
  explicit UnitAxes(tile::KernelOp kernel);
  void drop();

private:
  tile::TileType before(Value tile) const { return types.lookup(tile); }
  template <class T>
  SmallVector<T> kept(ArrayRef<T> axes, ArrayRef<Attribute> extents) const;
  void dropIn(Operation *op);
  void dropIn(tile::MapOp map);
  void dropIn(tile::IndexOp index);

  tile::KernelOp kernel;
  llvm::MapVector<Value, tile::TileType> types;
};

UnitAxes::UnitAxes(tile::KernelOp kernel) : kernel(kernel) {
  auto add = [&](Value value) {
    if (auto type = dyn_cast<tile::TileType>(value.getType()))
      types.insert({value, type});
  };
  kernel.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), add);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      llvm::for_each(loop.getRegionIterArgs(), add);
  });
}

/// Those of one number an axis whose axes stay.
template <class T>
SmallVector<T> UnitAxes::kept(ArrayRef<T> axes,
                              ArrayRef<Attribute> extents) const {
  SmallVector<T> rest;
  for (auto [axis, extent] : llvm::zip_equal(axes, extents))
    if (!isUnit(extent))
      rest.push_back(axis);
  return rest;
}

/// An input's axis of one element is that of the result's.
void UnitAxes::dropIn(tile::MapOp map) {
  Builder b(map.getContext());
  SmallVector<Attribute> maps;
  ArrayRef<Attribute> all = before(map).getExtents();
  for (auto [n, input] : llvm::enumerate(map.getInputs())) {
    SmallVector<int64_t> axes;
    for (unsigned axis : map.getMap(n))
      if (!isUnit(all[axis]))
        axes.push_back(axis - llvm::count_if(all.take_front(axis), isUnit));
    maps.push_back(b.getI64ArrayAttr(axes));
  }
  map.setMapsAttr(b.getArrayAttr(maps));
}

/// A counter of one number is that number.
void UnitAxes::dropIn(tile::IndexOp index) {
  if (index.getType().getRank() > 0)
    return;
  OpBuilder b(index);
  Location loc = index.getLoc();
  Value number = arith::IndexCastOp::create(
      b, loc, index.getType().getElementType(), index.getOffset());
  Value fill = tile::FillOp::create(b, loc, index.getType(), number);
  index.replaceAllUsesWith(fill);
  index.erase();
}

void UnitAxes::dropIn(Operation *op) {
  if (auto map = dyn_cast<tile::MapOp>(op))
    return dropIn(map);
  if (auto index = dyn_cast<tile::IndexOp>(op))
    return dropIn(index);
  if (auto load = dyn_cast<tile::LoadOp>(op))
    load.setAxes(kept(load.getAxes(), before(load).getExtents()));
  else if (auto store = dyn_cast<tile::StoreOp>(op))
    store.setAxes(kept(store.getAxes(), before(store.getTile()).getExtents()));
  else if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    reduce.setAxis(
        reduce.getAxis() -
        llvm::count_if(
            before(reduce.getInput()).getExtents().take_front(reduce.getAxis()),
            isUnit));
}

void UnitAxes::drop() {
  for (auto [value, type] : types) {
    SmallVector<Attribute> extents(type.getExtents());
    llvm::erase_if(extents, isUnit);
    Value tile = value;
    tile.setType(
        tile::TileType::get(type.getContext(), extents, type.getElementType()));
  }
  SmallVector<Operation *> ops;
  kernel.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    dropIn(op);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The same maps (loadBehind) of the same load, with rows for columns.
Value exchanged(OpBuilder &b, Value tile) {
  tile::TileType type = typeOf(tile);
  auto exchangedType = tile::TileType::get(
      b.getContext(), {type.getExtents()[1], type.getExtents()[0]},
      type.getElementType());
  Operation *op = b.clone(*tile.getDefiningOp());
  op->getResult(0).setType(exchangedType);
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    load.setAxes({load.getAxes()[1], load.getAxes()[0]});
    return load;
  }
  auto map = cast<tile::MapOp>(op);
  SmallVector<Attribute> maps;
  for (OpOperand &input : map->getOpOperands()) {
    SmallVector<int64_t> axes;
    if (typeOf(input.get()).getRank() == 2) {
      OpBuilder before(map);
      input.set(exchanged(before, input.get()));
      axes = {0, 1};
    } else {
      for (unsigned axis : map.getMap(input.getOperandNumber()))
        axes.push_back(1 - axis);
    }
    maps.push_back(b.getI64ArrayAttr(axes));
  }
  map.setMapsAttr(b.getArrayAttr(maps));
  return map;
}

class Products {
public:
  Products(tile::MmaOp mma) : mma(mma), b(mma), loc(mma.getLoc()) {}
  void replace();

private:
  using Body = llvm::function_ref<Value(OpBuilder &, ValueRange)>;
  Value map(tile::TileType type, ValueRange inputs,
            ArrayRef<ArrayRef<int64_t>> axes, Body body);
  Value added(Value sum);

  tile::MmaOp mma;
  OpBuilder b;
  Location loc;
};

Value Products::map(tile::TileType type, ValueRange inputs,
                    ArrayRef<ArrayRef<int64_t>> axes, Body body) {
  auto maps = llvm::map_to_vector(axes, [&](ArrayRef<int64_t> of) -> Attribute {
    return b.getI64ArrayAttr(of);
  });
  auto map = tile::MapOp::create(b, loc, type, inputs, b.getArrayAttr(maps));
  OpBuilder inside(b.getContext());
  Block *block = inside.createBlock(&map.getBody());
  for (Value input : inputs)
    block->addArgument(typeOf(input).getElementType(), loc);
  Value result = body(inside, block->getArguments());
  tile::YieldOp::create(inside, loc, result);
  return map;
}

/// The accumulator and the sum: one multiply-add where a map multiplies the
/// accumulator before.
Value Products::added(Value sum) {
  Value accumulator = mma.getAccumulator();
  if (tile::isZeroFill(accumulator))
    return sum;
  auto scaled = accumulator.getDefiningOp<tile::MapOp>();
  Block *body = scaled ? &scaled.getBody().front() : nullptr;
  auto product = body ? dyn_cast<arith::MulFOp>(body->front()) : nullptr;
  bool isScaled = product && scaled->hasOneUse() &&
                  scaled.getInputs().size() == 2 &&
                  product->getNextNode() == body->getTerminator() &&
                  isa<BlockArgument>(product.getLhs()) &&
                  isa<BlockArgument>(product.getRhs()) &&
                  product.getLhs() != product.getRhs();
  auto type = cast<tile::TileType>(mma.getType());
  if (!isScaled)
    return map(type, {accumulator, sum}, {{0}, {0}},
               [&](OpBuilder &in, ValueRange v) -> Value {
                 return arith::AddFOp::create(in, loc, v[0], v[1]);
               });
  SmallVector<SmallVector<int64_t>> axes;
  for (unsigned n : {0, 1})
    axes.emplace_back(llvm::to_vector_of<int64_t>(scaled.getMap(n)));
  return map(type, {scaled.getInputs()[0], scaled.getInputs()[1], sum},
             {axes[0], axes[1], {0}},
             [&](OpBuilder &in, ValueRange v) -> Value {
               return math::FmaOp::create(in, loc, v[0], v[1], v[2]);
             });
}

void Products::replace() {
  Value left = tile::withoutRoundTrip(mma.getLhs()),
        right = tile::withoutRoundTrip(mma.getRhs());
  auto type = cast<tile::TileType>(mma.getType());
  Type element = type.getElementType();
  bool isExchanged = tile::liesDeep(mma);
  if (isExchanged)
    right = exchanged(b, right);
  int64_t deep = isExchanged ? 1 : 0;
  auto all =
      tile::TileType::get(b.getContext(), typeOf(right).getExtents(), element);
  auto wide = [&](OpBuilder &in, Value x) -> Value {
    return x.getType() == element ? x
                                  : arith::ExtFOp::create(in, loc, element, x);
  };
  Value products = map(all, {left, right}, {{deep}, {0, 1}},
                       [&](OpBuilder &in, ValueRange v) -> Value {
                         Value x = wide(in, v[0]), y = wide(in, v[1]);
                         return arith::MulFOp::create(in, loc, x, y);
                       });
  Value sum = tile::ReduceOp::create(b, loc, type, tile::Combine::Sum, products,
                                     deep, Value());
  mma.replaceAllUsesWith(added(sum));
  mma.erase();
}

/// What nobody reads any more, from the end on.
void eraseDead(tile::KernelOp kernel) {
  SmallVector<Operation *> ops;
  kernel.walk([&](Operation *op) {
    if (!isa<tile::YieldOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : llvm::reverse(ops))
    if (op != kernel && isOpTriviallyDead(op))
      op->erase();
}

struct SumOneRowProducts final
    : impl::SumOneRowProductsPassBase<SumOneRowProducts> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      if (!isOfOneRow(kernel))
        continue;
      UnitAxes(kernel).drop();
      SmallVector<tile::MmaOp> products;
      kernel.walk([&](tile::MmaOp mma) { products.push_back(mma); });
      for (tile::MmaOp mma : products)
        Products(mma).replace();
      eraseDead(kernel);
    }
  }
};

} // namespace
} // namespace tenon
