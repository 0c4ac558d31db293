//===- Raising.cpp - what all raising passes share ------------------------===//

#include "passes/Raise/Raising.h"

#include "passes/Analysis/KnownValues.h"

#include "mlir/Transforms/RegionUtils.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace tenon {

void raise(Operation *root, RewritePatternSet patterns) {
  walkAndApplyPatterns(root, std::move(patterns));
  IRRewriter rewriter(root->getContext());
  (void)runRegionDCE(rewriter, root->getRegions());
}

std::optional<NumberAndOther> findNumber(Operation *op) {
  for (unsigned i : {1u, 0u})
    if (std::optional<double> number = getUniformNumber(op->getOperand(i)))
      return NumberAndOther{*number, op->getOperand(1 - i)};
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

namespace {

/// The formulas to be recognised are smaller than this.
constexpr unsigned kDeepestFormula = 10;
constexpr unsigned kHighestDegree = 4;

Polynomial add(const Polynomial &a, const Polynomial &b, double scale) {
  Polynomial sum = a;
  for (auto [powers, coefficient] : b)
    sum[powers] += scale * coefficient;
  return sum;
}

std::optional<Polynomial> multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial product;
  for (auto [powersA, coefficientA] : a)
    for (auto [powersB, coefficientB] : b) {
      std::pair powers(powersA.first + powersB.first,
                       powersA.second + powersB.second);
      if (powers.first + powers.second > kHighestDegree)
        return std::nullopt;
      product[powers] += coefficientA * coefficientB;
    }
  return product;
}

class PolynomialReader {
public:
  PolynomialReader(Value x, Value y) : x(x), y(y) {}

  std::optional<Polynomial> read(Value value,
                                 unsigned depth = kDeepestFormula) {
    if (value == x)
      return Polynomial{{{1, 0}, 1.0}};
    if (value == y)
      return Polynomial{{{0, 1}, 1.0}};
    if (std::optional<double> number = getUniformNumber(value))
      return Polynomial{{{0, 0}, *number}};
    Operation *op = value.getDefiningOp();
    if (!op || depth == 0)
      return std::nullopt;
    return llvm::TypeSwitch<Operation *, std::optional<Polynomial>>(op)
        .Case([&](graph::AddOp) { return readSum(op, 1.0, depth); })
        .Case([&](graph::SubOp) { return readSum(op, -1.0, depth); })
        .Case([&](graph::MulOp) { return readProduct(op, depth); })
        .Case([&](graph::DivOp) { return readQuotient(op, depth); })
        .Case([&](graph::PowOp) { return readPower(op, depth); })
        .Case([&](graph::NegOp) {
          return scaled(op->getOperand(0), -1.0, depth);
        })
        .Default([](Operation *) { return std::nullopt; });
  }

private:
  std::optional<Polynomial> scaled(Value value, double scale, unsigned depth) {
    std::optional<Polynomial> input = read(value, depth - 1);
    return input ? std::optional(add({}, *input, scale)) : std::nullopt;
  }

  std::optional<Polynomial> readSum(Operation *op, double sign,
                                    unsigned depth) {
    std::optional<Polynomial> lhs = read(op->getOperand(0), depth - 1);
    std::optional<Polynomial> rhs =
        lhs ? scaled(op->getOperand(1), sign, depth) : std::nullopt;
    return rhs ? std::optional(add(*lhs, *rhs, 1.0)) : std::nullopt;
  }

  std::optional<Polynomial> readProduct(Operation *op, unsigned depth) {
    std::optional<Polynomial> lhs = read(op->getOperand(0), depth - 1);
    std::optional<Polynomial> rhs =
        lhs ? read(op->getOperand(1), depth - 1) : std::nullopt;
    return rhs ? multiply(*lhs, *rhs) : std::nullopt;
  }

  std::optional<Polynomial> readQuotient(Operation *op, unsigned depth) {
    std::optional<double> divisor = getUniformNumber(op->getOperand(1));
    if (!divisor || *divisor == 0.0)
      return std::nullopt;
    return scaled(op->getOperand(0), 1.0 / *divisor, depth);
  }

  std::optional<Polynomial> readPower(Operation *op, unsigned depth) {
    std::optional<double> exponent = getUniformNumber(op->getOperand(1));
    std::optional<Polynomial> base = read(op->getOperand(0), depth - 1);
    if (!exponent || !base || (*exponent != 2.0 && *exponent != 3.0))
      return std::nullopt;
    std::optional<Polynomial> power = multiply(*base, *base);
    return power && *exponent == 3.0 ? multiply(*power, *base) : power;
  }

  Value x, y;
};

} // namespace

std::optional<Polynomial> readPolynomial(Value value, Value x, Value y) {
  return PolynomialReader(x, y).read(value);
}

bool areNear(const Polynomial &a, const Polynomial &b, Type elementType) {
  Polynomial difference = add(a, b, -1.0);
  return llvm::all_of(difference, [&](auto entry) {
    auto found = b.find(entry.first);
    double expected = found == b.end() ? 0.0 : found->second;
    return std::abs(entry.second) <=
           roundingOf(elementType) * std::abs(expected);
  });
}

} // namespace tenon
