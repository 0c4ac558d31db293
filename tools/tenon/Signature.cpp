//===- Signature.cpp - what a model takes and gives, for people -----------===//

#include "tools/tenon/Signature.h"

#include "runtime/Core/Message.h"
#include "runtime/Program/Binding.h"

namespace tenon::tool {

static std::string boundsText(const abi::Symbol &symbol) {
  std::string text = rt::message("from ", symbol.min);
  if (symbol.max != INT64_MAX)
    text += rt::message(" to ", symbol.max);
  if (symbol.divisor != 1)
    text += rt::message(", a multiple of ", symbol.divisor);
  return text;
}

std::string targetsText(const rt::Model &model) {
  std::string text;
  for (const abi::Plan &plan : model.plans())
    text += (text.empty() ? "" : ", ") + plan.target;
  return text;
}

std::string signatureText(const rt::Model &model) {
  const abi::Plan &plan = model.plan();
  std::string text =
      rt::message("made by ", plan.producer, " for ", targetsText(model), "\n");
  for (const abi::Tensor &input : plan.inputs)
    text += rt::message("input   ", rt::describe(plan, input), "\n");
  for (const abi::Tensor &output : plan.outputs)
    text += rt::message("output  ", rt::describe(plan, output), "\n");
  for (const abi::Symbol &symbol : plan.symbols)
    text += rt::message("symbol  ", symbol.name, " ", boundsText(symbol), "\n");
  return text;
}

} // namespace tenon::tool
