// A recursive-descent reader: one function for each kind of value, each leaving
// the rest of the text behind what it read.
#include "runtime/Formats/Json.h"

#include "runtime/Formats/Utf8.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace tenon::rt::json {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Members return false when they failed; the first failure is kept.
class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  bool parseDocument(Value &root) {
    if (!parseValue(root, 0))
      return false;
    skipSpace();
    return at == text.size() || fail("expected nothing after the value");
  }

  std::string position() const {
    std::string_view before = text.substr(0, failedAt);
    size_t line = 1 + std::count(before.begin(), before.end(), '\n');
    size_t lineStart = before.rfind('\n') + 1; // npos + 1 is 0
    return std::to_string(line) + ":" +
           std::to_string(failedAt - lineStart + 1);
  }
  const std::string &message() const { return failure; }

private:
  bool fail(const std::string &message, size_t where) {
    failedAt = where;
    failure = message;
    return false;
  }
  bool fail(const std::string &message) {
    return fail(
        at < text.size() ? message : message + ", but the text ends here", at);
  }

  char peek() const { return at < text.size() ? text[at] : '\0'; }
  bool take(char wanted) {
    if (at == text.size() || text[at] != wanted)
      return false;
    ++at;
    return true;
  }
  bool take(std::string_view wanted) {
    if (!text.substr(at).starts_with(wanted))
      return false;
    at += wanted.size();
    return true;
  }
  void skipSpace() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' ||
                                text[at] == '\t' || text[at] == '\r'))
      ++at;
  }

  bool parseValue(Value &value, unsigned depth) {
    skipSpace();
    size_t start = at;
    switch (peek()) {
    case '{':
      return parseObject(value, depth);
    case '[':
      return parseArray(value, depth);
    case '"': {
      std::string string;
      if (!parseString(string))
        return false;
      value = {std::move(string), start};
      return true;
    }
    default:
      break;
    }
    if (take("null"))
      value = {nullptr, start};
    else if (take("true"))
      value = {true, start};
    else if (take("false"))
      value = {false, start};
    else
      return parseNumber(value);
    return true;
  }

  bool parseObject(Value &value, unsigned depth) {
    size_t start = at++;
    if (depth == kMaxDepth)
      return failDepth(start);
    Object members;
    // Views into names would move with the members; a large object (a
    // vocabulary) must not be searched for each name.
    std::unordered_set<std::string> names;
    skipSpace();
    for (bool isFirst = true; !take('}'); isFirst = false) {
      if (!isFirst && !take(','))
        return fail("expected ',' or '}' in an object");
      skipSpace();
      size_t nameStart = at;
      Member member;
      if (peek() != '"')
        return fail("expected the name of a member, in quotes");
      if (!parseString(member.name))
        return false;
      if (!names.insert(member.name).second)
        return fail("the object has two members '" + member.name + "'",
                    nameStart);
      skipSpace();
      if (!take(':'))
        return fail("expected ':' after the name of a member");
      if (!parseValue(member.value, depth + 1))
        return false;
      members.push_back(std::move(member));
      skipSpace();
    }
    value = {std::move(members), start};
    return true;
  }

  bool parseArray(Value &value, unsigned depth) {
    size_t start = at++;
    if (depth == kMaxDepth)
      return failDepth(start);
    Array elements;
    skipSpace();
    for (bool isFirst = true; !take(']'); isFirst = false) {
      if (!isFirst && !take(','))
        return fail("expected ',' or ']' in an array");
      elements.emplace_back();
      if (!parseValue(elements.back(), depth + 1))
        return false;
      skipSpace();
    }
    value = {std::move(elements), start};
    return true;
  }

  bool failDepth(size_t start) {
    return fail("more than " + std::to_string(kMaxDepth) +
                    " arrays and objects inside each other",
                start);
  }

  bool parseString(std::string &string) {
    size_t start = at++;
    while (at < text.size() && text[at] != '"') {
      if (static_cast<unsigned char>(text[at]) < 0x20)
        return fail("a control character in a string must be escaped");
      if (text[at] == '\\') {
        if (!parseEscape(string))
          return false;
        continue;
      }
      Decoded next = decodeUtf8(text.substr(at));
      if (!next.isValid)
        return fail("the string is not well-formed UTF-8");
      string.append(text, at, next.sizeBytes);
      at += next.sizeBytes;
    }
    return take('"') || fail("the string has no end", start);
  }

  bool parseEscape(std::string &string) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    size_t start = at++;
    if (take('u'))
      return parseUnicodeEscape(string, start);
    size_t letter = at < text.size() ? kLetters.find(text[at]) : kLetters.npos;
    if (letter == kLetters.npos)
      return fail("no such escape in a string", start);
    string += kMeanings[letter];
    ++at;
    return true;
  }

  /// Characters above U+FFFF are written as two escapes, a high and a low
  /// surrogate, which mean nothing alone.
  bool parseUnicodeEscape(std::string &string, size_t start) {
    char32_t high, low;
    if (!parseHex4(high))
      return fail("expected four hexadecimal digits after '\\u'", start);
    if (high >= 0xdc00 && high < 0xe000)
      return fail("a low surrogate without a high one before it", start);
    if (high < 0xd800 || high >= 0xe000) {
      appendUtf8(string, high);
      return true;
    }
    if (!take("\\u") || !parseHex4(low) || low < 0xdc00 || low >= 0xe000)
      return fail("a high surrogate without a low one after it", start);
    appendUtf8(string, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    return true;
  }

  bool parseHex4(char32_t &value) {
    std::string_view digits = text.substr(at, 4);
    uint32_t parsed = 0;
    auto [end, problem] = std::from_chars(
        digits.data(), digits.data() + digits.size(), parsed, 16);
    if (problem != std::errc() || end != digits.data() + 4)
      return false;
    value = parsed;
    at += 4;
    return true;
  }

  bool parseNumber(Value &value) {
    size_t start = at;
    take('-');
    bool isWhole = true;
    if (!take('0') && !takeDigits())
      return fail(at == start ? "expected a value"
                              : "expected a digit after '-'");
    if (take('.')) {
      isWhole = false;
      if (!takeDigits())
        return fail("expected a digit after '.'");
    }
    if (take('e') || take('E')) {
      isWhole = false;
      if (!take('+'))
        take('-');
      if (!takeDigits())
        return fail("expected a digit in the exponent");
    }
    std::string_view written = text.substr(start, at - start);
    const char *begin = written.data(), *end = begin + written.size();
    Number number{0, std::nullopt};
    if (std::from_chars(begin, end, number.real).ec != std::errc())
      return fail("the number is too large or too small for a double", start);
    int64_t integer;
    if (isWhole && std::from_chars(begin, end, integer).ec == std::errc())
      number.integer = integer;
    value = {number, start};
    return true;
  }

  bool takeDigits() {
    size_t start = at;
    while (isDigit(peek()))
      ++at;
    return at > start;
  }

  std::string_view text;
  size_t at = 0;
  size_t failedAt = 0;
  std::string failure;
};

} // namespace

std::optional<bool> Value::boolean() const {
  const bool *held = std::get_if<bool>(&value);
  return held ? std::optional(*held) : std::nullopt;
}

std::optional<int64_t> Value::integer() const {
  const Number *held = std::get_if<Number>(&value);
  return held ? held->integer : std::nullopt;
}

std::optional<double> Value::number() const {
  const Number *held = std::get_if<Number>(&value);
  return held ? std::optional(held->real) : std::nullopt;
}

const Value *Value::find(std::string_view name) const {
  if (const Object *members = object())
    for (const Member &member : *members)
      if (member.name == name)
        return &member.value;
  return nullptr;
}

std::string_view Value::kind() const {
  static constexpr std::string_view kKinds[] = {
      "null", "true or false", "a number", "a string", "an array", "an object"};
  return kKinds[value.index()];
}

Result<Value> parse(std::string_view text, const std::string &origin) {
  Parser parser(text);
  Value root;
  if (parser.parseDocument(root))
    return root;
  return Error{Code::BadInput,
               origin + ":" + parser.position() + ": " + parser.message()};
}

std::string quote(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    if (auto byte = static_cast<unsigned char>(c); byte < 0x20)
      quoted += {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      quoted += c;
  }
  return quoted + '"';
}

} // namespace tenon::rt::json
