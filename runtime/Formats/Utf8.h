//===- Utf8.h - text as code points ---------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_UTF8_H
#define TENON_RUNTIME_FORMATS_UTF8_H

#include <string>
#include <string_view>

namespace tenon::rt {

/// What stands for bytes that are no text.
inline constexpr char32_t kReplacement = 0xfffd;
inline constexpr char32_t kMaxCodePoint = 0x10ffff;

/// A code point and how many bytes it takes; or, where no well-formed sequence
/// begins, kReplacement, isValid false, and the bytes of the longest beginning
/// of one (at least 1), as Unicode recommends and Python and Rust replace them.
struct Decoded {
  char32_t codePoint;
  unsigned sizeBytes;
  bool isValid;
};

/// Decodes the front of `text`, which is not empty. Overlong forms, surrogates
/// and numbers above U+10FFFF are not well-formed.
Decoded decodeUtf8(std::string_view text);

/// Whether all of `text` is well-formed.
bool isUtf8(std::string_view text);

/// Appends the code point, which is no surrogate and at most U+10FFFF.
void appendUtf8(std::string &text, char32_t codePoint);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_UTF8_H
