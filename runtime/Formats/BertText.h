//===- BertText.h - from text to the words that BERT's vocabulary is of ---===//
//
// What `tokenizers` calls BertNormalizer and BertPreTokenizer.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_BERTTEXT_H
#define TENON_RUNTIME_FORMATS_BERTTEXT_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt {

/// What to change in a text, in this order.
struct BertNormalizer {
  /// Leave out control characters and U+FFFD; make white space blanks.
  bool cleansText = true;
  /// Set blanks around Chinese characters, so that each is a word.
  bool separatesChinese = true;
  /// Decompose (NFD) and leave out the marks. Unset: when lowercasing.
  std::optional<bool> stripsAccents;
  bool lowercases = true;

  /// `text` is well-formed UTF-8, and so is the result.
  std::string normalize(std::string_view text) const;
};

/// The words of well-formed UTF-8: between white space, and each punctuation
/// character for itself. Views into `text`.
std::vector<std::string_view> splitBertWords(std::string_view text);

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_BERTTEXT_H
