// Finds the symbols' values from shapes or names, and shapes from values.

#include "runtime/Program/Binding.h"

#include "runtime/Abi/DType.h"
#include "runtime/Abi/Expr.h"
#include "runtime/Core/Message.h"

#include <algorithm>

namespace tenon::rt {

using abi::Plan;
using abi::Symbol;
using abi::Tensor;

std::vector<std::string> symbolNames(const Plan &plan) {
  std::vector<std::string> names;
  for (const Symbol &symbol : plan.symbols)
    names.push_back(symbol.name);
  return names;
}

/// "[B, 384]"
static std::string dimsText(const Plan &plan, const Tensor &tensor) {
  std::string text = "[";
  for (const abi::Expr &dim : tensor.dims)
    text += (text.size() > 1 ? ", " : "") + abi::print(dim, symbolNames(plan));
  return text + "]";
}

std::string describe(const Plan &plan, const Tensor &tensor) {
  return message(tensor.name, ": ", abi::nameOf(tensor.dtype), " ",
                 dimsText(plan, tensor));
}

/// Does `symbol` take this value? The text is what it must be, or empty.
static std::string violatedBound(const Symbol &symbol, int64_t value) {
  if (value < symbol.min)
    return message("at least ", symbol.min);
  if (value > symbol.max)
    return message("at most ", symbol.max);
  if (value % symbol.divisor)
    return message("a multiple of ", symbol.divisor);
  return "";
}

Result<void> checkInputShape(const Plan &plan, size_t input,
                             std::span<const int64_t> shape) {
  const Tensor &tensor = plan.inputs[input];
  auto refuse = [&](const auto &...why) {
    return badInput("input ", quoted(tensor.name), " has shape ",
                    shapeText(shape), ", ", why...);
  };
  if (shape.size() != tensor.dims.size())
    return refuse("expected rank ", tensor.dims.size(), ": ",
                  dimsText(plan, tensor));
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0)
      return refuse("but dim ", i, " is negative");
    auto expected = abi::asConstant(tensor.dims[i]);
    if (expected && *expected != shape[i])
      return refuse("expected dim ", i, " to be ", *expected, ": ",
                    dimsText(plan, tensor));
    auto index = abi::asSymbol(tensor.dims[i]);
    if (!index)
      continue;
    const Symbol &symbol = plan.symbols[*index];
    std::string bound = violatedBound(symbol, shape[i]);
    if (!bound.empty())
      return refuse("but dim ", i, " is ", symbol.name, ", which must be ",
                    bound);
  }
  return {};
}

/// Dims that are formulas, as in [P + L], once all symbols have values.
static Result<void> checkFormulas(const Plan &plan, const Binding &binding,
                                  std::span<const Shape> shapes) {
  for (size_t input = 0; input < shapes.size(); ++input) {
    const Tensor &tensor = plan.inputs[input];
    auto expected = shapeOf(plan, tensor, binding);
    if (!expected)
      return expected.error();
    if (*expected != shapes[input])
      return badInput("input ", quoted(tensor.name), " has shape ",
                      shapeText(shapes[input]), ", expected ",
                      shapeText(*expected), ": ", dimsText(plan, tensor));
  }
  return {};
}

Result<Binding> bindShapes(const Plan &plan, std::span<const Shape> shapes) {
  constexpr size_t kNone = SIZE_MAX;
  std::vector<size_t> boundBy(plan.symbols.size(), kNone); // which input
  Binding binding{std::vector<int64_t>(plan.symbols.size(), 0)};
  for (size_t input = 0; input < shapes.size(); ++input) {
    const Shape &shape = shapes[input];
    if (auto valid = checkInputShape(plan, input, shape); !valid)
      return valid.error();
    const Tensor &tensor = plan.inputs[input];
    for (size_t i = 0; i < shape.size(); ++i) {
      auto index = abi::asSymbol(tensor.dims[i]);
      if (!index)
        continue;
      int64_t &value = binding.symbols[*index];
      if (boundBy[*index] == kNone) {
        value = shape[i];
        boundBy[*index] = input;
      } else if (value != shape[i]) {
        return badInput("input ", quoted(tensor.name), " has shape ",
                        shapeText(shape), ", but its dim ", i, " is ",
                        plan.symbols[*index].name, ", which is ", value,
                        " in input ",
                        quoted(plan.inputs[boundBy[*index]].name));
      }
    }
  }
  if (auto valid = checkFormulas(plan, binding, shapes); !valid)
    return valid.error();
  return binding;
}

/// "it has 'batch', 'sequence'", for people.
static std::string namesOfDims(const Plan &plan) {
  std::string names;
  for (const Symbol &symbol : plan.symbols)
    names += (names.empty() ? "it has " : ", ") + quoted(symbol.name);
  return names.empty() ? "it has none" : names;
}

Result<Binding> bindSymbols(const Plan &plan,
                            const std::map<std::string, int64_t> &values) {
  Binding binding;
  for (const Symbol &symbol : plan.symbols) {
    auto given = values.find(symbol.name);
    if (given == values.end() && symbol.max == INT64_MAX)
      return badInput("dim ", quoted(symbol.name),
                      " has no maximum: give it a value");
    // A maximum that the divisor does not divide is never reached.
    int64_t value = given != values.end()
                        ? given->second
                        : symbol.max - symbol.max % symbol.divisor;
    std::string bound = violatedBound(symbol, value);
    if (!bound.empty())
      return badInput("dim ", quoted(symbol.name), " is ", value,
                      ", but must be ", bound);
    binding.symbols.push_back(value);
  }
  for (const auto &[name, value] : values) {
    auto isNamed = [&](const Symbol &symbol) { return symbol.name == name; };
    if (std::none_of(plan.symbols.begin(), plan.symbols.end(), isNamed))
      return badInput("no dim of the model is named ", quoted(name), "; ",
                      namesOfDims(plan));
  }
  return binding;
}

Result<Shape> shapeOf(const Plan &plan, const Tensor &tensor,
                      const Binding &binding) {
  Shape shape;
  for (const abi::Expr &dim : tensor.dims) {
    auto value = abi::evaluate(dim, binding.symbols);
    if (!value)
      return value.error();
    if (*value < 0)
      return badArtifact("a dim of ", quoted(tensor.name), " is ",
                         abi::print(dim, symbolNames(plan)), " = ", *value);
    shape.push_back(*value);
  }
  return shape;
}

Result<uint64_t> bytesOf(abi::DType dtype, std::span<const int64_t> shape) {
  uint64_t bits = abi::bitsOf(dtype);
  bool isEmpty = false, overflows = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      return badInput("shape ", shapeText(shape), " has a negative dim");
    isEmpty |= dim == 0;
    overflows |= dim && __builtin_mul_overflow(bits, uint64_t(dim), &bits);
  }
  if (isEmpty)
    return uint64_t(0);
  if (overflows)
    return badInput("shape ", shapeText(shape), " is larger than any memory");
  return bits / 8 + (bits % 8 != 0);
}

} // namespace tenon::rt
