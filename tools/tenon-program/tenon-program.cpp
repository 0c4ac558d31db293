//===- tenon-program.cpp - runs the model that lies behind its own end ----===//
//
// `tenon compile --exe` writes this program and, from the next page on, the
// artifact. The program maps it from its own file, whose path is what the
// system was asked to execute: /proc is not there in every chroot.
//
//===----------------------------------------------------------------------===//

#include "runtime/Program/Model.h"
#include "tools/tenon/CommandLine.h"
#include "tools/tenon/RunModel.h"
#include "tools/tenon/Signature.h"

#include <bit>
#include <sys/auxv.h>

namespace tenon::tool {

static std::string ownPath() {
  return std::bit_cast<const char *>(getauxval(AT_EXECFN));
}

static rt::Result<void> run(const Arguments &arguments) {
  rt::Result<Tensors> inputs = readInputs(arguments);
  if (!inputs)
    return inputs.error();
  rt::Result<Tensors> outputs = runArtifact(ownPath(), arguments, *inputs);
  if (!outputs)
    return outputs.error();
  return finishRun(arguments, *outputs);
}

static int runProgram(std::string_view name, std::vector<std::string> words) {
  std::string details;
  if (asksForHelp(words)) {
    auto model = rt::Model::load(ownPath());
    if (!model)
      return report(model.error());
    details = signatureText(**model) + "\n";
  }
  details += kRunDetails;
  Command command = {name,    "",          "run the model in this program once",
                     details, kRunOptions, run};
  return runCommand(command, words);
}

} // namespace tenon::tool

int main(int argc, char **argv) {
  return tenon::tool::runProgram(argv[0], {argv + 1, argv + argc});
}
