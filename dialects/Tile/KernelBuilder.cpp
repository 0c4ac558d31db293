//===- KernelBuilder.cpp - builds a kernel by asking for tiles ------------===//

#include "dialects/Tile/KernelBuilder.h"

#include "dialects/Interfaces/OpInterfaces.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon::tile {

KernelBuilder::KernelBuilder(KernelOp kernel, TensorSizes sizes,
                             ValueRange inputs)
    : kernel(kernel), sizes(std::move(sizes)), b(kernel.getContext()),
      location(kernel.getLoc()) {
  b.setInsertionPoint(kernel.getEntry().getTerminator());
  for (auto [input, argument] : llvm::zip_equal(inputs, kernel.getInputs()))
    inputBuffers[input] = argument;
}

//===----------------------------------------------------------------------===//
// Tiles of tensors
//===----------------------------------------------------------------------===//

/// The type that arithmetic on `type` is done in.
static Type wideType(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  if (floatType && floatType.getWidth() < 32)
    return Float32Type::get(type.getContext());
  return type;
}

Type kernelTypeOf(Type elementType) {
  return elementType.isUnsignedInteger()
             ? IntegerType::get(elementType.getContext(),
                                elementType.getIntOrFloatBitWidth())
             : elementType;
}

static Type elementTypeOf(Value value) {
  return kernelTypeOf(getElementTypeOrSelf(value.getType()));
}

AxisTile KernelBuilder::convert(const Window &region, AxisTile tile,
                                Type elementType) {
  Type from = cast<TileType>(tile.tile.getType()).getElementType();
  if (from == elementType)
    return tile;
  return map(
      region, {tile}, elementType, [&](OpBuilder &body, ValueRange v) -> Value {
        if (isa<IntegerType>(from)) // sums modulo 2^bits
          return arith::TruncIOp::create(body, location, elementType, v[0]);
        if (from.getIntOrFloatBitWidth() < elementType.getIntOrFloatBitWidth())
          return arith::ExtFOp::create(body, location, elementType, v[0]);
        return arith::TruncFOp::create(body, location, elementType, v[0]);
      });
}

AxisTile KernelBuilder::widened(const Window &region, AxisTile tile) {
  return convert(
      region, tile,
      wideType(cast<TileType>(tile.tile.getType()).getElementType()));
}

FailureOr<AxisTile> KernelBuilder::tileOf(Value value, const Window &region) {
  if (isInput(value))
    return widened(region, load(value, value, region));
  SplatElementsAttr splat;
  if (matchPattern(value, m_Constant(&splat))) {
    auto number = cast<TypedAttr>(splat.getSplatValue<Attribute>());
    if (auto integer = dyn_cast<IntegerAttr>(number))
      number = b.getIntegerAttr(elementTypeOf(value), integer.getValue());
    return widened(region, fill(region, number));
  }
  auto op = value.getDefiningOp<TileOpInterface>();
  if (!op)
    return failure();
  return op.buildTile(*this, cast<OpResult>(value).getResultNumber(), region);
}

FailureOr<AxisTile> KernelBuilder::narrowTileOf(Value value,
                                                const Window &region) {
  if (isInput(value))
    return load(value, value, region);
  FailureOr<AxisTile> tile = tileOf(value, region);
  if (failed(tile))
    return failure();
  return convert(region, *tile, elementTypeOf(value));
}

KernelBuilder::Access KernelBuilder::accessOf(ArrayRef<Attribute> dims,
                                              const Window &region) {
  Access access;
  access.axes.resize(region.axes.size());
  for (unsigned d = 0; d < region.rank();) {
    std::optional<unsigned> axis = region.axisOf(d);
    if (!axis) {
      access.dims.push_back(dims[d]);
      access.offsets.push_back(addIndex(region.points[d], nullptr));
      ++d;
      continue;
    }
    // Dims of one axis become one dimension of the view.
    SmallVector<Attribute> merged;
    for (unsigned dim : region.axes[*axis].dims)
      merged.push_back(dims[dim]);
    access.axes[*axis] = access.dims.size();
    access.dims.push_back(sizes.productOf(merged));
    access.offsets.push_back(addIndex(region.axes[*axis].offset, nullptr));
    d += merged.size();
  }
  return access;
}

Value KernelBuilder::viewOf(Value buffer, ArrayRef<Attribute> dims,
                            Type elementType) {
  SmallVector<int64_t> shape;
  SmallVector<Value> sizeValues;
  for (Attribute dim : dims) {
    shape.push_back(sizes.constantOf(dim).value_or(ShapedType::kDynamic));
    sizeValues.push_back(sizeValue(dim));
  }
  auto type = ViewType::get(context(), shape, elementType, LayoutAttr());
  return ViewOp::create(b, location, type, buffer, sizeValues);
}

AxisTile KernelBuilder::load(Value storage, Value shaped,
                             const Window &region) {
  Access access = accessOf(sizeAttrsOf(shaped), region);
  Value view =
      viewOf(inputBuffers.lookup(storage), access.dims, elementTypeOf(shaped));
  SmallVector<Attribute> extents;
  AxisTile result;
  for (auto [number, axis] : llvm::enumerate(region.axes)) {
    extents.push_back(axis.extent);
    result.axes.push_back(number);
  }
  auto type = TileType::get(context(), extents, elementTypeOf(shaped));
  result.tile =
      LoadOp::create(b, location, type, view, access.offsets, access.axes);
  return result;
}

Value KernelBuilder::gather(Value input, ArrayRef<Attribute> dims,
                            Value indices, unsigned dim, const Window &region) {
  Access access = accessOf(dims, region);
  Value view =
      viewOf(inputBuffers.lookup(input), access.dims, elementTypeOf(input));
  // `dim` is a point, so it is one dimension of the view: the one behind as
  // many as the dims before it make.
  unsigned viewDim = 0;
  for (unsigned d = 0; d < dim; ++viewDim)
    d += region.axisOf(d) ? region.axes[*region.axisOf(d)].dims.size() : 1;
  SmallVector<Attribute> extents(
      cast<TileType>(indices.getType()).getExtents());
  for (const Axis &axis : region.axes)
    extents.push_back(axis.extent);
  auto type = TileType::get(context(), extents, elementTypeOf(input));
  return GatherOp::create(b, location, type, view, indices, access.offsets,
                          viewDim, access.axes);
}

void KernelBuilder::store(Value value, unsigned number, AxisTile tile,
                          const Window &region) {
  Access access = accessOf(sizeAttrsOf(value), region);
  Value buffer = kernel.getOutputs()[number];
  Value view = viewOf(buffer, access.dims, elementTypeOf(value));
  tile = convert(region, expand(region, tile), elementTypeOf(value));
  StoreOp::create(b, location, tile.tile, view, access.offsets, access.axes);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// `map` onto the given axes of the region, in that order.
static AxisTile mapOnto(KernelBuilder &kernel, const Window &region,
                        ArrayRef<AxisTile> inputs, ArrayRef<unsigned> axes,
                        Type elementType, KernelBuilder::BodyFn body) {
  OpBuilder &b = kernel.builder();
  SmallVector<Attribute> extents, maps;
  for (unsigned axis : axes)
    extents.push_back(region.axes[axis].extent);
  SmallVector<Value> values;
  SmallVector<Type> scalars;
  for (const AxisTile &input : inputs) {
    SmallVector<int64_t> map;
    for (unsigned axis : input.axes)
      map.push_back(llvm::find(axes, axis) - axes.begin());
    maps.push_back(b.getI64ArrayAttr(map));
    values.push_back(input.tile);
    scalars.push_back(cast<TileType>(input.tile.getType()).getElementType());
  }
  auto type = TileType::get(b.getContext(), extents, elementType);
  auto op = MapOp::create(b, kernel.loc(), type, values, b.getArrayAttr(maps));
  Block &block = op.getBody().emplaceBlock();
  block.addArguments(scalars,
                     SmallVector<Location>(scalars.size(), kernel.loc()));
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Value result = body(inside, block.getArguments());
  YieldOp::create(inside, kernel.loc(), result);
  return {op, SmallVector<unsigned>(axes)};
}

AxisTile KernelBuilder::map(const Window &region, ArrayRef<AxisTile> inputs,
                            Type elementType, BodyFn body) {
  SmallVector<unsigned> axes;
  for (unsigned axis = 0; axis < region.axes.size(); ++axis)
    if (llvm::any_of(inputs, [&](const AxisTile &input) {
          return llvm::is_contained(input.axes, axis);
        }))
      axes.push_back(axis);
  return mapOnto(*this, region, inputs, axes, elementType, body);
}

AxisTile KernelBuilder::expand(const Window &region, AxisTile tile) {
  auto all = llvm::to_vector(llvm::seq<unsigned>(0, region.axes.size()));
  if (tile.axes == all)
    return tile;
  Type elementType = cast<TileType>(tile.tile.getType()).getElementType();
  return mapOnto(*this, region, {tile}, all, elementType,
                 [](OpBuilder &, ValueRange v) { return v[0]; });
}

AxisTile KernelBuilder::reduce(Combine kind, AxisTile tile, unsigned axis,
                               Value limit) {
  auto type = cast<TileType>(tile.tile.getType());
  auto position = llvm::find(tile.axes, axis) - tile.axes.begin();
  SmallVector<Attribute> extents(type.getExtents());
  extents.erase(extents.begin() + position);
  tile.axes.erase(tile.axes.begin() + position);
  auto resultType = TileType::get(context(), extents, type.getElementType());
  tile.tile = ReduceOp::create(b, location, resultType, kind, tile.tile,
                               position, limit);
  return tile;
}

AxisTile KernelBuilder::fill(const Window &, TypedAttr value) {
  // A constant changes along no axis.
  Value scalar = arith::ConstantOp::create(b, location, value);
  auto type = TileType::get(context(), {}, value.getType());
  return {FillOp::create(b, location, type, scalar), {}};
}

AxisTile KernelBuilder::index(const Window &region, unsigned axis) {
  auto type =
      TileType::get(context(), {region.axes[axis].extent}, b.getI64Type());
  Value offset = addIndex(region.axes[axis].offset, nullptr);
  return {IndexOp::create(b, location, type, offset), {axis}};
}

FailureOr<AxisTile> KernelBuilder::coordinates(const Window &region,
                                               unsigned dim) {
  std::optional<unsigned> axis = region.axisOf(dim);
  if (!axis)
    return scalar(region.points[dim]);
  if (region.axes[*axis].dims.size() != 1)
    return failure();
  return index(region, *axis);
}

AxisTile KernelBuilder::scalar(Value value) {
  value = arith::IndexCastOp::create(b, location, b.getI64Type(),
                                     addIndex(value, nullptr));
  auto type = TileType::get(context(), {}, b.getI64Type());
  return {FillOp::create(b, location, type, value), {}};
}

//===----------------------------------------------------------------------===//
// Sizes and loops
//===----------------------------------------------------------------------===//

Value KernelBuilder::constantIndex(int64_t value) {
  return arith::ConstantIndexOp::create(b, location, value);
}

Value KernelBuilder::sizeValue(Attribute size) {
  if (std::optional<int64_t> number = sizes.constantOf(size))
    return constantIndex(*number);
  unsigned numBuffers = kernel.getNumInputs() + kernel.getNumOutputs();
  if (scalarSizes.insert(size))
    kernel.getEntry().addArgument(b.getIndexType(), location);
  auto position = llvm::find(scalarSizes, size) - scalarSizes.begin();
  return kernel.getEntry().getArgument(numBuffers + position);
}

SmallVector<Attribute> KernelBuilder::sizeAttrsOf(Value tensor) const {
  SmallVector<Attribute> dims;
  for (int64_t d = 0; d < cast<ShapedType>(tensor.getType()).getRank(); ++d)
    dims.push_back(sizes.sizeOf(tensor, d));
  return dims;
}

Value KernelBuilder::sizeOf(Value tensor, unsigned d) {
  return sizeValue(sizes.sizeOf(tensor, d));
}

std::optional<int64_t> KernelBuilder::constantSizeOf(Value tensor,
                                                     unsigned d) const {
  return sizes.constantOf(sizes.sizeOf(tensor, d));
}

Value KernelBuilder::extentValue(Attribute extent) {
  if (auto number = dyn_cast<IntegerAttr>(extent))
    return constantIndex(number.getInt());
  return ExtentOp::create(b, location, b.getIndexType(),
                          cast<StringAttr>(extent));
}

FailureOr<SmallVector<Value>> KernelBuilder::loop(
    Value bound, Attribute extent, ValueRange carried,
    function_ref<FailureOr<SmallVector<Value>>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, location, constantIndex(0), bound,
                                 extentValue(extent), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  auto next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (failed(next))
    return failure();
  scf::YieldOp::create(b, location, *next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

Value KernelBuilder::addIndex(Value lhs, Value rhs) {
  if (!lhs && !rhs)
    return constantIndex(0);
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return arith::AddIOp::create(b, location, lhs, rhs);
}

Value KernelBuilder::subIndex(Value lhs, Value rhs) {
  if (!rhs)
    return addIndex(lhs, nullptr);
  return arith::SubIOp::create(b, location, addIndex(lhs, nullptr), rhs);
}

Value KernelBuilder::mulIndex(Value value, int64_t factor) {
  if (!value || factor == 1)
    return value;
  return arith::MulIOp::create(b, location, value, constantIndex(factor));
}

} // namespace tenon::tile
