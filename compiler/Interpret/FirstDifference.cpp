//===- FirstDifference.cpp - where two runs of a function part ways -------===//

#include "compiler/Interpret/FirstDifference.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// Tolerance
//===----------------------------------------------------------------------===//

/// The part of the largest element that two orders of rounding may be apart:
/// about 1000 roundings of f32, 8 of the narrow types.
static double toleranceOf(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType)
    return 0;
  double epsilon =
      std::ldexp(1.0, -static_cast<int>(floatType.getFPMantissaWidth()));
  return floatType.getWidth() < 32 ? 8 * epsilon : std::max(1e-4, epsilon);
}

static double largestOf(const ReferenceTensor &tensor) {
  double largest = 0;
  for (int64_t i = 0; i < tensor.numElements(); ++i)
    if (double size = std::abs(tensor.getFloat(i)); std::isfinite(size))
      largest = std::max(largest, size);
  return largest;
}

std::optional<int64_t> tenon::firstDifference(const ReferenceTensor &expected,
                                              const ReferenceTensor &got,
                                              double tolerance) {
  double limit = toleranceOf(expected.elementType());
  if (limit > 0)
    limit = std::max(limit, tolerance);
  if (limit > 0) // a result that is all rounding has no size to speak of
    limit *= std::max(largestOf(expected), 1e-3);
  for (int64_t i = 0; i < expected.numElements(); ++i) {
    double e = expected.getFloat(i), g = got.getFloat(i);
    bool isSame =
        e == g || std::abs(e - g) <= limit || (std::isnan(e) && std::isnan(g));
    if (!isSame)
      return i;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Traces
//===----------------------------------------------------------------------===//

void Trace::record(Interpreter &interpreter) {
  interpreter.setObserver(
      [this](Operation *op, const Interpreter::Tensors &tensors) {
        results[op] = tensors;
      });
}

bool Trace::contains(const ReferenceTensor &tensor, double tolerance) const {
  for (const auto &entry : results)
    for (const ReferenceTensor &candidate : entry.second)
      if (candidate.elementType() == tensor.elementType() &&
          candidate.dims() == tensor.dims() &&
          !firstDifference(candidate, tensor, tolerance))
        return true;
  return false;
}

namespace {
/// Walks from a value to what it is computed from, and stops at what is known.
class Search {
public:
  Search(const Trace &before, const Trace &after, double tolerance)
      : before(before), after(after), tolerance(tolerance) {}

  Operation *first(Value value) {
    visit(value);
    Operation *found = nullptr;
    for (Operation *op : unknown)
      if (!found || op->isBeforeInBlock(found))
        found = op;
    return found;
  }

private:
  void visit(Value value) {
    Operation *op = value.getDefiningOp();
    // An op without operands is a constant; it is new where it is used.
    if (!op || op->getNumOperands() == 0 || unknown.contains(op) ||
        llvm::all_of(after.resultsOf(op), [&](const ReferenceTensor &tensor) {
          return before.contains(tensor, tolerance);
        }))
      return;
    unknown.insert(op);
    for (Value operand : op->getOperands())
      visit(operand);
  }

  const Trace &before, &after;
  double tolerance;
  llvm::SetVector<Operation *> unknown;
};
} // namespace

Operation *tenon::firstNewOp(Value value, const Trace &before,
                             const Trace &after, double tolerance) {
  Operation *op = Search(before, after, tolerance).first(value);
  if (!isa_and_nonnull<graph::GroupOp>(op))
    return op;
  for (Value inner : op->getRegion(0).front().getTerminator()->getOperands())
    if (Operation *found = firstNewOp(inner, before, after, tolerance))
      return found;
  return op;
}
