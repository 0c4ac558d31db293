//===- GraphDrawer.h - draws the values of a random graph -----------------===//

#ifndef TENON_TESTS_COMPILER_PROPERTY_GRAPHDRAWER_H
#define TENON_TESTS_COMPILER_PROPERTY_GRAPHDRAWER_H

#include "tests/compiler/Property/RandomGraphs.h"

#include "dialects/Graph/GraphDialect.h"

#include <cmath>

namespace tenon {

using namespace mlir; // a header of tests only
using graph::DimAttr;
using Dims = SmallVector<DimAttr>;

class GraphDrawer {
public:
  GraphDrawer(MLIRContext &context, uint32_t seed)
      : context(context), random(seed), b(&context),
        loc(UnknownLoc::get(&context)) {}

  RandomGraph draw();

private:
  //===--- chance ---------------------------------------------------------===//
  bool chance(double probability) {
    return std::bernoulli_distribution(probability)(random);
  }
  int64_t number(int64_t first, int64_t last) {
    return std::uniform_int_distribution<int64_t>(first, last)(random);
  }
  template <typename T> T oneOf(ArrayRef<T> list) {
    return list[number(0, static_cast<int64_t>(list.size()) - 1)];
  }
  template <typename T> T oneOf(std::initializer_list<T> list) {
    return oneOf(ArrayRef<T>(list.begin(), list.end()));
  }

  //===--- dims and operands ----------------------------------------------===//
  DimAttr fixed(int64_t size) { return DimAttr::getConstant(&context, size); }
  DimAttr dim();
  Dims dims(int64_t rank);
  /// The number that a dim stands for.
  double sizeOf(DimAttr dim) {
    return static_cast<double>(*dim.evaluate(symbols));
  }
  Value input(const Dims &dims, Type type, double deviation = 1);
  /// A constant or an input.
  Value operand(const Dims &dims, Type type, double deviation = 1);
  Value operand(const Dims &dims, double deviation = 1) {
    return operand(dims, b.getF32Type(), deviation);
  }
  /// An earlier value of this type, else an operand.
  Value residualFor(Value value);
  /// An operand that broadcasts to the dims of `value`.
  Value broadcastOperand(Value value);
  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  static Dims dimsOf(Value value) {
    return Dims(graph::getDims(typeOf(value)));
  }

  //===--- kinds of work --------------------------------------------------===//
  Value unary(Value x);
  Value binary(Value x, Value y);
  Value elementwise(Value x, int64_t maxOps);
  Value product(Value x, DimAttr columns);
  Value products(Value x);
  Value norm(Value x);
  Value softmax(Value x);
  Value attention();
  Value reduction(Value x);
  Value view(Value x);
  Value join(Value x);
  Value search(Value x);
  Value rows();
  Value work(Value x);
  Value start();

  MLIRContext &context;
  std::mt19937 random;
  OpBuilder b;
  Location loc;
  Block *body = nullptr;
  SmallVector<double> deviations; ///< of the arguments
  SmallVector<Value> earlier;     ///< values after each kind of work
  llvm::StringMap<int64_t> symbols;
};

} // namespace tenon

#endif // TENON_TESTS_COMPILER_PROPERTY_GRAPHDRAWER_H
