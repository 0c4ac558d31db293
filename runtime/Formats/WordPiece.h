//===- WordPiece.h - words to the numbers of their pieces -----------------===//
//
// A word is cut from the front into the longest pieces of the vocabulary; all
// but the first are listed with a prefix: "embeddings" is em ##bed ##ding ##s.
//
// Source: Schuster and Nakajima 2012, "Japanese and Korean voice search".
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_WORDPIECE_H
#define TENON_RUNTIME_FORMATS_WORDPIECE_H

#include "runtime/Formats/PrefixTrie.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::rt {

class WordPiece {
public:
  using Vocabulary = std::unordered_map<std::string, int32_t>;

  /// `unknownId` stands for a word of more than `maxCharsPerWord` code points,
  /// and for one that cannot be cut into pieces. Ids are at least 0.
  WordPiece(Vocabulary vocabulary, const std::string &continuingPrefix,
            int32_t unknownId, size_t maxCharsPerWord);

  /// Appends the ids of `word`, which is well-formed UTF-8 and not empty. Takes
  /// time in the word's length.
  void append(std::string_view word, std::vector<int32_t> &ids) const;

  const Vocabulary &vocabulary() const { return entries; }

private:
  Vocabulary entries;
  PrefixTrie first;      ///< what may begin a word: every entry
  PrefixTrie continuing; ///< what may follow, without the prefix
  int32_t unknownId;
  size_t maxCharsPerWord;
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_WORDPIECE_H
