//===- AddedTokens.h - tokens that are found before words are split -------===//

#ifndef TENON_RUNTIME_FORMATS_ADDEDTOKENS_H
#define TENON_RUNTIME_FORMATS_ADDEDTOKENS_H

#include "runtime/Formats/PrefixTrie.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt {

struct AddedToken {
  std::string content; ///< what to find: not empty, well-formed UTF-8
  int32_t id = 0;
  bool isSingleWord = false; ///< not inside a word: not beside \w
  bool stripsLeft = false;   ///< takes the white space before it along
  bool stripsRight = false;  ///< takes the white space behind it along
  bool isNormalized = false; ///< sought in the normalized text, not the raw one
};

/// Finds a set of tokens in texts, as `tokenizers` does: from the left, the
/// longest of those that begin at a place.
class AddedTokens {
public:
  /// A token where `id` is set, and the text between tokens where it is not.
  struct Piece {
    std::string_view text;
    std::optional<int32_t> id;
  };

  AddedTokens() = default;
  /// Of tokens with equal contents the first counts.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  /// The pieces of `text`, which is well-formed UTF-8; views into it. Takes
  /// time in the text's length and in the tokens'.
  std::vector<Piece> split(std::string_view text) const;

private:
  std::vector<AddedToken> tokens;
  PrefixTrie trie; ///< to indices of `tokens`
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_ADDEDTOKENS_H
