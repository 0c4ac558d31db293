//===- WeightBytes.cpp - the bytes of what is computed from constants -----===//

#include "compiler/WeightBytes.h"

#include "compiler/ElementMoves.h"
#include "compiler/Interpret/TensorBytes.h"
#include "dialects/Graph/GraphDialect.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Endian.h"

#include <cstring>

using namespace mlir;

namespace tenon {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Bytes of an element while it is evaluated: half a byte has one of its own.
static int64_t elementBytesOf(RankedTensorType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

//===----------------------------------------------------------------------===//
// Elements that share a byte
//===----------------------------------------------------------------------===//

static bool isHalfByte(RankedTensorType type) {
  return type.getElementTypeBitWidth() == 4;
}

/// A byte for each of the elements, which lie two to a byte, the first one low.
static HostBytes spreadHalves(RankedTensorType type, const HostBytes &input) {
  std::vector<char> bytes(type.getNumElements());
  for (auto [n, byte] : llvm::enumerate(bytes))
    byte = input.get()[n / 2] >> (4 * (n % 2)) & 0xf;
  return HostBytes(std::move(bytes));
}

/// The way back.
static HostBytes joinHalves(const HostBytes &input) {
  ArrayRef<char> from = input.get();
  std::vector<char> bytes(llvm::divideCeil(from.size(), 2));
  for (auto [n, half] : llvm::enumerate(from))
    bytes[n / 2] |= (half & 0xf) << (4 * (n % 2));
  return HostBytes(std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Ops that move elements
//===----------------------------------------------------------------------===//

/// How the result of such an op lies in its input.
struct StridedView {
  int64_t firstByte = 0;
  SmallVector<int64_t> strides;
};

static StridedView viewOf(graph::TransposeOp op, ArrayRef<int64_t> strides) {
  StridedView view;
  for (int64_t d : op.getPermutation())
    view.strides.push_back(strides[d]);
  return view;
}

static StridedView viewOf(graph::SliceOp op, ArrayRef<int64_t> strides) {
  StridedView view{*op.getStart().getConstantValue() * strides[op.getAxis()],
                   SmallVector<int64_t>(strides)};
  view.strides[op.getAxis()] *= op.getStep();
  return view;
}

static StridedView viewOf(graph::BroadcastOp op, ArrayRef<int64_t> strides) {
  StridedView view;
  view.strides.assign(typeOf(op.getResult()).getRank() - strides.size(), 0);
  for (auto [size, stride] :
       llvm::zip_equal(typeOf(op.getInput()).getShape(), strides))
    view.strides.push_back(size == 1 ? 0 : stride);
  return view;
}

template <typename OpT>
static HostBytes copyView(OpT op, const HostBytes &input) {
  RankedTensorType type = typeOf(op.getResult());
  int64_t elementBytes = elementBytesOf(type);
  StridedView view = viewOf(
      op, rowMajorStrides(typeOf(op.getInput()).getShape(), elementBytes));
  std::vector<char> bytes(type.getNumElements() * elementBytes);
  copyStrided(input.get().data() + view.firstByte, view.strides,
              type.getShape(), elementBytes, bytes.data());
  return HostBytes(std::move(bytes));
}

/// Inputs in turn, a slab of each for every index of the dims before the axis.
static HostBytes concat(graph::ConcatOp op, ArrayRef<HostBytes> inputs) {
  RankedTensorType type = typeOf(op.getResult());
  int64_t numSlabs = 1;
  for (int64_t size : type.getShape().take_front(op.getAxis()))
    numSlabs *= size;
  std::vector<char> bytes;
  bytes.reserve(type.getNumElements() * elementBytesOf(type));
  for (int64_t slab = 0; slab < numSlabs; ++slab)
    for (const HostBytes &input : inputs) {
      int64_t slabBytes = input.get().size() / numSlabs;
      const char *from = input.get().data() + slab * slabBytes;
      bytes.insert(bytes.end(), from, from + slabBytes);
    }
  return HostBytes(std::move(bytes));
}

static HostBytes pack(tile::PackOp op, const HostBytes &input) {
  RankedTensorType type = typeOf(op.getInput());
  int64_t elementBytes = elementBytesOf(type);
  tile::LayoutAttr layout = op.getLayout();
  std::vector<char> bytes(layout.getNumElements(type.getShape()) *
                          elementBytes);
  packElements(input.get().data(), type.getShape(), layout, elementBytes,
               bytes.data());
  return HostBytes(std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Ops that compute
//===----------------------------------------------------------------------===//

static bool isNarrowing(graph::CastOp op) {
  return typeOf(op.getInput()).getElementType().isF32() &&
         typeOf(op.getResult()).getElementType().isBF16();
}

/// f32 rounded to bf16, to nearest even. All weights of a model take this way
/// with --dtype=bf16, which the reference's way, one by one, makes slow.
static HostBytes narrow(const HostBytes &input) {
  size_t numElements = input.get().size() / 4;
  std::vector<char> bytes(numElements * 2);
  for (size_t i = 0; i < numElements; ++i) {
    uint32_t wide;
    std::memcpy(&wide, input.get().data() + 4 * i, 4);
    bool isNan = (wide & 0x7fffffff) > 0x7f800000;
    uint32_t rounded = wide + 0x7fff + ((wide >> 16) & 1);
    uint16_t result = isNan ? (wide >> 16) | 0x40 : rounded >> 16;
    std::memcpy(bytes.data() + 2 * i, &result, 2);
  }
  return HostBytes(std::move(bytes));
}

/// The bytes of integers of 8 bits as i64.
static HostBytes widenBytes(const HostBytes &input, bool isUnsigned) {
  ArrayRef<char> from = input.get();
  std::vector<char> bytes(from.size() * sizeof(int64_t));
  for (auto [n, byte] : llvm::enumerate(from)) {
    int64_t wide =
        isUnsigned ? static_cast<uint8_t>(byte) : static_cast<int8_t>(byte);
    llvm::support::endian::write64le(&bytes[n * sizeof(wide)], wide);
  }
  return HostBytes(std::move(bytes));
}

/// Sums of i64 along one dim.
static HostBytes sumAlong(RankedTensorType type, int64_t axis,
                          const HostBytes &input) {
  int64_t inner = 1, depth = type.getDimSize(axis);
  for (int64_t size : type.getShape().drop_front(axis + 1))
    inner *= size;
  int64_t outer = type.getNumElements() / (depth * inner);
  std::vector<int64_t> sums(outer * inner);
  const char *next = input.get().data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t d = 0; d < depth; ++d)
      for (int64_t i = 0; i < inner; ++i, next += sizeof(int64_t))
        sums[o * inner + i] += llvm::support::endian::read64le(next);
  const char *bytes = reinterpret_cast<const char *>(sums.data());
  return HostBytes(
      std::vector<char>(bytes, bytes + sums.size() * sizeof(int64_t)));
}

static bool isByte(Value value) {
  Type type = typeOf(value).getElementType();
  return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() == 8;
}

/// What quantized weights need, and the reference kernels are slow at: sums of
/// bytes. Nothing for other ops.
static std::optional<HostBytes> evaluateSums(Operation *op,
                                             ArrayRef<HostBytes> operands) {
  if (!typeOf(op->getResult(0)).getElementType().isInteger(64))
    return std::nullopt;
  if (auto cast = dyn_cast<graph::CastOp>(op); cast && isByte(cast.getInput()))
    return widenBytes(
        operands[0],
        typeOf(cast.getInput()).getElementType().isUnsignedInteger());
  auto reduce = dyn_cast<graph::ReduceOp>(op);
  bool isSum = reduce && reduce.getKind() == graph::ReduceKind::Sum &&
               reduce.getAxes().size() == 1 &&
               typeOf(reduce.getInput()).getNumElements() > 0;
  if (!isSum)
    return std::nullopt;
  return sumAlong(typeOf(reduce.getInput()), reduce.getAxes()[0], operands[0]);
}

static FailureOr<HostBytes> evaluateReference(Operation *op,
                                              ArrayRef<HostBytes> operands) {
  auto reference = dyn_cast<ReferenceOpInterface>(op);
  if (!reference || op->getNumResults() != 1)
    return op->emitOpError("cannot be evaluated while the artifact is written: "
                           "it has no reference meaning");
  SmallVector<ReferenceTensor> inputs;
  for (auto [operand, bytes] : llvm::zip_equal(op->getOperands(), operands)) {
    HostBytes stored = isHalfByte(typeOf(operand)) ? joinHalves(bytes) : bytes;
    FailureOr<ReferenceTensor> tensor = tensorFromBytes(
        stored.get(), typeOf(operand), [&] { return op->emitOpError(); });
    if (failed(tensor))
      return failure();
    inputs.push_back(std::move(*tensor));
  }
  RankedTensorType type = typeOf(op->getResult(0));
  ReferenceTensor result(type.getElementType(), type.getShape());
  if (failed(reference.evaluate(inputs, result)))
    return failure();
  HostBytes stored(toBytes(result));
  return isHalfByte(type) ? spreadHalves(type, stored) : stored;
}

//===----------------------------------------------------------------------===//
// All ops
//===----------------------------------------------------------------------===//

llvm::ErrorOr<StringRef> WeightBytes::map(StringRef path) {
  std::lock_guard lock(mutex);
  std::unique_ptr<llvm::MemoryBuffer> &store = stores[path];
  if (!store) {
    auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
    if (!file)
      return file.getError();
    store = std::move(*file);
  }
  return store->getBuffer();
}

FailureOr<HostBytes> WeightBytes::read(Operation *op) {
  graph::WeightAttr weight = cast<graph::WeightOp>(op).getRef();
  StringRef path = weight.getStore().getValue();
  llvm::ErrorOr<StringRef> store = map(path);
  if (!store)
    return op->emitError() << "weight " << weight.getName()
                           << " is not readable: '" << path
                           << "': " << store.getError().message();
  uint64_t offset = weight.getOffset(), size = weight.getBytes();
  uint64_t fileBytes = store->size();
  if (offset > fileBytes || size > fileBytes - offset)
    return op->emitError() << "weight " << weight.getName() << " ends at byte "
                           << offset + size << " but '" << path << "' has "
                           << fileBytes << " bytes";
  HostBytes stored(ArrayRef(store->data() + offset, size));
  RankedTensorType type = typeOf(op->getResult(0));
  return isHalfByte(type) ? spreadHalves(type, stored) : stored;
}

FailureOr<HostBytes> WeightBytes::evaluateOp(Operation *op,
                                             ArrayRef<HostBytes> operands) {
  if (isa<graph::WeightOp>(op))
    return read(op);
  if (isa<graph::ReshapeOp>(op))
    return operands.front();
  if (std::optional<HostBytes> sums = evaluateSums(op, operands))
    return std::move(*sums);
  return llvm::TypeSwitch<Operation *, FailureOr<HostBytes>>(op)
      .Case<graph::TransposeOp, graph::SliceOp, graph::BroadcastOp>(
          [&](auto view) { return copyView(view, operands.front()); })
      .Case([&](graph::ConcatOp all) { return concat(all, operands); })
      .Case([&](tile::PackOp order) { return pack(order, operands.front()); })
      .Case([&](graph::CastOp cast) {
        return isNarrowing(cast) ? FailureOr(narrow(operands.front()))
                                 : evaluateReference(op, operands);
      })
      .Default([&](Operation *) { return evaluateReference(op, operands); });
}

FailureOr<HostBytes> WeightBytes::evaluate(func::FuncOp value) {
  Block &body = value.getBody().front();
  DenseMap<Value, HostBytes> known;
  DenseMap<Value, int64_t> usesLeft;
  for (Operation &op : body.without_terminator()) {
    SmallVector<HostBytes> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known[operand]);
    FailureOr<HostBytes> result = evaluateOp(&op, operands);
    if (failed(result))
      return failure();
    for (Value operand : op.getOperands())
      if (--usesLeft[operand] == 0)
        known.erase(operand);
    Value tensor = op.getResult(0);
    known[tensor] = std::move(*result);
    usesLeft[tensor] = std::distance(tensor.use_begin(), tensor.use_end());
  }
  Value result = body.getTerminator()->getOperand(0);
  return isHalfByte(typeOf(result)) ? joinHalves(known[result]) : known[result];
}

int64_t WeightBytes::countBytes(func::FuncOp value) {
  Value result = value.getBody().front().getTerminator()->getOperand(0);
  RankedTensorType type = typeOf(result);
  if (auto order = result.getDefiningOp<tile::PackOp>())
    return llvm::divideCeil(
        order.getLayout().getNumElements(type.getShape()) *
            (isHalfByte(type) ? 4 : 8 * elementBytesOf(type)),
        8);
  return graph::WeightAttr::countBytes(type);
}

} // namespace tenon
