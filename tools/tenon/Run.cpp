//===- Run.cpp - tenon run: one run of a model on given inputs ------------===//

#include "runtime/Core/Message.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Interpret.h"
#include "tools/tenon/RunModel.h"

#include <algorithm>
#include <array>

namespace tenon::tool {

using rt::Result;

static Result<void> run(const Arguments &arguments) {
  for (const char *option : {"trace", "dump"})
    if (arguments.has("interpret") && arguments.has(option))
      return rt::badInput("--interpret runs no kernels: it excludes --",
                          option);
  Result<Tensors> inputs = readInputs(arguments);
  if (!inputs)
    return inputs.error();
  Result<Tensors> outputs =
      arguments.has("interpret")
          ? interpretFile(arguments.operand(), std::move(*inputs))
          : runArtifact(arguments.operand(), arguments, *inputs);
  if (!outputs)
    return outputs.error();
  return finishRun(arguments, *outputs);
}

/// Those of every run, and what only this tool can do.
static constexpr auto kOptions = [] {
  std::array<Option, std::size(kRunOptions) + 1> options;
  std::ranges::copy(kRunOptions, options.begin());
  options.back() = {"interpret", "",
                    "run a .onnx or .mlir file by the ops' meaning; slow"};
  return options;
}();

const Command kRun = {
    "run",       "MODEL.tenon", "run a model once on given inputs",
    kRunDetails, kOptions,      run};

} // namespace tenon::tool
