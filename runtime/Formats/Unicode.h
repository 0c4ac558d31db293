//===- Unicode.h - what tokenizers ask about code points ------------------===//
//
// The answers are those of Hugging Face's `tokenizers` library, whose tables
// are of several versions of Unicode; unicode_tables.py says which.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_UNICODE_H
#define TENON_RUNTIME_FORMATS_UNICODE_H

#include <string>

namespace tenon::rt::unicode {

/// General categories Cc, Cf and Co.
bool isControl(char32_t c);
/// The property White_Space; some of these are control characters too.
bool isWhitespace(char32_t c);
/// General categories P*, and the ASCII symbols: $ + < = > ^ ` | ~.
bool isPunctuation(char32_t c);
/// General category Mn.
bool isNonspacingMark(char32_t c);
/// What \w matches in a regular expression: letters, marks, decimal digits,
/// connecting punctuation and the joiners.
bool isWord(char32_t c);

/// Replaces `text` by its canonical decomposition, normalization form D.
void decompose(std::u32string &text);

/// Appends the lower case of `c`, whatever stands around it: one code point, or
/// two for U+0130.
void appendLower(std::u32string &text, char32_t c);

} // namespace tenon::rt::unicode

#endif // TENON_RUNTIME_FORMATS_UNICODE_H
