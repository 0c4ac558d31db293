//===- Run.cpp - tenon run: one run of a model on given inputs ------------===//

#include "runtime/Core/Message.h"
#include "runtime/Formats/Npz.h"
#include "tools/tenon/Commands.h"
#include "tools/tenon/Compare.h"
#include "tools/tenon/Interpret.h"
#include "tools/tenon/Session.h"

#include <iostream>

namespace tenon::tool {

using rt::Result;

static Result<Tensors> runArtifact(const Arguments &arguments,
                                   const Tensors &inputs) {
  auto session = Session::open(arguments);
  if (!session)
    return session.error();
  if (auto bound = session->bind(inputs); !bound)
    return bound.error();
  if (auto done = session->context().run(); !done)
    return done.error();
  return session->outputs();
}

static Result<void> checkExpected(const Arguments &arguments,
                                  const Tensors &outputs) {
  Tolerance tolerance;
  Result<double> relative = arguments.tolerance("rtol", tolerance.relative);
  if (!relative)
    return relative.error();
  Result<double> absolute = arguments.tolerance("atol", tolerance.absolute);
  if (!absolute)
    return absolute.error();
  Result<Tensors> expected = rt::readNpz(arguments.value("expect"));
  if (!expected)
    return expected.error();
  auto same = compare(outputs, *expected, {*relative, *absolute});
  if (same)
    std::cout << "equal to " << arguments.value("expect") << "\n";
  return same;
}

static Result<void> run(const Arguments &arguments) {
  Result<Tensors> inputs = readInputs(arguments);
  if (!inputs)
    return inputs.error();
  Result<Tensors> outputs =
      arguments.has("interpret")
          ? interpretFile(arguments.operand(), std::move(*inputs))
          : runArtifact(arguments, *inputs);
  if (!outputs)
    return outputs.error();
  for (const rt::HostTensor &output : *outputs)
    std::cout << summary(output) << "\n";
  if (auto written = writeOutputs(arguments, *outputs); !written)
    return written;
  return arguments.has("expect") ? checkExpected(arguments, *outputs)
                                 : Result<void>();
}

static constexpr Option kOptions[] = {
    {"input", "NAME=FILE", "an input: a .npy or .pb file", true},
    {"inputs", "FILE.npz", "inputs, by their names"},
    {"o", "FILE.npz", "write the outputs to one file"},
    {"output-dir", "FOLDER", "write each output to FOLDER/NAME.npy"},
    {"expect", "FILE.npz",
     "compare with these outputs, and say where they differ first"},
    {"rtol", "R", "relative tolerance of --expect (1e-5)"},
    {"atol", "A", "absolute tolerance of --expect (1e-6)"},
    {"threads", "N", "threads (TENON_NUM_THREADS, or one for each core)"},
    {"interpret", "", "run a .onnx or .mlir file by the ops' meaning; slow"},
};

const Command kRun = {"run",
                      "MODEL.tenon",
                      "run a model once on given inputs",
                      "Prints each output's type, shape and range.",
                      kOptions,
                      run};

} // namespace tenon::tool
