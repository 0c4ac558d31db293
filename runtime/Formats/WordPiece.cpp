// Longest match first, by two tries.
#include "runtime/Formats/WordPiece.h"

#include <algorithm>

namespace tenon::rt {
namespace {

/// The strings with that prefix, without it.
PrefixTrie trieOf(const WordPiece::Vocabulary &vocabulary,
                  std::string_view prefix) {
  std::vector<PrefixTrie::Entry> entries;
  for (const auto &[piece, id] : vocabulary)
    if (piece.starts_with(prefix))
      entries.emplace_back(std::string_view(piece).substr(prefix.size()), id);
  return PrefixTrie(std::move(entries));
}

size_t numCodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) {
    return (byte & 0xc0) != 0x80; // not a later byte of a sequence
  });
}

} // namespace

WordPiece::WordPiece(Vocabulary vocabulary, const std::string &continuingPrefix,
                     int32_t unknownId, size_t maxCharsPerWord)
    : entries(std::move(vocabulary)), first(trieOf(entries, "")),
      continuing(trieOf(entries, continuingPrefix)), unknownId(unknownId),
      maxCharsPerWord(maxCharsPerWord) {}

void WordPiece::append(std::string_view word, std::vector<int32_t> &ids) const {
  size_t numBefore = ids.size();
  bool isKnown = numCodePoints(word) <= maxCharsPerWord;
  const PrefixTrie *trie = &first;
  while (isKnown && !word.empty()) {
    PrefixTrie::Match match = trie->longest(word);
    isKnown = match.sizeBytes > 0;
    ids.push_back(match.value);
    word.remove_prefix(match.sizeBytes);
    trie = &continuing;
  }
  if (!isKnown) {
    ids.resize(numBefore);
    ids.push_back(unknownId);
  }
}

} // namespace tenon::rt
