//===- GraphElementwiseReference.cpp - the table of scalar kernels --------===//

#include "dialects/Graph/GraphElementwise.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace tenon::graph {

//===----------------------------------------------------------------------===//
// Scalar functions that need more than a line
//===----------------------------------------------------------------------===//

/// Without overflow in exp, whatever the sign.
static double sigmoid(double x) {
  double decay = std::exp(-std::abs(x));
  return x < 0 ? decay / (1 + decay) : 1 / (1 + decay);
}

static double silu(double x) { return x * sigmoid(x); }

/// erfc keeps the digits that 1 + erf cancels for negative `x`.
static double geluErf(double x) {
  return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

/// (1 + tanh(z)) / 2 is the logistic function of 2 z, which cancels nothing.
static double geluTanh(double x) {
  double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return x * sigmoid(2 * inner);
}

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }

/// The larger one; NaN when either is.
static double maximum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b);
}

static double minimum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmin(a, b);
}

/// a - b * floor(a / b): the sign of the divisor; 0 when that is 0.
static WideInt floorMod(WideInt a, WideInt b) {
  if (b == 0)
    return 0;
  WideInt rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// Modulo 2^128, since the product of two ui64 may need the top bit.
static WideInt multiply(WideInt a, WideInt b) {
  return static_cast<WideInt>(static_cast<unsigned __int128>(a) *
                              static_cast<unsigned __int128>(b));
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

// An expression of a, b and c, as a kernel on floats or integers.
#define FLOAT(expression)                                                      \
  [](double a, [[maybe_unused]] double b,                                      \
     [[maybe_unused]] double c) -> double { return expression; }
#define INT(expression)                                                        \
  [](WideInt a, [[maybe_unused]] WideInt b,                                    \
     [[maybe_unused]] WideInt c) -> WideInt { return expression; }

static constexpr ElementwiseKernel kKernels[] = {
    {"neg", 1, FLOAT(-a), INT(-a)},
    {"abs", 1, FLOAT(std::abs(a)), INT(a < 0 ? -a : a)},
    {"sign", 1, FLOAT(sign(a)), INT((a > 0) - (a < 0))},
    {"exp", 1, FLOAT(std::exp(a)), nullptr},
    {"log", 1, FLOAT(std::log(a)), nullptr},
    {"sqrt", 1, FLOAT(std::sqrt(a)), nullptr},
    {"rsqrt", 1, FLOAT(1 / std::sqrt(a)), nullptr},
    {"reciprocal", 1, FLOAT(1 / a), nullptr},
    {"erf", 1, FLOAT(std::erf(a)), nullptr},
    {"tanh", 1, FLOAT(std::tanh(a)), nullptr},
    {"sin", 1, FLOAT(std::sin(a)), nullptr},
    {"cos", 1, FLOAT(std::cos(a)), nullptr},
    {"sigmoid", 1, FLOAT(sigmoid(a)), nullptr},
    {"silu", 1, FLOAT(silu(a)), nullptr},
    {"relu", 1, FLOAT(maximum(a, 0)), INT(a < 0 ? 0 : a)},
    {"floor", 1, FLOAT(std::floor(a)), nullptr},
    {"ceil", 1, FLOAT(std::ceil(a)), nullptr},
    {"round", 1, FLOAT(std::nearbyint(a)), nullptr},
    {"gelu_erf", 1, FLOAT(geluErf(a)), nullptr},
    {"gelu_tanh", 1, FLOAT(geluTanh(a)), nullptr},
    {"is_nan", 1, FLOAT(std::isnan(a)), nullptr},
    {"not", 1, nullptr, INT(a == 0)},
    {"cast", 1, FLOAT(a), INT(a)}, // storing the result converts
    {"add", 2, FLOAT(a + b), INT(a + b)},
    {"sub", 2, FLOAT(a - b), INT(a - b)},
    {"mul", 2, FLOAT(a * b), INT(multiply(a, b))},
    {"div", 2, FLOAT(a / b), INT(b == 0 ? 0 : a / b)},
    {"mod", 2, FLOAT(std::fmod(a, b)), INT(floorMod(a, b))},
    {"pow", 2, FLOAT(std::pow(a, b)), nullptr},
    {"max", 2, FLOAT(maximum(a, b)), INT(a < b ? b : a)},
    {"min", 2, FLOAT(minimum(a, b)), INT(b < a ? b : a)},
    {"swiglu", 2, FLOAT(silu(a) * b), nullptr},
    {"fma", 3, FLOAT(std::fma(a, b, c)), nullptr},
    {"and", 2, nullptr, INT(a & b)},
    {"or", 2, nullptr, INT(a | b)},
    {"xor", 2, nullptr, INT(a ^ b)},
    {"compare_eq", 2, FLOAT(a == b), INT(a == b)},
    {"compare_ne", 2, FLOAT(a != b), INT(a != b)},
    {"compare_lt", 2, FLOAT(a < b), INT(a < b)},
    {"compare_le", 2, FLOAT(a <= b), INT(a <= b)},
    {"compare_gt", 2, FLOAT(a > b), INT(a > b)},
    {"compare_ge", 2, FLOAT(a >= b), INT(a >= b)},
    {"where", 3, FLOAT(a != 0 ? b : c), INT(a != 0 ? b : c)},
};

#undef FLOAT
#undef INT

ArrayRef<ElementwiseKernel> getElementwiseKernels() { return kKernels; }

const ElementwiseKernel *findElementwiseKernel(StringRef name) {
  const auto *found =
      llvm::find_if(kKernels, [&](const ElementwiseKernel &kernel) {
        return kernel.name == name;
      });
  return found == std::end(kKernels) ? nullptr : found;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

WideInt getWideInt(const ReferenceTensor &tensor, int64_t position) {
  int64_t value = tensor.getInt(position);
  if (tensor.elementType().isUnsignedInteger())
    return static_cast<uint64_t>(value);
  return value;
}

WideInt truncateToInt(double value, IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  unsigned numMagnitudeBits = type.getWidth() - (isUnsigned ? 0 : 1);
  WideInt end = WideInt{1} << numMagnitudeBits;
  if (std::isnan(value))
    return 0;
  if (value >= static_cast<double>(end))
    return end - 1;
  WideInt lowest = isUnsigned ? WideInt{0} : -end;
  if (value <= static_cast<double>(lowest))
    return lowest;
  return static_cast<WideInt>(value);
}

static void storeFloat(ReferenceTensor &tensor, int64_t position,
                       double value) {
  if (tensor.isFloat())
    return tensor.setFloat(position, value);
  auto type = cast<IntegerType>(tensor.elementType());
  bool isBool = type.getWidth() == 1;
  tensor.setInt(position,
                isBool ? int64_t{value != 0}
                       : static_cast<int64_t>(truncateToInt(value, type)));
}

static void storeInt(ReferenceTensor &tensor, int64_t position, WideInt value) {
  if (tensor.isFloat())
    return tensor.setFloat(position, static_cast<double>(value));
  bool isBool = tensor.elementType().isInteger(1);
  tensor.setInt(position,
                isBool ? int64_t{value != 0} : static_cast<int64_t>(value));
}

LogicalResult evaluateElementwise(Operation *op, StringRef variant,
                                  ArrayRef<ReferenceTensor> operands,
                                  MutableArrayRef<ReferenceTensor> results) {
  std::string name = op->getName().stripDialect().str();
  if (!variant.empty())
    name += ("_" + variant).str();
  const ElementwiseKernel *kernel = findElementwiseKernel(name);
  assert(kernel && "every elementwise op has a line in the table");

  ReferenceTensor &result = results[0];
  if (result.numElements() == 0)
    return success();
  // The last operand has the element type that the op computes in; the first
  // may be a condition.
  bool isFloat = operands.back().isFloat();
  SmallVector<int64_t> index(result.rank(), 0);
  int64_t position = 0;
  do {
    double floats[3] = {};
    WideInt ints[3] = {};
    for (auto [number, operand] : llvm::enumerate(operands)) {
      int64_t from = operand.broadcastOffset(index);
      floats[number] = operand.getFloat(from);
      ints[number] = operand.isFloat() ? WideInt{0} : getWideInt(operand, from);
    }
    if (isFloat)
      storeFloat(result, position,
                 kernel->onFloats(floats[0], floats[1], floats[2]));
    else
      storeInt(result, position, kernel->onInts(ints[0], ints[1], ints[2]));
    ++position;
  } while (nextIndex(index, result.dims()));
  result.round();
  return success();
}

} // namespace tenon::graph
