//===- NodesQuantBlocks.cpp - weights quantized in blocks -----------------===//
//
// Each block of neighbours along an axis has a scale, and a zero point or none.
// Whatever form they have in a file, they become the same formula: the blocks a
// dim of their own, (q - zero) * scale, and merged again.
//
//===----------------------------------------------------------------------===//

#include "frontends/Onnx/QuantBlocks.h"

#include "frontends/Onnx/NodeTable.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;
using graph::DimAttr;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Blocks along an axis
//===----------------------------------------------------------------------===//

FailureOr<std::optional<Blocks>> Blocks::ofNode(NodeBuilder &b) {
  int64_t size = b.integer("block_size", 0);
  if (!size)
    return std::optional<Blocks>();
  FailureOr<int64_t> axis = b.axis(b.integer("axis", 1), b.rank(0));
  if (failed(axis))
    return failure();
  DimAttr dim = b.dims(0)[*axis];
  std::optional<int64_t> length = dim.getConstantValue();
  constexpr int64_t kNone = -1;
  int64_t count = kNone;
  if (b.rank(1) == b.rank(0))
    count = b.dims(1)[*axis].getConstantValue().value_or(kNone);
  if (size < 0 || !length || llvm::divideCeilSigned(*length, size) != count)
    return b.error("needs a scale for each block of " + Twine(size) +
                   " elements of axis " + Twine(*axis) + ", whose size is " +
                   dim.str());
  // A block that is longer than the axis has no more of it.
  size = count == 1 ? *length : size;
  return std::optional(Blocks{*axis, *length, size, count});
}

Value Blocks::cut(NodeBuilder &b, Value value) const {
  if (!value)
    return nullptr;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  Type elementType = typeOf(value).getElementType();
  if (int64_t missing = count * size - length) {
    SmallVector<DimAttr> rest = dims;
    rest[axis] = b.dim(missing);
    Value zeros = b.broadcast(b.like(value, 0), rest);
    dims[axis] = b.dim(count * size);
    value = b.makeOf<graph::ConcatOp>(dims, elementType,
                                      ValueRange{value, zeros}, axis);
  }
  dims[axis] = b.dim(count);
  dims.insert(dims.begin() + axis + 1, b.dim(size));
  return b.reshape(value, dims);
}

Value Blocks::join(NodeBuilder &b, Value value) const {
  if (!value)
    return nullptr;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(value));
  dims.erase(dims.begin() + axis);
  dims[axis] = b.dim(count * size);
  value = b.reshape(value, dims);
  if (!value || count * size == length)
    return value;
  dims[axis] = b.dim(length);
  return b.makeOf<graph::SliceOp>(dims, typeOf(value).getElementType(), value,
                                  axis, b.dim(0), 1);
}

Value Blocks::spread(NodeBuilder &b, Value parameter) const {
  if (!parameter)
    return nullptr;
  SmallVector<DimAttr> dims = graph::getDims(typeOf(parameter));
  dims.insert(dims.begin() + axis + 1, b.dim(1));
  return b.reshape(parameter, dims);
}

//===----------------------------------------------------------------------===//
// MatMulNBits
//===----------------------------------------------------------------------===//

namespace {
/// Y = A x dequantized(B)^T + bias. B is N rows of `numBlocks` blocks along K,
/// elements of `bits` bits, the first one low; a row's zero points are as many,
/// filled to whole bytes, or floats.
class NBits {
public:
  explicit NBits(NodeBuilder &builder) : b(builder) {}
  LogicalResult import();

private:
  LogicalResult readAttributes();
  LogicalResult checkInputs();
  LogicalResult checkCount(unsigned input, StringRef name, int64_t expected);
  Value elements(unsigned input, ArrayRef<int64_t> shape);
  Value zeroPoints();
  Value weight();

  NodeBuilder &b;
  int64_t depth = 0, numColumns = 0, bits = 4, blockSize = 0, numBlocks = 0;
  int64_t numBytes = 0; ///< of B
  Type unsignedType, f32 = b.builder.getF32Type();
};
} // namespace

LogicalResult NBits::readAttributes() {
  depth = b.integer("K", 0);
  numColumns = b.integer("N", 0);
  bits = b.integer("bits", 4);
  blockSize = b.integer("block_size", 0);
  if (depth < 1 || numColumns < 1)
    return b.error("needs 'K' and 'N': expected 1 or more, got " +
                   Twine(depth) + " and " + Twine(numColumns));
  if (bits != 4 && bits != 8)
    return b.error("'bits' " + Twine(bits) +
                   " is not supported: expected 4 or 8");
  if (blockSize < 16 || !llvm::isPowerOf2_64(blockSize))
    return b.error(
        "needs a 'block_size' that is a power of 2 from 16 on, got " +
        Twine(blockSize));
  if (b.has(4))
    return b.error("'g_idx' is not supported: expected groups of neighbours "
                   "along K; quantize without reordering (act_order)");
  numBlocks = llvm::divideCeilSigned(depth, blockSize);
  int64_t numBits = bits;
  if (llvm::MulOverflow(numBits, blockSize, numBits) ||
      llvm::MulOverflow(numBits, numBlocks, numBits) ||
      llvm::MulOverflow(numBits, numColumns, numBits))
    return b.error("needs 'K' and 'N' of a matrix that a file can hold, got " +
                   Twine(depth) + " and " + Twine(numColumns));
  numBytes = numBits / 8;
  unsignedType = b.builder.getIntegerType(bits, /*isSigned=*/false);
  return success();
}

/// Older files have the parameters of all rows in one dim.
LogicalResult NBits::checkCount(unsigned input, StringRef name,
                                int64_t expected) {
  RankedTensorType type = b.type(input);
  int64_t count = type.hasStaticShape() ? type.getNumElements() : -1;
  if (count == expected)
    return success();
  return b.error("needs " + Twine(expected) + " elements of '" + name +
                 "' for N " + Twine(numColumns) + " in " + Twine(numBlocks) +
                 " blocks, got " + Twine(count));
}

LogicalResult NBits::checkInputs() {
  const Imported *weight = b.importer.find(b.node.inputs[1]);
  if (!weight->tensor || !weight->type.getElementType().isUnsignedInteger(8))
    return b.error("needs packed weights: expected an initializer of uint8, "
                   "got '" +
                   StringRef(b.node.inputs[1]) + "'");
  if (failed(checkCount(1, "B", numBytes)) ||
      failed(checkCount(2, "scales", numColumns * numBlocks)) ||
      failed(b.equate(b.dims(0).back(), b.dim(depth))))
    return failure();
  return b.has(5) ? checkCount(5, "bias", numColumns) : success();
}

/// The bytes of an initializer as elements of `bits` bits.
Value NBits::elements(unsigned input, ArrayRef<int64_t> shape) {
  Imported packed = *b.importer.find(b.node.inputs[input]);
  packed.type = RankedTensorType::get(shape, unsignedType);
  packed.tensor = packed.tensor->reinterpreted(packed.type);
  packed.value = nullptr;
  if (!packed.tensor->weight()) {
    rt::Result<DenseElementsAttr> read = packed.tensor->elements();
    if (!read) {
      (void)b.error(read.error().message);
      return nullptr;
    }
    packed.elements = *read;
  }
  return b.importer.materialize(packed);
}

/// NxGx1, or one number.
Value NBits::zeroPoints() {
  SmallVector<DimAttr> dims{b.dim(numColumns), b.dim(numBlocks), b.dim(1)};
  if (!b.has(3)) {
    auto type = RankedTensorType::get({}, f32);
    double half = 1 << (bits - 1);
    return graph::ConstantOp::create(
        b.builder, b.loc,
        DenseElementsAttr::get(type,
                               Attribute(b.builder.getFloatAttr(f32, half))));
  }
  if (isa<FloatType>(b.type(3).getElementType())) {
    if (failed(checkCount(3, "zero_points", numColumns * numBlocks)))
      return nullptr;
    return widened(b, b.reshape(b.data(3), dims));
  }
  int64_t rowBytes = llvm::divideCeilSigned(numBlocks * bits, 8);
  const Imported *imported = b.importer.find(b.node.inputs[3]);
  if (!imported->tensor ||
      !imported->type.getElementType().isUnsignedInteger(8)) {
    (void)b.error("needs zero points as packed weights or as floats: expected "
                  "an initializer of uint8 or floats, got '" +
                  StringRef(b.node.inputs[3]) + "'");
    return nullptr;
  }
  if (failed(checkCount(3, "zero_points", numColumns * rowBytes)))
    return nullptr;
  Value zero = elements(3, {numColumns, rowBytes * 8 / bits});
  SmallVector<DimAttr> cut{b.dim(numColumns), b.dim(numBlocks)};
  if (rowBytes * 8 / bits != numBlocks)
    zero = b.makeOf<graph::SliceOp>(cut, unsignedType, zero, 1, b.dim(0), 1);
  return b.reshape(zero, dims);
}

/// KxN, dequantized.
Value NBits::weight() {
  Value q = elements(1, {numColumns, numBlocks, blockSize});
  Value scale = widened(
      b, b.reshape(b.data(2), {b.dim(numColumns), b.dim(numBlocks), b.dim(1)}));
  Value zero = zeroPoints();
  if (!q || !zero || b.hasFailed())
    return nullptr;
  Value matrix = b.transpose(dequantize(b, q, scale, zero), {1, 2, 0});
  matrix = b.reshape(matrix, {b.dim(numBlocks * blockSize), b.dim(numColumns)});
  if (numBlocks * blockSize == depth)
    return matrix;
  return b.makeOf<graph::SliceOp>({b.dim(depth), b.dim(numColumns)}, f32,
                                  matrix, 0, b.dim(0), 1);
}

LogicalResult NBits::import() {
  if (failed(readAttributes()) || failed(checkInputs()))
    return failure();
  Value rhs = weight();
  if (!rhs)
    return failure();
  Value result = b.make<graph::MatmulOp>(widened(b, b.data(0)), rhs);
  if (b.has(5))
    result = b.make<graph::AddOp>(
        result, widened(b, b.reshape(b.data(5), {b.dim(numColumns)})));
  return b.set(0, b.castTo(result, b.type(0).getElementType()));
}

static LogicalResult importMatMulNBits(NodeBuilder &b) {
  return NBits(b).import();
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static constexpr NodeRule kRules[] = {
    {"com.microsoft", "MatMulNBits", 1, 3, 6, importMatMulNBits, nullptr},
};

ArrayRef<NodeRule> onnx::quantBlockRules() { return kRules; }
