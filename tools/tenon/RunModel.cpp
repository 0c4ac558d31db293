//===- RunModel.cpp - one run of an artifact, as `tenon run` does it ------===//

#include "tools/tenon/RunModel.h"

#include "tools/tenon/Compare.h"
#include "tools/tenon/Session.h"
#include "tools/tenon/Trace.h"

#include <iostream>

namespace tenon::tool {

using rt::Result;

Result<Tensors> runArtifact(const std::string &path, const Arguments &arguments,
                            const Tensors &inputs) {
  auto session = Session::open(path, arguments);
  if (!session)
    return session.error();
  if (auto bound = session->bind(inputs); !bound)
    return bound.error();
  if (auto done = runTraced(session->context(), arguments.value("trace"));
      !done)
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
  Result<Tensors> expected = readExpected(arguments);
  if (!expected)
    return expected.error();
  auto same = compare(outputs, *expected, {*relative, *absolute});
  if (same)
    for (const std::string &file : arguments.values("expect"))
      std::cout << "equal to " << file << "\n";
  return same;
}

Result<void> finishRun(const Arguments &arguments, const Tensors &outputs) {
  for (const rt::HostTensor &output : outputs)
    std::cout << summary(output) << "\n";
  if (auto written = writeOutputs(arguments, outputs); !written)
    return written;
  return arguments.has("expect") ? checkExpected(arguments, outputs)
                                 : Result<void>();
}

} // namespace tenon::tool
