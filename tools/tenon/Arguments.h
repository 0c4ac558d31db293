//===- Arguments.h - a command's flags, declared, parsed and explained ----===//
//
//   static constexpr Option kOptions[] = {
//       {"threads", "N", "run on N threads"}, {"json", "", "print JSON"}};
//   Result<Arguments> arguments = Arguments::parse(command, {"m.tenon",
//   "--json"}); arguments->has("json")            is true
//   arguments->count("threads", 1)    is 1
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_ARGUMENTS_H
#define TENON_TOOLS_TENON_ARGUMENTS_H

#include "runtime/Core/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tool {

/// A flag. Given as --name VALUE or --name=VALUE; of one letter: -o VALUE.
struct Option {
  std::string_view name;   ///< without dashes
  std::string_view value;  ///< what the value is called; empty: a switch
  std::string_view help;   ///< one line, or more
  bool repeats = false;    ///< may be given more than once
  bool isOptional = false; ///< the value may be left out, and follows =
};

class Arguments;

/// A subcommand, which takes exactly one operand; or, where that is called
/// nothing, a program by itself, which takes options only.
struct Command {
  std::string_view name;    ///< "run", or the program's: "./prog"
  std::string_view operand; ///< what the operand is called: "MODEL.tenon"
  std::string_view summary; ///< for the list of commands
  std::string_view details; ///< paragraphs behind the summary; may be empty
  std::span<const Option> options;
  rt::Result<void> (*run)(const Arguments &arguments);
};

class Arguments {
public:
  /// BadInput for an unknown flag, a missing or superfluous value, a flag given
  /// twice, and for another number of operands than the command takes.
  static rt::Result<Arguments> parse(const Command &command,
                                     std::span<const std::string> words);

  const std::string &operand() const { return file; }
  bool has(std::string_view option) const;
  /// The value, or `otherwise` where the flag is not given.
  std::string value(std::string_view option,
                    std::string_view otherwise = {}) const;
  std::vector<std::string> values(std::string_view option) const;
  /// BadInput when the value is not a number from 1 to 2^31 - 1.
  rt::Result<unsigned> count(std::string_view option, unsigned otherwise) const;
  /// BadInput when the value is not a finite number of at least 0.
  rt::Result<double> tolerance(std::string_view option, double otherwise) const;

private:
  std::string file;
  std::map<std::string, std::vector<std::string>, std::less<>> given;
};

/// What --help prints.
std::string helpText(const Command &command);

/// The number from 1 on that `text` is; nothing otherwise.
std::optional<int64_t> positiveNumber(std::string_view text);

} // namespace tenon::tool

#endif // TENON_TOOLS_TENON_ARGUMENTS_H
