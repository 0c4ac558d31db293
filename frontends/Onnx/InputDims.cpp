//===- InputDims.cpp - what the dims of a model's inputs are called -------===//

#include "frontends/Onnx/InputDims.h"

#include "runtime/Core/Message.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::onnx;
using rt::badInput;
using rt::quoted;

namespace {

/// What a name of the model means, and which input was given that.
struct Meaning {
  std::string text, input;
};
using Meanings = StringMap<Meaning>;

/// An expression's operators.
constexpr StringLiteral kOperators = "+-*";

bool isName(std::string_view symbol) {
  return any_of(symbol, [](char c) { return isAlnum(c); });
}

const ValueInfo *findInput(const Graph &graph, StringRef name) {
  auto found = find_if(graph.inputs, [&](const ValueInfo &input) {
    return StringRef(input.name) == name;
  });
  return found == graph.inputs.end() ? nullptr : &*found;
}

/// Calls `use` with each dim that options and model both say something about,
/// in the order of the model's inputs.
void forEachGivenDim(
    const Graph &graph, const ImportOptions &options,
    function_ref<void(const ValueInfo &, size_t, StringRef)> use) {
  for (const ValueInfo &input : graph.inputs) {
    auto given = options.inputDims.find(input.name);
    if (given == options.inputDims.end() || !input.hasShape)
      continue;
    for (auto [axis, text] : enumerate(given->second))
      use(input, axis, text);
  }
}

/// Of names that stand for a dim by themselves; the first input decides.
Meanings meaningsOf(const Graph &graph, const ImportOptions &options) {
  Meanings meanings;
  forEachGivenDim(
      graph, options, [&](const ValueInfo &input, size_t axis, StringRef text) {
        const Dim &dim = input.dims[axis];
        if (dim.value.value_or(0) <= 0 && isName(dim.symbol))
          meanings.try_emplace(dim.symbol,
                               Meaning{text.str(), std::string(input.name)});
      });
  return meanings;
}

/// "past + length" with the meanings of its names. A meaning that is a sum
/// itself would need parentheses, so such a name stays.
std::string replaceNames(StringRef text, const Meanings &meanings) {
  if (auto whole = meanings.find(text); whole != meanings.end())
    return whole->second.text;
  std::string result;
  while (!text.empty()) {
    size_t end = std::min(text.find_first_of(kOperators), text.size());
    StringRef part = text.substr(0, end);
    auto found = meanings.find(part.trim());
    bool isSimple = found != meanings.end() &&
                    StringRef(found->second.text).find_first_of(kOperators) ==
                        StringRef::npos;
    result += isSimple ? found->second.text : part.str();
    result += text.substr(end, 1);
    text = text.drop_front(std::min(end + 1, text.size()));
  }
  return result;
}

std::string namesOf(const Graph &graph) {
  std::string names;
  for (const ValueInfo &input : graph.inputs)
    names += (names.empty() ? "" : ", ") + quoted(input.name);
  return names;
}

} // namespace

rt::Result<void> onnx::checkInputDims(const Graph &graph,
                                      const ImportOptions &options) {
  for (const auto &given : options.inputDims) {
    StringRef name = given.first();
    const ValueInfo *input = findInput(graph, name);
    if (!input)
      return badInput("dims are given for ", quoted(name),
                      ", which is no input: the model has ", namesOf(graph));
    if (input->hasShape && input->dims.size() != given.second.size())
      return badInput("input ", quoted(name), " has ", input->dims.size(),
                      " dims, but ", given.second.size(),
                      " are given: ", join(given.second, "x"));
  }
  rt::Result<void> valid;
  Meanings meanings = meaningsOf(graph, options);
  forEachGivenDim(
      graph, options, [&](const ValueInfo &input, size_t axis, StringRef text) {
        const Dim &dim = input.dims[axis];
        int64_t number, stated = dim.value.value_or(0);
        if (stated > 0 && !text.getAsInteger(10, number) && number != stated)
          valid =
              badInput("dim ", axis, " of input ", quoted(input.name), " is ",
                       stated, " in the model, but ", number, " is given");
        auto meaning = meanings.find(dim.symbol);
        if (meaning != meanings.end() && meaning->second.text != text)
          valid =
              badInput("one size of the model, ", quoted(dim.symbol),
                       ", is given as ", quoted(meaning->second.text),
                       " in input ", quoted(meaning->second.input), " and as ",
                       quoted(text), " in input ", quoted(input.name));
      });
  return valid;
}

rt::Result<SmallVector<std::string>>
onnx::dimsOfInput(const Graph &graph, const ImportOptions &options,
                  const ValueInfo &input) {
  if (auto given = options.inputDims.find(input.name);
      given != options.inputDims.end())
    return given->second;
  if (!input.hasShape)
    return badInput("input ", quoted(input.name),
                    " has no shape: expected one in the model or in the "
                    "import options");
  Meanings meanings = meaningsOf(graph, options);
  SmallVector<std::string> dims;
  for (auto [axis, dim] : enumerate(input.dims)) {
    if (dim.value.value_or(0) > 0)
      dims.push_back(std::to_string(*dim.value));
    else if (isName(dim.symbol))
      dims.push_back(replaceNames(dim.symbol, meanings));
    else
      dims.push_back(std::string(input.name) + "_" + std::to_string(axis));
  }
  return dims;
}
