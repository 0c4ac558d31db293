//===- Shapes.cpp - values for a model's symbols, and inputs of such shapes
//===//

#include "tools/tenon/Shapes.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace tenon::tool {

using rt::badInput;
using rt::HostTensor;
using rt::Result;

static Result<void> addNumber(SymbolNumbers &numbers, std::string_view option,
                              std::string_view part) {
  size_t equals = std::min(part.find('='), part.size());
  auto number = positiveNumber(part.substr(std::min(equals + 1, part.size())));
  if (equals == 0 || !number)
    return badInput("--", option, ": expected NAME=NUMBER, got ",
                    rt::quoted(part));
  std::string name(part.substr(0, equals));
  auto [known, isNew] = numbers.try_emplace(name, *number);
  if (!isNew && known->second != *number)
    return badInput("--", option, ": ", rt::quoted(name), " is both ",
                    known->second, " and ", *number);
  return {};
}

Result<SymbolNumbers> symbolNumbers(const Arguments &arguments,
                                    std::string_view option) {
  SymbolNumbers numbers;
  for (std::string_view text : arguments.values(option))
    while (!text.empty()) {
      size_t comma = std::min(text.find(','), text.size());
      if (auto added = addNumber(numbers, option, text.substr(0, comma));
          !added)
        return added.error();
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
  return numbers;
}

Result<rt::Binding> bindingOf(const abi::Plan &plan, const Arguments &arguments,
                              std::string_view option) {
  if (arguments.value(option) == "max")
    return rt::bindSymbols(plan, {});
  Result<SymbolNumbers> numbers = symbolNumbers(arguments, option);
  if (!numbers)
    return numbers.error();
  for (const abi::Symbol &symbol : plan.symbols)
    numbers->try_emplace(symbol.name,
                         std::max({symbol.min, symbol.divisor, int64_t(1)}));
  return rt::bindSymbols(plan, *numbers);
}

template <typename T> static void fill(HostTensor &tensor, T value) {
  for (size_t at = 0; at + sizeof(T) <= tensor.data.size(); at += sizeof(T))
    std::memcpy(tensor.data.data() + at, &value, sizeof(T));
}

static void fillFloats(HostTensor &tensor, std::mt19937 &random) {
  std::uniform_real_distribution<float> distribution(-1, 1);
  for (size_t at = 0; at < tensor.data.size(); at += sizeof(float)) {
    float value = distribution(random);
    std::memcpy(tensor.data.data() + at, &value, sizeof(float));
  }
}

static Result<void> fillAny(HostTensor &tensor, std::mt19937 &random) {
  switch (tensor.dtype) {
  case abi::DType::F32:
    fillFloats(tensor, random);
    return {};
  case abi::DType::F64:
    fill<double>(tensor, 0.5);
    return {};
  case abi::DType::F16:
    fill<uint16_t>(tensor, 0x3800); // 0.5
    return {};
  case abi::DType::BF16:
    fill<uint16_t>(tensor, 0x3f00); // 0.5
    return {};
  case abi::DType::Bool:
  case abi::DType::I8:
  case abi::DType::U8:
    fill<uint8_t>(tensor, 1);
    return {};
  case abi::DType::I16:
  case abi::DType::U16:
    fill<uint16_t>(tensor, 1);
    return {};
  case abi::DType::I32:
  case abi::DType::U32:
    fill<uint32_t>(tensor, 1);
    return {};
  case abi::DType::I64:
  case abi::DType::U64:
    fill<uint64_t>(tensor, 1);
    return {};
  default:
    return badInput("no values can be made for input ", rt::quoted(tensor.name),
                    " of ", abi::nameOf(tensor.dtype), "; give it by --input");
  }
}

Result<Tensors> makeInputs(const abi::Plan &plan, const rt::Binding &binding) {
  Tensors inputs;
  std::mt19937 random(0);
  for (const abi::Tensor &input : plan.inputs) {
    Result<rt::Shape> shape = rt::shapeOf(plan, input, binding);
    if (!shape)
      return shape.error();
    Result<uint64_t> sizeBytes = rt::bytesOf(input.dtype, *shape);
    if (!sizeBytes)
      return sizeBytes.error();
    HostTensor tensor{input.name, input.dtype, *shape,
                      std::vector<std::byte>(*sizeBytes)};
    if (auto filled = fillAny(tensor, random); !filled)
      return filled.error();
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

std::string describe(const abi::Plan &plan, const rt::Binding &binding) {
  std::string text;
  for (size_t i = 0; i < plan.symbols.size(); ++i)
    text += rt::message(i ? ", " : "", plan.symbols[i].name, "=",
                        binding.symbols[i]);
  return text.empty() ? "fixed shapes" : text;
}

} // namespace tenon::tool
