//===- Arguments.cpp - a command's flags, parsed and explained ------------===//

#include "tools/tenon/Arguments.h"

#include "runtime/Core/Message.h"

#include <charconv>
#include <climits>
#include <cmath>

namespace tenon::tool {

using rt::badInput;
using rt::Result;

namespace {

std::string spelled(std::string_view name) {
  return (name.size() == 1 ? "-" : "--") + std::string(name);
}

const Option *find(const Command &command, std::string_view word) {
  for (const Option &option : command.options)
    if (spelled(option.name) == word)
      return &option;
  return nullptr;
}

/// As the user calls it: "tenon run", or "./prog".
std::string calledAs(const Command &command) {
  return (command.operand.empty() ? "" : "tenon ") + std::string(command.name);
}

rt::Error unknownFlag(const Command &command, std::string_view word) {
  return badInput(calledAs(command), ": there is no option ", rt::quoted(word),
                  "; see ", calledAs(command), " --help");
}

/// One, or none where the command takes none.
Result<std::string> takeOperand(const Command &command,
                                const std::vector<std::string> &operands) {
  if (command.operand.empty()) {
    if (operands.empty())
      return std::string();
    return badInput(command.name, " takes options only, got ",
                    rt::quoted(operands[0]));
  }
  if (operands.empty())
    return badInput(calledAs(command), " needs a file: ", command.operand);
  if (operands.size() > 1)
    return badInput(calledAs(command), " takes one file, got ",
                    rt::quoted(operands[0]), " and ", rt::quoted(operands[1]));
  return operands[0];
}

/// Takes the value of `option` from its own word ("=value") or the next one.
Result<std::string> takeValue(const Option &option, std::string_view word,
                              size_t equals, std::span<const std::string> words,
                              size_t &next) {
  if (equals != std::string_view::npos)
    return std::string(word.substr(equals + 1));
  if (option.isOptional)
    return std::string();
  if (next == words.size())
    return badInput(spelled(option.name), " needs a value: ", option.value);
  return words[next++];
}

} // namespace

Result<Arguments> Arguments::parse(const Command &command,
                                   std::span<const std::string> words) {
  Arguments parsed;
  std::vector<std::string> operands;
  for (size_t next = 0; next < words.size();) {
    std::string_view word = words[next++];
    if (word.size() < 2 || word[0] != '-') {
      operands.emplace_back(word);
      continue;
    }
    size_t equals = word.find('=');
    const Option *option = find(command, word.substr(0, equals));
    if (!option)
      return unknownFlag(command, word.substr(0, equals));
    std::vector<std::string> &values = parsed.given[std::string(option->name)];
    if (!values.empty() && !option->repeats)
      return badInput(spelled(option->name), " is given twice");
    if (option->value.empty()) {
      if (equals != std::string_view::npos)
        return badInput(spelled(option->name), " takes no value, got ",
                        rt::quoted(word.substr(equals + 1)));
      values.emplace_back();
      continue;
    }
    Result<std::string> value = takeValue(*option, word, equals, words, next);
    if (!value)
      return value.error();
    values.push_back(*value);
  }
  Result<std::string> operand = takeOperand(command, operands);
  if (!operand)
    return operand.error();
  parsed.file = std::move(*operand);
  return parsed;
}

bool Arguments::has(std::string_view option) const {
  return given.find(option) != given.end();
}

std::string Arguments::value(std::string_view option,
                             std::string_view otherwise) const {
  auto found = given.find(option);
  return found == given.end() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  auto found = given.find(option);
  return found == given.end() ? std::vector<std::string>() : found->second;
}

std::optional<int64_t> positiveNumber(std::string_view text) {
  int64_t number = 0;
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 1)
    return std::nullopt;
  return number;
}

Result<unsigned> Arguments::count(std::string_view option,
                                  unsigned otherwise) const {
  if (!has(option))
    return otherwise;
  std::optional<int64_t> number = positiveNumber(value(option));
  if (!number || *number > INT_MAX)
    return badInput(spelled(option), ": expected a number from 1 to ", INT_MAX,
                    ", got ", rt::quoted(value(option)));
  return static_cast<unsigned>(*number);
}

Result<double> Arguments::tolerance(std::string_view option,
                                    double otherwise) const {
  if (!has(option))
    return otherwise;
  std::string text = value(option);
  double number = 0;
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number) ||
      number < 0)
    return badInput(spelled(option), ": expected a number of at least 0, got ",
                    rt::quoted(text));
  return number;
}

std::string helpText(const Command &command) {
  constexpr size_t kColumn = 26;
  std::string text = rt::message(
      "usage: ", calledAs(command), command.operand.empty() ? "" : " ",
      command.operand, " [OPTION...]\n\n", command.summary, "\n");
  if (!command.details.empty())
    text += rt::message("\n", command.details, "\n");
  text += "\n";
  for (const Option &option : command.options) {
    std::string line = "  " + spelled(option.name);
    if (option.isOptional)
      line += "[=" + std::string(option.value) + "]";
    else if (!option.value.empty())
      line += (option.name.size() == 1 ? " " : "=") + std::string(option.value);
    line.resize(std::max(kColumn, line.size() + 2), ' ');
    text += line;
    for (char c : option.help)
      text += c == '\n' ? "\n" + std::string(kColumn, ' ') : std::string(1, c);
    text += "\n";
  }
  return text;
}

} // namespace tenon::tool
