//===- CommandLine.cpp - runs one command and reports how it ended --------===//

#include "tools/tenon/CommandLine.h"

#include "runtime/Core/Message.h"

#include <algorithm>
#include <iostream>

namespace tenon::tool {

int report(const rt::Error &error) {
  std::cout.flush();
  std::cerr << "error: " << error.message << "\n";
  return error.code == rt::Code::Internal ? 2 : 1;
}

bool asksForHelp(std::span<const std::string> words) {
  return std::ranges::find(words, "--help") != words.end();
}

int runCommand(const Command &command, std::span<const std::string> words) {
  if (asksForHelp(words)) {
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

} // namespace tenon::tool
