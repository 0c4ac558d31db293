//===- TileMemory.cpp - where elements of tiles lie, and reads and writes -===//

#include "passes/Lower/TileLowering.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tenon {

TileLowering::Memory TileLowering::memoryOf(Value viewValue) {
  auto view = viewValue.getDefiningOp<tile::ViewOp>();
  Memory memory;
  memory.pointer = pointers.lookup(view.getBuffer());
  memory.layout = view.getType().getLayout();
  for (Value size : view.getSizes())
    memory.sizes.push_back(mapped(size));
  memory.strides.resize(memory.sizes.size());
  Value stride = constantIndex(1);
  for (int64_t d = memory.sizes.size() - 1; d >= 0; --d) {
    memory.strides[d] = stride;
    stride = b.createOrFold<arith::MulIOp>(loc(), stride, memory.sizes[d]);
  }
  return memory;
}

Type storageType(Type elementType) {
  if (elementType.isInteger(1))
    return IntegerType::get(elementType.getContext(), 8);
  if (elementType.isBF16())
    return IntegerType::get(elementType.getContext(), 16);
  return elementType;
}

bool sharesBytes(Type elementType) {
  return !elementType.isInteger(1) && elementType.getIntOrFloatBitWidth() < 8;
}

unsigned bytesOf(Type type) {
  return std::max(1u, type.getIntOrFloatBitWidth() / 8);
}

/// `type` or a vector of it, as many as `value` has.
static Type likeValue(Value value, Type type) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? Type(vector.clone(type)) : type;
}

Value fromStorage(OpBuilder &b, Location loc, Value value, Type elementType) {
  if (getElementTypeOrSelf(value.getType()) == elementType)
    return value;
  if (!elementType.isInteger(1))
    return arith::BitcastOp::create(b, loc, likeValue(value, elementType),
                                    value);
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(value.getType()));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
}

/// The value as its bytes in memory.
static Value toStorage(OpBuilder &b, Location loc, Value value) {
  Type elementType = getElementTypeOrSelf(value.getType());
  Type storage = storageType(elementType);
  if (storage == elementType)
    return value;
  if (!elementType.isInteger(1))
    return arith::BitcastOp::create(b, loc, likeValue(value, storage), value);
  return arith::ExtUIOp::create(b, loc, likeValue(value, storage), value);
}

bool isUnit(Value stride) {
  IntegerAttr number;
  return matchPattern(stride, m_Constant(&number)) && number.getInt() == 1;
}

/// Where the element `linear` of this type is, or the byte that it shares.
Value TileLowering::addressOf(Type elementType, Value pointer, Value linear) {
  Type stepType = storageType(elementType);
  if (sharesBytes(elementType)) {
    stepType = b.getI8Type();
    linear = b.createOrFold<arith::DivUIOp>(
        loc(), linear, constantIndex(8 / elementType.getIntOrFloatBitWidth()));
  }
  return LLVM::GEPOp::create(b, loc(), pointer.getType(), stepType, pointer,
                             ValueRange{toI64(linear)});
}

Value TileLowering::readMemory(Type elementType, Value pointer, Value linear,
                               Value laneStride, Value inside, const Place &at,
                               Type counted) {
  if (sharesBytes(elementType))
    return readNibbles(elementType, pointer, linear, laneStride, inside, at);
  Type storage = storageType(elementType);
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Value address = addressOf(counted ? counted : elementType, pointer, linear);
  if (readsAhead)
    fetchAhead(address);
  unsigned alignment = bytesOf(storage);
  Value result;
  if (!at.lane) {
    Value read;
    if (!inside) {
      read = LLVM::LoadOp::create(b, loc(), storage, address, alignment);
    } else {
      // Outside: read the first element instead, and drop it.
      Value safe = arith::SelectOp::create(b, loc(), inside, address, pointer);
      Value any = LLVM::LoadOp::create(b, loc(), storage, safe, alignment);
      Value zero = arith::ConstantOp::create(b, loc(), b.getZeroAttr(storage));
      read = arith::SelectOp::create(b, loc(), inside, any, zero);
    }
    result = read;
  } else {
    auto type = VectorType::get(at.width, storage);
    Value mask = combineMasks(at.mask, inside);
    if (isUnit(laneStride) && !mask) {
      result = LLVM::LoadOp::create(b, loc(), type, address, alignment);
    } else {
      Value zero = arith::ConstantOp::create(b, loc(), b.getZeroAttr(type));
      if (isUnit(laneStride)) {
        result = LLVM::MaskedLoadOp::create(b, loc(), type, address, mask, zero,
                                            b.getI32IntegerAttr(alignment));
      } else {
        auto i64s = VectorType::get(at.width, b.getI64Type());
        SmallVector<int64_t> steps =
            llvm::to_vector(llvm::seq<int64_t>(0, at.width));
        Value lanes = arith::ConstantOp::create(
            b, loc(), DenseElementsAttr::get(i64s, ArrayRef<int64_t>(steps)));
        Value stride =
            vector::BroadcastOp::create(b, loc(), i64s, toI64(laneStride));
        Value offsets = arith::MulIOp::create(b, loc(), lanes, stride);
        auto pointersType = VectorType::get(at.width, pointerType);
        Value addresses = LLVM::GEPOp::create(b, loc(), pointersType, storage,
                                              address, ValueRange{offsets});
        if (!mask)
          mask = arith::ConstantOp::create(
              b, loc(),
              DenseElementsAttr::get(VectorType::get(at.width, b.getI1Type()),
                                     true));
        result = LLVM::masked_gather::create(b, loc(), type, addresses, mask,
                                             ValueRange{zero},
                                             b.getI32IntegerAttr(alignment));
      }
    }
  }
  return fromStorage(b, loc(), result, elementType);
}

void TileLowering::writeMemory(Value value, Value pointer, Value linear,
                               Value laneStride, Value inside,
                               const Place &at) {
  Type elementType = getElementTypeOrSelf(value.getType());
  Type storage = storageType(elementType);
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Value address = LLVM::GEPOp::create(b, loc(), pointerType, storage, pointer,
                                      ValueRange{toI64(linear)});
  unsigned alignment = bytesOf(storage);
  value = toStorage(b, loc(), value);
  if (!at.lane) {
    if (!inside) {
      LLVM::StoreOp::create(b, loc(), value, address, alignment);
      return;
    }
    auto guard = scf::IfOp::create(b, loc(), inside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard keep(b);
    b.setInsertionPointToStart(guard.thenBlock());
    LLVM::StoreOp::create(b, loc(), value, address, alignment);
    return;
  }
  Value mask = combineMasks(at.mask, inside);
  if (isUnit(laneStride)) {
    if (!mask)
      LLVM::StoreOp::create(b, loc(), value, address, alignment);
    else
      LLVM::MaskedStoreOp::create(b, loc(), value, address, mask,
                                  b.getI32IntegerAttr(alignment));
    return;
  }
  auto i64s = VectorType::get(at.width, b.getI64Type());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, at.width));
  Value lanes = arith::ConstantOp::create(
      b, loc(), DenseElementsAttr::get(i64s, ArrayRef<int64_t>(steps)));
  Value stride = vector::BroadcastOp::create(b, loc(), i64s, toI64(laneStride));
  Value offsets = arith::MulIOp::create(b, loc(), lanes, stride);
  Value addresses =
      LLVM::GEPOp::create(b, loc(), VectorType::get(at.width, pointerType),
                          storage, address, ValueRange{offsets});
  if (!mask)
    mask = arith::ConstantOp::create(
        b, loc(),
        DenseElementsAttr::get(VectorType::get(at.width, b.getI1Type()), true));
  LLVM::masked_scatter::create(b, loc(), value, addresses, mask,
                               b.getI32IntegerAttr(alignment));
}

/// Where an element of a packed view is. Along a dimension whose tiles are as
/// long as a low digit, and begin where it does, the high digit reads only the
/// offset and the low digit only the coordinate.
Value TileLowering::packedOffset(tile::LoadOp load, const Memory &memory,
                                 ValueRange offsets, ArrayRef<Value> coords) {
  ArrayRef<int64_t> shape = load.getView().getType().getShape();
  SmallVector<int64_t> sizes = memory.layout.getDigitSizes(shape);
  SmallVector<int64_t> extents(shape.size(), 1);
  for (auto [axis, dim] : llvm::enumerate(load.getAxes()))
    extents[dim] = load.getType().getExtent(axis);
  Value linear = constantIndex(0);
  for (auto [digit, size] :
       llvm::zip_equal(memory.layout.getDigitList(), sizes)) {
    Value offset = offsets[digit.dim], coord = coords[digit.dim];
    bool isHigh = digit.extent == 0 && digit.stride != 1;
    bool isLow = digit.extent != 0 && digit.stride == 1;
    Value value =
        coord ? b.createOrFold<arith::AddIOp>(loc(), offset, coord) : offset;
    if (isHigh && extents[digit.dim] == digit.stride)
      value = offset;
    if (isLow && coord && extents[digit.dim] == digit.extent)
      value = coord;
    else if (isLow)
      value =
          arith::RemUIOp::create(b, loc(), value, constantIndex(digit.extent));
    if (isHigh)
      value = b.createOrFold<arith::DivUIOp>(loc(), value,
                                             constantIndex(digit.stride));
    Value scaled =
        b.createOrFold<arith::MulIOp>(loc(), linear, constantIndex(size));
    linear = b.createOrFold<arith::AddIOp>(loc(), scaled, value);
  }
  return linear;
}

bool isPaddedTo(tile::LayoutAttr layout, unsigned dim, int64_t extent) {
  return layout && llvm::any_of(layout.getDigitList(),
                                [&](tile::LayoutAttr::Digit digit) {
                                  return digit.dim == dim &&
                                         digit.stride == 1 &&
                                         digit.extent == extent;
                                });
}

int64_t packedStride(tile::LoadOp load, unsigned axis) {
  tile::ViewType type = load.getView().getType();
  auto digits = type.getLayout().getDigitList();
  SmallVector<int64_t> sizes = type.getLayout().getDigitSizes(type.getShape());
  int64_t stride = 1;
  for (auto [digit, size] : llvm::reverse(llvm::zip_equal(digits, sizes))) {
    if (digit.dim == load.getAxes()[axis] && digit.stride == 1)
      return stride;
    stride *= size;
  }
  return stride;
}

/// Offsets and coordinates are summed apart: the first do not change in the
/// loops of a tile.
Value TileLowering::linearOffset(const Memory &memory, ValueRange offsets,
                                 ArrayRef<Value> coords) {
  Value base = constantIndex(0), moving = constantIndex(0);
  for (auto [d, offset] : llvm::enumerate(offsets)) {
    base = b.createOrFold<arith::AddIOp>(
        loc(), base,
        b.createOrFold<arith::MulIOp>(loc(), offset, memory.strides[d]));
    if (coords[d])
      moving = b.createOrFold<arith::AddIOp>(
          loc(), moving,
          b.createOrFold<arith::MulIOp>(loc(), coords[d], memory.strides[d]));
  }
  return b.createOrFold<arith::AddIOp>(loc(), base, moving);
}

} // namespace tenon
