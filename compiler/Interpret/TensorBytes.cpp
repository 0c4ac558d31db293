//===- TensorBytes.cpp - reference tensors from and to raw bytes ----------===//

#include "compiler/Interpret/TensorBytes.h"

#include "dialects/Graph/GraphDialect.h"

#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace tenon;

namespace {
/// Where the bits of an element are. Elements of fewer than 8 bits other than
/// bool share a byte.
struct ElementBits {
  explicit ElementBits(Type type)
      : width(type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth()) {}

  uint64_t load(const char *bytes, int64_t position) const {
    int64_t bit = position * width;
    uint64_t value = 0;
    for (unsigned done = 0; done < width; done += 8)
      value |= uint64_t{static_cast<uint8_t>(bytes[(bit + done) / 8])} << done;
    return (value >> (bit % 8)) & mask();
  }

  void store(char *bytes, int64_t position, uint64_t value) const {
    int64_t bit = position * width;
    value = (value & mask()) << (bit % 8);
    for (unsigned done = 0; done < width; done += 8)
      bytes[(bit + done) / 8] |= static_cast<char>(value >> done);
  }

  uint64_t mask() const { return llvm::maskTrailingOnes<uint64_t>(width); }

  unsigned width;
};
} // namespace

static double bitsToFloat(uint64_t bits, FloatType type) {
  if (type.isF32()) // the common case, without APFloat
    return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
  llvm::APFloat value(type.getFloatSemantics(),
                      llvm::APInt(type.getWidth(), bits));
  bool losesInfo = false;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

static uint64_t floatToBits(double number, FloatType type) {
  if (type.isF32())
    return llvm::bit_cast<uint32_t>(static_cast<float>(number));
  llvm::APFloat value(number);
  bool losesInfo = false;
  value.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.bitcastToAPInt().getZExtValue();
}

FailureOr<ReferenceTensor>
tenon::tensorFromBytes(ArrayRef<char> bytes, RankedTensorType type,
                       function_ref<InFlightDiagnostic()> emitError) {
  int64_t expected = graph::WeightAttr::countBytes(type);
  if (static_cast<int64_t>(bytes.size()) != expected)
    return emitError()
           << "the bytes of a tensor are those of its elements: expected "
           << expected << " for " << type << ", got " << bytes.size();

  Type elementType = type.getElementType();
  ReferenceTensor tensor(elementType, type.getShape());
  ElementBits element(elementType);
  for (int64_t position = 0; position < tensor.numElements(); ++position) {
    uint64_t bits = element.load(bytes.data(), position);
    if (auto floatType = dyn_cast<FloatType>(elementType))
      tensor.setFloat(position, bitsToFloat(bits, floatType));
    else
      tensor.setInt(position, static_cast<int64_t>(bits));
  }
  if (!tensor.isFloat())
    tensor.round(); // restores the sign of narrow integers
  return tensor;
}

std::vector<char> tenon::toBytes(const ReferenceTensor &tensor) {
  Type elementType = tensor.elementType();
  auto type = RankedTensorType::get(tensor.dims(), elementType);
  std::vector<char> bytes(graph::WeightAttr::countBytes(type));
  ElementBits element(elementType);
  for (int64_t position = 0; position < tensor.numElements(); ++position) {
    auto floatType = dyn_cast<FloatType>(elementType);
    uint64_t bits = floatType
                        ? floatToBits(tensor.getFloat(position), floatType)
                        : static_cast<uint64_t>(tensor.getInt(position));
    element.store(bytes.data(), position, bits);
  }
  return bytes;
}
