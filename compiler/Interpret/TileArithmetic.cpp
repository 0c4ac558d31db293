//===- TileArithmetic.cpp - what map, reduce and mma compute --------------===//

#include "compiler/Interpret/TileArithmetic.h"

#include "dialects/Graph/GraphReference.h"

#include <limits>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// Scalars and elements
//===----------------------------------------------------------------------===//

static unsigned widthOf(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

Scalar tenon::scalarAt(const ReferenceTensor &tensor, int64_t position) {
  if (tensor.isFloat())
    return {.number = tensor.getFloat(position)};
  uint64_t mask =
      llvm::maskTrailingOnes<uint64_t>(widthOf(tensor.elementType()));
  return {.bits = static_cast<uint64_t>(tensor.getInt(position)) & mask};
}

void tenon::setScalar(ReferenceTensor &tensor, int64_t position, Scalar value) {
  Type type = tensor.elementType();
  if (tensor.isFloat())
    return tensor.setFloat(position, value.number);
  bool isUnsigned = type.isInteger(1) || type.isUnsignedInteger();
  tensor.setInt(position, isUnsigned
                              ? static_cast<int64_t>(value.bits)
                              : llvm::SignExtend64(value.bits, widthOf(type)));
}

//===----------------------------------------------------------------------===//
// map
//===----------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>> tenon::mapTiles(const ScalarBody &body,
                                                    ArrayRef<MapInput> inputs,
                                                    ArrayRef<Scalar> captured,
                                                    ReferenceTensor &result) {
  std::optional<SmallVector<int64_t>> undefinedAt;
  int64_t position = 0;
  graph::forEachIndex(result.dims(), [&](ArrayRef<int64_t> index) {
    SmallVector<Scalar> arguments;
    for (const MapInput &input : inputs) {
      auto own = llvm::map_to_vector(
          input.axes, [&](unsigned axis) { return index[axis]; });
      arguments.push_back(scalarAt(*input.tile, input.tile->offset(own)));
    }
    llvm::append_range(arguments, captured);
    auto value = body.run(arguments);
    if (value)
      setScalar(result, position, value->front());
    else if (!undefinedAt)
      undefinedAt = llvm::to_vector(index);
    ++position;
  });
  return undefinedAt;
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

static double identity(tile::Combine kind) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (kind) {
  case tile::Combine::Sum:
    return 0;
  case tile::Combine::Prod:
    return 1;
  case tile::Combine::Max:
  case tile::Combine::MaxNumber:
    return -kInfinity;
  case tile::Combine::Min:
    return kInfinity;
  }
  llvm_unreachable("all kinds are handled");
}

static int64_t integerIdentity(tile::Combine kind, Type type) {
  switch (kind) {
  case tile::Combine::Sum:
    return 0;
  case tile::Combine::Prod:
    return 1;
  case tile::Combine::Max:
  case tile::Combine::MaxNumber:
    return llvm::minIntN(widthOf(type));
  case tile::Combine::Min:
    return llvm::maxIntN(widthOf(type));
  }
  llvm_unreachable("all kinds are handled");
}

static double combine(tile::Combine kind, double a, double b) {
  switch (kind) {
  case tile::Combine::Sum:
    return a + b;
  case tile::Combine::Prod:
    return a * b;
  case tile::Combine::Max:
    return graph::isGreater(b, a) ? b : a;
  case tile::Combine::Min:
    return graph::isLess(b, a) ? b : a;
  case tile::Combine::MaxNumber:
    return b > a ? b : a;
  }
  llvm_unreachable("all kinds are handled");
}

/// Sums and products wrap around.
static int64_t combineIntegers(tile::Combine kind, int64_t a, int64_t b) {
  switch (kind) {
  case tile::Combine::Sum:
    return static_cast<int64_t>(uint64_t(a) + uint64_t(b));
  case tile::Combine::Prod:
    return static_cast<int64_t>(uint64_t(a) * uint64_t(b));
  case tile::Combine::Max:
  case tile::Combine::MaxNumber:
    return std::max(a, b);
  case tile::Combine::Min:
    return std::min(a, b);
  }
  llvm_unreachable("all kinds are handled");
}

ReferenceTensor tenon::reduceTile(tile::Combine kind,
                                  const ReferenceTensor &input, int64_t axis,
                                  std::optional<int64_t> limit) {
  SmallVector<int64_t> dims(input.dims());
  dims.erase(dims.begin() + axis);
  Type type = input.elementType();
  ReferenceTensor result(type, dims);
  int64_t position = 0;
  graph::forEachLine(input.dims(), axis, [&](graph::Line line) {
    line.size = std::min(line.size, limit.value_or(line.size));
    if (input.isFloat()) {
      double sum = identity(kind);
      for (int64_t i = 0; i < line.size; ++i)
        sum = combine(kind, sum, input.getFloat(line[i]));
      result.setFloat(position++, sum);
    } else {
      int64_t sum = integerIdentity(kind, type);
      for (int64_t i = 0; i < line.size; ++i)
        sum = combineIntegers(kind, sum, input.getInt(line[i]));
      result.setInt(position++, sum);
    }
  });
  result.round();
  return result;
}

//===----------------------------------------------------------------------===//
// mma
//===----------------------------------------------------------------------===//

ReferenceTensor tenon::multiplyTiles(const ReferenceTensor &lhs,
                                     const ReferenceTensor &rhs,
                                     const ReferenceTensor &accumulator) {
  int64_t rows = lhs.dims()[0], depth = lhs.dims()[1], columns = rhs.dims()[1];
  ReferenceTensor result = accumulator;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      int64_t at = i * columns + j;
      double sum = accumulator.getFloat(at);
      uint64_t integerSum = accumulator.getInt(at);
      for (int64_t k = 0; k < depth; ++k) {
        int64_t left = i * depth + k, right = k * columns + j;
        if (result.isFloat())
          sum += lhs.getFloat(left) * rhs.getFloat(right);
        else
          integerSum += uint64_t(lhs.getInt(left)) * rhs.getInt(right);
      }
      if (result.isFloat())
        result.setFloat(at, sum);
      else
        result.setInt(at, static_cast<int64_t>(integerSum));
    }
  result.round();
  return result;
}
