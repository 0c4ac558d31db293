// One scan from the left; each match is then widened or refused by its flags.
#include "runtime/Formats/AddedTokens.h"

#include "runtime/Formats/Unicode.h"
#include "runtime/Formats/Utf8.h"

namespace tenon::rt {
namespace {

/// The text's last code point; `text` is not empty.
Decoded lastOf(std::string_view text) {
  size_t start = text.size() - 1;
  while (start > 0 && (text[start] & 0xc0) == 0x80)
    --start;
  return decodeUtf8(text.substr(start));
}

bool beginsWithWord(std::string_view text) {
  return !text.empty() && unicode::isWord(decodeUtf8(text).codePoint);
}

bool endsWithWord(std::string_view text) {
  return !text.empty() && unicode::isWord(lastOf(text).codePoint);
}

size_t spaceBytesAtStart(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    Decoded next = decodeUtf8(text.substr(size));
    if (!unicode::isWhitespace(next.codePoint))
      break;
    size += next.sizeBytes;
  }
  return size;
}

size_t spaceBytesAtEnd(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    Decoded last = lastOf(text.substr(0, end));
    if (!unicode::isWhitespace(last.codePoint))
      break;
    end -= last.sizeBytes;
  }
  return text.size() - end;
}

PrefixTrie trieOf(const std::vector<AddedToken> &tokens) {
  std::vector<PrefixTrie::Entry> entries;
  entries.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i)
    entries.emplace_back(tokens[i].content, static_cast<int32_t>(i));
  return PrefixTrie(std::move(entries));
}

} // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> list)
    : tokens(std::move(list)), trie(trieOf(tokens)) {}

std::vector<AddedTokens::Piece>
AddedTokens::split(std::string_view text) const {
  std::vector<Piece> pieces;
  size_t done = 0; // where the last token ended, its white space included
  // Where the white space that was last looked at ends: tokens of white space
  // would otherwise make each look at all that follows.
  size_t spaceEnd = 0;
  for (size_t at = 0; at < text.size() && !trie.isEmpty();) {
    PrefixTrie::Match match = trie.longest(text.substr(at));
    if (match.sizeBytes == 0) {
      ++at;
      continue;
    }
    size_t start = at, end = at + match.sizeBytes;
    at = end; // the search goes on here, refused or not
    const AddedToken &token = tokens[match.value];
    if (token.isSingleWord && (endsWithWord(text.substr(0, start)) ||
                               beginsWithWord(text.substr(end))))
      continue;
    if (token.stripsLeft && done < start)
      start -= spaceBytesAtEnd(text.substr(done, start - done));
    if (token.stripsRight && end >= spaceEnd)
      spaceEnd = end + spaceBytesAtStart(text.substr(end));
    if (token.stripsRight)
      end = spaceEnd;
    if (done < start)
      pieces.push_back({text.substr(done, start - done), std::nullopt});
    pieces.push_back({{}, token.id});
    done = end;
  }
  if (done < text.size())
    pieces.push_back({text.substr(done), std::nullopt});
  return pieces;
}

} // namespace tenon::rt
