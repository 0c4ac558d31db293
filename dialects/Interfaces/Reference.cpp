//===- Reference.cpp - the tensor that reference kernels compute with -----===//

#include "dialects/Interfaces/Reference.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <functional>
#include <numeric>

using namespace mlir;

namespace tenon {

ReferenceTensor::ReferenceTensor(Type elementType, ArrayRef<int64_t> dims)
    : type(elementType), shape(dims), hasFloats(isa<FloatType>(elementType)) {
  if (isFloat())
    floats.resize(numElements());
  else
    ints.resize(numElements());
}

int64_t ReferenceTensor::numElements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1},
                         std::multiplies<int64_t>());
}

double ReferenceTensor::getFloat(int64_t position) const {
  return isFloat() ? floats[position] : static_cast<double>(ints[position]);
}

int64_t ReferenceTensor::getInt(int64_t position) const {
  return isFloat() ? static_cast<int64_t>(floats[position]) : ints[position];
}

void ReferenceTensor::setFloat(int64_t position, double value) {
  if (isFloat())
    floats[position] = value;
  else
    ints[position] = static_cast<int64_t>(value);
}

void ReferenceTensor::setInt(int64_t position, int64_t value) {
  if (isFloat())
    floats[position] = static_cast<double>(value);
  else
    ints[position] = value;
}

int64_t ReferenceTensor::offset(ArrayRef<int64_t> index) const {
  int64_t position = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    position = position * extent + i;
  return position;
}

int64_t ReferenceTensor::broadcastOffset(ArrayRef<int64_t> index) const {
  int64_t position = 0;
  ArrayRef<int64_t> aligned = index.take_back(shape.size());
  for (auto [i, extent] : llvm::zip_equal(aligned, shape))
    position = position * extent + (extent == 1 ? 0 : i);
  return position;
}

double roundToType(double value, FloatType type) {
  if (type.isF64())
    return value;
  llvm::APFloat rounded(value);
  bool losesInfo = false;
  rounded.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                  &losesInfo);
  rounded.convert(llvm::APFloat::IEEEdouble(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded.convertToDouble();
}

/// `value` modulo 2^bits, in the range of the signed or unsigned type.
static int64_t wrapInteger(int64_t value, IntegerType type) {
  unsigned width = type.getWidth();
  if (width == 1)
    return value != 0;
  if (width >= 64)
    return value;
  uint64_t low = static_cast<uint64_t>(value) & ((uint64_t{1} << width) - 1);
  bool isNegative = !type.isUnsigned() && (low >> (width - 1)) != 0;
  return static_cast<int64_t>(isNegative ? low - (uint64_t{1} << width) : low);
}

void ReferenceTensor::round() {
  if (type.isF32()) { // the common case, without APFloat
    for (double &value : floats)
      value = static_cast<float>(value);
  } else if (auto floatType = dyn_cast<FloatType>(type)) {
    for (double &value : floats)
      value = roundToType(value, floatType);
  } else if (auto intType = dyn_cast<IntegerType>(type)) {
    for (int64_t &value : ints)
      value = wrapInteger(value, intType);
  }
}

bool nextIndex(MutableArrayRef<int64_t> index, ArrayRef<int64_t> dims) {
  for (int64_t d = static_cast<int64_t>(dims.size()) - 1; d >= 0; --d) {
    if (++index[d] < dims[d])
      return true;
    index[d] = 0;
  }
  return false;
}

} // namespace tenon
