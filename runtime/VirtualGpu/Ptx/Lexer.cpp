// The words of a PTX text.

#include "runtime/VirtualGpu/Ptx/Lexer.h"

#include <algorithm>

namespace tenon::vgpu::ptx {

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$' || c == '%';
}

void Lexer::skipBlanks() {
  while (at < text.size()) {
    char c = text[at];
    if (c == '\n') {
      ++line;
      ++at;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\0') {
      ++at;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      size_t end = std::min(text.find("*/", at + 2), text.size());
      line += std::count(text.begin() + at, text.begin() + end, '\n');
      at = std::min(end + 2, text.size());
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skipBlanks();
  if (at >= text.size())
    return {Token::End, {}, line};
  size_t begin = at;
  char c = text[at];
  auto finish = [&](Token::Kind kind) {
    return Token{kind, text.substr(begin, at - begin), line};
  };
  if (isLetter(c) || c == '.') {
    // Modifiers belong to the word, and so does `::` inside of them.
    for (++at; at < text.size(); ++at) {
      if (text.substr(at, 2) == "::")
        ++at;
      else if (!isLetter(text[at]) && !isDigit(text[at]) && text[at] != '.')
        break;
    }
    return finish(Token::Word);
  }
  if (isDigit(c)) {
    bool isHex = text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X";
    for (++at; at < text.size(); ++at) {
      bool isExponentSign =
          !isHex && (text[at] == '-' || text[at] == '+') &&
          (text[at - 1] == 'e' || text[at - 1] == 'E') &&
          text.substr(begin, at - begin).find('.') != std::string_view::npos;
      if (!isLetter(text[at]) && !isDigit(text[at]) && text[at] != '.' &&
          !isExponentSign)
        break;
    }
    return finish(Token::Number);
  }
  if (c == '"') {
    size_t end = text.find('"', at + 1);
    at = end == std::string_view::npos ? text.size() : end + 1;
    Token token{Token::String, text.substr(begin + 1, at - begin - 2), line};
    line += std::count(token.text.begin(), token.text.end(), '\n');
    return token;
  }
  ++at;
  return finish(Token::Punctuation);
}

} // namespace tenon::vgpu::ptx
