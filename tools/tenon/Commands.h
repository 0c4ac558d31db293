//===- Commands.h - the subcommands of tenon ------------------------------===//

#ifndef TENON_TOOLS_TENON_COMMANDS_H
#define TENON_TOOLS_TENON_COMMANDS_H

#include "tools/tenon/Arguments.h"

namespace tenon::tool {

extern const Command kCompile, kRun, kBench, kInspect, kVerify, kEmbed;

/// Does what the words behind the program's name say. Returns the exit status:
/// 0 when done, 1 for the user's error, 2 for ours; errors are printed.
int runTool(std::span<char *const> words);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_COMMANDS_H
