// The module: its directives and variables.

#include "runtime/VirtualGpu/Ptx/ParserState.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace tenon::vgpu::ptx {

std::optional<uint8_t> typeBytes(std::string_view type) {
  struct Known {
    std::string_view name;
    uint8_t sizeBytes;
  };
  static constexpr Known kTypes[] = {
      {"b8", 1},    {"u8", 1},   {"s8", 1},     {"b16", 2},    {"u16", 2},
      {"s16", 2},   {"f16", 2},  {"bf16", 2},   {"b32", 4},    {"u32", 4},
      {"s32", 4},   {"f32", 4},  {"f16x2", 4},  {"bf16x2", 4}, {"tf32", 4},
      {"b64", 8},   {"u64", 8},  {"s64", 8},    {"f64", 8},    {"f32x2", 8},
      {"b128", 16}, {"pred", 0}, {"e4m3x2", 2}, {"e5m2x2", 2},
  };
  if (!type.empty() && type[0] == '.')
    type.remove_prefix(1);
  for (const Known &known : kTypes)
    if (known.name == type)
      return known.sizeBytes;
  return std::nullopt;
}

bool Parser::failExpected(std::string_view what) {
  return fail("expected ", what, ", found ",
              token.kind == Token::End ? std::string("the end of the text")
                                       : rt::quoted(token.text));
}

bool Parser::expect(char c) {
  if (accept(c))
    return true;
  char text[] = {'\'', c, '\'', 0};
  return failExpected(text);
}

bool Parser::parseNumber(Operand &operand) {
  bool isNegative = accept('-');
  if (token.kind != Token::Number)
    return failExpected("a number");
  std::string_view text = token.text;
  operand.kind = Operand::Integer;
  auto hex = [&](std::string_view digits) {
    auto [end, error] = std::from_chars(
        digits.data(), digits.data() + digits.size(), operand.bits, 16);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  char second = text.size() > 1 && text[0] == '0' ? text[1] | 0x20 : 0;
  bool isRead = true;
  if (second == 'f' && text.size() == 10) {
    operand.kind = Operand::Float32;
    isRead = hex(text.substr(2));
    operand.bits ^= uint64_t(isNegative) << 31;
  } else if (second == 'd' && text.size() == 18) {
    operand.kind = Operand::Float64;
    isRead = hex(text.substr(2));
    operand.bits ^= uint64_t(isNegative) << 63;
  } else if (text.find('.') != std::string_view::npos) {
    operand.kind = Operand::Float64;
    double value = std::strtod(std::string(text).c_str(), nullptr);
    value = isNegative ? -value : value;
    std::memcpy(&operand.bits, &value, sizeof(value));
  } else {
    if (text.back() == 'U')
      text.remove_suffix(1);
    int base = 10;
    if (second == 'x')
      text.remove_prefix(2), base = 16;
    else if (second == 'b')
      text.remove_prefix(2), base = 2;
    else if (text.size() > 1 && text[0] == '0')
      base = 8;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(),
                                        operand.bits, base);
    isRead = error == std::errc() && end == text.data() + text.size();
    if (isNegative)
      operand.bits = 0 - operand.bits;
  }
  if (!isRead)
    return failExpected("a number");
  advance();
  return true;
}

bool Parser::parseInteger(uint64_t &value) {
  Operand operand;
  if (!parseNumber(operand))
    return false;
  value = operand.bits;
  return true;
}

bool Parser::parseFile() {
  uint64_t number = 0;
  if (!parseInteger(number))
    return false;
  if (token.kind != Token::String)
    return failExpected("the name of a file");
  // Only the last part: a path is the compiling machine's, not the reader's.
  std::string_view path = token.text;
  result.files[number] = std::string(path.substr(path.rfind('/') + 1));
  advance();
  while (accept(','))
    if (!parseInteger(number))
      return false;
  return true;
}

// Debugging information: nothing in it is executed.
bool Parser::parseSection() {
  if (token.kind == Token::Word)
    advance();
  if (!expect('{'))
    return false;
  while (!token.is('}')) {
    if (token.kind == Token::End)
      return failExpected("'}'");
    advance();
  }
  return expect('}');
}

bool Parser::parseInitialValue(Variable &variable, uint32_t elementBytes,
                               uint64_t &offset) {
  if (accept('{')) {
    while (!token.is('}'))
      if (!parseInitialValue(variable, elementBytes, offset) ||
          (!token.is('}') && !expect(',')))
        return false;
    return expect('}');
  }
  if (offset + elementBytes > variable.sizeBytes)
    return fail("variable ", rt::quoted(variable.name), " has ",
                variable.sizeBytes, " bytes, but more values");
  if (token.kind == Token::Word) {
    bool isGeneric = token.is("generic");
    if (isGeneric) {
      advance();
      if (!expect('('))
        return false;
    }
    variable.addresses.push_back({offset, std::string(token.text)});
    advance();
    if (isGeneric && !expect(')'))
      return false;
    uint64_t addend = 0;
    if (accept('+') && !parseInteger(addend))
      return false;
    std::memcpy(variable.bytes.data() + offset, &addend,
                std::min<size_t>(elementBytes, 8));
  } else {
    Operand value;
    if (!parseNumber(value))
      return false;
    std::memcpy(variable.bytes.data() + offset, &value.bits,
                std::min<size_t>(elementBytes, 8));
  }
  offset += elementBytes;
  return true;
}

bool Parser::parseInitialiser(Variable &variable, uint32_t elementBytes) {
  variable.bytes.assign(variable.sizeBytes, 0);
  uint64_t offset = 0;
  return parseInitialValue(variable, elementBytes, offset);
}

// [.align n] [.v4] .type [.ptr .space .align n] name [n][m] [= values]
bool Parser::parseVariable(Space space, bool isExtern, bool isParameter,
                           Variable &variable) {
  variable.space = space;
  variable.isExtern = isExtern;
  variable.ptxLine = token.line;
  uint32_t elementBytes = 0, vector = 1;
  bool isPointer = false;
  while (token.kind == Token::Word && token.text[0] == '.') {
    std::string_view word = token.text;
    advance();
    uint64_t align = 0;
    if (word == ".align") {
      if (!parseInteger(align))
        return false;
      // The alignment after .ptr is that of what it points to.
      if (!isPointer)
        variable.alignBytes = align;
    } else if (word == ".v2" || word == ".v4") {
      vector = word[2] - '0';
    } else if (word == ".ptr") {
      isPointer = true;
    } else if (std::optional<uint8_t> size = typeBytes(word)) {
      elementBytes = *size;
    } else if (!(isPointer || word == ".attribute" || word == ".managed")) {
      return fail("unknown part ", rt::quoted(word), " of a variable");
    }
    if (word == ".attribute" && (!expect('(') || (advance(), !expect(')'))))
      return false;
  }
  if (!elementBytes)
    return failExpected("the type of a variable");
  if (token.kind != Token::Word)
    return failExpected("the name of a variable");
  variable.name = token.text;
  advance();
  elementBytes *= vector;
  variable.alignBytes = std::max(variable.alignBytes, elementBytes);
  uint64_t count = 1;
  while (accept('[')) {
    uint64_t extent = 0;
    if (!token.is(']') && !parseInteger(extent))
      return false;
    count *= extent;
    if (!expect(']'))
      return false;
  }
  if (count > uint64_t(1) << 40)
    return fail("variable ", rt::quoted(variable.name), " has ", count,
                " elements");
  variable.sizeBytes = count * elementBytes;
  if (isParameter || !accept('='))
    return true;
  return parseInitialiser(variable, elementBytes / vector);
}

bool Parser::parseDirective() {
  std::string_view word = token.text;
  uint32_t line = token.line;
  advance();
  if (word == ".version" || word == ".address_size") {
    advance();
    return true;
  }
  if (word == ".target") {
    result.target = token.text;
    do
      advance();
    while (accept(','));
    return true;
  }
  if (word == ".file")
    return parseFile();
  if (word == ".section")
    return parseSection();
  if (word == ".visible" || word == ".weak" || word == ".common")
    return true;
  bool isExtern = word == ".extern";
  if (isExtern) {
    word = token.text;
    advance();
  }
  if (word == ".entry" || word == ".func")
    return parseFunction(word == ".entry");
  static constexpr std::array<std::pair<std::string_view, Space>, 3> kSpaces = {
      {{".global", Space::Global},
       {".const", Space::Constant},
       {".shared", Space::Shared}}};
  for (auto [spelling, space] : kSpaces)
    if (word == spelling)
      return parseVariable(space, isExtern, false,
                           result.variables.emplace_back()) &&
             expect(';');
  return failAt(line, "unknown directive ", rt::quoted(word));
}

bool Parser::parseText() {
  while (token.kind != Token::End) {
    if (accept(';'))
      continue;
    if (token.kind != Token::Word || token.text[0] != '.')
      return failExpected("a directive");
    if (!parseDirective())
      return false;
  }
  return true;
}

rt::Result<Text> parse(std::string_view source, std::string_view name) {
  Parser parser(source, name);
  if (!parser.parseText())
    return parser.failure;
  return std::move(parser.result);
}

} // namespace tenon::vgpu::ptx
