//===- CommandLine.h - runs one command and reports how it ended ----------===//

#ifndef TENON_TOOLS_TENON_COMMANDLINE_H
#define TENON_TOOLS_TENON_COMMANDLINE_H

#include "tools/tenon/Arguments.h"

namespace tenon::tool {

/// Prints the error and returns the exit status: 1 for the user's, 2 for ours.
int report(const rt::Error &error);

/// Does what the words behind the command's name say, or prints its help.
/// Returns the exit status, 0 when done.
int runCommand(const Command &command, std::span<const std::string> words);

/// Is there a --help among the words?
bool asksForHelp(std::span<const std::string> words);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_COMMANDLINE_H
