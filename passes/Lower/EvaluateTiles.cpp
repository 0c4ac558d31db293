//===- EvaluateTiles.cpp - one vector of a tile, where it is needed -------===//

#include "passes/Lower/TileLowering.h"

#include "dialects/Tile/Offsets.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {

//===----------------------------------------------------------------------===//
// Vectors and masks
//===----------------------------------------------------------------------===//

int64_t TileLowering::lanesOf(Type) const {
  // One width for every type keeps masks and lanes of a chain together; wider
  // elements take several registers.
  return machine.vectorBytes / 4;
}

Value TileLowering::toI64(Value index) {
  if (index.getType().isInteger(64))
    return index;
  return arith::IndexCastOp::create(b, loc(), b.getI64Type(), index);
}

Value TileLowering::broadcast(Value scalar, const Place &at) {
  if (!at.lane)
    return scalar;
  return vector::BroadcastOp::create(
      b, loc(), VectorType::get(at.width, scalar.getType()), scalar);
}

Value TileLowering::splatMask(Value condition, int64_t width) {
  return vector::BroadcastOp::create(
      b, loc(), VectorType::get(width, b.getI1Type()), condition);
}

/// Lanes 0 .. limit - 1.
Value TileLowering::laneMask(Value limit, int64_t width) {
  auto type = VectorType::get(width, b.getI32Type());
  SmallVector<int32_t> steps = llvm::to_vector(llvm::seq<int32_t>(0, width));
  Value lanes = arith::ConstantOp::create(
      b, loc(), DenseElementsAttr::get(type, ArrayRef<int32_t>(steps)));
  // Clamped first: the limit may be far beyond 32 bits' reach.
  Value low = arith::MaxSIOp::create(b, loc(), limit, constantIndex(0));
  Value clamped = arith::MinSIOp::create(b, loc(), low, constantIndex(width));
  Value bound = arith::IndexCastOp::create(b, loc(), b.getI32Type(), clamped);
  Value splat = vector::BroadcastOp::create(b, loc(), type, bound);
  return arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::slt, lanes,
                               splat);
}

Value TileLowering::combineMasks(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return arith::AndIOp::create(b, loc(), x, y);
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

static std::optional<int64_t> constantOf(Value value) {
  IntegerAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return number.getInt();
  return std::nullopt;
}

/// The most that a number that counts from 0 can be, where its formula says so.
static std::optional<int64_t> largestOf(Value value) {
  if (std::optional<int64_t> number = constantOf(value))
    return number;
  Operation *op = value.getDefiningOp();
  if (auto rest = dyn_cast_or_null<arith::RemUIOp>(op)) {
    std::optional<int64_t> divisor = constantOf(rest.getRhs());
    return divisor ? std::optional(*divisor - 1) : std::nullopt;
  }
  if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp>(op))
    return std::nullopt;
  std::optional<int64_t> x = largestOf(op->getOperand(0)),
                         y = largestOf(op->getOperand(1));
  if (!x || !y || *x < 0 || *y < 0)
    return std::nullopt;
  return isa<arith::AddIOp>(op) ? *x + *y : *x * *y;
}

bool TileLowering::isInside(const Bound &bound, int64_t extent) const {
  std::optional<int64_t> offset = largestOf(bound.offset),
                         size = constantOf(bound.size);
  if (offset && size && *offset + extent <= *size)
    return true;
  return size && llvm::any_of(steps, [&](const Steps &known) {
           return known.offset == bound.offset && extent <= known.step &&
                  known.size <= *size;
         });
}

bool TileLowering::isGuaranteed(const Bound &bound, Value coord) const {
  std::optional<int64_t> size = constantOf(bound.size);
  return llvm::any_of(guaranteed, [&](const Guarantee &known) {
    std::optional<int64_t> knownSize = constantOf(known.bound.size);
    return isEqualConstantIntOrValue(known.bound.offset, bound.offset) &&
           (known.bound.size == bound.size ||
            (size && knownSize && *knownSize <= *size)) &&
           llvm::is_contained(known.coords, coord);
  });
}

Value TileLowering::checkBound(const Bound &bound, int64_t extent,
                               unsigned axis, const Place &at) {
  if (isInside(bound, extent) || isGuaranteed(bound, at.coords[axis]))
    return nullptr;
  Value left = arith::SubIOp::create(b, loc(), bound.size, bound.offset);
  if (at.lane == axis)
    return laneMask(arith::SubIOp::create(b, loc(), left, at.coords[axis]),
                    at.width);
  Value inside = arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::slt,
                                       at.coords[axis], left);
  return at.lane ? splatMask(inside, at.width) : inside;
}

Value TileLowering::checkBeginning(Value offset, unsigned axis,
                                   const Place &at) {
  if (tile::isKnownNonNegative(offset))
    return nullptr;
  Value first =
      arith::AddIOp::create(b, loc(), mapped(offset), at.coords[axis]);
  Value zero = constantIndex(0);
  if (at.lane == axis) {
    Value before =
        laneMask(arith::SubIOp::create(b, loc(), zero, first), at.width);
    Value all = splatMask(
        arith::ConstantOp::create(b, loc(), b.getBoolAttr(true)), at.width);
    return arith::XOrIOp::create(b, loc(), before, all);
  }
  Value inside =
      arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::sge, first, zero);
  return at.lane ? splatMask(inside, at.width) : inside;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

Value TileLowering::evaluateLoad(tile::LoadOp load, const Place &at, Type as) {
  Memory memory = memoryOf(load.getView());
  tile::TileType type = load.getType();
  SmallVector<Value> offsets, coords(memory.sizes.size());
  for (Value offset : load.getOffsets())
    offsets.push_back(mapped(offset));
  Value inside;
  for (auto [axis, dim] : llvm::enumerate(load.getAxes())) {
    coords[dim] = at.coords[axis];
    if (isPaddedTo(memory.layout, dim, type.getExtent(axis)))
      continue;
    inside = combineMasks(inside, checkBound({offsets[dim], memory.sizes[dim]},
                                             type.getExtent(axis), axis, at));
    inside =
        combineMasks(inside, checkBeginning(load.getOffsets()[dim], axis, at));
  }
  Value laneStride;
  if (at.lane && memory.layout) // a vector of `as` takes what lies together
    laneStride = constantIndex(as ? 1 : packedStride(load, *at.lane));
  else if (at.lane)
    laneStride = memory.strides[load.getAxes()[*at.lane]];
  Value linear = memory.layout ? packedOffset(load, memory, offsets, coords)
                               : linearOffset(memory, offsets, coords);
  return readMemory(as ? as : type.getElementType(), memory.pointer, linear,
                    laneStride, inside, at, type.getElementType());
}

Value TileLowering::evaluateGather(tile::GatherOp gather, const Place &at) {
  Memory memory = memoryOf(gather.getView());
  unsigned numIndexAxes = gather.getIndices().getType().getRank();
  Place indexPlace{
      SmallVector<Value>(ArrayRef(at.coords).take_front(numIndexAxes)),
      {},
      std::nullopt,
      1,
      nullptr};
  indexPlace.known.resize(numIndexAxes);
  bool laneIsIndex = at.lane && *at.lane < numIndexAxes;
  if (laneIsIndex) {
    indexPlace.lane = at.lane;
    indexPlace.width = at.width;
    indexPlace.mask = at.mask;
  }
  Value index = evaluate(gather.getIndices(), indexPlace);
  auto wide = [&](Value v) -> Value {
    return laneIsIndex ? broadcast(v, at) : v;
  };
  Type indexType = laneIsIndex ? Type(VectorType::get(at.width, b.getI64Type()))
                               : Type(b.getI64Type());
  if (!getElementTypeOrSelf(index.getType()).isInteger(64))
    index = arith::ExtSIOp::create(b, loc(), indexType, index);
  Value size = wide(toI64(memory.sizes[gather.getDim()]));
  Value zero = arith::ConstantOp::create(b, loc(), b.getZeroAttr(indexType));
  Value isNegative =
      arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::slt, index, zero);
  Value fromEnd = arith::AddIOp::create(b, loc(), index, size);
  index = arith::SelectOp::create(b, loc(), isNegative, fromEnd, index);
  Value exists =
      arith::CmpIOp::create(b, loc(), arith::CmpIPredicate::ult, index, size);
  index = arith::SelectOp::create(b, loc(), exists, index, zero);

  Value linear = constantIndex(0);
  Value inside = laneIsIndex || !at.lane ? exists : splatMask(exists, at.width);
  Value laneStride = laneIsIndex ? memory.strides[gather.getDim()] : Value();
  for (auto [d, offset] : llvm::enumerate(gather.getOffsets()))
    linear = b.createOrFold<arith::AddIOp>(
        loc(), linear,
        b.createOrFold<arith::MulIOp>(loc(), mapped(offset),
                                      memory.strides[d]));
  for (auto [position, dim] : llvm::enumerate(gather.getAxes())) {
    unsigned axis = numIndexAxes + position;
    inside = combineMasks(
        inside,
        checkBound({mapped(gather.getOffsets()[dim]), memory.sizes[dim]},
                   gather.getType().getExtent(axis), axis, at));
    inside = combineMasks(inside,
                          checkBeginning(gather.getOffsets()[dim], axis, at));
    linear = b.createOrFold<arith::AddIOp>(
        loc(), linear,
        b.createOrFold<arith::MulIOp>(loc(), at.coords[axis],
                                      memory.strides[dim]));
    if (at.lane == axis)
      laneStride = memory.strides[dim];
  }
  Type elementType = gather.getType().getElementType();
  Value dimStride = toI64(memory.strides[gather.getDim()]);
  if (!laneIsIndex) {
    Value row = arith::MulIOp::create(b, loc(), index, dimStride);
    linear = arith::AddIOp::create(b, loc(), toI64(linear), row);
    return readMemory(elementType, memory.pointer, linear, laneStride, inside,
                      at);
  }
  Type storage = storageType(elementType);
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Value offsets = arith::AddIOp::create(
      b, loc(), broadcast(toI64(linear), at),
      arith::MulIOp::create(b, loc(), index, broadcast(dimStride, at)));
  Value addresses =
      LLVM::GEPOp::create(b, loc(), VectorType::get(at.width, pointerType),
                          storage, memory.pointer, ValueRange{offsets});
  auto type = VectorType::get(at.width, storage);
  Value none = arith::ConstantOp::create(b, loc(), b.getZeroAttr(type));
  Value read = LLVM::masked_gather::create(
      b, loc(), type, addresses, combineMasks(inside, at.mask),
      ValueRange{none}, b.getI32IntegerAttr(bytesOf(storage)));
  return fromStorage(b, loc(), read, elementType);
}

Value TileLowering::evaluateIndex(tile::IndexOp op, const Place &at) {
  Value first = toI64(
      arith::AddIOp::create(b, loc(), mapped(op.getOffset()), at.coords[0]));
  if (!at.lane)
    return first;
  auto type = VectorType::get(at.width, b.getI64Type());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, at.width));
  Value lanes = arith::ConstantOp::create(
      b, loc(), DenseElementsAttr::get(type, ArrayRef<int64_t>(steps)));
  return arith::AddIOp::create(b, loc(), broadcast(first, at), lanes);
}

/// The body's scalar ops on vectors of the place's width.
Value TileLowering::cloneBody(tile::MapOp map, ValueRange inputs,
                              const Place &at) {
  Block &body = map.getBody().front();
  IRMapping local;
  local.map(body.getArguments(), inputs);
  auto lookup = [&](Value value) -> Value {
    if (Value inner = local.lookupOrNull(value))
      return inner;
    Value outer =
        broadcast(mapped(value), at); // a scalar from outside the body
    local.map(value, outer);
    return outer;
  };
  for (Operation &op : body.without_terminator()) {
    SmallVector<Value> operands = llvm::map_to_vector(op.getOperands(), lookup);
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      local.map(constant.getResult(), broadcast(b.clone(op)->getResult(0), at));
      continue;
    }
    SmallVector<Type> types;
    for (Type type : op.getResultTypes())
      types.push_back(at.lane ? Type(VectorType::get(at.width, type)) : type);
    OperationState state(loc(), op.getName(), operands, types, op.getAttrs());
    local.map(op.getResults(), b.create(state)->getResults());
  }
  return lookup(cast<tile::YieldOp>(body.getTerminator()).getValue());
}

Value TileLowering::evaluateMap(tile::MapOp map, const Place &at) {
  SmallVector<Value> inputs;
  for (auto [n, input] : llvm::enumerate(map.getInputs())) {
    Place inner;
    for (auto [axis, target] : llvm::enumerate(map.getMap(n))) {
      inner.coords.push_back(at.coords[target]);
      inner.known.push_back(at.known[target]);
      if (at.lane == target) {
        inner.lane = axis;
        inner.width = at.width;
        inner.mask = at.mask;
      }
    }
    Value value = evaluate(input, inner);
    inputs.push_back(at.lane && !inner.lane ? broadcast(value, at) : value);
  }
  return cloneBody(map, inputs, at);
}

Value TileLowering::evaluate(Value value, const Place &at) {
  if (Value known = held.lookup(value))
    return known;
  if (auto found = registers.find(value); found != registers.end()) {
    unsigned lane = found->second.lane;
    return found->second.values[*at.known[1 - lane]][*at.known[lane]];
  }
  Type elementType = cast<tile::TileType>(value.getType()).getElementType();
  if (auto found = scratch.find(value); found != scratch.end())
    return readScratch(found->second, elementType, at);
  return TypeSwitch<Operation *, Value>(value.getDefiningOp())
      .Case([&](tile::LoadOp op) { return evaluateLoad(op, at); })
      .Case([&](tile::GatherOp op) { return evaluateGather(op, at); })
      .Case([&](tile::MapOp op) { return evaluateMap(op, at); })
      .Case([&](tile::IndexOp op) { return evaluateIndex(op, at); })
      .Case(
          [&](tile::FillOp op) { return broadcast(mapped(op.getValue()), at); })
      .Default([](Operation *) -> Value {
        llvm_unreachable(
            "reductions, products and loop results are in scratch memory");
      });
}

} // namespace tenon
