//===- Verify.cpp - tenon verify: is every byte of an artifact right? -----===//

#include "runtime/Program/Model.h"
#include "tools/tenon/Commands.h"

#include <iostream>

namespace tenon::tool {

static rt::Result<void> verify(const Arguments &arguments) {
  auto model = rt::Model::load(arguments.operand());
  if (!model)
    return model.error();
  if (auto checked = (*model)->verifyWeights(); !checked)
    return checked.error();
  std::cout << arguments.operand() << ": structure, plan and "
            << (*model)->plan().weights.size() << " weights are right\n";
  return {};
}

const Command kVerify = {
    "verify",
    "MODEL.tenon",
    "check every byte of an artifact",
    "Loading checks all but the contents of the weights; this checks these\n"
    "too, and names the first one that is damaged.",
    {},
    verify};

} // namespace tenon::tool
