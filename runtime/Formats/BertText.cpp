// Each step of normalization is one pass over the text's code points.
#include "runtime/Formats/BertText.h"

#include "runtime/Formats/Unicode.h"
#include "runtime/Formats/Utf8.h"

#include <algorithm>

namespace tenon::rt {
namespace {

std::u32string codePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    Decoded next = decodeUtf8(text);
    points += next.codePoint;
    text.remove_prefix(next.sizeBytes);
  }
  return points;
}

std::string utf8(const std::u32string &points) {
  std::string text;
  text.reserve(points.size());
  for (char32_t c : points)
    appendUtf8(text, c);
  return text;
}

/// Tab and line ends are control characters to Unicode and blanks to BERT.
bool isBlank(char32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

bool isChinese(char32_t c) {
  struct Block {
    char32_t first, last;
  };
  // The ideographs of BERT's own list, which is older than some of Unicode's.
  static constexpr Block kBlocks[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},
                                      {0xf900, 0xfaff},   {0x20000, 0x2a6df},
                                      {0x2a700, 0x2b81f}, {0x2b920, 0x2ceaf},
                                      {0x2f800, 0x2fa1f}};
  return c >= kBlocks[0].first &&
         std::any_of(std::begin(kBlocks), std::end(kBlocks), [=](Block block) {
           return c >= block.first && c <= block.last;
         });
}

void clean(std::u32string &text) {
  std::erase_if(text, [](char32_t c) {
    return c == kReplacement || (!isBlank(c) && unicode::isControl(c));
  });
  for (char32_t &c : text)
    if (isBlank(c) || unicode::isWhitespace(c))
      c = ' ';
}

void separateChinese(std::u32string &text) {
  std::u32string result;
  result.reserve(text.size());
  for (char32_t c : text)
    if (isChinese(c))
      result += {U' ', c, U' '};
    else
      result += c;
  text = std::move(result);
}

void stripAccents(std::u32string &text) {
  unicode::decompose(text);
  std::erase_if(text, unicode::isNonspacingMark);
}

void lowercase(std::u32string &text) {
  std::u32string result;
  result.reserve(text.size());
  for (char32_t c : text)
    unicode::appendLower(result, c);
  text = std::move(result);
}

} // namespace

std::string BertNormalizer::normalize(std::string_view text) const {
  std::u32string points = codePoints(text);
  if (cleansText)
    clean(points);
  if (separatesChinese)
    separateChinese(points);
  if (stripsAccents.value_or(lowercases))
    stripAccents(points);
  if (lowercases)
    lowercase(points);
  return utf8(points);
}

std::vector<std::string_view> splitBertWords(std::string_view text) {
  std::vector<std::string_view> words;
  size_t start = 0; // of the word being read
  auto endWord = [&](size_t end, size_t next) {
    if (start < end)
      words.push_back(text.substr(start, end - start));
    start = next;
  };
  for (size_t at = 0; at < text.size();) {
    Decoded next = decodeUtf8(text.substr(at));
    size_t after = at + next.sizeBytes;
    if (unicode::isWhitespace(next.codePoint)) {
      endWord(at, after);
    } else if (unicode::isPunctuation(next.codePoint)) {
      endWord(at, at);
      endWord(after, after);
    }
    at = after;
  }
  endWord(text.size(), text.size());
  return words;
}

} // namespace tenon::rt
