//===- Commands.cpp - finds the subcommand and reports how it ended -------===//

#include "tools/tenon/Commands.h"

#include "runtime/Core/Message.h"

#include <algorithm>
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

int report(const rt::Error &error) {
  std::cout.flush();
  std::cerr << "error: " << error.message << "\n";
  return error.code == rt::Code::Internal ? 2 : 1;
}

int runCommand(const Command &command, std::span<const std::string> words) {
  if (std::ranges::find(words, "--help") != words.end()) {
    std::cout << helpText(command);
    return 0;
  }
  rt::Result<Arguments> arguments = Arguments::parse(command, words);
  if (!arguments)
    return report(arguments.error());
  rt::Result<void> done = command.run(*arguments);
  if (!done)
    return report(done.error());
  std::cout.flush();
  if (!std::cout)
    return report(rt::badInput("standard output cannot be written"));
  return 0;
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
