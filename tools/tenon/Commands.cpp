//===- Commands.cpp - finds the subcommand --------------------------------===//

#include "tools/tenon/Commands.h"

#include "runtime/Core/Message.h"
#include "tools/tenon/CommandLine.h"

#include <iostream>

namespace tenon::tool {

namespace {

constexpr const Command *kCommands[] = {&kCompile, &kRun,    &kBench,
                                        &kInspect, &kVerify, &kEmbed};

std::string toolHelp() {
  std::string text = "usage: tenon COMMAND FILE [OPTION...]\n\n"
                     "Compiles transformers to native files and runs them.\n\n";
  for (const Command *command : kCommands) {
    std::string line = "  " + std::string(command->name);
    line.resize(12, ' ');
    text += rt::message(line, command->summary, "\n");
  }
  return text + "\ntenon COMMAND --help says more about one of them; tenon "
                "--version prints the version.\n"
                "Exit status: 0 when done, 1 for an error of the user, 2 for "
                "one of this program.\n";
}

const Command *findCommand(std::string_view name) {
  for (const Command *command : kCommands)
    if (command->name == name)
      return command;
  return nullptr;
}

} // namespace

int runTool(std::span<char *const> argv) {
  std::vector<std::string> words(argv.begin(), argv.end());
  if (words.empty()) {
    std::cerr << toolHelp();
    return 1;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    std::cout << toolHelp();
    return 0;
  }
  if (words[0] == "--version") {
    std::cout << "tenon " TENON_BUILD_VERSION "\n";
    return 0;
  }
  const Command *command = findCommand(words[0]);
  if (!command)
    return report(rt::badInput("there is no command ", rt::quoted(words[0]),
                               "; see tenon --help"));
  return runCommand(*command, std::span(words).subspan(1));
}

} // namespace tenon::tool
