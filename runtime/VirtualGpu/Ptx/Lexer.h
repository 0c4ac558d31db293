//===- Lexer.h - the words of a PTX text
//------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_PTX_LEXER_H
#define TENON_RUNTIME_VIRTUALGPU_PTX_LEXER_H

#include <cstdint>
#include <string_view>

namespace tenon::vgpu::ptx {

struct Token {
  enum Kind : uint8_t {
    Word,   ///< an identifier, opcode or directive: `%r1`, `ld.global.u32`,
            ///< `.reg`
    Number, ///< 12, -1 is two tokens, 0x1f, 0f3f800000, 0d..., 1.5
    String, ///< without its quotes
    Punctuation, ///< one character
    End,
  };
  Kind kind = End;
  std::string_view text;
  uint32_t line = 0;

  bool is(char c) const { return kind == Punctuation && text[0] == c; }
  bool is(std::string_view word) const { return kind == Word && text == word; }
};

/// Reads one token after the other; comments and blanks are nothing.
class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}
  Token next();

private:
  void skipBlanks();

  std::string_view text;
  size_t at = 0;
  uint32_t line = 1;
};

} // namespace tenon::vgpu::ptx

#endif // TENON_RUNTIME_VIRTUALGPU_PTX_LEXER_H
